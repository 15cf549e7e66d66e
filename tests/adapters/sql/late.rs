//! Rows that appear later than their numbers and times say.

use std::time::Duration;

use waybill_engine::session::inbox_columns;
use waybill_model::{GapReason, Inbox, Marks, Micros};
use waybill_source::{Cursor, Database, RowColumns};
use waybill_tests::wait::wait_for;

use super::base::{Base, Product, Yield, now, read};

const SOON: Duration = Duration::from_secs(30);

/// Reads again and again until nothing can be missing before `at`; returns all that was told.
async fn read_until_settled(
    database: &dyn Database,
    columns: &RowColumns,
    mut after: Option<Cursor>,
    at: Micros,
) -> (Vec<String>, Option<Cursor>) {
    let mut told = Vec::new();
    wait_for("the horizon to pass", SOON, async || {
        let all = read(database, columns, after.clone()).await;
        assert!(all.error.is_none(), "{:?}", all.error);
        after = all.resume.clone();
        told.extend(all.ids().into_iter().map(str::to_owned));
        all.coverage().proves_absence_at(at).then_some(())
    })
    .await;
    (told, after)
}

/// The open gaps a cursor carries. It is opaque to everyone but the adapter, and this is its test.
fn open_gaps(cursor: Option<&Cursor>) -> usize {
    let json: serde_json::Value =
        serde_json::from_str(&cursor.expect("the read can go on").0).expect("it is JSON");
    json["ledger"]["gaps"]
        .as_object()
        .expect("it has a ledger")
        .len()
}

/// Reads from the beginning until an open transaction has lasted long enough to be a reason.
async fn read_held_back(database: &dyn Database, columns: &RowColumns) -> Yield {
    wait_for(
        "an open transaction to hold back the horizon",
        SOON,
        async || {
            let all = read(database, columns, None).await;
            let gaps = &all.coverage().gaps;
            let open = gaps
                .iter()
                .any(|gap| gap.reason == GapReason::OpenTransactions);
            open.then_some(all)
        },
    )
    .await
}

/// One row is open, one committed, one rolled back, one committed: numbers 1 to 4.
async fn a_late_commit_is_found(product: Product, test: &str) {
    let base = Base::new(product, test).await;
    let columns = base.plain_table("outbox").await;
    let database = base.open().await;
    let mut late = base.session().await;
    late.execute("BEGIN").await;
    late.execute("INSERT INTO outbox (id) VALUES ('late')")
        .await;
    base.execute("INSERT INTO outbox (id) VALUES ('second')")
        .await;
    let mut undone = base.session().await;
    undone.execute("BEGIN").await;
    undone
        .execute("INSERT INTO outbox (id) VALUES ('undone')")
        .await;
    undone.execute("ROLLBACK").await;
    base.execute("INSERT INTO outbox (id) VALUES ('fourth')")
        .await;
    let written = now();

    let first = read_held_back(&*database, &columns).await;
    assert_eq!(first.ids(), ["fourth", "second"]);
    assert!(
        !first.coverage().proves_absence_at(written),
        "{:?}",
        first.covered
    );

    let nothing = read(&*database, &columns, first.resume).await;
    assert_eq!(nothing.ids(), Vec::<&str>::new(), "it is still open");
    assert!(
        open_gaps(nothing.resume.as_ref()) > 0,
        "numbers 1 and 3 are missing"
    );

    late.execute("COMMIT").await;
    let found = read(&*database, &columns, nothing.resume).await;
    assert_eq!(found.ids(), ["late"]);
    assert_eq!(found.row("late").position, 1);

    let (told, after) = read_until_settled(&*database, &columns, found.resume, written).await;
    assert_eq!(told, Vec::<String>::new(), "each row is told once");
    let gaps = wait_for(
        "the gap of the row that was rolled back to close",
        SOON,
        async || {
            let all = read(&*database, &columns, after.clone()).await;
            (open_gaps(all.resume.as_ref()) == 0).then_some(0)
        },
    );
    assert_eq!(gaps.await, 0);
}

#[tokio::test]
async fn a_late_commit_is_found_on_postgres() {
    a_late_commit_is_found(Product::Postgres, "late_pg").await;
}

