//! What is the matter with a whole company, however few events it has.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BrokerKind, ConsumerName, Fault};

/// One thing that is so for every event of a past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Situation {
    /// The relay does not run.
    RelayDead,
    /// The relay marks every row as sent and has never sent one.
    RelayMarks,
    /// The profile names a destination that another company's events go to, and none has come yet.
    WrongDestination,
    /// Somebody deleted the destination and made it anew.
    TopicAnew,
    /// One consumer was never started.
    ConsumerNeverStarted,
    /// All is well, and all there ever was lies in the window.
    FirstDay,
}

/// The consumer that was never started.
const IDLE: ConsumerName = ConsumerName::Search;

impl Situation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RelayDead,
        Self::RelayMarks,
        Self::WrongDestination,
        Self::TopicAnew,
        Self::ConsumerNeverStarted,
        Self::FirstDay,
    ];

    /// `relay-dead`
    pub const fn name(self) -> &'static str {
        match self {
            Self::RelayDead => "relay-dead",
            Self::RelayMarks => "relay-marks",
            Self::WrongDestination => "wrong-destination",
            Self::TopicAnew => "topic-anew",
            Self::ConsumerNeverStarted => "consumer-never-started",
            Self::FirstDay => "first-day",
        }
    }

    /// Whether it can be so there; if not, why, as a clause.
    pub const fn works_on(self, broker: &BrokerKind) -> Result<(), &'static str> {
        match (self, broker) {
            (Self::TopicAnew, BrokerKind::Mock) => Err("the mock cluster cannot delete a topic"),
            _ => Ok(()),
        }
    }

    /// What every event suffers.
    pub(crate) const fn fault(self) -> Option<Fault> {
        match self {
            Self::RelayDead => Some(Fault::RelayDead),
            Self::RelayMarks => Some(Fault::SentButLost),
            Self::WrongDestination
            | Self::TopicAnew
            | Self::ConsumerNeverStarted
            | Self::FirstDay => None,
        }
    }

    /// The consumer that never took anything.
    pub(crate) const fn idle(self) -> Option<ConsumerName> {
        match self {
            Self::ConsumerNeverStarted => Some(IDLE),
            Self::RelayDead
            | Self::RelayMarks
            | Self::WrongDestination
            | Self::TopicAnew
            | Self::FirstDay => None,
        }
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
