//! Faults: what can be broken, and where it can be done.

mod words;

use std::fmt;

use serde::{Deserialize, Serialize};
use waybill_model::VerdictClass;

use crate::{BrokerKind, ConsumerName, DatabaseKind};

/// One way in which an event goes astray, or in which what is known of it gets lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Publishing throws after the commit, until the relay gives up on the row.
    PublishFailsAfterCommit,
    /// The relay does not run.
    RelayDead,
    /// The relay marks the row as sent without having sent it.
    SentButLost,
    /// The change is written without an outbox row.
    DualWriteWithoutOutbox,
    /// The message goes out, then the transaction is rolled back.
    RolledBackAfterPublish,
    /// One consumer moves on without processing.
    ConsumerSkips,
    /// One consumer cannot process the message and dead-letters it.
    ConsumerPoison,
    /// The relay publishes twice.
    Duplicate,
    /// The relay publishes a newer version first.
    Reorder,
    /// The message has a type that no queue is bound for (RabbitMQ).
    Unroutable,
    /// The transaction commits long after later ones did (live only).
    LateCommit,
    /// One consumer's clock is behind.
    ClockSkew,
    /// The topic's older records are deleted (Kafka).
    RetentionPassed,
    /// The relay deletes outbox rows once they are sent.
    OutboxDeleted,
    /// The topic is compacted (Kafka).
    Compacted,
    /// The copy was written in a transaction that was aborted (Kafka).
    TransactionAborted,
    /// The copy lies in a transaction that has not ended (Kafka).
    TransactionOpen,
    /// One consumer's group was moved past events (Kafka).
    GroupReset,
    /// One consumer committed first and died before it processed.
    CommitBeforeProcessing,
    /// The copies expired in the queues (RabbitMQ).
    QueueTtl,
    /// One consumer's queue dropped its oldest messages (RabbitMQ).
    QueueOverflow,
    /// The body is that of the event before.
    EqualPayload,
    /// Every table and message spells the id in its own way.
    OddSpelling,
    /// The body has another shape.
    NewSchema,
    /// One consumer's clock is five minutes off.
    ConsumerClockOff,
    /// The clock of whoever publishes is five minutes off.
    RelayClockOff,
    /// Two relays send the same rows.
    TwoRelays,
    /// One consumer is registered in the middle of a past.
    ConsumerLate,
    /// The relay publishes something else than the row says.
    PayloadChanged,
    /// The relay publishes, and dies before it marks the row or deletes it.
    DiedBeforeMark,
}

/// Some events that shall go astray in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// How.
    pub fault: Fault,
    /// How many events.
    pub events: u32,
    /// At which consumer, for the faults that concern one; *search* when left out.
    pub consumer: Option<ConsumerName>,
}

/// What Waybill should say about an event with a fault, before anybody heals it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Says {
    /// The group its verdict belongs to.
    pub class: VerdictClass,
    /// The verdict or flag in a word: `stuck`, `lost-by-consumer`, `duplicate`.
    pub word: String,
}

/// What of an event a fault is about. Faults about different things combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    /// What the service writes.
    Change,
    /// What the message looks like.
    Form,
    /// Whether it is sent.
    Sending,
    /// How often and in what order its copies lie there.
    Copies,
    /// What its copies' times are.
    Time,
    /// What becomes of it in the queues.
    Queue,
    /// What one consumer does with it.
    Consumer,
    /// What can be known of all events.
    World,
}

impl Fault {
    /// All of them, in the order of the panel.
    pub const ALL: [Self; 30] = [
        Self::PublishFailsAfterCommit,
        Self::RelayDead,
        Self::SentButLost,
        Self::DualWriteWithoutOutbox,
        Self::RolledBackAfterPublish,
        Self::ConsumerSkips,
        Self::ConsumerPoison,
        Self::Duplicate,
        Self::Reorder,
        Self::Unroutable,
        Self::LateCommit,
        Self::ClockSkew,
        Self::RetentionPassed,
        Self::OutboxDeleted,
        Self::Compacted,
        Self::TransactionAborted,
        Self::TransactionOpen,
        Self::GroupReset,
        Self::CommitBeforeProcessing,
        Self::QueueTtl,
        Self::QueueOverflow,
        Self::EqualPayload,
        Self::OddSpelling,
        Self::NewSchema,
        Self::ConsumerClockOff,
        Self::RelayClockOff,
        Self::TwoRelays,
        Self::ConsumerLate,
        Self::PayloadChanged,
        Self::DiedBeforeMark,
    ];