#[tokio::test]
async fn a_late_commit_is_found_on_mariadb() {
    a_late_commit_is_found(Product::MariaDb, "late_my").await;
}

#[tokio::test]
async fn without_the_right_to_see_transactions_numbers_tell() {
    let base = Base::new(Product::Postgres, "late_blind").await;
    let columns = base.plain_table("outbox").await;
    let target = base.user("waybill_late_blind").await;
    base.execute("GRANT SELECT ON outbox TO waybill_late_blind")
        .await;
    let database = base.open_at(&target).await.expect("it may log in");
    let mut late = base.session().await;
    late.execute("BEGIN").await;
    late.execute("INSERT INTO outbox (id) VALUES ('late')")
        .await;
    base.execute("INSERT INTO outbox (id) VALUES ('second')")
        .await;
    let written = now();

    let first = read(&*database, &columns, None).await;
    assert_eq!(first.ids(), ["second"]);
    let long_ago = written.plus(-3_600_000_000);
    assert!(
        !first.coverage().proves_absence_at(long_ago),
        "nobody knows since when it is open: {:?}",
        first.covered
    );
    late.execute("COMMIT").await;
    let (told, after) = read_until_settled(&*database, &columns, first.resume, written).await;
    assert_eq!(told, ["late"]);
    let again = read(&*database, &columns, after).await;
    assert_eq!(again.ids(), Vec::<&str>::new());
    drop(database);
    base.execute("DROP OWNED BY waybill_late_blind; DROP ROLE waybill_late_blind")
        .await;
}

#[tokio::test]
async fn without_the_right_to_see_transactions_mariadb_waits() {
    let base = Base::new(Product::MariaDb, "late_wait").await;
    let columns = base.plain_table("outbox").await;
    let target = base.user("waybill_late_wait").await;
    base.execute(&format!(
        "GRANT SELECT ON {}.outbox TO waybill_late_wait",
        base.name
    ))
    .await;
    let database = base.open_at(&target).await.expect("it may log in");
    assert!(!database.capabilities().exact_horizon);
    base.execute("INSERT INTO outbox (id) VALUES ('one')").await;
    let all = read(&*database, &columns, None).await;
    assert_eq!(all.ids(), ["one"]);
    let coverage = all.coverage();
    assert!(
        !coverage.proves_absence_at(now().plus(-50_000_000)),
        "{coverage:?}"
    );
    // A transaction that nobody shows us may last for longer than a minute.
    assert!(
        !coverage.proves_absence_at(now().plus(-120_000_000)),
        "{coverage:?}"
    );
    assert!(
        coverage.proves_absence_at(now().plus(-7_200_000_000)),
        "{coverage:?}"
    );
    let told = coverage.gaps.iter().map(|gap| gap.reason.to_string());
    assert!(told.into_iter().any(|why| why.contains("GRANT PROCESS")));
    base.execute("DROP USER waybill_late_wait").await;
}

#[tokio::test]
async fn a_late_commit_is_found_where_keys_have_no_order() {
    let base = Base::new(Product::Postgres, "late_uuid").await;
    base.execute(
        "CREATE TABLE outbox (no uuid PRIMARY KEY DEFAULT gen_random_uuid(), id text, \
         at timestamptz NOT NULL DEFAULT now(), sent_at timestamptz)",
    )
    .await;
    let columns = super::base::plain("outbox");
    let database = base.open().await;
    let mut late = base.session().await;
    late.execute("BEGIN").await;
    late.execute("INSERT INTO outbox (id) VALUES ('late')")
        .await;
    base.execute("INSERT INTO outbox (id) VALUES ('second')")
        .await;
    let first = read_held_back(&*database, &columns).await;
    assert_eq!(first.ids(), ["second"]);
    late.execute("COMMIT").await;
    let found = read(&*database, &columns, first.resume).await;
    assert_eq!(found.ids(), ["late"]);
    assert_eq!(
        read(&*database, &columns, found.resume).await.ids(),
        Vec::<&str>::new()
    );
}

