//! A database of its own for one test, with somebody who writes to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Executor as _, MySqlPool, PgPool, Row as _, SqlitePool};
use url::Url;
use waybill_model::{Access, Accounts, Clock, Coverage, Micros, Observation, PlaceId, Window};
use waybill_source::{
    Chunk, ChunkStream, Cursor, Database, Driver, Error, RowColumns, RowQuery, Secret, Source,
    Target,
};
use waybill_source_sql::{MySqlDriver, PostgresDriver, SqliteDriver};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Postgres,
    MariaDb,
    Sqlite,
}

/// A database, dropped when this is.
pub(super) struct Base {
    pub(super) product: Product,
    /// Without a password.
    pub(super) url: String,
    pub(super) password: Option<String>,
    pub(super) name: String,
    writer: Writer,
    admin: String,
    /// SQLite's file is in here.
    _folder: Option<tempfile::TempDir>,
}

enum Writer {
    Postgres(PgPool),
    MariaDb(MySqlPool),
    Sqlite(SqlitePool),
}

impl Base {
    pub(super) async fn new(product: Product, test: &str) -> Self {
        let name = format!("waybill_{test}_{}", std::process::id());
        match product {
            Product::Postgres => Self::postgres(name).await,
            Product::MariaDb => Self::mariadb(name).await,
            Product::Sqlite => Self::sqlite(name).await,
        }
    }

