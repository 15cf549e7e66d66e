//! Rows that are deleted by the transaction that inserts them, as Debezium's outbox event router reads
//! them from the log: what messages have no row is no phantom, and what rows are there was not read.

use std::collections::BTreeMap;

use waybill_tests::service::{Service, verdicts};

/// Rows of the router's table, and a message of each with its id and aggregate.
const ROWS: &str = "INSERT INTO outboxevent SELECT gen_random_uuid(), 'order', 'a' || g, 'OrderPlaced', \
     now() at time zone 'UTC' - make_interval(secs => 900 - 18 * g), '{}' FROM generate_series(1, 30) g";

/// With the table of the Quarkus extension.
async fn service(name: &str) -> Service {
    let service = Service::empty(name).await;
    let table = "CREATE TABLE outboxevent (id uuid PRIMARY KEY, aggregatetype text NOT NULL, \
         aggregateid text NOT NULL, type text NOT NULL, timestamp timestamp NOT NULL, payload text, \
         tracingspancontext text)";
    service.shop.execute(table).await;
    service.shop.execute(ROWS).await;
    service
}

/// Publishes a message of each row that fits.
async fn publish(service: &Service, condition: &str) {
    let query = format!(
        "SELECT aggregateid, json_build_array(json_build_array('id', id))::text, \
         (extract(epoch FROM timestamp) * 1000)::bigint + 300, payload FROM outboxevent WHERE {condition}"
    );
    service.publish(&service.topic, &query).await;
}

/// What `profiles new` says of deleting, and the verdicts under that profile.
fn told(service: &Service) -> (bool, BTreeMap<String, usize>) {
    let proposed = service.proposes(&["--save", "--destination", &service.topic]);
    assert_eq!(proposed.code, Some(0), "{}", proposed.stderr);
    let deletes = proposed.stdout.contains("deletes-after-send = true");
    let ended = service.check(&["--since", "1h"]);
    (deletes, verdicts(&ended.json()))
}

fn only(verdict: &str, n: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([(verdict.to_owned(), n)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_a_row_is_no_phantom_though_other_rows_are_left() {
    let service = service("deleted_at_once").await;
    publish(&service, "aggregateid NOT IN ('a29', 'a30')").await;
    let gone = "DELETE FROM outboxevent WHERE aggregateid NOT IN ('a28', 'a29', 'a30')";
    service.shop.execute(gone).await;
    assert_eq!(told(&service), (true, only("stuck", 2)));
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_one_where_rows_are_kept() {
    let service = service("kept_at_once").await;
    publish(&service, "true").await;
    let undone = "SELECT 'undone', json_build_array(json_build_array('id', gen_random_uuid()))::text, \
         ((extract(epoch FROM now()) - 500) * 1000)::bigint, '{}'";
    service.publish(&service.topic, undone).await;
    assert_eq!(told(&service), (false, only("phantom", 1)));
    service.shop.close().await;
}
