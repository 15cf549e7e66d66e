//! An event as the user meets it: a row of the grid, and everything about one.

use serde::{Deserialize, Serialize};

use crate::{
    ConsumerVerdict, Coordinate, EventId, EventVerdict, Marks, Micros, Stage, Stamp, Strength,
    VerdictClass,
};

/// One line of the event grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Its number in the session's index; stable while the session lives.
    pub no: u32,
    /// Identity.
    pub id: EventId,
    /// Event type, `""` when nobody carries it.
    pub kind: String,
    /// Aggregate as `type/id`, `""` when nobody carries it.
    pub aggregate: String,
    /// Aggregate version, if carried.
    pub version: Option<i64>,
    /// When it first happened, as the earliest stage says.
    pub at: Micros,
    /// When the business row was changed.
    pub stored: Option<Micros>,
    /// When the outbox row was written.
    pub outbox: Option<Micros>,
    /// When the first copy was published.
    pub published: Option<Micros>,
    /// Each expected consumer.
    pub consumers: Vec<ConsumerCell>,
    /// What it amounts to.
    pub verdict: EventVerdict,
    /// The group it belongs to (derived from the verdict, sent along for the page).
    pub class: VerdictClass,
}

/// One consumer's cell of a grid line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerCell {
    /// When it processed, or dead-lettered, the event.
    pub at: Option<Micros>,
    /// What it made of it.
    pub verdict: ConsumerVerdict,
}

/// One piece of evidence with everything a user needs to look it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it shows.
    pub stage: Stage,
    /// The consumer it concerns, by name.
    pub consumer: Option<String>,
    /// What it proves.
    pub strength: Strength,
    /// Where exactly.
    pub coordinate: Coordinate,
    /// When, and whose clock.
    pub stamp: Stamp,
    /// What else was noticed.
    pub marks: Marks,
    /// The fact in a short sentence: `attempts 2 · "broker unreachable"`.
    pub note: String,
}

/// Everything about one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDetail {
    /// The line in the grid.
    pub row: EventRow,
    /// What happened, in sentences a person would say.
    pub sentence: String,
    /// All evidence, in causal order.
    pub facts: Vec<Fact>,
    /// The outbox row as it lies in the database, masked; `None` when there is none.
    pub outbox_row: Option<OutboxRow>,
    /// The copies on the broker, masked, at most ten.
    pub copies: Vec<Copy>,
    /// The other events of the same aggregate around it, in order.
    pub history: Vec<Sibling>,
    /// What could not be fetched, each as a sentence.
    pub problems: Vec<String>,
}

/// An outbox row with its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Column names and values as text, in table order, without the body.
    pub columns: Vec<(String, Option<String>)>,
    /// The body; `None` when NULL.
    pub payload: Option<Vec<u8>>,
    /// Size of the whole body in bytes; larger than `payload` when only its head was fetched.
    pub payload_len: u64,
}

/// A message as it lies on the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Where.
    pub coordinate: Coordinate,
    /// When.
    pub stamp: Stamp,
    /// Kafka key, or AMQP routing key.
    pub key: Option<Vec<u8>>,
    /// Headers in order, duplicates kept; a value may be null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// AMQP properties by name; on Kafka what dead-letter headers say, decoded.
    pub properties: Vec<(String, String)>,
    /// The body; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
    /// Size of the whole body in bytes.
    pub payload_len: u64,
}

/// A neighbour of an event in the history of its aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// Its number in the index.
    pub no: u32,
    /// Identity.
    pub id: EventId,
    /// Event type.
    pub kind: String,
    /// Aggregate version.
    pub version: Option<i64>,
    /// When.
    pub at: Micros,
    /// The group of its verdict.
    pub class: VerdictClass,
    /// Whether a business row or outbox row, a copy, and each consumer's mark are there.
    pub stored: bool,
    /// Whether a copy is there.
    pub published: bool,
    /// Whether each consumer has it.
    pub consumed: Vec<bool>,
}