/// Hibernate and sequences with a cache hand out numbers in blocks, one per instance.
async fn a_number_from_an_old_block_is_found(product: Product, test: &str) {
    let base = Base::new(product, test).await;
    let columns = base.plain_table("outbox").await;
    let database = base.open().await;
    base.execute("INSERT INTO outbox (no, id) VALUES (50, 'a'), (101, 'b')")
        .await;
    let first = read(&*database, &columns, None).await;
    assert_eq!(first.ids(), ["a", "b"]);
    let (_, after) = read_until_settled(&*database, &columns, first.resume, now()).await;
    base.execute("INSERT INTO outbox (no, id) VALUES (51, 'other instance')")
        .await;
    let found = read(&*database, &columns, after).await;
    assert_eq!(found.ids(), ["other instance"]);
}

#[tokio::test]
async fn a_number_from_an_old_block_is_found_on_postgres() {
    a_number_from_an_old_block_is_found(Product::Postgres, "block_pg").await;
}

#[tokio::test]
async fn a_number_from_an_old_block_is_found_on_mariadb() {
    a_number_from_an_old_block_is_found(Product::MariaDb, "block_my").await;
}

#[tokio::test]
async fn sqlite_gives_numbers_again_and_the_rows_are_found() {
    let base = Base::new(Product::Sqlite, "again").await;
    let columns = base.plain_table("outbox").await;
    let database = base.open().await;
    base.execute("INSERT INTO outbox (id) VALUES ('a'), ('b'), ('c')")
        .await;
    let first = read(&*database, &columns, None).await;
    assert_eq!(first.ids(), ["a", "b", "c"]);
    base.execute("DELETE FROM outbox; INSERT INTO outbox (id) VALUES ('d'), ('e')")
        .await;
    let second = read(&*database, &columns, first.resume).await;
    assert_eq!(second.ids(), ["d", "e"]);
    base.execute("DELETE FROM outbox WHERE id = 'e'; INSERT INTO outbox (id) VALUES ('f'), ('g')")
        .await;
    let third = read(&*database, &columns, second.resume).await;
    assert!(third.ids().ends_with(&["f", "g"]), "{:?}", third.ids());
    base.execute("UPDATE outbox SET sent_at = 1 WHERE id = 'f'")
        .await;
    let fourth = read(&*database, &columns, third.resume).await;
    assert_eq!(fourth.ids(), ["f"]);
    assert_eq!(fourth.row("f").marks, Marks::SENT);
}

/// A relay that was dead comes back: every row of the backlog is told as sent.
async fn a_backlog_that_is_sent_is_told(product: Product, key: &str, test: &str) {
    const BACKLOG: usize = 12_000;
    let base = Base::new(product, test).await;
    let columns = base.plain_table("outbox").await;
    if key == "uuid" {
        base.execute(
            "ALTER TABLE outbox DROP no, ADD no uuid PRIMARY KEY DEFAULT gen_random_uuid()",
        )
        .await;
    }
    let numbers = match product {
        Product::Postgres => format!("SELECT 'e' || n FROM generate_series(1, {BACKLOG}) n"),
        Product::MariaDb => format!("SELECT concat('e', seq) FROM seq_1_to_{BACKLOG}"),
        Product::Sqlite => format!(
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {BACKLOG}) \
             SELECT 'e' || n FROM s"
        ),
    };
    base.execute(&format!("INSERT INTO outbox (id) {numbers}"))
        .await;
    let database = base.open().await;
    let first = read(&*database, &columns, None).await;
    assert_eq!(first.seen.len(), BACKLOG);
    assert!(first.seen.iter().all(|seen| seen.marks.is_empty()));
    let (_, after) = read_until_settled(&*database, &columns, first.resume, now()).await;
    base.execute("UPDATE outbox SET sent_at = at").await;
    let sent = read(&*database, &columns, after).await;
    let mut ids = sent.ids();
    ids.dedup();
    assert_eq!(ids.len(), BACKLOG, "every row changed");
    assert!(sent.seen.iter().all(|seen| seen.marks == Marks::SENT));
    let size = sent.resume.as_ref().map_or(0, |cursor| cursor.0.len());
    assert!(size < 500_000, "a cursor of {size} bytes");
}