    /// The fault of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Whether it concerns one consumer, to be chosen.
    pub const fn is_of_a_consumer(self) -> bool {
        matches!(self.about(), About::Consumer) || matches!(self, Self::QueueOverflow)
    }

    /// Whether it changes what can be known of all events rather than what happens to one.
    pub const fn is_of_all_events(self) -> bool {
        matches!(self.about(), About::World)
    }

    /// Whether it hits whom it hits, rather than events that are chosen for it.
    pub(crate) const fn is_unaimed(self) -> bool {
        matches!(
            self,
            Self::OutboxDeleted | Self::Compacted | Self::QueueOverflow | Self::ConsumerLate
        )
    }

    pub(crate) const fn about(self) -> About {
        match self {
            Self::DualWriteWithoutOutbox | Self::RolledBackAfterPublish | Self::LateCommit => {
                About::Change
            }
            Self::EqualPayload | Self::OddSpelling | Self::NewSchema | Self::PayloadChanged => {
                About::Form
            }
            Self::PublishFailsAfterCommit
            | Self::SentButLost
            | Self::Unroutable
            | Self::TransactionAborted
            | Self::DiedBeforeMark => About::Sending,
            Self::Duplicate | Self::Reorder | Self::TwoRelays => About::Copies,
            Self::RelayClockOff => About::Time,
            Self::QueueTtl => About::Queue,
            Self::ConsumerSkips
            | Self::ConsumerPoison
            | Self::ClockSkew
            | Self::GroupReset
            | Self::CommitBeforeProcessing
            | Self::ConsumerClockOff => About::Consumer,
            Self::RelayDead
            | Self::RetentionPassed
            | Self::OutboxDeleted
            | Self::Compacted
            | Self::TransactionOpen
            | Self::QueueOverflow
            | Self::ConsumerLate => About::World,
        }
    }

    /// Whether it hits events in a row, as an outage or a bad release does.
    pub(crate) const fn comes_in_a_row(self) -> bool {
        matches!(
            self,
            Self::PublishFailsAfterCommit
                | Self::ConsumerSkips
                | Self::GroupReset
                | Self::CommitBeforeProcessing
                | Self::TwoRelays
        )
    }

    /// What Waybill should say about it.
    pub fn says(self) -> Says {
        let (class, word) = match self {
            Self::PublishFailsAfterCommit | Self::RelayDead => (VerdictClass::Missing, "stuck"),
            Self::SentButLost | Self::TransactionAborted => {
                (VerdictClass::Missing, "lost-in-publish")
            }
            Self::DualWriteWithoutOutbox => (VerdictClass::Missing, "missing-outbox-row"),
            Self::RolledBackAfterPublish => (VerdictClass::Phantom, "phantom"),
            Self::ConsumerSkips
            | Self::GroupReset
            | Self::CommitBeforeProcessing
            | Self::QueueTtl
            | Self::QueueOverflow => (VerdictClass::Missing, "lost-by-consumer"),
            Self::ConsumerPoison => (VerdictClass::DeadLettered, "dead-lettered"),
            Self::Duplicate | Self::TwoRelays => (VerdictClass::Arrived, "duplicate"),
            Self::Reorder => (VerdictClass::Arrived, "out-of-order"),
            Self::PayloadChanged => (VerdictClass::Arrived, "payload-mismatch"),
            // The audit stream is bound like the queues, so it does not have the message either:
            // without the broker's own counters this looks like a message lost on the way.
            Self::Unroutable => (VerdictClass::Missing, "lost-in-publish"),
            // What has arrived is known from the inboxes, whatever became of copies and rows.
            Self::LateCommit
            | Self::DiedBeforeMark
            | Self::RetentionPassed
            | Self::OutboxDeleted
            | Self::Compacted
            | Self::ConsumerLate
            | Self::EqualPayload
            | Self::OddSpelling
            | Self::NewSchema => (VerdictClass::Arrived, "arrived"),
            Self::ClockSkew | Self::ConsumerClockOff | Self::RelayClockOff => {
                (VerdictClass::Arrived, "skew")
            }
            Self::TransactionOpen => (VerdictClass::Pending, "in-open-transaction"),
        };
        Says {
            class,
            word: word.to_owned(),
        }
    }

