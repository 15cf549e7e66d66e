//! The page: shows what the core knows and sends back what the user wants.
//!
//! `state` knows and decides, `view` shows it as DOM, `canvas` paints the timeline, `host` talks to
//! the core, `run` moves messages between them. Only `state` is allowed to think.

pub mod canvas;

pub mod state;

#[cfg(target_arch = "wasm32")]
mod host;

#[cfg(target_arch = "wasm32")]
mod run;

#[cfg(target_arch = "wasm32")]
#[expect(
    unreachable_pub,
    reason = "the component macro makes its own parts public"
)]
mod view;

#[cfg(target_arch = "wasm32")]
mod start;
#[cfg(target_arch = "wasm32")]
pub use start::start;