#[tokio::test]
async fn a_backlog_is_told_on_postgres() {
    a_backlog_that_is_sent_is_told(Product::Postgres, "number", "backlog_pg").await;
}

#[tokio::test]
async fn a_backlog_is_told_where_keys_have_no_order() {
    a_backlog_that_is_sent_is_told(Product::Postgres, "uuid", "backlog_uuid").await;
}

#[tokio::test]
async fn a_backlog_is_told_on_mariadb() {
    a_backlog_that_is_sent_is_told(Product::MariaDb, "number", "backlog_my").await;
}

#[tokio::test]
async fn a_backlog_is_told_on_sqlite() {
    a_backlog_that_is_sent_is_told(Product::Sqlite, "number", "backlog_lite").await;
}

/// A business row moves to a new time with every change of it.
async fn a_changed_business_row_is_told(product: Product, test: &str) {
    let base = Base::new(product, test).await;
    let (time, now_sql) = match product {
        Product::Postgres => ("timestamptz", "now()"),
        Product::MariaDb => ("datetime(6)", "UTC_TIMESTAMP(6)"),
        Product::Sqlite => ("text", "strftime('%Y-%m-%dT%H:%M:%fZ')"),
    };
    base.execute(&format!(
        "CREATE TABLE products (id integer PRIMARY KEY, version integer, changed_at {time})"
    ))
    .await;
    base.execute(&format!(
        "INSERT INTO products VALUES (1, 1, {now_sql}), (2, 1, {now_sql}), (3, 1, {now_sql})"
    ))
    .await;
    let columns = RowColumns {
        key: "id".to_owned(),
        id: None,
        fixed_aggregate_type: Some("product".to_owned()),
        aggregate_id: Some("id".to_owned()),
        version: Some("version".to_owned()),
        at: Some("changed_at".to_owned()),
        sent_at: None,
        ..super::base::plain("products")
    };
    let database = base.open().await;
    let first = read(&*database, &columns, None).await;
    let mut told: Vec<_> = first
        .seen
        .iter()
        .map(|row| (row.aggregate.as_str(), row.version))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("product/1", 1), ("product/2", 1), ("product/3", 1)]);
    assert!(
        first.seen.iter().all(|row| row.marks.is_empty()),
        "{:?}",
        first.seen
    );
    base.execute(&format!(
        "UPDATE products SET version = 2, changed_at = {now_sql} WHERE id = 2"
    ))
    .await;
    let second = read(&*database, &columns, first.resume).await;
    let told: Vec<_> = second
        .seen
        .iter()
        .map(|row| (row.aggregate.as_str(), row.version))
        .collect();
    assert_eq!(told, [("product/2", 2)]);
}

#[tokio::test]
async fn a_changed_business_row_is_told_on_postgres() {
    a_changed_business_row_is_told(Product::Postgres, "business_pg").await;
}

#[tokio::test]
async fn a_changed_business_row_is_told_on_mariadb() {
    a_changed_business_row_is_told(Product::MariaDb, "business_my").await;
}

#[tokio::test]
async fn a_changed_business_row_is_told_on_sqlite() {
    a_changed_business_row_is_told(Product::Sqlite, "business_lite").await;
}

/// A host whose clock is eight seconds behind writes a row with a time that was read before.
async fn a_row_from_a_clock_that_is_behind_is_told(product: Product, test: &str) {
    let base = Base::new(product, test).await;
    let (time, now_sql, behind) = match product {
        Product::Postgres => ("timestamptz", "now()", "now() - interval '8 seconds'"),
        Product::MariaDb => (
            "datetime(6)",
            "UTC_TIMESTAMP(6)",
            "UTC_TIMESTAMP(6) - INTERVAL 8 SECOND",
        ),
        Product::Sqlite => (
            "text",
            "strftime('%Y-%m-%dT%H:%M:%fZ')",
            "strftime('%Y-%m-%dT%H:%M:%fZ', '-8 seconds')",
        ),
    };
    base.execute(&format!(
        "CREATE TABLE inbox (id varchar(36) PRIMARY KEY, at {time})"
    ))
    .await;
    base.execute(&format!("INSERT INTO inbox VALUES ('a', {now_sql})"))
        .await;
    let columns = RowColumns {
        key: "id".to_owned(),
        sent_at: None,
        ..super::base::plain("inbox")
    };
    let database = base.open().await;
    let first = read(&*database, &columns, None).await;
    assert_eq!(first.ids(), ["a"]);
    base.execute(&format!("INSERT INTO inbox VALUES ('b', {behind})"))
        .await;
    let second = read(&*database, &columns, first.resume).await;
    assert_eq!(second.ids(), ["b"]);
    let third = read(&*database, &columns, second.resume).await;
    assert_eq!(third.ids(), [""; 0], "nothing is told twice");
}

