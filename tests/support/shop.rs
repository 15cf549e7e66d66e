//! A service with a database of its own, and somebody who makes a profile for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::library_table::Made;
use crate::rabbit::Vhost;
use crate::terminal::Conversation;
use crate::waybill::{Ended, Waybill};
use serde_json::Value;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, MySqlPool, PgPool, SqlitePool};
use url::Url;
use uuid::Uuid;
use waybill_layouts::{Dbms, layouts};
use waybill_source::conformance::broker::Letter;

/// Before that a row would be too young to be missed.
pub const MINUTES_AGO: &str = "20";

/// A database.
#[derive(Debug)]
pub struct Shop {
    name: String,
    /// With the password.
    url: Url,
    pool: Pool,
    admin: Pool,
    /// SQLite's file.
    _folder: tempfile::TempDir,
}

/// A transaction that is open, and what it locks.
#[derive(Debug)]
pub enum Held {
    Postgres(sqlx::pool::PoolConnection<sqlx::Postgres>),
    Sqlite(sqlx::pool::PoolConnection<sqlx::Sqlite>),
}

impl Held {
    /// Ends it.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn release(self) {
        let rolled = match self {
            Self::Postgres(mut connection) => sqlx::raw_sql("ROLLBACK")
                .execute(&mut *connection)
                .await
                .map(drop),
            Self::Sqlite(mut connection) => sqlx::raw_sql("ROLLBACK")
                .execute(&mut *connection)
                .await
                .map(drop),
        };
        rolled.expect("it is open");
    }
}

#[derive(Debug, Clone)]
enum Pool {
    Postgres(PgPool),
    MariaDb(MySqlPool),
    Sqlite(SqlitePool),
}

impl Pool {
    async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        let done = match self {
            Self::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
            Self::MariaDb(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
            Self::Sqlite(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
        };
        done.expect("the service may write");
    }
}

impl Shop {
    pub async fn open(dbms: Dbms, test: &str) -> Self {
        let servers = waybill_services::endpoints().expect("cargo xtask services up");
        let name = format!("waybill_new_{test}_{}", std::process::id());
        let create = format!("CREATE DATABASE {name}");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("shop.db");
        let (server, pool, admin) = match dbms {
            Dbms::Postgres => {
                let server = servers.postgres_url;
                let admin = PgPool::connect(&server).await.expect("it answers");
                let admin = Pool::Postgres(admin);
                admin.execute(&create).await;
                let options: PgConnectOptions = server.parse().expect("an address");
                let pool = PgPool::connect_with(options.database(&name)).await;
                (server, Pool::Postgres(pool.expect("it was made")), admin)
            }
            Dbms::MySql => {
                let server = servers.mysql_url;
                let admin = MySqlPool::connect(&server).await.expect("it answers");
                let admin = Pool::MariaDb(admin);
                admin.execute(&create).await;
                let options: MySqlConnectOptions = server.parse().expect("an address");
                let pool = MySqlPool::connect_with(options.database(&name)).await;
                (server, Pool::MariaDb(pool.expect("it was made")), admin)
            }
            Dbms::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(&file)
                    .create_if_missing(true);
                let pool = SqlitePool::connect_with(options).await;
                let pool = Pool::Sqlite(pool.expect("it is made"));
                (format!("sqlite:{}", file.display()), pool.clone(), pool)
            }
        };
        let mut url: Url = server.parse().expect("an address");
        if dbms != Dbms::Sqlite {
            url.set_path(&name);
        }
        Self {
            name,
            url,
            pool,
            admin,
            _folder: folder,
        }
    }

    pub async fn execute(&self, sql: &str) {
        self.pool.execute(sql).await;
    }

