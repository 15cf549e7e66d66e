//! What SQLite's error codes mean.

use crate::error::Meaning;

/// By result code; the upper bits refine the lower eight.
pub(crate) fn meaning(error: &sqlx::Error) -> Meaning {
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .and_then(|code| code.parse::<i32>().ok());
    match code.map(|code| code & 0xff) {
        // SQLITE_BUSY, SQLITE_LOCKED
        Some(5 | 6) => Meaning::Locked,
        // SQLITE_INTERRUPT
        Some(9) => Meaning::TooLong,
        // SQLITE_PERM, SQLITE_AUTH
        Some(3 | 23) => Meaning::Forbidden,
        _ => Meaning::Other,
    }
}
