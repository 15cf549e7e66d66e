//! Grace: how long an event may take from one stage to the next before it counts as late.

use serde::{Deserialize, Serialize};

/// How long an event may take on one edge, and how we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    /// In microseconds.
    pub micros: i64,
    /// Where it comes from.
    pub basis: GraceBasis,
}

/// Where a grace comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "basis")]
pub enum GraceBasis {
    /// The profile says so.
    Set,
    /// Too few events have come this way to learn from.
    Cold {
        /// How many have.
        events: u32,
    },
    /// From how long the youngest events took.
    Learnt {
        /// 99 of 100 of them took no longer, in microseconds.
        p99_micros: i64,
        /// How many there were to learn from.
        events: u32,
    },
}
