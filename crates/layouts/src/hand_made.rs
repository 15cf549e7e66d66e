//! Tables people made themselves: what their columns probably mean, and what has to be asked.

mod against;

mod catalogue;

mod columns;

mod ends;

mod inbox;

mod name;

mod names;

mod propose;

mod questions;

mod said;

mod shapes;

mod states;

mod version;

#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use inbox::is_time_of_receipt;
pub(crate) use propose::propose;

use crate::{Confidence, TableRole};

/// What a table that is no library's probably is.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// [`TableRole::Outbox`] or [`TableRole::Inbox`].
    pub role: TableRole,
    /// How sure that is: never certain.
    pub confidence: Confidence,
    /// Why, as sentences.
    pub reasons: Vec<String>,
    /// Which column plays which role.
    pub guesses: Vec<Guess>,
    /// Values of the status column that mean sent (of an inbox: processed), as far as words say it.
    pub sent_states: Vec<String>,
    /// Values of the status column that mean given up, as far as words say it.
    pub failed_states: Vec<String>,
    /// What only somebody who knows the service can answer.
    pub questions: Vec<Question>,
}

impl Proposal {
    /// The column of a role.
    pub fn column(&self, role: Role) -> Option<&str> {
        let guess = self.guesses.iter().find(|guess| guess.role == role);
        guess.map(|guess| guess.column.as_str())
    }
}

/// A column and the role it probably plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The role.
    pub role: Role,
    /// The column, as it is really spelled.
    pub column: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Other columns that could play the role.
    pub others: Vec<String>,
}

/// Something to ask before the proposal is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The role it is about.
    pub role: Role,
    /// The question.
    pub text: String,
    /// What could be answered: columns, or values.
    pub choices: Vec<String>,
}

/// What a column of a hand-made table can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The event's id.
    Id,
    /// The aggregate's type.
    AggregateType,
    /// The aggregate's id.
    AggregateId,
    /// The aggregate's version.
    Version,
    /// The event type.
    Type,
    /// The topic, exchange or queue it is for.
    Destination,
    /// The body.
    Payload,
    /// Headers.
    Headers,
    /// When it was written.
    CreatedAt,
    /// Filled, or true, when it was sent.
    SentAt,
    /// Its state.
    Status,
    /// How often it was tried.
    Attempts,
    /// Why the last try failed.
    Error,
    /// From when on it is to be sent.
    DueAt,
    /// When it is tried next.
    NextTry,
    /// Who works on it.
    Lock,
    /// Inbox: whose row it is.
    Consumer,
    /// Inbox: when it was processed.
    ProcessedAt,
    /// Inbox: true when it was processed.
    Done,
    /// Filled, or true, when it was given up; of an inbox, when processing failed.
    FailedAt,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::AggregateType => "aggregate type",
            Self::AggregateId => "aggregate id",
            Self::Version => "version",
            Self::Type => "type",
            Self::Destination => "destination",
            Self::Payload => "payload",
            Self::Headers => "headers",
            Self::CreatedAt => "created at",
            Self::SentAt => "sent at",
            Self::Status => "status",
            Self::Attempts => "attempts",
            Self::Error => "error",
            Self::DueAt => "due at",
            Self::NextTry => "next try",
            Self::Lock => "lock",
            Self::Consumer => "consumer",
            Self::ProcessedAt => "processed at",
            Self::Done => "processed",
            Self::FailedAt => "failed at",
        })
    }
}
