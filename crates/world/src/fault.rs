//! Faults: what can be broken, how to say so, and where it can be done.

use std::fmt;

use serde::{Deserialize, Serialize};
use waybill_model::VerdictClass;

use crate::{BrokerKind, ConsumerName, DatabaseKind};

/// One way in which an event goes astray.
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

impl Fault {
    /// All of them, in the order of the panel.
    pub const ALL: [Self; 13] = [
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
    ];

    /// The name used on command lines: `publish-fails-after-commit`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PublishFailsAfterCommit => "publish-fails-after-commit",
            Self::RelayDead => "relay-dead",
            Self::SentButLost => "sent-but-lost",
            Self::DualWriteWithoutOutbox => "dual-write-without-outbox",
            Self::RolledBackAfterPublish => "rolled-back-after-publish",
            Self::ConsumerSkips => "consumer-skips",
            Self::ConsumerPoison => "consumer-poison",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Unroutable => "unroutable",
            Self::LateCommit => "late-commit",
            Self::ClockSkew => "clock-skew",
            Self::RetentionPassed => "retention-passed",
        }
    }

    /// The fault of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The words on its button.
    pub const fn title(self) -> &'static str {
        match self {
            Self::PublishFailsAfterCommit => "Publishing fails after the commit",
            Self::RelayDead => "Stop the relay",
            Self::SentButLost => "Mark as sent, but lose it",
            Self::DualWriteWithoutOutbox => "Forget the outbox row",
            Self::RolledBackAfterPublish => "Publish, then roll back",
            Self::ConsumerSkips => "A consumer skips",
            Self::ConsumerPoison => "A consumer chokes",
            Self::Duplicate => "Publish twice",
            Self::Reorder => "Publish in the wrong order",
            Self::Unroutable => "Publish a type nobody is bound for",
            Self::LateCommit => "Commit late",
            Self::ClockSkew => "Set a consumer's clock back",
            Self::RetentionPassed => "Delete old records",
        }
    }

    /// What happens then, in a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::PublishFailsAfterCommit => {
                "The product is saved and the outbox row is there, but every attempt to publish it fails, and the relay gives up."
            }
            Self::RelayDead => "The relay stops; outbox rows pile up until it is started again.",
            Self::SentButLost => {
                "The relay marks the outbox row as sent although the broker never got the message."
            }
            Self::DualWriteWithoutOutbox => {
                "Somebody changed a product past the outbox: the product is saved, and nothing was ever to be sent."
            }
            Self::RolledBackAfterPublish => {
                "The message goes out inside the transaction, and the transaction is rolled back: an event about a product that does not exist."
            }
            Self::ConsumerSkips => {
                "The consumer takes the message, fails quietly and moves on: its offset passed, its inbox row is missing."
            }
            Self::ConsumerPoison => {
                "The consumer cannot read the message and puts it with its dead letters."
            }
            Self::Duplicate => {
                "The relay dies between publishing and marking the row, so the message goes out twice."
            }
            Self::Reorder => {
                "Two changes of one product go out the wrong way round: the newer one first."
            }
            Self::Unroutable => {
                "The service sends a new type of event that no queue is bound for; the broker drops it and says yes."
            }
            Self::LateCommit => {
                "A transaction takes its outbox number early and commits after later ones did."
            }
            Self::ClockSkew => {
                "The consumer's clock is five seconds behind: it seems to process messages before they were sent."
            }
            Self::RetentionPassed => {
                "Old records are deleted from the topic: whether they were ever there can no longer be known."
            }
        }
    }

    /// Whether it concerns one consumer, to be chosen.
    pub const fn is_of_a_consumer(self) -> bool {
        matches!(
            self,
            Self::ConsumerSkips | Self::ConsumerPoison | Self::ClockSkew
        )
    }

    /// What Waybill should say about it.
    pub fn says(self) -> Says {
        let (class, word) = match self {
            Self::PublishFailsAfterCommit | Self::RelayDead => (VerdictClass::Missing, "stuck"),
            Self::SentButLost => (VerdictClass::Missing, "lost-in-publish"),
            Self::DualWriteWithoutOutbox => (VerdictClass::Missing, "missing-outbox-row"),
            Self::RolledBackAfterPublish => (VerdictClass::Phantom, "phantom"),
            Self::ConsumerSkips => (VerdictClass::Missing, "lost-by-consumer"),
            Self::ConsumerPoison => (VerdictClass::DeadLettered, "dead-lettered"),
            Self::Duplicate => (VerdictClass::Arrived, "duplicate"),
            Self::Reorder => (VerdictClass::Arrived, "out-of-order"),
            // The audit stream is bound like the queues, so it does not have the message either:
            // without the broker's own counters this looks like a message lost on the way.
            Self::Unroutable => (VerdictClass::Missing, "lost-in-publish"),
            Self::LateCommit => (VerdictClass::Arrived, "arrived"),
            Self::ClockSkew => (VerdictClass::Arrived, "skew"),
            Self::RetentionPassed => (VerdictClass::Unknown, "retention-passed"),
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
            (Self::RetentionPassed, BrokerKind::Mock, _) => {
                Err("the mock cluster cannot delete records")
            }
            (Self::RetentionPassed, BrokerKind::RabbitMq { .. }, _) => {
                Err("a stream drops whole segments only, which are larger than this world")
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
}
