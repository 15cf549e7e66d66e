//! Positive controls: that a place speaks at all, before its silence counts.

use serde::{Deserialize, Serialize};

use crate::{ConsumerNo, Micros, PlaceId};

/// What stands behind "it is not there": neighbours of the same flow that should be at that place,
/// too, and how many of them were found there in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Where something was called absent.
    pub place: PlaceId,
    /// How many neighbours were found there.
    pub found: u64,
    /// Of how many that should be there.
    pub of: u64,
    /// They lie in an earlier stretch that was read without a gap; none lies in the same one.
    pub earlier: bool,
}

/// A flow of which nothing was ever seen where it should be: a finding of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilentFlow {
    /// Where nothing of it was seen.
    pub place: PlaceId,
    /// The consumer whose place it is; `None` for a destination.
    pub consumer: Option<ConsumerNo>,
    /// How many events should be there by now.
    pub expected: u64,
    /// When the oldest of them was due.
    pub since: Micros,
    /// How many messages (rows of an inbox) lie there that cannot be told to be one of them.
    pub unidentified: u64,
    /// How many carry an id that is also a row's, which chance explains.
    pub by_chance: u64,
    /// The finding, and what would settle it.
    pub sentence: String,
}
