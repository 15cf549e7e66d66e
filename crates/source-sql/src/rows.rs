//! Whole rows by key.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use waybill_model::{Marks, Micros};
use waybill_source::{Result, Row, RowColumns, RowKey};

use crate::by_time::key_values;
use crate::cell::Cell;
use crate::dialect::{Dialect, Statement, Value};
use crate::epoch::When;
use crate::forms::{self, Forms};
use crate::link::{Doing, Link};
use crate::shape::{Column, Kind, Shape};

/// How many rows go into one statement: each may bring a whole body.
const ROWS: usize = 50;

/// How much of a column other than the body is shown, in bytes.
const MAX_SHOWN: usize = 64 * 1024;

/// Fetches rows in the order of `keys`, `None` for those that are gone.
pub(crate) async fn rows(
    link: &Arc<dyn Link>,
    roles: &RowColumns,
    keys: &[RowKey],
    max_bytes: u64,
) -> Result<Vec<Option<Row>>> {
    let shape = link.shape(&roles.table).await?;
    let forms = match &roles.at {
        Some(at) => forms::look(&**link, &shape, shape.readable(at)?, crate::here::now()).await?,
        None => Forms::default(),
    };
    let forms = Forms {
        zone: roles.zone.zone(),
        ..forms
    };
    let wanted = Whole::new(&shape, roles, forms, link.dialect())?;
    let mut found: HashMap<String, Row> = HashMap::new();
    for some in keys.chunks(ROWS) {
        let values: Vec<Value> = some
            .iter()
            .flat_map(|key| key_values(&key.0, wanted.key_column().kind))
            .collect();
        if values.is_empty() {
            continue;
        }
        let statement = wanted.statement(link.dialect(), &shape, roles, values, max_bytes)?;
        let doing = Doing::reading(&roles.table);
        let mut each = |cells: &[Cell<'_>]| {
            let row = wanted.row(cells);
            match found.entry(row.key.0.clone()) {
                Entry::Occupied(mut known) if known.get().at < row.at => {
                    known.insert(row);
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(entry) => {
                    entry.insert(row);
                }
            }
        };
        link.select(&doing, statement, &wanted.kinds(), &mut each)
            .await?;
    }
    Ok(keys.iter().map(|key| found.get(&key.0).cloned()).collect())
}

/// Which columns make a whole row.
struct Whole<'a> {
    columns: Vec<&'a Column>,
    payload: Option<&'a Column>,
    key: usize,
    at: Option<usize>,
    due_at: Option<usize>,
    /// How its times are read.
    forms: Forms,
    dialect: Dialect,
}

impl<'a> Whole<'a> {
    fn new(shape: &'a Shape, roles: &RowColumns, forms: Forms, dialect: Dialect) -> Result<Self> {
        let payload = match &roles.payload {
            Some(name) => Some(shape.readable(name)?),
            None => None,
        };
        let key = &shape.readable(&roles.key)?.name;
        let at = match &roles.at {
            Some(at) => Some(&shape.readable(at)?.name),
            None => None,
        };
        // The body is not repeated among the columns, unless it is the key or the time, too.
        let columns: Vec<&Column> = shape
            .columns
            .iter()
            .filter(|c| c.info.readable)
            .filter(|c| {
                let is_needed = c.name == *key || Some(&c.name) == at;
                is_needed || payload.is_none_or(|p| p.name != c.name)
            })
            .collect();
        let due_at = roles.due.as_ref().and_then(|due| due.at.as_ref());
        let due_at = due_at.map(|name| shape.column(name)).transpose()?;
        let position = |name: &String| columns.iter().position(|column| column.name == *name);
        Ok(Self {
            key: position(key).expect("the shape has it, or `column` had failed"),
            at: at.and_then(&position),
            due_at: due_at.and_then(|column| position(&column.name)),
            columns,
            payload,
            forms,
            dialect,
        })
    }

    fn forms_of(&self, column: usize) -> Forms {
        self.forms
            .of_column(self.columns[column].is_local(self.dialect))
    }

    fn key_column(&self) -> &Column {
        self.columns[self.key]
    }

    fn kinds(&self) -> Vec<Kind> {
        let body = self.payload.map(|_| [Kind::Bytes, Kind::Int(false)]);
        self.columns
            .iter()
            .map(|column| column.kind)
            .chain(body.into_iter().flatten())
            .collect()
    }

