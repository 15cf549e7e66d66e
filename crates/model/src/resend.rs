//! A resend: plan, preview, confirm, send, verify. Every attempt stands in the journal.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Coordinate, EventId, Micros, ShownMessage};

/// Marks a message as ours; the value is the [`ResendId`].
pub const HEADER_ID: &str = "x-waybill-resend-id";
/// When it was resent, RFC 3339.
pub const HEADER_AT: &str = "x-waybill-resend-at";
/// Who resent it.
pub const HEADER_BY: &str = "x-waybill-resend-by";
/// Why, in the user's words.
pub const HEADER_REASON: &str = "x-waybill-resend-reason";
/// The how-manieth attempt for this event, from 1.
pub const HEADER_ATTEMPT: &str = "x-waybill-resend-attempt";

/// One run of a resend: everything confirmed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResendId(pub Uuid);

impl fmt::Display for ResendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who is to receive it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "mode")]
pub enum Mode {
    /// The original topic or exchange: everybody bound to it.
    Everyone,
    /// One consumer's queue (RabbitMQ).
    OneConsumer {
        /// Its name in the profile.
        consumer: String,
    },
}

/// How fast: 1, then 5, then 20 … each step only after the one before has gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Events per second at most.
    pub per_second: u32,
    /// Begin with 1, 5, 20, 100 and look at each step's outcome.
    pub ramp: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_second: 20,
            ramp: true,
        }
    }
}

/// What will happen, for the user to read before confirming.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The run's id.
    pub id: ResendId,
    /// Who is to receive it.
    pub mode: Mode,
    /// How fast.
    pub pace: Pace,
    /// In the order of sending.
    pub events: Vec<PlannedEvent>,
    /// Events asked for that will not be sent, with the reason as a sentence.
    pub left_out: Vec<(EventId, String)>,
    /// Who receives it, and how many of these events each has already processed.
    pub recipients: Vec<Recipient>,
    /// What the user should know first.
    pub warnings: Vec<Warning>,
    /// What has to be typed to confirm (production); `None` when a click is enough.
    pub typed_confirmation: Option<String>,
    /// Why it cannot be sent at all (read-only profile); `None` when it can.
    pub refused: Option<String>,
    /// Events whose message would have to be made of an outbox row although nobody has seen how
    /// their relay makes one. They are left out, or sent all the same where the user says so.
    #[serde(default)]
    pub unproven: Vec<Unproven>,
    /// Messages that are made of business rows as their service makes them.
    #[serde(default)]
    pub reconstructed: Vec<Reconstruction>,
}

/// A message that is made of a business row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconstruction {
    /// Of which event.
    pub event: EventId,
    /// Which state of which row, a part of a sentence.
    pub state: String,
    /// The whole message as it would be sent now, masked for the eye.
    pub message: ShownMessage,
    /// Each part of it (key, header, property, pointer into the body) with where it comes from.
    pub parts: Vec<(String, String)>,
}

/// Events whose relay's way of writing a message is not proven, all for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unproven {
    /// Which.
    pub events: Vec<EventId>,
    /// How many sent rows were held against their messages.
    pub compared: u32,
    /// What stands in the way: what a message has and its row's rebuilt one has not, or that there
    /// is nothing to compare. Parts of sentences.
    pub differences: Vec<String>,
    /// What can be done instead, a sentence each.
    pub ways: Vec<String>,
    /// The user's reason for sending them all the same; `None` where they are left out.
    pub overridden: Option<String>,
    /// They never reached an outbox: their messages would be made of business rows.
    #[serde(default)]
    pub reconstructed: bool,
}

/// One event of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEvent {
    /// Its number in the index.
    pub no: u32,
    /// Identity.
    pub id: EventId,
    /// Event type.
    pub kind: String,
    /// Aggregate.
    pub aggregate: String,
    /// Where it goes.
    pub route: Route,
    /// Where the body comes from.
    pub body: BodySource,
    /// The how-manieth attempt for this event.
    pub attempt: u32,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Topic or exchange; `""` is RabbitMQ's default exchange.
    pub destination: String,
    /// Kafka key, as it will be written.
    pub key: Option<Vec<u8>>,
    /// Kafka partition when it is known for sure.
    pub partition: Option<u32>,
    /// AMQP routing key (the queue's name on the default exchange).
    pub routing_key: Option<String>,
}

