//! What a profile expects, reduced to what verdicts depend on.

use waybill_model::{Place, PlaceId};

use crate::GraceRules;

/// What there is to read and who should receive: fixed while an index lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// All places; an observation from any other place is refused as an oddity.
    pub places: Vec<Place>,
    /// Expected consumers; the index is the `ConsumerNo`.
    pub consumers: Vec<ConsumerShape>,
    /// There is an outbox table.
    pub has_outbox: bool,
    /// Outbox rows say whether they were sent (a time, a flag or a state).
    pub outbox_tells_sent: bool,
    /// The relay deletes rows after sending: absence of a row says nothing.
    pub deletes_after_send: bool,
    /// A row can be asked for by its event's id, whenever it was written; without an outbox, by its
    /// aggregate's. Not where the id stands inside the body only.
    pub found_by_id: bool,
    /// There are business tables whose versions must have led to events.
    pub has_business: bool,
    /// Each of them keeps a row of every version; otherwise a row shows the newest one only.
    pub keeps_versions: bool,
    /// Copies can be seen at the destination: a topic, an audit stream, or a tap.
    pub has_observer: bool,
    /// When an event is late, and when a suspicion is confirmed.
    pub grace: GraceRules,
}

/// One expected consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerShape {
    /// What people call it.
    pub name: String,
    /// The destination it reads; only copies there are due to it. `None`: any destination.
    pub destination: Option<PlaceId>,
    /// It has an inbox table: the proof of processing.
    pub inbox: bool,
    /// Its rows say whether they are processed: one that is not proves no more than receipt.
    pub inbox_tells: bool,
    /// What tells how far it moved.
    pub progress: ProgressKind,
    /// There is a place for what it could not process.
    pub dead_letters: bool,
}

impl ConsumerShape {
    /// Whether anything tells how far it moved.
    pub(crate) fn tells_progress(&self) -> bool {
        self.progress != ProgressKind::None
    }
}

/// What tells how far a consumer moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressKind {
    /// The committed offsets of a Kafka group.
    Group,
    /// The depth of a queue.
    Queue,
    /// Nothing.
    None,
}