    /// Holds what a transaction locks until it is released; PostgreSQL and SQLite. `sql` begins it.
    ///
    /// # Panics
    /// When the statement fails.
    pub async fn hold(&self, sql: &str) -> Held {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.pool {
            Pool::Postgres(pool) => {
                let mut connection = pool.acquire().await.expect("one is free");
                let locked = sqlx::raw_sql(sql).execute(&mut *connection).await;
                locked.expect("nobody else holds it");
                Held::Postgres(connection)
            }
            Pool::Sqlite(pool) => {
                let mut connection = pool.acquire().await.expect("one is free");
                let locked = sqlx::raw_sql(sql).execute(&mut *connection).await;
                locked.expect("nobody else holds it");
                Held::Sqlite(connection)
            }
            Pool::MariaDb(_) => panic!("locks are held on PostgreSQL and SQLite only"),
        }
    }

    /// What a query returns; PostgreSQL only.
    pub async fn rows(&self, sql: &str) -> Vec<sqlx::postgres::PgRow> {
        let Pool::Postgres(pool) = &self.pool else {
            panic!("rows are asked for on PostgreSQL only")
        };
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .fetch_all(pool)
            .await
            .expect("the service may read")
    }

    /// Makes a table by its layout's own statements, in the version of that name or the first.
    pub async fn library_table(&self, id: &str, version: Option<&str>) -> Made {
        let mut tables = layouts().iter().flat_map(|layout| &layout.tables);
        let table = tables.find(|table| table.id == id).expect("it is known");
        let mut versions = table.known_versions().into_iter();
        let version = versions.find(|v| version.is_none_or(|name| v.name == name));
        let version = version.expect("it is known");
        let made = Made::of(table, &version, self.dbms()).expect("it exists there");
        self.execute(&made.create(&self.name)).await;
        made
    }

    fn dbms(&self) -> Dbms {
        match self.pool {
            Pool::Postgres(_) => Dbms::Postgres,
            Pool::MariaDb(_) => Dbms::MySql,
            Pool::Sqlite(_) => Dbms::Sqlite,
        }
    }

    /// The address as a profile has it.
    pub fn url(&self) -> String {
        let mut url = self.url.clone();
        if self.dbms() != Dbms::Sqlite {
            url.set_password(None).expect("it has a host");
        }
        url.to_string()
    }

    pub fn password(&self) -> &str {
        self.url.password().unwrap_or_default()
    }

    pub async fn close(self) {
        match &self.pool {
            Pool::Postgres(pool) => pool.close().await,
            Pool::MariaDb(pool) => pool.close().await,
            Pool::Sqlite(_) => return,
        }
        let force = match self.admin {
            Pool::Postgres(_) => " WITH (FORCE)",
            _ => "",
        };
        let drop = format!("DROP DATABASE {}{force}", self.name);
        self.admin.execute(&drop).await;
    }
}

/// A time so many minutes ago, as SQL.
pub fn ago(dbms: Dbms, minutes: u32) -> String {
    match dbms {
        Dbms::Postgres => format!("now() - interval '{minutes} minutes'"),
        Dbms::MySql => format!("now(6) - interval {minutes} minute"),
        Dbms::Sqlite => format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{minutes} minutes')"),
    }
}

/// The type of a column of times that may be empty.
pub fn time_type(dbms: Dbms) -> &'static str {
    match dbms {
        Dbms::Postgres => "timestamptz",
        Dbms::MySql => "timestamp(6) NULL",
        Dbms::Sqlite => "text",
    }
}

/// `n` ids as most libraries make them.
pub fn uuids(n: usize) -> Vec<String> {
    (0..n).map(|_| Uuid::now_v7().to_string()).collect()
}

/// A message for each of these ids, which a header carries.
pub fn letters(ids: &[String]) -> Vec<Letter> {
    let letters = ids.iter().map(|id| letter(&[("event-id", id)], "k", "{}"));
    letters.collect()
}

/// A message with headers, a key and a body.
pub fn letter(headers: &[(&str, &str)], key: &str, body: &str) -> Letter {
    let headers = headers.iter();
    Letter {
        key: Some(key.as_bytes().to_vec()),
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), Some(value.as_bytes().to_vec())))
            .collect(),
        payload: Some(body.as_bytes().to_vec()),
    }
}

