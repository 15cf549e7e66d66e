//! A database of its own for one library, and somebody who may write to it.

use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Executor as _, MySqlPool, PgPool, Row as _};
use url::Url;
use waybill_tests::wait::wait_for;

/// A database.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
    /// With the password.
    url: Url,
    writer: Writer,
    admin: Writer,
}

#[derive(Debug)]
enum Writer {
    Postgres(PgPool),
    MariaDb(MySqlPool),
}

impl Database {
    /// An empty one on PostgreSQL.
    pub(crate) async fn postgres(library: &str) -> Self {
        let servers = waybill_services::endpoints().expect("cargo xtask services up");
        let name = name(library);
        let admin = PgPool::connect(&servers.postgres_url).await;
        let admin = Writer::Postgres(admin.expect("the server answers"));
        admin.execute(&format!("CREATE DATABASE {name}")).await;
        let options: PgConnectOptions = servers.postgres_url.parse().expect("an address");
        let writer = PgPool::connect_with(options.database(&name)).await;
        let writer = Writer::Postgres(writer.expect("it was made"));
        Self::of(&servers.postgres_url, name, writer, admin)
    }

    /// An empty one on MariaDB.
    pub(crate) async fn mariadb(library: &str) -> Self {
        let servers = waybill_services::endpoints().expect("cargo xtask services up");
        let name = name(library);
        let admin = MySqlPool::connect(&servers.mysql_url).await;
        let admin = Writer::MariaDb(admin.expect("the server answers"));
        admin.execute(&format!("CREATE DATABASE {name}")).await;
        let options: MySqlConnectOptions = servers.mysql_url.parse().expect("an address");
        let writer = MySqlPool::connect_with(options.database(&name)).await;
        let writer = Writer::MariaDb(writer.expect("it was made"));
        Self::of(&servers.mysql_url, name, writer, admin)
    }

    fn of(server: &str, name: String, writer: Writer, admin: Writer) -> Self {
        let mut url: Url = server.parse().expect("an address");
        url.set_path(&name);
        Self {
            name,
            url,
            writer,
            admin,
        }
    }

    /// Its address with user and password, from which each language makes its own spelling.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Its address as a profile has it, without the password.
    pub(crate) fn address(&self) -> String {
        let mut url = self.url.clone();
        url.set_password(None).expect("it has a host");
        url.to_string()
    }

    /// A table of it by its whole name: on MariaDB another database may have one of that name.
    pub(crate) fn qualified(&self, table: &str) -> String {
        match &self.writer {
            Writer::MariaDb(_) if !table.contains('.') => format!("{}.{table}", self.name),
            Writer::Postgres(_) | Writer::MariaDb(_) => table.to_owned(),
        }
    }

    /// The only value of the only row.
    pub(crate) async fn text(&self, sql: &str) -> String {
        self.maybe_text(sql).await.expect("it is not NULL")
    }

    async fn maybe_text(&self, sql: &str) -> Option<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.writer {
            Writer::Postgres(pool) => {
                let row = pool.fetch_one(sql).await.expect("there is a row");
                row.get_unchecked(0)
            }
            Writer::MariaDb(pool) => {
                let row = pool.fetch_one(sql).await.expect("there is a row");
                row.get_unchecked(0)
            }
        }
    }

    /// A column's value in the row with this key, as a literal: the state last seen.
    pub(crate) async fn literal(
        &self,
        table: &str,
        column: &str,
        key_column: &str,
        key: &str,
    ) -> String {
        let (quote, text) = match &self.writer {
            Writer::Postgres(_) => ('"', "text"),
            Writer::MariaDb(_) => ('`', "char"),
        };
        let quoted = |name: &str| format!("{quote}{name}{quote}");
        let table: Vec<String> = table.split('.').map(quoted).collect();
        let sql = format!(
            "SELECT CAST({} AS {text}) FROM {} WHERE {} = '{key}'",
            quoted(column),
            table.join("."),
            quoted(key_column),
        );
        let value = self.maybe_text(&sql).await;
        value.map_or_else(|| "NULL".to_owned(), |value| format!("'{value}'"))
    }

    /// Changes rows; how many.
    pub(crate) async fn hits(&self, sql: &str) -> u64 {
        self.writer.execute(sql).await
    }

    /// Waits until its clock shows so many seconds more.
    pub(crate) async fn seconds_pass(&self, seconds: u32) {
        let (now, text) = match &self.writer {
            Writer::Postgres(_) => ("EXTRACT(EPOCH FROM clock_timestamp())", "text"),
            Writer::MariaDb(_) => ("UNIX_TIMESTAMP(SYSDATE(6))", "char"),
        };
        let at = format!("SELECT CAST({now} + {seconds} AS {text})");
        let at = self.text(&at).await;
        let is_later = format!("SELECT CAST(CASE WHEN {now} >= {at} THEN 1 ELSE 0 END AS {text})");
        let passed = async || (self.text(&is_later).await == "1").then_some(());
        wait_for("the database's clock", Duration::from_secs(30), passed).await;
    }

    /// Drops it.
    pub(crate) async fn remove(self) {
        match self.writer {
            Writer::Postgres(pool) => pool.close().await,
            Writer::MariaDb(pool) => pool.close().await,
        }
        let force = match self.admin {
            Writer::Postgres(_) => " WITH (FORCE)",
            Writer::MariaDb(_) => "",
        };
        let sql = format!("DROP DATABASE {}{force}", self.name);
        self.admin.execute(&sql).await;
    }
}

impl Writer {
    /// Returns how many rows were hit.
    async fn execute(&self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        let done = match self {
            Self::Postgres(pool) => pool.execute(sql).await.map(|done| done.rows_affected()),
            Self::MariaDb(pool) => pool.execute(sql).await.map(|done| done.rows_affected()),
        };
        done.expect("an administrator may")
    }
}

/// Two people may run the same test at the same time.
fn name(library: &str) -> String {
    format!("waybill_{library}_{}", std::process::id())
}
