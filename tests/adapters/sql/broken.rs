//! A line that breaks in the middle of a read.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use url::Url;
use waybill_source::Chunk;
use waybill_source::conformance::database::a_broken_read_claims_nothing_beyond;
use waybill_tests::proxy::Proxy;

use super::base::{Base, Product, query};

async fn check(product: Product, key: &str, test: &str) {
    const ROWS: usize = 300_000;
    let base = Base::new(product, test).await;
    let columns = base.plain_table("outbox").await;
    if key == "uuid" {
        base.execute(
            "ALTER TABLE outbox DROP no, ADD no uuid PRIMARY KEY DEFAULT gen_random_uuid()",
        )
        .await;
    }
    let numbers = match product {
        Product::MariaDb => {
            format!(
                "SELECT seq, UTC_TIMESTAMP(6) - INTERVAL seq SECOND_MICROSECOND FROM seq_1_to_{ROWS}"
            )
        }
        _ => format!("SELECT n, now() - n * interval '1 ms' FROM generate_series(1, {ROWS}) n"),
    };
    let numbers = numbers.replace("SECOND_MICROSECOND", "SECOND");
    base.execute(&format!("INSERT INTO outbox (id, at) {numbers}"))
        .await;

    let mut url: Url = base.url.parse().expect("an address");
    let server = SocketAddr::from(([127, 0, 0, 1], url.port().expect("it has one")));
    let proxy = Proxy::to(server).await;
    url.set_port(Some(proxy.port())).expect("it has a host");
    let mut target = base.target();
    target.url = url.to_string();
    let database = base.open_at(&target).await.expect("it can be opened");
    let mut query = query(&columns, None);
    query.window.from = query.window.from.plus(-10 * 24 * 3_600_000_000);
    let window = query.window;
    let mut stream = database.read(query);
    let mut first = Vec::new();
    while !matches!(first.last(), Some(Ok(Chunk::Evidence(_)))) {
        first.push(stream.next().await.expect("there are rows"));
    }
    proxy.cut();
    let began = Instant::now();
    let all = futures::stream::iter(first).chain(stream).boxed();
    a_broken_read_claims_nothing_beyond(all, window).await;
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_cut_line_claims_nothing_on_postgres() {
    check(Product::Postgres, "number", "cut_pg").await;
}

#[tokio::test]
async fn a_cut_line_claims_nothing_where_keys_have_no_order() {
    check(Product::Postgres, "uuid", "cut_uuid").await;
}

#[tokio::test]
async fn a_cut_line_claims_nothing_on_mariadb() {
    check(Product::MariaDb, "number", "cut_my").await;
}
