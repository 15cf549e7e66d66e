//! What the error codes of MySQL and MariaDB mean.

use crate::error::Meaning;

/// By the server's own number: SQLSTATE is too coarse here.
pub(crate) fn meaning(error: &sqlx::Error) -> Meaning {
    let number = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>())
        .map(sqlx::mysql::MySqlDatabaseError::number);
    match number {
        // max_execution_time, query interrupted, max_statement_time
        Some(3024 | 1317 | 1969) => Meaning::TooLong,
        // lock wait, NOWAIT
        Some(1205 | 3572) => Meaning::Locked,
        // table, column, global privilege, database
        Some(1142 | 1143 | 1227 | 1044) => Meaning::Forbidden,
        Some(1045 | 1698) => Meaning::WrongLogin,
        Some(1049) => Meaning::NoDatabase,
        _ => Meaning::Other,
    }
}