    fn statement(
        &self,
        dialect: Dialect,
        shape: &Shape,
        roles: &RowColumns,
        keys: Vec<Value>,
        max_bytes: u64,
    ) -> Result<Statement> {
        let mut sql = Statement::new(dialect);
        sql.sql("SELECT ");
        for (idx, column) in self.columns.iter().enumerate() {
            if idx > 0 {
                sql.sql(", ");
            }
            sql.column(column);
        }
        if let Some(payload) = self.payload {
            body(&mut sql, payload, max_bytes);
        }
        sql.sql(" FROM ")
            .table(&shape.schema, &shape.name)
            .sql(" WHERE ");
        sql.column(self.key_column()).sql(" IN (");
        for (idx, key) in keys.into_iter().enumerate() {
            if idx > 0 {
                sql.sql(", ");
            }
            sql.value(key);
        }
        sql.sql(")");
        if let Some((name, value)) = &roles.only {
            sql.sql(" AND ");
            let column = shape.column(name)?;
            crate::statements::equals(&mut sql, column.kind, &column.name, value);
        }
        Ok(sql)
    }

    fn row(&self, cells: &[Cell<'_>]) -> Row {
        let key = cells[self.key]
            .text(&mut Marks::default())
            .unwrap_or_default();
        let time = |idx: usize| match cells[idx].when(&self.forms_of(idx)) {
            When::At { at, .. } => Some(at),
            When::Local(_) | When::Missing | When::Sentinel | When::Unreadable => None::<Micros>,
        };
        let columns = self
            .columns
            .iter()
            .zip(cells)
            .map(|(column, cell)| (column.name.clone(), cell.shown().map(shortened)))
            .collect();
        let (payload, payload_len) = match cells.get(self.columns.len()..) {
            Some([Cell::Bytes(body) | Cell::Text(body), len]) => (
                Some(body.to_vec()),
                u64::try_from(len.int().unwrap_or(0)).unwrap_or(0),
            ),
            _ => (None, 0),
        };
        Row {
            key: RowKey(key.into_owned()),
            at: self.at.and_then(time),
            due_at: self.due_at.and_then(time),
            columns,
            payload,
            payload_len,
        }
    }
}

/// Appends the head of the body and the length of the whole, both in bytes.
fn body(sql: &mut Statement, payload: &Column, max_bytes: u64) {
    let name = &payload.name;
    let bytes = i64::try_from(max_bytes)
        .unwrap_or(i64::MAX)
        .min(i64::from(i32::MAX));
    match (sql.dialect, payload.kind) {
        (Dialect::Postgres, Kind::Bytes) => {
            sql.sql(", substring(").name(name).sql(" FROM 1 FOR ");
            sql.value(Value::Int(bytes))
                .sql("::int4), octet_length(")
                .name(name)
                .sql(")");
        }
        (Dialect::Postgres, _) => {
            sql.sql(", substring(convert_to(")
                .name(name)
                .sql("::text, 'UTF8') FROM 1 FOR ");
            sql.value(Value::Int(bytes))
                .sql("::int4), octet_length(convert_to(");
            sql.name(name).sql("::text, 'UTF8'))");
        }
        (Dialect::MySql, _) => {
            sql.sql(", LEFT(CAST(").name(name).sql(" AS BINARY), ");
            sql.value(Value::Int(bytes))
                .sql("), CAST(LENGTH(")
                .name(name)
                .sql(") AS SIGNED)");
        }
        (Dialect::Sqlite, _) => {
            sql.sql(", substr(CAST(").name(name).sql(" AS BLOB), 1, ");
            sql.value(Value::Int(bytes))
                .sql("), length(CAST(")
                .name(name)
                .sql(" AS BLOB))");
        }
    }
}

fn shortened(text: String) -> String {
    if text.len() <= MAX_SHOWN {
        return text;
    }
    let end = (0..=MAX_SHOWN)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    format!("{}… ({} bytes)", &text[..end], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_columns_are_shortened_between_characters() {
        let text = shortened("ä".repeat(MAX_SHOWN));
        assert!(
            text.ends_with("ä… (131072 bytes)"),
            "{}",
            &text[text.len() - 20..]
        );
        assert_eq!(shortened("short".to_owned()), "short");
    }
}
