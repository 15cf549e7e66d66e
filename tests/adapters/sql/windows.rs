//! Windows of large tables: exact, with an index on the time and without.

use waybill_model::{Micros, Window};
use waybill_source::Chunk;

use futures::StreamExt as _;

use super::base::{Base, Product, drain, now, query};

/// One row per second, the last one now.
const ROWS: i64 = 120_000;

async fn filled(product: Product, index: &str, test: &str) -> (Base, Micros) {
    let base = Base::new(product, test).await;
    base.plain_table("outbox").await;
    let first = Micros::from_millis(now().millis()).plus(-ROWS * 1_000_000);
    let rows = match product {
        Product::Postgres => format!(
            "SELECT n, 'e' || n, '{first}'::timestamptz + n * interval '1 second' \
             FROM generate_series(1, {ROWS}) n"
        ),
        Product::MariaDb => format!(
            "SELECT seq, concat('e', seq), '{}' + INTERVAL seq SECOND FROM seq_1_to_{ROWS}",
            first.to_string().trim_end_matches('Z').replace('T', " ")
        ),
        Product::Sqlite => format!(
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS}) \
             SELECT n, 'e' || n, strftime('%Y-%m-%dT%H:%M:%fZ', {}.0 / 1000000.0 + n, 'unixepoch') \
             FROM s",
            first.0
        ),
    };
    base.execute(&format!("INSERT INTO outbox (no, id, at) {rows}"))
        .await;
    base.execute(index).await;
    if product != Product::Sqlite {
        let analyze = match product {
            Product::MariaDb => "ANALYZE TABLE outbox",
            _ => "ANALYZE outbox",
        };
        base.execute(analyze).await;
    }
    (base, first)
}

async fn check(product: Product, index: &str, test: &str) {
    let (base, first) = filled(product, index, test).await;
    let database = base.open().await;
    let at = |n: i64| first.plus(n * 1_000_000);
    for (from, to) in [(1, 2), (50_000, 50_010), (119_000, 130_000), (-9000, 3)] {
        let mut query = query(&super::base::plain("outbox"), None);
        query.window = Window {
            from: at(from),
            to: at(to),
        };
        let all = drain(database.read(query)).await;
        assert!(all.error.is_none(), "{:?}", all.error);
        let mut numbers: Vec<i64> = all.seen.iter().map(|row| row.position).collect();
        numbers.sort_unstable();
        let expected: Vec<i64> = (from.max(1)..to.min(ROWS + 1)).collect();
        assert_eq!(numbers, expected, "{product:?} {index} {from}..{to}");
    }
}

#[tokio::test]
async fn postgres_with_an_index_on_the_time() {
    check(
        Product::Postgres,
        "CREATE INDEX ON outbox (at)",
        "window_pg",
    )
    .await;
}

#[tokio::test]
async fn postgres_without() {
    check(Product::Postgres, "SELECT 1", "window_pg2").await;
}

#[tokio::test]
async fn mariadb_with_an_index_on_the_time() {
    check(
        Product::MariaDb,
        "CREATE INDEX at ON outbox (at)",
        "window_my",
    )
    .await;
}

#[tokio::test]
async fn mariadb_without() {
    check(Product::MariaDb, "SELECT 1", "window_my2").await;
}

#[tokio::test]
async fn sqlite_either_way() {
    check(Product::Sqlite, "SELECT 1", "window_lite").await;
}

/// Progress goes on while rows outside the window are walked over, and ends at the whole.
#[tokio::test]
async fn progress_is_of_the_walk() {
    let (base, first) = filled(Product::Postgres, "SELECT 1", "window_progress").await;
    let database = base.open().await;
    let mut query = query(&super::base::plain("outbox"), None);
    query.window.from = first.plus(119_990 * 1_000_000);
    let mut chunks = database.read(query);
    let mut last = None;
    while let Some(chunk) = chunks.next().await {
        if let Chunk::Progress(progress) = chunk.expect("it reads") {
            assert!(
                last.is_none_or(|last| last <= progress.done),
                "{last:?} {progress:?}"
            );
            assert!(progress.total >= Some(progress.done), "{progress:?}");
            last = Some(progress.done);
        }
    }
    assert!(last >= Some(100_000), "{last:?}");
}
