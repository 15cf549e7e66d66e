//! PostgreSQL: UUIDs, timestamps with time zone, `COPY` for many rows.

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;
use sqlx::postgres::{PgPoolCopyExt as _, PgPoolOptions};

use super::sql::{Sql, Statement, TextRow, Value, bound, insert, text_row};
use crate::ConsumerName;
use crate::clock::iso;
use crate::spelling::{counted, written};

/// The shop on a PostgreSQL server.
#[derive(Debug)]
pub(super) struct Postgres {
    pool: PgPool,
    server_url: String,
    database: String,
}

impl Postgres {
    /// `url` leads to `database`, which was just made through `server_url`.
    pub(super) async fn open(
        url: &str,
        server_url: &str,
        database: &str,
    ) -> Result<Self, sqlx::Error> {
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .connect(url)
            .await?;
        Ok(Self {
            pool,
            server_url: server_url.to_owned(),
            database: database.to_owned(),
        })
    }

    pub(super) async fn make_database(server_url: &str, name: &str) -> Result<(), sqlx::Error> {
        on_server(server_url, format!("CREATE DATABASE \"{name}\"")).await
    }
}

async fn on_server(server_url: &str, sql: String) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect(server_url)
        .await?;
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await;
    pool.close().await;
    done.map(|_| ())
}

/// `$1`, with the type where a text would not be taken for it.
fn mark(n: usize, value: &Value) -> String {
    match value {
        Value::Json(_) => format!("${n}::json"),
        Value::Id(id, _) if counted(*id).is_some() => format!("${n}::bigint"),
        Value::Id(..) => format!("${n}::uuid"),
        Value::At(_) => format!("${n}::timestamptz"),
        Value::Null | Value::Int(_) | Value::Text(_) => format!("${n}"),
    }
}

#[async_trait]
impl Sql for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    async fn make_tables(&self) -> Result<(), sqlx::Error> {
        for table in tables() {
            sqlx::query(sqlx::AssertSqlSafe(table))
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    async fn write(
        &self,
        statements: &[Statement],
        hold: Duration,
    ) -> Result<Vec<u64>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let mut affected = Vec::with_capacity(statements.len());
        for statement in statements {
            let done = bound!(statement, mark, iso)
                .execute(&mut *transaction)
                .await?;
            affected.push(done.rows_affected());
        }
        if !hold.is_zero() {
            tokio::time::sleep(hold).await;
        }
        transaction.commit().await?;
        Ok(affected)
    }

    async fn read(&self, statement: &Statement) -> Result<Vec<TextRow>, sqlx::Error> {
        let rows = bound!(statement, mark, iso).fetch_all(&self.pool).await?;
        rows.iter().map(|row| text_row!(row)).collect()
    }

    async fn fill(
        &self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
    ) -> Result<(), sqlx::Error> {
        let copy = format!("COPY {table} ({}) FROM STDIN", columns.join(", "));
        let mut target = self.pool.copy_in_raw(&copy).await?;
        let mut text = String::new();
        for row in rows {
            copy_line(&mut text, row);
        }
        target.send(text.as_bytes()).await?;
        target.finish().await?;
        Ok(())
    }

    fn as_text(&self, column: &str) -> String {
        format!("{column}::text")
    }

    fn insert_if_absent(&self, table: &str, columns: &[&str]) -> String {
        format!("{} ON CONFLICT DO NOTHING", insert(table, columns))
    }

    fn upsert_newer(&self, table: &str, columns: &[&str]) -> String {
        let set: Vec<String> = columns[1..]
            .iter()
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        format!(
            "{} ON CONFLICT ({}) DO UPDATE SET {} WHERE excluded.version > {table}.version",
            insert(table, columns),
            columns[0],
            set.join(", "),
        )
    }

    async fn remove(&self) -> Result<(), sqlx::Error> {
        self.pool.close().await;
        let sql = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.database);
        on_server(&self.server_url, sql).await
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

/// One line of `COPY`'s text format.
fn copy_line(text: &mut String, row: &[Value]) {
    for (n, value) in row.iter().enumerate() {
        if n > 0 {
            text.push('\t');
        }
        match value {
            Value::Null => text.push_str("\\N"),
            Value::Int(number) => write!(text, "{number}").expect("a String takes all"),
            Value::Id(id, _) => text.push_str(&written(*id)),
            Value::At(at) => text.push_str(&iso(*at)),
            Value::Text(content) | Value::Json(content) => escape(text, content),
        }
    }
    text.push('\n');
}

fn escape(text: &mut String, content: &str) {
    for c in content.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
}

fn tables() -> Vec<String> {
    let mut tables = vec![
        "CREATE TABLE products (
            id bigint PRIMARY KEY, version bigint NOT NULL, name text NOT NULL,
            price_cents bigint NOT NULL, changed_at timestamptz NOT NULL, removed integer NOT NULL)"
            .to_owned(),
        "CREATE TABLE product_changes (
            product_id bigint NOT NULL, version bigint NOT NULL, change_type text NOT NULL,
            name text NOT NULL, price_cents bigint NOT NULL, removed integer NOT NULL,
            changed_at timestamptz NOT NULL, PRIMARY KEY (product_id, version))"
            .to_owned(),
        // `json` keeps the text as it was written; `jsonb` would not.
        "CREATE TABLE outbox (
            id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL UNIQUE,
            aggregate_type text NOT NULL, aggregate_id text NOT NULL, version bigint NOT NULL,
            type text NOT NULL, payload json NOT NULL, headers json NOT NULL,
            created_at timestamptz NOT NULL, sent_at timestamptz,
            attempts integer NOT NULL DEFAULT 0, error text)"
            .to_owned(),
        "CREATE INDEX product_changes_at ON product_changes (changed_at)".to_owned(),
        "CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL".to_owned(),
    ];
    for consumer in ConsumerName::ALL {
        let (inbox, products) = (consumer.inbox(), consumer.products());
        tables.push(format!(
            "CREATE TABLE {inbox} (event_id uuid PRIMARY KEY, processed_at timestamptz NOT NULL)"
        ));
        tables.push(format!("CREATE INDEX {inbox}_at ON {inbox} (processed_at)"));
        tables.push(format!(
            "CREATE TABLE {products} (
                product_id bigint PRIMARY KEY, version bigint NOT NULL, name text NOT NULL,
                price_cents bigint NOT NULL, removed integer NOT NULL)"
        ));
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_lines_escape_what_would_end_a_field() {
        let mut text = String::new();
        copy_line(
            &mut text,
            &[
                Value::Null,
                Value::Int(7),
                Value::Text("a\tb\\c\nd".to_owned()),
            ],
        );
        assert_eq!(text, "\\N\t7\ta\\tb\\\\c\\nd\n");
    }
}
