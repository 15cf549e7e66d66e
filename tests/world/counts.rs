//! What really lies in the tables, counted past the world.

use sqlx::{MySqlPool, PgPool, SqlitePool};
use waybill_world::DatabaseKind;

/// A connection of our own to a world's database.
pub(crate) enum Tables {
    Postgres(PgPool),
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

impl Tables {
    pub(crate) async fn connect(database: &DatabaseKind, prefix: &str) -> Self {
        let at = |url: &str| {
            let (server, _) = url.rsplit_once('/').expect("a path");
            format!("{server}/{prefix}shop")
        };
        match database {
            DatabaseKind::Postgres { url } => {
                Self::Postgres(PgPool::connect(&at(url)).await.expect("it is there"))
            }
            DatabaseKind::MySql { url } => {
                Self::MySql(MySqlPool::connect(&at(url)).await.expect("it is there"))
            }
            DatabaseKind::Sqlite { dir } => {
                let url = format!("sqlite:{}", dir.join("shop.db").display());
                Self::Sqlite(SqlitePool::connect(&url).await.expect("it is there"))
            }
        }
    }

    pub(crate) async fn changes(&self) -> i64 {
        self.count("product_changes").await
    }

    pub(crate) async fn outbox_rows(&self) -> i64 {
        self.count("outbox").await
    }

    /// Rows whose ids are numbers from 1 to `n`.
    pub(crate) async fn numbered(&self, table: &str, n: u32) -> i64 {
        let what = format!("{table} WHERE event_id BETWEEN 1 AND {n}");
        self.count(&what).await
    }

    pub(crate) async fn unsent(&self) -> i64 {
        self.count("outbox WHERE sent_at IS NULL").await
    }

    pub(crate) async fn processed(&self, consumer: &str) -> i64 {
        self.count(&format!("{consumer}_inbox")).await
    }

    async fn count(&self, what: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {what}"));
        let counted = match self {
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
            Self::MySql(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
        };
        counted.expect("it can be counted")
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::MySql(pool) => pool.close().await,
            Self::Sqlite(pool) => pool.close().await,
        }
    }
}
