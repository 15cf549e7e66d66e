//! What stands in the journal.

use waybill_model::{Attempt, AttemptState, Coordinate, EventId, Micros, Mode, Pace, ResendId};

/// A run as it is written when the user confirms it.
#[derive(Debug, Clone)]
pub(crate) struct NewRun {
    pub(crate) id: ResendId,
    pub(crate) profile: String,
    pub(crate) mode: Mode,
    pub(crate) pace: Pace,
    pub(crate) by: String,
    pub(crate) reason: String,
    /// Why rows are sent although nobody has seen how their relay writes a message.
    pub(crate) unproven_form: Option<String>,
    pub(crate) at: Micros,
    /// In the order of sending.
    pub(crate) attempts: Vec<PlannedAttempt>,
}

/// One event of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedAttempt {
    pub(crate) event: EventId,
    /// When the event happened: a run that goes on after a crash reads that time again.
    pub(crate) event_at: Micros,
    /// The how-manieth attempt for this event, from 1.
    pub(crate) attempt: u32,
}

/// A run as it is read back.
#[derive(Debug, Clone)]
pub(crate) struct StoredRun {
    pub(crate) id: ResendId,
    pub(crate) profile: String,
    pub(crate) mode: Mode,
    pub(crate) pace: Pace,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) unproven_form: Option<String>,
    pub(crate) at: Micros,
    /// Its sending came to an end, by success, failure or stop.
    pub(crate) ended: bool,
    /// Each event with the time it happened.
    pub(crate) attempts: Vec<(Attempt, Micros)>,
}

/// What earlier runs did with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Earlier {
    /// How many attempts there were that may have sent it.
    pub(crate) attempts: u32,
    /// The latest one's state and time.
    pub(crate) last: Option<(AttemptState, Micros)>,
}

/// A send of ours that the broker has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentBefore {
    pub(crate) event: EventId,
    pub(crate) at: Micros,
    pub(crate) mode: Mode,
    pub(crate) coordinate: Option<Coordinate>,
}