#[tokio::test]
async fn a_row_from_a_clock_that_is_behind_is_told_on_postgres() {
    a_row_from_a_clock_that_is_behind_is_told(Product::Postgres, "behind_pg").await;
}

#[tokio::test]
async fn a_row_from_a_clock_that_is_behind_is_told_on_mariadb() {
    a_row_from_a_clock_that_is_behind_is_told(Product::MariaDb, "behind_my").await;
}

#[tokio::test]
async fn a_row_from_a_clock_that_is_behind_is_told_on_sqlite() {
    a_row_from_a_clock_that_is_behind_is_told(Product::Sqlite, "behind_lite").await;
}

/// Two events were received. One is processed; the transaction that processes the other is open, and
/// its row has its time before it can be seen.
async fn a_row_that_is_processed_late_is_found(product: Product, test: &str, key: &str) {
    let base = Base::new(product, test).await;
    let (time, now_there) = match product {
        Product::Postgres => ("timestamptz", "now()"),
        Product::MariaDb => ("datetime(6)", "UTC_TIMESTAMP(6)"),
        Product::Sqlite => unreachable!("it has one writer"),
    };
    base.execute(&format!(
        "CREATE TABLE inbox (no bigint PRIMARY KEY, id varchar(40) NOT NULL UNIQUE, consumed {time} NULL); \
         INSERT INTO inbox (no, id) VALUES (1, 'late'), (2, 'other'), (3, 'never')"
    ))
    .await;
    let columns = inbox_columns(&Inbox {
        key: Some(key.to_owned()),
        id: "id".to_owned(),
        processed_at: "consumed".to_owned(),
        ..Inbox::unmapped("inbox".to_owned())
    });
    let database = base.open().await;
    let consumed = |id: &str| format!("UPDATE inbox SET consumed = {now_there} WHERE id = '{id}'");
    let is_processed = |all: &Yield, id: &str| all.row(id).marks.contains(Marks::SENT);

    let first = read(&*database, &columns, None).await;
    assert_eq!(first.ids(), ["late", "never", "other"]);
    assert!(!first.ids().into_iter().any(|id| is_processed(&first, id)));
    let mut late = base.session().await;
    late.execute("BEGIN").await;
    late.execute(&consumed("late")).await;
    base.execute(&consumed("other")).await;
    let written = now();

    let then = read(&*database, &columns, first.resume).await;
    let told: Vec<&str> = then
        .ids()
        .into_iter()
        .filter(|id| is_processed(&then, id))
        .collect();
    assert_eq!(told, ["other"], "the late one is still open");
    assert!(!then.coverage().proves_absence_at(written));

    late.execute("COMMIT").await;
    let found = read(&*database, &columns, then.resume).await;
    assert!(is_processed(&found, "late"), "{:?}", found.seen);
    assert!(
        !found
            .ids()
            .into_iter()
            .any(|id| id == "never" && is_processed(&found, id))
    );
}

#[tokio::test]
async fn a_row_that_is_processed_late_is_found_in_any_order_on_postgres() {
    a_row_that_is_processed_late_is_found(Product::Postgres, "late_inbox_no_pg", "no").await;
    a_row_that_is_processed_late_is_found(Product::Postgres, "late_inbox_id_pg", "id").await;
}

#[tokio::test]
async fn a_row_that_is_processed_late_is_found_in_any_order_on_mariadb() {
    a_row_that_is_processed_late_is_found(Product::MariaDb, "late_inbox_no_my", "no").await;
    a_row_that_is_processed_late_is_found(Product::MariaDb, "late_inbox_id_my", "id").await;
}
