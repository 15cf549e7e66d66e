//! Reading: a window once, again to confirm, and then what arrives.
//!
//! The order is what makes absence mean something (see [`passes`]): the database first, then the
//! broker to its end, then how far consumers are, then their inboxes, then the database again.

mod event;
pub(crate) use event::Event;

mod reach;
pub(crate) use reach::Reach;

mod readers;

mod stage;

mod kept;

mod lookup;

mod suspects;

mod strangers;

mod unprocessed;
mod unstored;

mod vanished;
pub(crate) use vanished::ask as ask_for_rows;

mod passes;
pub(crate) use passes::{judge, refresh};

mod limit;
mod live;

mod before;
mod delay;

mod task;
pub(crate) use task::{ScanTask, end_live, start, start_for_run, start_live, stop, wait};

pub(crate) use lookup::{found, value};

pub(crate) use stage::is_tap;
