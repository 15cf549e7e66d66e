//! The timeline: one egui_plot canvas. It paints a [`Scene`] and reports what the pointer did.
//!
//! Nothing in here decides anything: the scene is made in `state`, gestures go back to it.

mod scene;
pub use scene::{Bars, Gesture, Hovered, Lane, LaneKind, Mark, Scene, Thread, Uncovered};

mod theme;
pub use theme::{Metrics, Theme, Tone};

mod paint;

mod interact;
pub use interact::{Pointer, frame};

#[cfg(target_arch = "wasm32")]
mod runner;
#[cfg(target_arch = "wasm32")]
pub use runner::{Stage, start};
