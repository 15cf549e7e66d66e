//! The company at work, in real time: service, relay and consumers as tasks.

mod switches;
pub use switches::Broken;
pub(crate) use switches::Switches;

mod handle;
pub(crate) use handle::IsWorking;
pub use handle::{LiveHandle, LiveOptions};

mod service;

mod relay;

mod reader;

mod kafka_reader;

mod rabbit_reader;

mod settle;