    async fn postgres(name: String) -> Self {
        let servers = waybill_services::endpoints().expect("cargo xtask services up");
        let admin = PgPool::connect(&servers.postgres_url)
            .await
            .expect("the server answers");
        for sql in [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name}"),
        ] {
            admin
                .execute(AssertSqlSafe(sql))
                .await
                .expect("an administrator may");
        }
        admin.close().await;
        let url: Url = servers.postgres_url.parse().expect("an address");
        let options: PgConnectOptions = servers.postgres_url.parse().expect("an address");
        let pool = PgPool::connect_with(options.database(&name))
            .await
            .expect("it was made");
        Self::on_server(Product::Postgres, &url, name, Writer::Postgres(pool))
    }

    async fn mariadb(name: String) -> Self {
        let servers = waybill_services::endpoints().expect("cargo xtask services up");
        let admin = MySqlPool::connect(&servers.mysql_url)
            .await
            .expect("the server answers");
        for sql in [
            format!("DROP DATABASE IF EXISTS {name}"),
            format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
        ] {
            admin
                .execute(AssertSqlSafe(sql))
                .await
                .expect("an administrator may");
        }
        admin.close().await;
        let url: Url = servers.mysql_url.parse().expect("an address");
        let options: MySqlConnectOptions = servers.mysql_url.parse().expect("an address");
        let pool = MySqlPool::connect_with(options.database(&name))
            .await
            .expect("it was made");
        Self::on_server(Product::MariaDb, &url, name, Writer::MariaDb(pool))
    }

    fn on_server(product: Product, admin: &Url, name: String, writer: Writer) -> Self {
        let mut url = admin.clone();
        url.set_password(None).expect("it has a host");
        url.set_path(&name);
        Self {
            product,
            url: url.to_string(),
            password: admin.password().map(str::to_owned),
            name,
            writer,
            admin: admin.to_string(),
            _folder: None,
        }
    }

    async fn sqlite(name: String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shop.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        let options = options.pragma("journal_mode", "wal");
        let pool = SqlitePool::connect_with(options).await.expect("it is made");
        Self {
            product: Product::Sqlite,
            url: format!("sqlite:{}", path.display()),
            password: None,
            name,
            writer: Writer::Sqlite(pool),
            admin: String::new(),
            _folder: Some(folder),
        }
    }

    /// Writes as the service would.
    pub(super) async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        let done = match &self.writer {
            Writer::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
            Writer::MariaDb(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
            Writer::Sqlite(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
        };
        done.expect("the service may write");
    }

    /// Writes as the service would; how many rows were meant.
    pub(super) async fn affected(&self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        let affected = match &self.writer {
            Writer::Postgres(pool) => pool.execute(sql).await.map(|done| done.rows_affected()),
            Writer::MariaDb(pool) => pool.execute(sql).await.map(|done| done.rows_affected()),
            Writer::Sqlite(pool) => pool.execute(sql).await.map(|done| done.rows_affected()),
        };
        affected.expect("the service may write")
    }

    /// The first column of a statement's rows, as text.
    pub(super) async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.writer {
            Writer::Postgres(pool) => {
                let rows = pool.fetch_all(sql).await.expect("it can be read");
                rows.iter().map(|row| row.get_unchecked(0)).collect()
            }
            Writer::MariaDb(pool) => {
                let rows = pool.fetch_all(sql).await.expect("it can be read");
                rows.iter().map(|row| row.get_unchecked(0)).collect()
            }
            Writer::Sqlite(pool) => {
                let rows = pool.fetch_all(sql).await.expect("it can be read");
                rows.iter().map(|row| row.get_unchecked(0)).collect()
            }
        }
    }

    /// A connection of the service's own, for transactions that stay open.
    pub(super) async fn session(&self) -> Session {
        match &self.writer {
            Writer::Postgres(pool) => {
                Session::Postgres(pool.acquire().await.expect("there is one").detach())
            }
            Writer::MariaDb(pool) => {
                Session::MariaDb(pool.acquire().await.expect("there is one").detach())
            }
            Writer::Sqlite(_) => panic!("SQLite has one writer"),
        }
    }

    pub(super) fn driver(&self) -> Box<dyn Driver> {
        match self.product {
            Product::Postgres => Box::new(PostgresDriver),
            Product::MariaDb => Box::new(MySqlDriver),
            Product::Sqlite => Box::new(SqliteDriver),
        }
    }

    pub(super) fn target(&self) -> Target {
        Target {
            name: "database".to_owned(),
            url: self.url.clone(),
            management_url: None,
            secret: self.password.clone().map(Secret::new),
            options: BTreeMap::new(),
            access: Access::ReadOnly,
        }
    }

    pub(super) async fn open(&self) -> Arc<dyn Database> {
        self.open_at(&self.target())
            .await
            .expect("it can be opened")
    }

    pub(super) async fn open_at(&self, target: &Target) -> Result<Arc<dyn Database>, Error> {
        match self.driver().open(target).await? {
            Source::Database(database) => Ok(database),
            Source::Broker(_) => panic!("this is a database"),
        }
    }

    /// A user who may log in and do nothing else yet; returns a target for it.
    pub(super) async fn user(&self, name: &str) -> Target {
        let sql = match self.product {
            Product::Postgres => {
                format!("DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN PASSWORD 'seldom'")
            }
            Product::MariaDb => format!("CREATE OR REPLACE USER {name} IDENTIFIED BY 'seldom'"),
            Product::Sqlite => panic!("SQLite has no users"),
        };
        self.execute(&sql).await;
        let mut url: Url = self.url.parse().expect("an address");
        url.set_username(name).expect("it has a host");
        Target {
            url: url.to_string(),
            secret: Some(Secret::new("seldom")),
            ..self.target()
        }
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        let (product, admin, name) = (self.product, self.admin.clone(), self.name.clone());
        if product == Product::Sqlite {
            return;
        }
        // Dropping cannot wait, and a test's own runtime is about to end.
        let cleaner = std::thread::Builder::new()
            .name("cleaner".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime
                    .expect("a runtime")
                    .block_on(drop_database(product, &admin, &name));
            });
        cleaner.expect("a thread").join().ok();
    }
}

async fn drop_database(product: Product, admin: &str, name: &str) {
    if product == Product::Postgres {
        if let Ok(pool) = PgPool::connect(admin).await {
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            pool.execute(AssertSqlSafe(sql)).await.ok();
        }
    } else if let Ok(pool) = MySqlPool::connect(admin).await {
        let sql = format!("DROP DATABASE IF EXISTS {name}");
        pool.execute(AssertSqlSafe(sql)).await.ok();
    }
}

/// A connection of the service's own.
pub(super) enum Session {
    Postgres(sqlx::PgConnection),
    MariaDb(sqlx::MySqlConnection),
}

