//! A few of a table's newest rows, cut short: what its columns hold, not what is in it.

use waybill_source::{Result, Sample};

use crate::cell::Cell;
use crate::dialect::{Dialect, Statement};
use crate::link::{Doing, Link};
use crate::shape::{Column, Kind, Shape};

/// How much of a value is fetched, in characters or bytes.
const HEAD: u32 = 4096;

/// Reads at most `n_rows` rows.
pub(crate) async fn sample(link: &dyn Link, table: &str, n_rows: u32) -> Result<Sample> {
    let shape = link.shape(table).await?;
    let kinds: Vec<Kind> = shape.columns.iter().map(head_kind).collect();
    let mut rows = Vec::new();
    let mut each = |cells: &[Cell<'_>]| {
        rows.push(cells.iter().map(Cell::shown).collect());
    };
    let statement = statement(link.dialect(), &shape, n_rows);
    link.select(&Doing::reading(table), statement, &kinds, &mut each)
        .await?;
    Ok(Sample {
        columns: shape
            .columns
            .into_iter()
            .map(|column| column.name)
            .collect(),
        rows,
    })
}

fn statement(dialect: Dialect, shape: &Shape, n_rows: u32) -> Statement {
    let mut sql = Statement::new(dialect);
    sql.sql("SELECT ");
    for (idx, column) in shape.columns.iter().enumerate() {
        if idx > 0 {
            sql.sql(", ");
        }
        if column.info.readable {
            head(&mut sql, column);
        } else {
            sql.sql("NULL");
        }
    }
    sql.sql(" FROM ").table(&shape.schema, &shape.name);
    if let Some(newest) = newest_first(shape) {
        sql.sql(" ORDER BY ").name(newest).sql(" DESC");
    }
    sql.sql(&format!(" LIMIT {n_rows}"));
    sql
}

/// The column that an index walks backwards; without one the first rows must do, for sorting a
/// large table would disturb it.
pub(crate) fn newest_first(shape: &Shape) -> Option<&str> {
    if let Some(rowid) = &shape.rowid {
        return Some(rowid.name);
    }
    let mut keys = shape
        .columns
        .iter()
        .filter(|column| column.info.primary_key && shape.indexed.contains(&column.name));
    keys.next().map(|column| column.name.as_str())
}

/// What the head of a column arrives as.
fn head_kind(column: &Column) -> Kind {
    match column.kind {
        Kind::Jsonb => Kind::Text,
        kind => kind,
    }
}

fn head(sql: &mut Statement, column: &Column) {
    let name = &column.name;
    match (sql.dialect, column.kind) {
        (Dialect::Postgres, Kind::Bytes) => {
            sql.sql("substring(")
                .name(name)
                .sql(&format!(" FROM 1 FOR {HEAD})"));
        }
        (Dialect::Postgres, Kind::Text | Kind::Jsonb | Kind::Other) => {
            sql.sql("left(").name(name).sql(&format!("::text, {HEAD})"));
        }
        (Dialect::MySql, Kind::Text | Kind::Bytes) => {
            sql.sql("LEFT(").name(name).sql(&format!(", {HEAD})"));
        }
        (Dialect::Sqlite, _) => {
            sql.sql("CASE WHEN typeof(")
                .name(name)
                .sql(") IN ('text', 'blob') THEN substr(");
            sql.name(name)
                .sql(&format!(", 1, {HEAD}) ELSE "))
                .name(name)
                .sql(" END");
        }
        _ => {
            sql.column(column);
        }
    }
}
