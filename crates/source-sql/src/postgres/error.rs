//! What PostgreSQL's error codes mean.

use crate::error::Meaning;
use crate::lanes::Fate;

/// By SQLSTATE.
pub(crate) fn meaning(error: &sqlx::Error) -> Meaning {
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref().unwrap_or_default() {
        // query_canceled
        "57014" => Meaning::TooLong,
        // lock_not_available
        "55P03" => Meaning::Locked,
        "42501" => Meaning::Forbidden,
        "28000" | "28P01" => Meaning::WrongLogin,
        "3D000" => Meaning::NoDatabase,
        _ => Meaning::Other,
    }
}

/// A pooler in front of the server does not know the settings of our session.
pub(crate) fn refuses_settings(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().as_deref() == Some("08P01") && error.message().contains("startup parameter")
    })
}

/// invalid_sql_statement_name, duplicate_prepared_statement: the names that we gave statements
/// mean something else to the session we were given.
pub(crate) fn misses_statements(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("26000" | "42P05"))
}

/// What an error leaves behind.
pub(crate) fn fate(error: &sqlx::Error) -> Fate {
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref().unwrap_or_default() {
        // A standby had to choose between our query and its own work.
        "40001" => Fate::Passing,
        // The session was ended: admin_shutdown, crash_shutdown, cannot_connect_now.
        "57P01" | "57P02" | "57P03" => Fate::Dead,
        _ => Fate::Alive,
    }
}