/// Where the body of a resend comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum BodySource {
    /// A copy on the broker, byte for byte.
    Copy {
        /// Which.
        coordinate: Coordinate,
    },
    /// The outbox row.
    OutboxRow {
        /// Which.
        coordinate: Coordinate,
    },
    /// Made of the business row, as its service makes it or by the flow's template.
    Reconstructed {
        /// Which row.
        coordinate: Coordinate,
    },
}

/// Somebody who will receive the resend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Consumer's name, or the queue's when the profile does not know it.
    pub name: String,
    /// How many of the planned events it has processed before.
    pub already_processed: u32,
    /// Whether the profile names it.
    pub expected: bool,
}

/// Something to know before sending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "warning")]
pub enum Warning {
    /// Newer events of the same aggregate are already out.
    NewerPublished {
        /// Which aggregate.
        aggregate: String,
        /// How many newer ones.
        newer: u32,
    },
    /// Some recipients have processed some of the events before.
    AlreadyProcessed {
        /// Who.
        consumer: String,
        /// How many.
        events: u32,
    },
    /// Bodies had to be rebuilt.
    Reconstructed {
        /// How many.
        events: u32,
    },
    /// Properties of the original that are not sent again.
    Stripped {
        /// Their names.
        names: Vec<String>,
    },
    /// Anything else, as a sentence.
    Note {
        /// The sentence.
        text: String,
    },
}

/// One message ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The run.
    pub resend: ResendId,
    /// The event.
    pub event: EventId,
    /// Where to.
    pub route: Route,
    /// Headers in order, ours included.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// AMQP properties by name.
    pub properties: Vec<(String, String)>,
    /// The body; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
}

/// A payload may hold personal data, so it is not printed.
impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("resend", &self.resend)
            .field("event", &self.event)
            .field("destination", &self.route.destination)
            .field("bytes", &self.payload.as_ref().map_or(0, Vec::len))
            .finish_non_exhaustive()
    }
}

/// What the broker says before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteCheck {
    /// Whether it would be accepted and routed.
    pub reachable: bool,
    /// Queues or groups that would receive it, as the broker knows them.
    pub reaches: Vec<String>,
    /// Why not, or what else is to be known; sentences.
    pub notes: Vec<String>,
}

/// What came of sending one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Receipt {
    /// The broker has taken responsibility.
    Sent {
        /// Where it lies, when the broker says.
        coordinate: Option<Coordinate>,
    },
    /// The broker refused; nothing was stored.
    Refused {
        /// Why.
        why: String,
    },
    /// Nobody knows (time-out, connection lost after writing). Never retried by itself.
    Unknown {
        /// What happened.
        why: String,
    },
}

/// A line of the journal: one event in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The run.
    pub resend: ResendId,
    /// The event.
    pub event: EventId,
    /// The how-manieth attempt for this event.
    pub attempt: u32,
    /// What became of it.
    pub state: AttemptState,
    /// When the state was last written.
    pub at: Micros,
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum AttemptState {
    /// Confirmed by the user, not touched yet: certainly not sent.
    Planned,
    /// Found present or processed right before sending, so it was not sent.
    Skipped {
        /// Why.
        why: String,
    },
    /// Written before sending. Found after a crash it means: unknown.
    Sending,
    /// The broker has it.
    Sent {
        /// Where.
        coordinate: Option<Coordinate>,
    },
    /// The broker refused it.
    Refused {
        /// Why.
        why: String,
    },
    /// Nobody knows.
    Unknown {
        /// What happened.
        why: String,
    },
    /// Seen on the broker, and processed by everyone it was for.
    Effective,
    /// Sent, but what was wrong is still wrong.
    NotEffective {
        /// What is still wrong.
        why: String,
    },
    /// The run was stopped before its turn.
    Cancelled,
}
