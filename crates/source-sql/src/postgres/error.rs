//! What PostgreSQL's error codes mean.

use crate::error::Meaning;

/// By SQLSTATE.
pub(crate) fn meaning(error: &sqlx::Error) -> Meaning {
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref().unwrap_or_default() {
        // query_canceled, lock_not_available
        "57014" | "55P03" => Meaning::TooLong,
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

/// A standby had to choose between our query and its own work: trying again is right.
pub(crate) fn is_standby_conflict(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == "40001")
}