    /// Whether it can be done there; if not, why, as a clause.
    pub const fn works_on(
        self,
        broker: &BrokerKind,
        database: &DatabaseKind,
    ) -> Result<(), &'static str> {
        match (self, broker, database) {
            (Self::Unroutable, BrokerKind::Mock | BrokerKind::Kafka { .. }, _) => {
                Err("Kafka has no routing that could fail")
            }
            (
                Self::QueueTtl | Self::QueueOverflow,
                BrokerKind::Mock | BrokerKind::Kafka { .. },
                _,
            ) => Err("Kafka has no queues that could drop messages"),
            (Self::RetentionPassed, BrokerKind::Mock, _) => {
                Err("the mock cluster cannot delete records")
            }
            (Self::Compacted, BrokerKind::Mock, _) => Err("the mock cluster does not compact"),
            (Self::TransactionAborted | Self::TransactionOpen, BrokerKind::Mock, _) => {
                Err("the mock cluster shows records of transactions that never committed")
            }
            (Self::RetentionPassed, BrokerKind::RabbitMq { .. }, _) => {
                Err("a stream drops whole segments only, which are larger than this world")
            }
            (Self::Compacted, BrokerKind::RabbitMq { .. }, _) => Err("streams are not compacted"),
            (Self::TransactionAborted | Self::TransactionOpen, BrokerKind::RabbitMq { .. }, _) => {
                Err("RabbitMQ shows nobody what was not committed")
            }
            (Self::GroupReset, BrokerKind::RabbitMq { .. }, _) => {
                Err("queues have no offset that could be moved")
            }
            (Self::LateCommit, _, DatabaseKind::Sqlite { .. }) => {
                Err("SQLite has one writer at a time, so commits cannot overtake each other")
            }
            _ => Ok(()),
        }
    }

    /// Whether it can be planted in a past that is written all at once.
    pub const fn works_in_history(self) -> bool {
        !matches!(self, Self::LateCommit)
    }

    /// Whether it can be switched on while the company works. The others can only be planted in a
    /// past.
    pub const fn works_live(self) -> bool {
        matches!(
            self,
            Self::PublishFailsAfterCommit
                | Self::RelayDead
                | Self::SentButLost
                | Self::DualWriteWithoutOutbox
                | Self::RolledBackAfterPublish
                | Self::ConsumerSkips
                | Self::ConsumerPoison
                | Self::Duplicate
                | Self::Reorder
                | Self::Unroutable
                | Self::LateCommit
                | Self::ClockSkew
                | Self::RetentionPassed
                | Self::PayloadChanged
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_agree_with_serde() {
        for fault in Fault::ALL {
            assert_eq!(Fault::from_name(fault.name()), Some(fault));
            let json = serde_json::to_string(&fault).expect("a fault is a word");
            assert_eq!(json, format!("\"{fault}\""));
        }
    }

    #[test]
    fn sentences_end_and_titles_do_not() {
        for fault in Fault::ALL {
            assert!(fault.sentence().ends_with('.'), "{fault}");
            assert!(!fault.title().ends_with('.'), "{fault}");
        }
    }

    #[test]
    fn every_fault_can_be_acted_out_somehow() {
        for fault in Fault::ALL {
            assert!(fault.works_in_history() || fault.works_live(), "{fault}");
        }
    }
}
