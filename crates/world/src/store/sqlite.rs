//! SQLite: a file in WAL mode. Times are texts that sort as times do.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::sql::{Sql, Statement, TextRow, Value, bound, insert, insert_many, text_row};
use crate::ConsumerName;
use crate::clock::iso;

/// Rows per `INSERT`; with eleven columns well below SQLite's limit of 32 766 values.
const ROWS_PER_INSERT: usize = 500;

/// The shop in a file.
#[derive(Debug)]
pub(super) struct Sqlite {
    /// One connection: SQLite has one writer, and ours then never wait for each other's locks.
    pool: SqlitePool,
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }
}

#[async_trait]
impl Sql for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
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
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut affected = Vec::with_capacity(statements.len());
        for statement in statements {
            let done = bound!(statement, |_, _| "?".to_owned(), iso)
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
        let rows = bound!(statement, |_, _| "?".to_owned(), iso)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| text_row!(row)).collect()
    }

    async fn fill(
        &self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
    ) -> Result<(), sqlx::Error> {
        let inserts: Vec<Statement> = rows
            .chunks(ROWS_PER_INSERT)
            .map(|chunk| insert_many(table, columns, chunk))
            .collect();
        self.write(&inserts, Duration::ZERO).await?;
        Ok(())
    }

    fn as_text(&self, column: &str) -> String {
        format!("CAST({column} AS TEXT)")
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

    /// The file belongs to whoever chose the folder.
    async fn remove(&self) -> Result<(), sqlx::Error> {
        self.pool.close().await;
        Ok(())
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

fn tables() -> Vec<String> {
    let mut tables = vec![
        "CREATE TABLE IF NOT EXISTS products (
            id INTEGER PRIMARY KEY, version INTEGER NOT NULL, name TEXT NOT NULL,
            price_cents INTEGER NOT NULL, changed_at TEXT NOT NULL, removed INTEGER NOT NULL)"
            .to_owned(),
        "CREATE TABLE IF NOT EXISTS product_changes (
            product_id INTEGER NOT NULL, version INTEGER NOT NULL, change_type TEXT NOT NULL,
            name TEXT NOT NULL, price_cents INTEGER NOT NULL, removed INTEGER NOT NULL,
            changed_at TEXT NOT NULL, PRIMARY KEY (product_id, version))"
            .to_owned(),
        "CREATE TABLE IF NOT EXISTS outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE,
            aggregate_type TEXT NOT NULL, aggregate_id TEXT NOT NULL, version INTEGER NOT NULL,
            type TEXT NOT NULL, payload TEXT NOT NULL, headers TEXT NOT NULL,
            created_at TEXT NOT NULL, sent_at TEXT, attempts INTEGER NOT NULL DEFAULT 0, error TEXT)"
            .to_owned(),
        "CREATE INDEX IF NOT EXISTS product_changes_at ON product_changes (changed_at)".to_owned(),
        "CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (id) WHERE sent_at IS NULL".to_owned(),
    ];
    for consumer in ConsumerName::ALL {
        let (inbox, products) = (consumer.inbox(), consumer.products());
        tables.push(format!(
            "CREATE TABLE IF NOT EXISTS {inbox} (
                event_id TEXT PRIMARY KEY, processed_at TEXT NOT NULL)"
        ));
        tables.push(format!(
            "CREATE INDEX IF NOT EXISTS {inbox}_at ON {inbox} (processed_at)"
        ));
        tables.push(format!(
            "CREATE TABLE IF NOT EXISTS {products} (
                product_id INTEGER PRIMARY KEY, version INTEGER NOT NULL, name TEXT NOT NULL,
                price_cents INTEGER NOT NULL, removed INTEGER NOT NULL)"
        ));
    }
    tables
}
