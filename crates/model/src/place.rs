//! Where evidence comes from: the places of a profile, and the coordinates inside them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place's number inside one session; places are few (tables, topics, queues of a profile).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlaceId(pub u16);

impl PlaceId {
    /// What an outbox row says that is to be sent there (see [`crate::Batch::partitions`]).
    pub fn as_destination(self) -> u32 {
        u32::from(self.0) + 1
    }

    /// The place a row is to be sent to; `None` where the number is none of a place.
    pub fn of_destination(number: u32) -> Option<Self> {
        let place = number.checked_sub(1)?;
        u16::try_from(place).ok().map(Self)
    }
}

/// An expected consumer's number inside one session, in the order of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsumerNo(pub u8);

/// One thing that is read: a table, a topic, a stream, a queue, a consumer group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its number.
    pub id: PlaceId,
    /// What being there says about an event.
    pub role: PlaceRole,
    /// The connection it is read through, e.g. `database` or `broker`.
    pub source: String,
    /// Its own name: `outbox`, `product-events`, `search.inbox`.
    pub name: String,
}

/// What it means to be found at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceRole {
    /// The service's own table: the change was stored.
    Business,
    /// The outbox table.
    Outbox,
    /// A topic, or the audit stream or tap of an exchange: a copy was published.
    Destination,
    /// A consumer's inbox table: it processed the event.
    Inbox(ConsumerNo),
    /// A consumer's group or queue: how far it moved.
    Progress(ConsumerNo),
    /// Where copies end up that this consumer could not process.
    DeadLetters(ConsumerNo),
}

impl PlaceRole {
    /// Its name, without the consumer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Outbox => "outbox",
            Self::Destination => "destination",
            Self::Inbox(_) => "inbox",
            Self::Progress(_) => "progress",
            Self::DeadLetters(_) => "dead-letters",
        }
    }

    /// The consumer it belongs to, if any.
    pub fn consumer(self) -> Option<ConsumerNo> {
        match self {
            Self::Inbox(no) | Self::Progress(no) | Self::DeadLetters(no) => Some(no),
            Self::Business | Self::Outbox | Self::Destination => None,
        }
    }
}

/// Where exactly something was seen, as a user would look it up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Coordinate {
    /// A row of a table by its key, as text.
    Row {
        /// The connection the table is in.
        source: String,
        /// The table, as written in the profile.
        table: String,
        /// The key's column.
        column: String,
        /// The key's value.
        key: String,
    },
    /// A Kafka record.
    Record {
        /// Topic name.
        topic: String,
        /// Partition number.
        partition: u32,
        /// Offset in the partition.
        offset: i64,
    },
    /// An entry of a RabbitMQ stream.
    StreamEntry {
        /// Stream (queue) name.
        stream: String,
        /// Offset in the stream.
        offset: i64,
    },
    /// A message seen passing by (a tap); it cannot be fetched again.
    Passing {
        /// The exchange that was tapped.
        exchange: String,
        /// The how-manieth since the tap was opened.
        nth: i64,
    },
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row {
                table, column, key, ..
            } => write!(f, "{table}, {column} {key}"),
            Self::Record {
                topic,
                partition,
                offset,
            } => write!(f, "{topic}-{partition}@{offset}"),
            Self::StreamEntry { stream, offset } => write!(f, "{stream}@{offset}"),
            Self::Passing { exchange, nth } => write!(f, "{exchange}, seen passing, no. {nth}"),
        }
    }
}
