//! The journal: what was resent, written before it is sent. SQLite, survives a kill at any point.
//!
//! The only place of the engine that speaks SQL, to a file of its own.

mod error;
pub use error::JournalError;

mod record;
pub(crate) use record::{Earlier, NewRun, PlannedAttempt, SentBefore, StoredRun};

mod owner;
pub(crate) use owner::RunOwner;

mod store;
pub use store::Journal;

mod recovery;
