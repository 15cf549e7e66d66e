//! Services without an outbox: they store a row, then publish.

use serde_json::Value;
use waybill_tests::service::{Service, verdicts};

const MATCHING: &str =
    "id = [], aggregate = [\"json:/productId\"], version = [\"json:/version\"], type = []";

/// What the service publishes of a row, and when: at once.
const MESSAGE: &str = "p.id::text, '[]', (extract(epoch FROM p.updated_at) * 1000)::bigint, \
    json_build_object('productId', p.id, 'version', p.version, 'name', p.name)::text";

const PRODUCTS: &str = "table = \"products\"\nid = \"id\"\nversion = \"version\"\n\
    changed-at = \"updated_at\"\naggregate-type = \"product\"\n";

/// 30 products, 18 seconds apart, the youngest a minute old.
async fn products(name: &str) -> Service {
    let service = Service::empty(name).await;
    service
        .shop
        .execute(
            "CREATE TABLE products (id bigint PRIMARY KEY, name text, version int, updated_at timestamptz); \
             INSERT INTO products SELECT g, 'Otter ' || g, 1, now() - make_interval(secs => 600 - 18 * g) \
             FROM generate_series(1, 30) g",
        )
        .await;
    service
}

async fn publish(service: &Service, condition: &str) {
    let query = format!("SELECT {MESSAGE} FROM products p WHERE {condition}");
    service.publish(&service.topic, &query).await;
}

/// A change at its time, seconds ago.
async fn change(service: &Service, id: u32, version: u32, secs: u32) {
    let sql = format!(
        "UPDATE products SET version = {version}, updated_at = now() - interval '{secs} seconds' WHERE id = {id}"
    );
    service.shop.execute(&sql).await;
}

/// A message about a version, seconds ago, whatever is stored.
async fn say(service: &Service, id: u32, version: u32, secs: u32) {
    let query = format!(
        "SELECT '{id}', '[]', (extract(epoch FROM now() - interval '{secs} seconds') * 1000)::bigint, \
         json_build_object('productId', {id}, 'version', {version}, 'name', 'Otter')::text"
    );
    service.publish(&service.topic, &query).await;
}

fn told(document: &Value) -> Vec<(String, usize)> {
    verdicts(document).into_iter().collect()
}

fn of(document: &Value, verdict: &str) -> String {
    let findings = document["findings"].as_array().into_iter().flatten();
    let mut of = findings.filter(|it| it["publish"]["verdict"] == verdict);
    of.next()
        .map(|it| it["aggregate"].to_string())
        .unwrap_or_default()
}

/// Both ways in which two systems come apart: the publish threw after the commit, and the publish
/// came before a rollback. Numbers that anybody counts are enough, since each message follows its
/// row at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_and_not_published_and_the_other_way_round_are_told() {
    let service = products("dualwrite").await;
    publish(&service, "id NOT IN (7, 12)").await;
    // Overwritten, and both were published.
    say(&service, 8, 2, 110).await;
    change(&service, 8, 2, 110).await;
    // Rolled back after the publish.
    say(&service, 9, 2, 100).await;
    service.profile_of_business(PRODUCTS, MATCHING);
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(
        told(&document),
        [
            ("missing-outbox-row".to_owned(), 2),
            ("phantom".to_owned(), 1)
        ],
        "{document:#}"
    );
    assert_eq!(ended.code, Some(1), "{document:#}");
    assert_eq!(of(&document, "phantom"), "\"product/9\"");
    let text = service.run("check", &[]).stdout;
    for part in [
        "stored and never published",
        "Its business row has an older version",
    ] {
        assert!(text.contains(part), "'{part}' is not in: {text}");
    }
    service.shop.close().await;
}

/// The row was changed long before the window, and its message came again: it is asked for by its
/// aggregate. Of a row that is not there nobody can say whether it was deleted since.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_any_age_are_asked_for_and_what_a_deleted_row_told_is_unknown() {
    let service = products("oldrows").await;
    service
        .shop
        .execute("INSERT INTO products VALUES (77, 'Otter 77', 4, now() - interval '90 days')")
        .await;
    publish(&service, "id <= 30").await;
    say(&service, 77, 4, 100).await;
    service.profile_of_business(PRODUCTS, MATCHING);
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(
        (ended.code, told(&document)),
        (Some(0), vec![]),
        "{document:#}"
    );

    say(&service, 77, 5, 95).await;
    say(&service, 99, 1, 90).await;
    let document = service.check(&[]).json();
    assert_eq!(
        told(&document),
        [
            ("phantom".to_owned(), 1),
            ("unknown (row-gone)".to_owned(), 1)
        ],
        "{document:#}"
    );
    assert_eq!(of(&document, "phantom"), "\"product/77\"");
    service.shop.close().await;
}

/// A table that keeps every version tells of each of them, and of what was never there at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_tells_of_every_version() {
    let service = products("history").await;
    service
        .shop
        .execute(
            "CREATE TABLE product_history (no bigserial PRIMARY KEY, product_id bigint, version int, \
             name text, changed_at timestamptz); \
             INSERT INTO product_history (product_id, version, name, changed_at) \
             SELECT id, 1, name, updated_at FROM products; \
             INSERT INTO product_history (product_id, version, name, changed_at) \
             SELECT 5, v, 'Otter 5', now() - make_interval(secs => 200 - 10 * v) FROM generate_series(2, 4) v",
        )
        .await;
    publish(&service, "true").await;
    // Its second version was never published and is overwritten by the third and fourth.
    say(&service, 5, 3, 170).await;
    say(&service, 5, 4, 160).await;
    // An insert that was rolled back.
    say(&service, 99, 1, 90).await;
    let history = "table = \"product_history\"\nkey = \"no\"\nid = \"product_id\"\n\
        version = \"version\"\nchanged-at = \"changed_at\"\naggregate-type = \"product\"\nhistory = true\n";
    service.profile_of_business(history, MATCHING);
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(
        told(&document),
        [
            ("missing-outbox-row".to_owned(), 1),
            ("phantom".to_owned(), 1)
        ],
        "{document:#}"
    );
    assert_eq!(of(&document, "missing-outbox-row"), "\"product/5\"");
    assert_eq!(of(&document, "phantom"), "\"product/99\"");
    service.shop.close().await;
}

/// Where no message has a row, neither side's silence counts: nothing is missing, nothing is a
/// phantom, and nothing is fine.
#[tokio::test(flavor = "multi_thread")]
async fn without_one_pair_nothing_is_called_absent() {
    let service = products("nopair").await;
    for id in 101..=110 {
        say(&service, id, 1, 300 - id).await;
    }
    service.profile_of_business(PRODUCTS, MATCHING);
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(ended.code, Some(2), "{document:#}");
    let found = told(&document);
    assert!(
        found
            .iter()
            .all(|(verdict, _)| verdict.starts_with("unknown")),
        "{found:?}"
    );
    service.shop.close().await;
}