impl Session {
    pub(super) async fn execute(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        let done = match self {
            Self::Postgres(connection) => connection.execute(sql).await.map(drop),
            Self::MariaDb(connection) => connection.execute(sql).await.map(drop),
        };
        done.expect("the service may write");
    }
}

/// Everything a read yielded.
#[derive(Debug, Default)]
pub(super) struct Yield {
    pub(super) seen: Vec<Observation>,
    pub(super) covered: Option<Coverage>,
    pub(super) resume: Option<Cursor>,
    pub(super) error: Option<Error>,
    /// As the read tells it.
    pub(super) bytes: u64,
    /// What became of the rows that were not read.
    pub(super) accounts: Option<Accounts>,
}

impl Yield {
    pub(super) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.seen.iter().map(|seen| seen.id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn coverage(&self) -> &Coverage {
        self.covered.as_ref().expect("a read says what it covered")
    }

    pub(super) fn row(&self, id: &str) -> &Observation {
        let found = self.seen.iter().find(|seen| seen.id == id);
        found.unwrap_or_else(|| panic!("{id} is among {:?}", self.ids()))
    }
}

/// Reads a stream to its end.
pub(super) async fn drain(mut chunks: ChunkStream) -> Yield {
    let mut all = Yield::default();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(Chunk::Evidence(batch)) => {
                all.seen
                    .extend((0..batch.len()).map(|idx| batch.observation(idx)));
            }
            Ok(Chunk::Covered(covered)) => all.covered = Some(covered),
            Ok(Chunk::Resume(cursor)) => all.resume = Some(cursor),
            Ok(Chunk::Progress(progress)) => all.bytes = progress.bytes,
            Ok(Chunk::Accounted(accounts)) => all.accounts = Some(accounts),
            Err(error) => all.error = Some(error),
        }
    }
    all
}

/// Reads a table of the last day, from the beginning or from a cursor on.
pub(super) async fn read(
    database: &dyn Database,
    columns: &RowColumns,
    after: Option<Cursor>,
) -> Yield {
    drain(database.read(query(columns, after))).await
}

pub(super) fn query(columns: &RowColumns, after: Option<Cursor>) -> RowQuery {
    RowQuery {
        place: PlaceId(3),
        clock: Clock::Database,
        columns: columns.clone(),
        window: Window {
            from: now().plus(-24 * 3_600_000_000),
            to: now().plus(3_600_000_000),
        },
        after,
        page_rows: 5000,
    }
}

pub(super) fn now() -> Micros {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = since.expect("it is after 1970").as_micros();
    Micros(i64::try_from(micros).expect("it is before the year 290000"))
}

/// An outbox with a number as its key, an id, a time and a sent time.
pub(super) fn plain(table: &str) -> RowColumns {
    RowColumns {
        table: table.to_owned(),
        key: "no".to_owned(),
        id: Some("id".to_owned()),
        aggregate_type: None,
        fixed_aggregate_type: None,
        aggregate_id: None,
        version: None,
        kind: None,
        at: Some("at".to_owned()),
        zone: waybill_source::Zoning::default(),
        sent_at: Some("sent_at".to_owned()),
        failed_at: None,
        status: None,
        attempts: None,
        destination: None,
        due: None,
        wanted: std::collections::BTreeMap::new(),
        only: None,
        payload: None,
        compare: None,
    }
}

impl Base {
    /// Makes the table of [`plain`] with a default time of now.
    pub(super) async fn plain_table(&self, table: &str) -> RowColumns {
        let columns = match self.product {
            Product::Postgres => {
                "no bigserial PRIMARY KEY, id text, at timestamptz NOT NULL DEFAULT now(), \
                 sent_at timestamptz, payload text"
            }
            Product::MariaDb => {
                "no bigint AUTO_INCREMENT PRIMARY KEY, id varchar(64), \
                 at datetime(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)), sent_at datetime(6), \
                 payload longtext"
            }
            Product::Sqlite => {
                "no integer PRIMARY KEY, id text, \
                 at text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')), sent_at text, \
                 payload text"
            }
        };
        self.execute(&format!("CREATE TABLE {table} ({columns})"))
            .await;
        plain(table)
    }
}
