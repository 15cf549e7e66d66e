//! Why the journal could not be used.

use waybill_model::ResendId;
use waybill_protocol::{Code, Failure};

use crate::failure;

/// What we were doing with the journal; the source says why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file or its folder cannot be opened.
    #[error("failed to open the journal {path}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The folder or a lock file cannot be made.
    #[error("failed to make {path}")]
    Folder {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It comes from a newer Waybill.
    #[error("the journal has version {found}; this Waybill knows versions up to {known}")]
    TooNew {
        /// The file's version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Reading failed.
    #[error("failed to read {what} from the journal")]
    Read {
        /// What.
        what: &'static str,
        /// Why.
        source: sqlx::Error,
    },
    /// Writing failed.
    #[error("failed to write {what} to the journal")]
    Write {
        /// What.
        what: &'static str,
        /// Why.
        source: sqlx::Error,
    },
    /// A line in it is none of ours.
    #[error("line of {what} in the journal cannot be understood")]
    Malformed {
        /// What.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// Another process is sending this run, or this one is.
    #[error("run {run} is being sent right now")]
    Owned {
        /// Which.
        run: ResendId,
    },
    /// There is no such run.
    #[error("there is no run {run} in the journal")]
    NoRun {
        /// Which.
        run: ResendId,
    },
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let code = match &error {
            JournalError::Owned { .. } | JournalError::NoRun { .. } => Code::Stale,
            _ => Code::Internal,
        };
        let hint = match &error {
            JournalError::TooNew { .. } => "Use the newer Waybill.",
            JournalError::Open { .. } | JournalError::Folder { .. } => {
                "Check the rights of the folder, or set WAYBILL_DATA_DIR to another one."
            }
            _ => "",
        };
        let message = error.to_string();
        let mut message = message.chars();
        let first: String = message
            .next()
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default();
        Self::new(code, format!("{first}{}.", message.as_str()))
            .detail(failure::chain(&error))
            .hint(hint)
    }
}
