//! SQLite's values: each has a type of its own, whatever the column says.

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _};

use crate::cell::Cell;

/// Reads a value.
pub(crate) fn cell(row: &SqliteRow, idx: usize) -> Result<Cell<'_>, sqlx::Error> {
    let value = row.try_get_raw(idx)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let storage = value.type_info().into_owned();
    let cell = match storage.name() {
        "INTEGER" => decoded::<i64>(value).map(Cell::Int),
        "REAL" => decoded::<f64>(value).map(Cell::Real),
        "TEXT" => decoded::<&[u8]>(value).map(Cell::Text),
        _ => decoded::<&[u8]>(value).map(Cell::Bytes),
    };
    cell.map_err(sqlx::Error::Decode)
}

fn decoded<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, BoxDynError> {
    T::decode(value)
}
