//! `waybill layouts`: the list, and whose a table is, on a real file and a real server.

use std::path::Path;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Executor as _, PgPool, SqlitePool};
use url::Url;

use waybill_tests::waybill::{Ended, Waybill};

/// A shop with a library's outbox, one of its own, an inbox and business.
const TABLES: &str = "
    CREATE TABLE wolverine_outgoing_envelopes (id TEXT PRIMARY KEY, owner_id INTEGER NOT NULL,
        destination TEXT NOT NULL, deliver_by TEXT, body BLOB NOT NULL, attempts INTEGER,
        message_type TEXT NOT NULL, timestamp TEXT NOT NULL);
    CREATE TABLE shop_outbox (no INTEGER PRIMARY KEY, event_id TEXT, type TEXT, payload TEXT,
        created_at TEXT, state INTEGER);
    CREATE TABLE search_inbox (event_id TEXT PRIMARY KEY, processed_at TEXT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);
    INSERT INTO shop_outbox VALUES (1, 'a', 'Placed', '{}', '2026-11-20T14:00:00Z', 0);";

async fn shop(folder: &Path) -> String {
    let path = folder.join("shop.db");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.expect("it is made");
    sqlx::raw_sql(TABLES)
        .execute(&pool)
        .await
        .expect("the shop opens");
    pool.close().await;
    format!("sqlite:{}", path.display())
}

fn explain(waybill: &Waybill, table: &str, url: &str) -> Ended {
    waybill.run(&["layouts", "explain", table, "--database", url])
}

#[track_caller]
fn says(ended: &Ended, code: i32, parts: &[&str]) {
    let all = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(code), "{all}");
    for part in parts {
        assert!(all.contains(part), "'{part}' is not in: {all}");
    }
}

#[test]
fn all_layouts_are_listed() {
    let waybill = Waybill::new();
    let list = waybill.run(&["layouts"]);
    says(
        &list,
        0,
        &[
            "cap  CAP (dotnetcore) (.NET)",
            "cap.published",
            "re-queue: update",
        ],
    );
    let document = waybill.run(&["layouts", "--json"]).json();
    let n = document["layouts"].as_array().map_or(0, Vec::len);
    assert!(n >= 27, "{n} layouts");
    assert!(document["layouts"][0]["sources"][0].is_string());
}

#[tokio::test]
async fn a_table_is_explained() {
    let waybill = Waybill::new();
    let folder = tempfile::tempdir().expect("a folder");
    let url = shop(folder.path()).await;
    says(
        &explain(&waybill, "Wolverine_Outgoing_Envelopes", &url),
        0,
        &[
            "wolverine_outgoing_envelopes is the outbox of Wolverine: certain.",
            "deletes-after-send = true",
            "UPDATE \"wolverine_outgoing_envelopes\" SET \"owner_id\" = 0 WHERE \"id\" = :id",
            "Kafka: id in header:id",
        ],
    );
    says(
        &explain(&waybill, "shop_outbox", &url),
        0,
        &[
            "it looks like somebody's own outbox: likely.",
            "Which values of state mean sent, and which given up? (0)",
            "id = \"event_id\"",
        ],
    );
    says(
        &explain(&waybill, "search_inbox", &url),
        0,
        &["somebody's own inbox", "processed-at = \"processed_at\""],
    );
    says(
        &explain(&waybill, "orders", &url),
        0,
        &["orders is nobody's outbox or inbox that Waybill knows."],
    );
    let document = waybill
        .run(&[
            "layouts",
            "explain",
            "shop_outbox",
            "--database",
            &url,
            "--json",
        ])
        .json();
    assert_eq!(document["verdict"], "hand-made");
}

#[tokio::test]
async fn what_is_not_there_is_a_clear_word() {
    let waybill = Waybill::new();
    let folder = tempfile::tempdir().expect("a folder");
    let url = shop(folder.path()).await;
    says(
        &explain(&waybill, "outbx", &url),
        2,
        &[
            "there is no table 'outbx'; recognised are: wolverine_outgoing_envelopes, shop_outbox, search_inbox",
        ],
    );
    says(
        &explain(&waybill, "outbox", "postgres://shop:hunter2@localhost/shop"),
        2,
        &["There is a password in this address", "--secret NAME"],
    );
    says(
        &explain(&waybill, "outbox", "kafka://localhost:9092"),
        2,
        &["'kafka' is no database."],
    );
    says(
        &explain(&waybill, "outbox", "sqlite:no-such-file.db"),
        2,
        &["no-such-file.db"],
    );
}

/// Mixed case and another schema, with a password that comes from the environment.
#[tokio::test]
async fn a_quoted_table_in_another_schema_is_explained() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let name = format!("waybill_layouts_cli_{}", std::process::id());
    let admin = PgPool::connect(&servers.postgres_url)
        .await
        .expect("the server answers");
    let create = format!("CREATE DATABASE {name}");
    admin
        .execute(AssertSqlSafe(create))
        .await
        .expect("an administrator may");
    let options: PgConnectOptions = servers.postgres_url.parse().expect("an address");
    let shop = PgPool::connect_with(options.database(&name))
        .await
        .expect("it was made");
    let tables = "CREATE SCHEMA \"Sales\"; CREATE TABLE \"Sales\".\"IntegrationEventLog\" (
        \"EventId\" uuid PRIMARY KEY, \"EventTypeName\" text NOT NULL, \"State\" int NOT NULL,
        \"TimesSent\" int NOT NULL, \"CreationTime\" timestamptz NOT NULL, \"Content\" text NOT NULL,
        \"TransactionId\" uuid NOT NULL)";
    sqlx::raw_sql(tables)
        .execute(&shop)
        .await
        .expect("the service may write");
    shop.close().await;

    let mut url: Url = servers.postgres_url.parse().expect("an address");
    let password = url.password().unwrap_or_default().to_owned();
    url.set_password(None).expect("it has a host");
    url.set_path(&name);
    let waybill = Waybill::with_secret("layouts-cli", &password);
    let ended = waybill.run(&[
        "layouts",
        "explain",
        "Sales.IntegrationEventLog",
        "--database",
        url.as_str(),
        "--secret",
        "layouts-cli",
    ]);
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    admin
        .execute(AssertSqlSafe(drop))
        .await
        .expect("an administrator may");
    says(
        &ended,
        0,
        &[
            "Sales.IntegrationEventLog is the outbox of eShop IntegrationEventLog: certain.",
            "table = \"Sales.IntegrationEventLog\"",
            "UPDATE \"Sales\".\"IntegrationEventLog\" SET \"State\" = 0",
        ],
    );
    assert!(!ended.stdout.contains(&password) || password.is_empty());
}