/// Publishes to an exchange of RabbitMQ.
pub fn publish(vhost: &Vhost, exchange: &str, key: &str, properties: &Value, body: &str) {
    let path = format!("exchanges/{}/{exchange}/publish", vhost.name());
    let message = serde_json::json!({
        "routing_key": key, "properties": properties, "payload": body, "payload_encoding": "string",
    });
    vhost.post(&path, &message);
}

/// Somebody with two addresses.
#[derive(Debug)]
pub struct Somebody {
    waybill: Waybill,
    args: Vec<String>,
}

impl Somebody {
    pub fn at_kafka(shop: &Shop, bootstrap: &str) -> Self {
        let secrets = BTreeMap::from([("shop-db".to_owned(), shop.password().to_owned())]);
        let args = [
            "--database",
            &shop.url(),
            "--secret",
            "shop-db",
            "--broker",
            &format!("kafka://{bootstrap}"),
        ];
        Self::with(secrets, &args)
    }

    pub fn at_rabbitmq(shop: &Shop, vhost: &Vhost) -> Self {
        let secrets = BTreeMap::from([
            ("shop-db".to_owned(), shop.password().to_owned()),
            ("shop-rabbit".to_owned(), vhost.password().to_owned()),
        ]);
        let args = [
            "--database",
            &shop.url(),
            "--secret",
            "shop-db",
            "--broker",
            &vhost.url(),
            "--management-url",
            &vhost.management_url(),
            "--broker-secret",
            "shop-rabbit",
        ];
        Self::with(secrets, &args)
    }

    fn with(secrets: BTreeMap<String, String>, args: &[&str]) -> Self {
        Self {
            waybill: Waybill::with_secrets(secrets),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        }
    }

    /// `profiles new` with more arguments.
    pub fn new_profile(&self, more: &[&str]) -> Ended {
        self.waybill.run(&self.words(more))
    }

    /// The same at a terminal.
    pub fn talks(&self, more: &[&str]) -> Conversation {
        self.waybill.talk(&self.words(more))
    }

    fn words<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let command = ["profiles", "new", "--name", "shop"];
        [&command, args.as_slice(), more].concat()
    }

    /// Saves it without an answer; its text. No password is in it.
    pub fn saves_without_an_answer(&self, more: &[&str]) -> String {
        let ended = self.new_profile(&[&["--save", "--yes"], more].concat());
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
        assert_eq!(self.saved(), ended.stdout, "what is shown is what is saved");
        assert!(!ended.stdout.contains("password"), "{}", ended.stdout);
        ended.stdout
    }

    /// `check` with the saved profile.
    pub fn checks(&self) -> Ended {
        self.waybill.check(&["--profile", "shop"])
    }

    /// `resend` with the saved profile, which may do so from here on.
    pub fn resends(&self, more: &[&str]) -> Ended {
        self.waybill.may_resend("shop");
        let command = ["resend", "--profile", "shop"];
        self.waybill.run(&[&command[..], more].concat())
    }

    /// The text of the saved profile.
    pub fn saved(&self) -> String {
        self.waybill.run(&["profiles", "show", "shop"]).stdout
    }

    /// `check` finds these publications missing and no others, and so many arrived.
    pub fn finds(&self, missing: &[&String], n_total: usize) -> Value {
        let ended = self.waybill.check(&["--profile", "shop"]);
        let document = ended.json();
        let findings = document["findings"].as_array().into_iter().flatten();
        let found: BTreeSet<&str> = findings.filter_map(|f| f["id"].as_str()).collect();
        let expected: BTreeSet<&str> = missing.iter().map(|id| id.as_str()).collect();
        assert_eq!(found, expected, "{}\n{document:#}", ended.stderr);
        assert_eq!(ended.code, Some(1), "{}\n{document:#}", ended.stderr);
        assert_eq!(document["counts"]["total"], n_total, "{document:#}");
        document
    }
}

#[track_caller]
pub fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "'{part}' is not in: {text}");
    }
}
