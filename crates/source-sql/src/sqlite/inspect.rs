//! SQLite's catalogue.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use waybill_source::ColumnInfo;

use crate::shape::{CatalogueColumn, Column, Kind, Rowid, Shape, shapes};

/// What hangs on tables: schema, table, kind, name.
pub(crate) const ATTACHED: &str = include_str!("../../sql/sqlite_attached.sql");

/// What definitions say of values: schema, table, column, by what, text.
pub(crate) const SAID: &str = include_str!("../../sql/sqlite_said.sql");

/// Columns of all tables.
pub(crate) const TABLES: &str = include_str!("../../sql/sqlite_tables.sql");

/// A row of [`TABLES`].
#[derive(Debug)]
pub(crate) struct Entry {
    column: CatalogueColumn,
    has_rowid: bool,
    never_reused: bool,
}

/// Takes a row of [`TABLES`] apart.
pub(crate) fn entry(row: &SqliteRow) -> Result<Entry, sqlx::Error> {
    let flag = |idx: usize| row.try_get::<i64, _>(idx).map(|flag| flag != 0);
    let name: String = row.try_get(1)?;
    Ok(Entry {
        column: CatalogueColumn {
            schema: String::new(),
            table: row.try_get(0)?,
            estimated_rows: None,
            partition: false,
            indexed: flag(5)?,
            unique: flag(6)?,
            column: Column {
                kind: Kind::Dynamic,
                info: ColumnInfo {
                    name: name.clone(),
                    sql_type: row.try_get(2)?,
                    nullable: flag(3)?,
                    primary_key: flag(4)?,
                    readable: true,
                },
                name,
            },
        },
        has_rowid: flag(7)?,
        never_reused: flag(8)?,
    })
}

/// Rows of [`TABLES`] into tables.
pub(crate) fn tables(entries: Vec<Entry>) -> Vec<Shape> {
    let rowids: std::collections::BTreeMap<String, bool> = entries
        .iter()
        .filter(|entry| entry.has_rowid)
        .map(|entry| (entry.column.table.clone(), entry.never_reused))
        .collect();
    let mut tables = shapes(entries.into_iter().map(|entry| entry.column).collect());
    for table in &mut tables {
        if let Some(&never_reused) = rowids.get(&table.name) {
            table.rowid = free_name(table).map(|name| Rowid { name, never_reused });
        }
    }
    tables
}

/// A column of that name hides the row's number, but hardly all three names of it.
fn free_name(table: &Shape) -> Option<&'static str> {
    ["rowid", "_rowid_", "oid"].into_iter().find(|name| {
        !table
            .columns
            .iter()
            .any(|c| c.name.eq_ignore_ascii_case(name))
    })
}
