//! The bodies of many rows, to be compared: never more of them than can be.

use waybill_model::Content;
use waybill_source::carry::MAX_PARSED_BYTES;

use crate::cell::Cell;
use crate::dialect::{Dialect, Statement};
use crate::shape::{Body, Column};

/// Appends the body, and NULL in the place of one that is too large to be compared: a table of
/// videos must not come over the wire.
pub(crate) fn comparable(sql: &mut Statement, column: &Column) {
    let size = match sql.dialect {
        // As it lies on the disk, so that nothing is fetched or unpacked to be measured.
        Dialect::Postgres => "pg_column_size",
        Dialect::MySql => "LENGTH",
        Dialect::Sqlite => "octet_length",
    };
    sql.sql("CASE WHEN ").sql(size).sql("(").name(&column.name);
    sql.sql(&format!(") <= {MAX_PARSED_BYTES} THEN "));
    sql.column(column).sql(" END");
}

/// What a row's body says.
pub(crate) fn content(body: &Body, cells: &[Cell<'_>]) -> Content {
    body.compare.content(bytes(body, cells))
}

/// How many bytes a row's body has.
pub(crate) fn len(body: &Body, cells: &[Cell<'_>]) -> u64 {
    bytes(body, cells).map_or(0, <[u8]>::len) as u64
}

/// What a database takes for a number or a time is nobody's document.
fn bytes<'a>(body: &Body, cells: &'a [Cell<'_>]) -> Option<&'a [u8]> {
    match cells.get(body.column)? {
        Cell::Text(bytes) | Cell::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}
