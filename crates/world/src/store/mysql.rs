//! MySQL and MariaDB: ids as text, `DATETIME(6)` in UTC.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::MySqlPool;
use sqlx::mysql::MySqlPoolOptions;

use super::sql::{Sql, Statement, TextRow, Value, bound, insert, insert_many, text_row};
use crate::ConsumerName;
use crate::clock::plain;

/// Rows per `INSERT`; with eleven columns well below the limit of 65 535 values.
const ROWS_PER_INSERT: usize = 1000;

/// The shop on a MySQL or MariaDB server.
#[derive(Debug)]
pub(super) struct MySql {
    pool: MySqlPool,
    server_url: String,
    database: String,
}

impl MySql {
    /// `url` leads to `database`, which was just made through `server_url`.
    pub(super) async fn open(
        url: &str,
        server_url: &str,
        database: &str,
    ) -> Result<Self, sqlx::Error> {
        let pool = MySqlPoolOptions::new()
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
        on_server(
            server_url,
            format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4"),
        )
        .await
    }
}

async fn on_server(server_url: &str, sql: String) -> Result<(), sqlx::Error> {
    let pool = MySqlPoolOptions::new()
        .max_connections(1)
        .connect(server_url)
        .await?;
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await;
    pool.close().await;
    done.map(|_| ())
}

#[async_trait]
impl Sql for MySql {
    fn name(&self) -> &'static str {
        "mysql"
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
            let done = bound!(statement, |_, _| "?".to_owned(), plain)
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
        let rows = bound!(statement, |_, _| "?".to_owned(), plain)
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
        format!("CAST({column} AS CHAR)")
    }

    fn insert_if_absent(&self, table: &str, columns: &[&str]) -> String {
        insert(table, columns).replacen("INSERT INTO", "INSERT IGNORE INTO", 1)
    }

    /// Assignments run from left to right, so the version, which they all ask, comes last.
    fn upsert_newer(&self, table: &str, columns: &[&str]) -> String {
        let mut set: Vec<String> = columns[2..]
            .iter()
            .map(|column| {
                format!("{column} = IF(VALUES(version) > version, VALUES({column}), {column})")
            })
            .collect();
        set.push("version = GREATEST(version, VALUES(version))".to_owned());
        format!(
            "{} ON DUPLICATE KEY UPDATE {}",
            insert(table, columns),
            set.join(", ")
        )
    }

    async fn remove(&self) -> Result<(), sqlx::Error> {
        self.pool.close().await;
        let sql = format!("DROP DATABASE IF EXISTS `{}`", self.database);
        on_server(&self.server_url, sql).await
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

fn tables() -> Vec<String> {
    let mut tables = vec![
        "CREATE TABLE products (
            id BIGINT PRIMARY KEY, version BIGINT NOT NULL, name VARCHAR(200) NOT NULL,
            price_cents BIGINT NOT NULL, changed_at DATETIME(6) NOT NULL, removed INT NOT NULL)"
            .to_owned(),
        "CREATE TABLE product_changes (
            product_id BIGINT NOT NULL, version BIGINT NOT NULL, change_type VARCHAR(100) NOT NULL,
            name VARCHAR(200) NOT NULL, price_cents BIGINT NOT NULL, removed INT NOT NULL,
            changed_at DATETIME(6) NOT NULL, PRIMARY KEY (product_id, version),
            KEY product_changes_at (changed_at))"
            .to_owned(),
        "CREATE TABLE outbox (
            id BIGINT AUTO_INCREMENT PRIMARY KEY, event_id CHAR(36) NOT NULL UNIQUE,
            aggregate_type VARCHAR(100) NOT NULL, aggregate_id VARCHAR(100) NOT NULL,
            version BIGINT NOT NULL, type VARCHAR(100) NOT NULL, payload LONGTEXT NOT NULL,
            headers LONGTEXT NOT NULL, created_at DATETIME(6) NOT NULL, sent_at DATETIME(6),
            attempts INT NOT NULL DEFAULT 0, error TEXT, KEY outbox_unsent (sent_at, id))"
            .to_owned(),
    ];
    for consumer in ConsumerName::ALL {
        let (inbox, products) = (consumer.inbox(), consumer.products());
        tables.push(format!(
            "CREATE TABLE {inbox} (event_id CHAR(36) PRIMARY KEY,
                processed_at DATETIME(6) NOT NULL, KEY {inbox}_at (processed_at))"
        ));
        tables.push(format!(
            "CREATE TABLE {products} (
                product_id BIGINT PRIMARY KEY, version BIGINT NOT NULL, name VARCHAR(200) NOT NULL,
                price_cents BIGINT NOT NULL, removed INT NOT NULL)"
        ));
    }
    tables
}
