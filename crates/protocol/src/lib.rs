//! What the window may ask and what the core may say: the whole contract between page and core.
//!
//! Two doors, [`Door::Ask`] looks and [`Door::Act`] changes something, so that a read-only window
//! can be denied the second one as a whole. Bytes in, bytes out; see [`wire`].

pub mod wire;
pub use wire::{Call, Door, Request};

mod failure;
pub use failure::{Code, Failure};

mod calls;
pub use calls::*;

mod propose;
pub use propose::*;

mod status;
pub use status::{
    ClockOffset, ConsumerCounts, Counts, EdgeGrace, Group, Lane, LaneKind, PlaceStatus, RunStatus,
    ScanState, Status, TimeSpec,
};
