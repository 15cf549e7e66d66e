//! Errors of sqlx as errors of the seam.

use waybill_source::{Error, Result};

/// What a server's error code means, in every dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The statement ran into its time-out or was cancelled.
    TooLong,
    /// Somebody else's lock was not given up in time.
    Locked,
    /// A right is missing.
    Forbidden,
    /// User or password are wrong.
    WrongLogin,
    /// There is no such database.
    NoDatabase,
    /// Anything else.
    Other,
}

/// How long a statement may take on the server, in seconds.
pub(crate) const STATEMENT_SECS: u64 = 5;

/// How long we wait for a statement, its way there and back included, in seconds.
pub(crate) const WAIT_SECS: u64 = 15;

/// How long connecting may take, in seconds.
pub(crate) const CONNECT_SECS: u64 = 10;

/// A statement failed.
pub(crate) fn reading(
    name: &str,
    error: sqlx::Error,
    meaning: fn(&sqlx::Error) -> Meaning,
) -> Error {
    match meaning(&error) {
        Meaning::TooLong => Error::Timeout {
            doing: format!("reading {name}"),
            secs: STATEMENT_SECS,
        },
        Meaning::Locked => Error::Locked {
            doing: format!("reading {name}"),
            source: error.into(),
        },
        Meaning::Forbidden => Error::Forbidden {
            action: "read",
            name: name.to_owned(),
            source: error.into(),
        },
        Meaning::WrongLogin | Meaning::NoDatabase | Meaning::Other => Error::Read {
            name: name.to_owned(),
            source: error.into(),
        },
    }
}

/// Connecting failed.
pub(crate) fn connecting(
    address: &str,
    user: &str,
    database: &str,
    error: sqlx::Error,
    meaning: fn(&sqlx::Error) -> Meaning,
) -> Error {
    match meaning(&error) {
        Meaning::WrongLogin | Meaning::Forbidden => Error::Login {
            address: address.to_owned(),
            user: user.to_owned(),
            source: error.into(),
        },
        Meaning::NoDatabase => Error::NotFound {
            what: "database",
            name: database.to_owned(),
            place: address.to_owned(),
            suggestion: String::new(),
        },
        Meaning::TooLong | Meaning::Locked | Meaning::Other => Error::Connect {
            address: address.to_owned(),
            source: error.into(),
        },
    }
}

/// Waits for what a server does, but not for ever.
pub(crate) async fn in_time<T>(
    doing: impl FnOnce() -> String,
    secs: u64,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let limit = std::time::Duration::from_secs(secs);
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_elapsed) => Err(Error::Timeout {
            doing: doing(),
            secs,
        }),
    }
}
