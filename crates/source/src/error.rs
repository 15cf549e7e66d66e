//! Why a source could not do what it was asked.

/// Any error of a client library.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The seam's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What we were doing, to what; the source error says why. No variant ever holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address in the profile is none.
    #[error("'{url}' is not an address for {driver}: {hint}")]
    BadUrl {
        /// The driver's name.
        driver: &'static str,
        /// The address, without user and password.
        url: String,
        /// What it should look like.
        hint: String,
    },
    /// Nobody answered, or not as this kind of server.
    #[error("failed to connect to {address}")]
    Connect {
        /// Host and port, or file.
        address: String,
        /// Why.
        source: BoxError,
    },
    /// The server does not let us in.
    #[error("{address} refused user '{user}'")]
    Login {
        /// Host and port.
        address: String,
        /// Who we said we are.
        user: String,
        /// Why.
        source: BoxError,
    },
    /// There is no such table, column, topic, exchange, queue or stream.
    #[error("there is no {what} '{name}' in {place}{suggestion}")]
    NotFound {
        /// `table`, `column`, `topic`, …
        what: &'static str,
        /// The name as asked for.
        name: String,
        /// Where we looked.
        place: String,
        /// `; did you mean '…'?` or empty.
        suggestion: String,
    },
    /// A right is missing.
    #[error("no right to {action} {name}")]
    Forbidden {
        /// `read`, `describe`, …
        action: &'static str,
        /// Of what.
        name: String,
        /// The server's words.
        source: BoxError,
    },
    /// Reading failed on the way.
    #[error("failed to read {name}")]
    Read {
        /// Table, topic, stream, queue.
        name: String,
        /// Why.
        source: BoxError,
    },
    /// It took too long.
    #[error("{doing} took longer than {secs} s")]
    Timeout {
        /// What we were doing, as `reading table outbox`.
        doing: String,
        /// The limit in seconds.
        secs: u64,
    },
    /// Somebody else holds what we were about to look at.
    #[error("{doing} waited for a lock that somebody else holds")]
    Locked {
        /// What we were doing, as `reading table outbox`.
        doing: String,
        /// The server's words.
        source: BoxError,
    },
    /// The source cannot do this, or only by disturbing others.
    #[error("{name} cannot be read without disturbing it: {why}")]
    WouldDisturb {
        /// Queue, stream.
        name: String,
        /// What would happen.
        why: String,
    },
    /// The profile asks for something this source does not have.
    #[error("{what}")]
    Unsupported {
        /// A sentence.
        what: String,
    },
}

impl Error {
    /// The chain of reasons as one line: what we were doing, and every cause below it.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let reason = error.to_string();
            // Some client libraries repeat their source in their own text.
            if !text.ends_with(&reason) {
                text.push_str(": ");
                text.push_str(&reason);
            }
            cause = error.source();
        }
        text
    }
}
