//! One observation as the index gives it back.

use waybill_model::{ConsumerNo, Marks, Micros, PlaceId, Stage, Stamp, Strength};

/// Something that was seen of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where.
    pub place: PlaceId,
    /// What it shows.
    pub stage: Stage,
    /// The consumer it concerns.
    pub consumer: Option<ConsumerNo>,
    /// It lies where the consumer's failures go, rather than in its inbox.
    pub dead_letter: bool,
    /// How much it proves.
    pub strength: Strength,
    /// Partition of a topic; 0 elsewhere.
    pub partition: u32,
    /// Offset or row number, `NO_POSITION` when `key` holds it.
    pub position: i64,
    /// Row key where it is no integer.
    pub key: String,
    /// When, and whose clock.
    pub stamp: Stamp,
    /// What else was noticed.
    pub marks: Marks,
}

/// A resend of our own, as the journal knows it. Only those the broker has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnResend {
    /// When it was confirmed.
    pub at: Micros,
    /// The one consumer it went to; `None` for everyone.
    pub consumer: Option<ConsumerNo>,
    /// Where the copy lies, when the broker said: place, partition, offset.
    pub coordinate: Option<(PlaceId, u32, i64)>,
}
