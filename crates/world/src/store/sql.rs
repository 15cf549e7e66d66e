//! One face for three databases: statements with `?` for values, run in one transaction.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;
use waybill_model::Micros;

use crate::spelling::Spelling;

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Int(i64),
    Text(String),
    Json(String),
    Id(Uuid, Spelling),
    At(Micros),
}

/// SQL with one `?` per value; the texts in it are ours and contain no other `?`.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

/// A row as texts.
pub(super) type TextRow = Vec<Option<String>>;

/// A database.
#[async_trait]
pub(super) trait Sql: fmt::Debug + Send + Sync {
    /// `sqlite`, `postgres` or `mysql`.
    fn name(&self) -> &'static str;

    /// Makes the tables.
    async fn make_tables(&self) -> Result<(), sqlx::Error>;

    /// Runs the statements in one transaction, waits `hold`, commits; rows affected by each.
    async fn write(
        &self,
        statements: &[Statement],
        hold: Duration,
    ) -> Result<Vec<u64>, sqlx::Error>;

    /// Rows, every column as text.
    async fn read(&self, statement: &Statement) -> Result<Vec<TextRow>, sqlx::Error>;

    /// Inserts many rows as fast as the database can.
    async fn fill(
        &self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
    ) -> Result<(), sqlx::Error>;

    /// The column as text, in a select list.
    fn as_text(&self, column: &str) -> String;

    /// `INSERT` that does nothing when the key is there.
    fn insert_if_absent(&self, table: &str, columns: &[&str]) -> String;

    /// `INSERT` that replaces the row (first column: key; second: version) by a newer version.
    fn upsert_newer(&self, table: &str, columns: &[&str]) -> String;

    /// Deletes the database with everything in it.
    async fn remove(&self) -> Result<(), sqlx::Error>;

    /// Ends the sessions.
    async fn close(&self);
}

impl Statement {
    pub(super) fn new(sql: impl Into<String>, values: Vec<Value>) -> Self {
        Self {
            sql: sql.into(),
            values,
        }
    }

    /// The SQL with each `?` written as `mark` says, and `NULL` for nulls.
    ///
    /// A null is written out because a bound one would need a type.
    pub(super) fn spelled(&self, mark: impl Fn(usize, &Value) -> String) -> String {
        let mut spelled = String::with_capacity(self.sql.len() + self.values.len() * 16);
        let mut values = self.values.iter();
        let mut bound = 0;
        for c in self.sql.chars() {
            match (c, values.as_slice()) {
                ('?', [Value::Null, ..]) => {
                    values.next();
                    spelled.push_str("NULL");
                }
                ('?', [value, ..]) => {
                    values.next();
                    bound += 1;
                    spelled.push_str(&mark(bound, value));
                }
                _ => spelled.push(c),
            }
        }
        spelled
    }
}

/// `(?, ?, ?)`
pub(super) fn marks(n: usize) -> String {
    let marks = vec!["?"; n].join(", ");
    format!("({marks})")
}

/// `INSERT INTO table (a, b) VALUES (?, ?)`
pub(super) fn insert(table: &str, columns: &[&str]) -> String {
    format!(
        "INSERT INTO {table} ({}) VALUES {}",
        columns.join(", "),
        marks(columns.len())
    )
}

/// One `INSERT` for many rows.
pub(super) fn insert_many(table: &str, columns: &[&str], rows: &[Vec<Value>]) -> Statement {
    let tuples = vec![marks(columns.len()); rows.len()].join(", ");
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES {tuples}",
        columns.join(", ")
    );
    Statement::new(sql, rows.concat())
}

/// A query with the values bound, for whichever database; `$at` writes a time.
macro_rules! bound {
    ($statement:expr, $mark:expr, $at:path) => {{
        let statement: &crate::store::sql::Statement = $statement;
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement.spelled($mark)));
        for value in &statement.values {
            query = match value {
                crate::store::sql::Value::Null => query,
                crate::store::sql::Value::Int(number) => query.bind(*number),
                crate::store::sql::Value::Text(text) | crate::store::sql::Value::Json(text) => {
                    query.bind(text.clone())
                }
                crate::store::sql::Value::Id(id, crate::spelling::Spelling::Bytes)
                    if crate::spelling::counted(*id).is_none() =>
                {
                    query.bind(id.as_bytes().to_vec())
                }
                crate::store::sql::Value::Id(id, spelling) => query.bind(spelling.text(*id)),
                crate::store::sql::Value::At(at) => query.bind($at(*at)),
            };
        }
        query
    }};
}
pub(super) use bound;

/// The columns of a row as texts.
macro_rules! text_row {
    ($row:expr) => {{
        let row = $row;
        (0..sqlx::Row::len(row))
            .map(|idx| sqlx::Row::try_get::<Option<String>, _>(row, idx))
            .collect::<Result<crate::store::sql::TextRow, sqlx::Error>>()
    }};
}
pub(super) use text_row;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_are_written_out_and_the_rest_is_counted() {
        let statement = Statement::new(
            insert("t", &["a", "b", "c"]),
            vec![Value::Int(1), Value::Null, Value::Text("?".to_owned())],
        );
        assert_eq!(
            statement.spelled(|n, _| format!("${n}")),
            "INSERT INTO t (a, b, c) VALUES ($1, NULL, $2)"
        );
    }
}
