//! What a session is shown is not all there is: row-level security, replicas.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, Executor as _, MySqlPool, PgPool};
use url::Url;
use waybill_model::{Access, GapReason};
use waybill_services::{Kind, OwnServer};
use waybill_source::{Database, Driver, RowColumns, Secret, Source, Target};
use waybill_source_sql::{MySqlDriver, PostgresDriver};

use super::base::{Base, Product, Yield, plain, read};

fn reasons(all: &Yield) -> Vec<&GapReason> {
    all.coverage().gaps.iter().map(|gap| &gap.reason).collect()
}

/// A table and a view of it, as a role sees them that one policy lets see some rows.
#[tokio::test]
async fn rows_that_a_policy_hides_are_a_gap() {
    let base = Base::new(Product::Postgres, "policies").await;
    let columns = base.plain_table("outbox").await;
    let reader = "waybill_policies";
    let target = base.user(reader).await;
    base.execute(&format!(
        "INSERT INTO outbox (id) VALUES ('a'), ('b'); \
         CREATE VIEW letters WITH (security_invoker = true) AS SELECT * FROM outbox; \
         GRANT SELECT ON outbox, letters TO {reader}; \
         ALTER TABLE outbox ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY only_a ON outbox USING (id = 'a')"
    ))
    .await;
    let database = base.open_at(&target).await.expect("it may log in");
    for table in ["outbox", "letters"] {
        let columns = RowColumns {
            table: table.to_owned(),
            ..columns.clone()
        };
        let all = read(&*database, &columns, None).await;
        assert_eq!(all.ids(), ["a"], "{table}");
        let hidden = reasons(&all);
        assert!(
            hidden
                .iter()
                .any(|why| why.to_string().contains("BYPASSRLS")),
            "{table}: {hidden:?}"
        );
    }
    base.execute(&format!(
        "CREATE POLICY all_of_it ON outbox FOR SELECT TO {reader} USING (true)"
    ))
    .await;
    let all = read(&*database, &columns, None).await;
    assert_eq!(all.ids(), ["a", "b"]);
    let hidden = reasons(&all);
    let is_hidden = |why: &GapReason| matches!(why, GapReason::RowsHidden(_));
    assert!(!hidden.iter().any(|why| is_hidden(why)), "{hidden:?}");
    drop(database);
    base.execute(&format!("DROP OWNED BY {reader}; DROP ROLE {reader}"))
        .await;
}

/// A server of our own in recovery, without anybody to follow.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_proves_nothing_that_it_has_not_replayed() {
    let mut server = OwnServer::start(Kind::Postgres).expect("it is installed");
    let url = server.record().url();
    let pool = PgPool::connect(&url).await.expect("it answers");
    let table = "CREATE TABLE outbox (no bigint PRIMARY KEY, id text, at timestamptz, \
                 sent_at timestamptz); INSERT INTO outbox VALUES (1, 'a', now(), NULL)";
    sqlx::raw_sql(table).execute(&pool).await.expect("it may");
    pool.close().await;
    server.stop().expect("it ends");
    let signal = server.record().folder().join("data/standby.signal");
    std::fs::write(signal, "").expect("a file can be made");
    server.revive().expect("it comes up again");
    let database = open(&PostgresDriver, &url).await;
    let all = read(&*database, &plain("outbox"), None).await;
    assert_eq!(all.ids(), ["a"], "{:?}", all.error);
    assert_replica(&all);
    database.close().await;
}

/// A server of our own that is told to follow another one, and has not begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stands_still_proves_nothing() {
    let server = OwnServer::start(Kind::MariaDb).expect("it is installed");
    let mut url: Url = server.record().url().parse().expect("an address");
    let pool = MySqlPool::connect(url.as_str()).await.expect("it answers");
    for sql in [
        "CREATE DATABASE shop",
        "CREATE TABLE shop.outbox (no bigint PRIMARY KEY, id varchar(9), at datetime(6), sent_at datetime(6))",
        "INSERT INTO shop.outbox VALUES (1, 'a', utc_timestamp(6), NULL)",
        "CREATE USER poor@'127.0.0.1' IDENTIFIED BY 'seldom'",
        "GRANT SELECT ON shop.* TO poor@'127.0.0.1'",
        "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'nobody'",
    ] {
        pool.execute(AssertSqlSafe(sql)).await.expect("it may");
    }
    url.set_path("shop");
    let database = open(&MySqlDriver, url.as_str()).await;
    let all = read(&*database, &plain("outbox"), None).await;
    assert_eq!(all.ids(), ["a"], "{:?}", all.error);
    assert_replica(&all);
    database.close().await;
    // Nor does it for somebody who may not ask how it stands.
    url.set_username("poor").expect("it has a host");
    url.set_password(Some("seldom")).expect("it has a host");
    let database = open(&MySqlDriver, url.as_str()).await;
    assert_replica(&read(&*database, &plain("outbox"), None).await);
    database.close().await;
    pool.close().await;
}

fn assert_replica(all: &Yield) {
    let coverage = all.coverage();
    let told = reasons(all);
    assert!(
        told.iter()
            .any(|why| matches!(why, GapReason::ReplicaBehind(_))),
        "{told:?}"
    );
    let window = coverage.window;
    assert!(window.from >= window.to, "nothing is proven: {coverage:?}");
}

async fn open(driver: &dyn Driver, url: &str) -> Arc<dyn Database> {
    let mut url: Url = url.parse().expect("an address");
    let password = url.password().map(str::to_owned);
    url.set_password(None).expect("it has a host");
    let target = Target {
        name: "database".to_owned(),
        url: url.to_string(),
        management_url: None,
        secret: password.map(Secret::new),
        options: BTreeMap::new(),
        access: Access::ReadOnly,
    };
    match driver.open(&target).await.expect("it may log in") {
        Source::Database(database) => database,
        Source::Broker(_) => panic!("it is a database"),
    }
}
