//! The core: sessions over sources, scans, live tail, resend, journal and profiles.
//!
//! Start reading at [`Core`]: everything that window and command line ask goes through it. The
//! engine never names a concrete source; the composition roots pass in [`Drivers`].

mod clock;
mod dirs;
pub use dirs::Dirs;

mod drivers;
pub use drivers::Drivers;

mod demo;
pub use demo::{DemoHost, DemoTarget};

mod failure;

mod publishers;

pub mod profiles;

pub mod tables;

pub mod propose;

pub mod session;

pub mod scan;

mod zones;

pub mod view;

pub mod journal;

pub mod resend;

mod core;
pub use core::Core;
