//! A database of its own for each table, on the real servers.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use url::Url;
use waybill_model::DatabaseSettings;
use waybill_services::Endpoints;

use crate::corpus::Database;

/// A database that is gone with [`Stage::remove`].
#[derive(Debug)]
pub(crate) struct Stage {
    database: Database,
    name: String,
    server: String,
    folder: tempfile::TempDir,
}

impl Stage {
    /// A database with all that these statements make.
    pub(crate) async fn set(
        servers: &Endpoints,
        database: Database,
        statements: &[String],
    ) -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("waybill_wild_{}_{number}", std::process::id());
        let server = match database {
            Database::Postgres => servers.postgres_url.clone(),
            Database::Mysql => servers.mysql_url.clone(),
            Database::Sqlite => String::new(),
        };
        let folder = tempfile::tempdir()?;
        let stage = Self {
            database,
            name,
            server,
            folder,
        };
        if database != Database::Sqlite {
            let create = format!("CREATE DATABASE {}", stage.name);
            stage.execute(&stage.server, &[create]).await?;
        }
        let filled = stage.execute(&stage.address()?, statements).await;
        if filled.is_err() {
            stage.remove().await?;
        }
        filled.map(|()| stage)
    }

    /// Drops it.
    pub(crate) async fn remove(&self) -> anyhow::Result<()> {
        let force = match self.database {
            Database::Postgres => " WITH (FORCE)",
            Database::Mysql => "",
            Database::Sqlite => return Ok(()),
        };
        let drop = format!("DROP DATABASE {}{force}", self.name);
        self.execute(&self.server, &[drop]).await
    }

    /// As a profile names it.
    pub(crate) fn settings(&self) -> anyhow::Result<DatabaseSettings> {
        if self.database == Database::Sqlite {
            return Ok(DatabaseSettings {
                url: self.address()?,
                secret: None,
            });
        }
        let mut url: Url = self.address()?.parse()?;
        if url.set_password(None).is_err() {
            anyhow::bail!("the server's address has no host");
        }
        Ok(DatabaseSettings {
            url: url.to_string(),
            secret: Some(secret(self.database).to_owned()),
        })
    }

    fn address(&self) -> anyhow::Result<String> {
        if self.database == Database::Sqlite {
            let file = self.folder.path().join("service.db");
            return Ok(format!("sqlite:{}", file.display()));
        }
        let mut url: Url = self.server.parse()?;
        url.set_path(&self.name);
        Ok(url.to_string())
    }

    /// One after the other, on one connection.
    async fn execute(&self, address: &str, statements: &[String]) -> anyhow::Result<()> {
        let sql = statements.join(";\n");
        let safe = AssertSqlSafe(sql);
        match self.database {
            Database::Postgres => {
                let mut link = address.parse::<PgConnectOptions>()?.connect().await?;
                sqlx::raw_sql(safe).execute(&mut link).await?;
                link.close().await?;
            }
            Database::Mysql => {
                let mut link = address.parse::<MySqlConnectOptions>()?.connect().await?;
                sqlx::raw_sql(safe).execute(&mut link).await?;
                link.close().await?;
            }
            Database::Sqlite => {
                let options: SqliteConnectOptions = address.parse()?;
                let mut link = options.create_if_missing(true).connect().await?;
                sqlx::raw_sql(safe).execute(&mut link).await?;
                link.close().await?;
            }
        }
        Ok(())
    }
}

/// The name of a server's password.
fn secret(database: Database) -> &'static str {
    match database {
        Database::Postgres => "wild-postgres",
        Database::Mysql => "wild-mysql",
        Database::Sqlite => "wild-sqlite",
    }
}

/// The servers' passwords by name.
pub(crate) fn secrets(servers: &Endpoints) -> anyhow::Result<Vec<(String, String)>> {
    let of = |database: Database, address: &str| -> anyhow::Result<(String, String)> {
        let url: Url = address.parse().context("a server's address")?;
        let password = url.password().unwrap_or_default();
        Ok((secret(database).to_owned(), password.to_owned()))
    };
    Ok(vec![
        of(Database::Postgres, &servers.postgres_url)?,
        of(Database::Mysql, &servers.mysql_url)?,
    ])
}
