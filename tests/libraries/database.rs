//! A database of its own for one library, and somebody who may write to it.

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Executor as _, MySqlPool, PgPool, Row as _};
use url::Url;

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

    /// The only value of the only row.
    pub(crate) async fn text(&self, sql: &str) -> String {
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

    /// Puts one row back by its framework's statement, which names the key and the state last
    /// seen: it hits that row, and once only.
    pub(crate) async fn requeue(&self, sql: &str) {
        let hit = self.writer.execute(sql).await;
        assert_eq!(hit, 1, "{sql}");
        let hit = self.writer.execute(sql).await;
        assert_eq!(hit, 0, "it is guarded by a state that is gone: {sql}");
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
