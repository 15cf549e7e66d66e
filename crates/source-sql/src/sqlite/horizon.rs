//! Which transactions may still add rows: SQLite has one writer at a time, and numbers rows in the
//! order of their commits.

use crate::here;
use crate::link::{Horizon, Oldest};

/// The file is on this machine, and so is its clock.
pub(crate) fn horizon() -> Horizon {
    Horizon {
        now: here::now(),
        ended_below: None,
        begun_below: None,
        oldest: Oldest::None,
    }
}
