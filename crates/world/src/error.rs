//! What can go wrong in the world that was not planted there.

use std::path::PathBuf;
use std::time::Duration;

use crate::{Fault, Situation};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What we could not do, and to what.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database refused.
    #[error("failed to {what} in the shop's {database} database")]
    Database {
        /// What we were doing.
        what: &'static str,
        /// Which kind.
        database: &'static str,
        /// Why.
        source: sqlx::Error,
    },
    /// Kafka, or the mock, refused.
    #[error("failed to {what} on Kafka")]
    Kafka {
        /// What we were doing.
        what: String,
        /// Why.
        source: rdkafka::error::KafkaError,
    },
    /// RabbitMQ refused.
    #[error("failed to {what} on RabbitMQ")]
    RabbitMq {
        /// What we were doing.
        what: String,
        /// Why.
        source: lapin::Error,
    },
    /// RabbitMQ answered a publish with a negative confirm.
    #[error("RabbitMQ did not take the message")]
    NotTaken,
    /// A file of the demo.
    #[error("failed to {what} {}", path.display())]
    File {
        /// What we were doing.
        what: &'static str,
        /// To which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The demo's ledger is not what we wrote.
    #[error("the ledger {} cannot be read; 'reset' makes a new demo", path.display())]
    Ledger {
        /// Where it lies.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Another process has the demo open.
    #[error(
        "the demo in {} is already open in another Waybill; close that one, or choose another folder",
        dir.display()
    )]
    DemoInUse {
        /// The demo's folder.
        dir: PathBuf,
    },
    /// The demo's tape.
    #[error("failed to {what} the demo's tape")]
    Tape {
        /// What we were doing.
        what: &'static str,
        /// Why.
        source: sqlx::Error,
    },
    /// The demo was not restored as it was.
    #[error("the demo's record {topic}-{partition}@{expected} came back as @{found}")]
    TapeDiffers {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// Its offset on the tape.
        expected: i64,
        /// Its offset in the topic.
        found: i64,
    },
    /// The fault does not exist there.
    #[error("'{fault}' does not work on {database} with {broker}: {why}")]
    FaultNotHere {
        /// Which.
        fault: Fault,
        /// On which database.
        database: &'static str,
        /// With which broker.
        broker: &'static str,
        /// The reason, as a clause.
        why: &'static str,
    },
    /// It cannot be so there.
    #[error("'{situation}' cannot be on {broker}: {why}")]
    SituationNotHere {
        /// Which.
        situation: Situation,
        /// With which broker.
        broker: &'static str,
        /// The reason, as a clause.
        why: &'static str,
    },
    /// The configuration makes no sense.
    #[error("{0}")]
    Config(String),
    /// Something did not come about in time.
    #[error("after {} s the consumers are still not idle: {left}", waited.as_secs())]
    NotSettled {
        /// How long we waited.
        waited: Duration,
        /// Who still has what to do.
        left: String,
    },
    /// A blocking call's thread died.
    #[error("a worker thread of the world died")]
    Worker(#[source] tokio::task::JoinError),
}

impl Error {
    pub(crate) fn kafka(
        what: impl Into<String>,
    ) -> impl FnOnce(rdkafka::error::KafkaError) -> Self {
        let what = what.into();
        move |source| Self::Kafka { what, source }
    }

    pub(crate) fn rabbit(what: impl Into<String>) -> impl FnOnce(lapin::Error) -> Self {
        let what = what.into();
        move |source| Self::RabbitMq { what, source }
    }
}

/// An error with its sources.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
