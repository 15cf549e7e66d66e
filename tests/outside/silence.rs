//! Silence counts only where speech was heard.

use serde_json::Value;
use waybill_tests::service::{ID_HEADER, SOON, Said, Service, verdicts};

const OUTBOX: &str = "CREATE TABLE outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
    aggregate_type text DEFAULT 'order', aggregate_id text, type text DEFAULT 'OrderPlaced', \
    payload jsonb DEFAULT '{}', created_at timestamptz, sent_at timestamptz)";

/// The same id on no message.
const STRANGE: &str = "json_build_array(json_build_array('id', gen_random_uuid()))::text";

/// A service with so many rows of one transaction, two minutes ago.
async fn burst(name: &str, rows: u32, sent_at: &str) -> Service {
    let service = Service::empty(name).await;
    let insert = format!(
        "{OUTBOX}; INSERT INTO outbox (aggregate_id, created_at, sent_at) \
         SELECT 'a' || g, t, {sent_at} FROM generate_series(1, {rows}) g, \
         LATERAL (SELECT now() - interval '2 min' t) x"
    );
    service.shop.execute(&insert).await;
    service
}

/// What `check` found: its exit code and the verdicts on publications.
fn checked(service: &Service, args: &[&str]) -> (i32, Value) {
    let ended = service.check(args);
    (ended.code.expect("it ended by itself"), ended.json())
}

fn told(document: &Value) -> Vec<(String, usize)> {
    verdicts(document).into_iter().collect()
}

fn only(name: &str, n: usize) -> Vec<(String, usize)> {
    vec![(name.to_owned(), n)]
}

/// Messages whose ids are nobody's, however few or many, and however close together.
async fn ids_of_the_relay(name: &str, rows: u32) {
    let service = burst(name, rows, "t").await;
    service
        .publish(
            &service.topic,
            &format!("SELECT aggregate_id, {STRANGE}, {SOON}, '{{}}' FROM outbox"),
        )
        .await;
    service.profile(&Said::default());
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 2, "{document:#}");
    let found = verdicts(&document);
    let expected = rows as usize * 2;
    let unknown: usize = found
        .iter()
        .filter(|(name, _)| name.starts_with("unknown"))
        .map(|(_, n)| n)
        .sum();
    assert_eq!(unknown, expected, "{found:?}");
    assert_eq!(document["silent"][0]["expected"], rows, "{document:#}");
    assert_eq!(document["silent"][0]["unidentified"], rows);
    let (code, _) = checked(&service, &["--fail-on", "suspected"]);
    assert_eq!(code, 1);
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_with_an_id_of_the_relay_is_no_phantom() {
    ids_of_the_relay("silence_one", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_messages_with_ids_of_the_relay_are_no_phantoms() {
    ids_of_the_relay("silence_three", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_burst_with_ids_of_the_relay_is_no_loss() {
    ids_of_the_relay("silence_burst", 500).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_was_never_heard_is_a_finding_of_its_own() {
    let service = burst("silence_marks", 20, "t").await;
    service.profile(&Said::default());
    let ended = service.run("check", &[]);
    assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
    let second = ended.stdout.lines().nth(1).unwrap_or_default();
    assert!(
        second.contains("20 rows say sent since"),
        "{}",
        ended.stdout
    );
    let none = format!("none was ever seen at {}", service.topic);
    assert!(second.contains(&none), "{second}");
    let (_, document) = checked(&service, &[]);
    assert_eq!(told(&document), only("unknown (no-control)", 20));
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_messages_leave_a_surplus() {
    let service = burst("silence_surplus", 20, "t").await;
    let three = format!("SELECT aggregate_id, '[]', {SOON}, '{{}}' FROM outbox LIMIT 3");
    service.publish(&service.topic, &three).await;
    service.profile(&Said::default());
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 2);
    let sentence = document["silent"][0]["sentence"]
        .as_str()
        .unwrap_or_default();
    assert!(sentence.contains("at least 17 of 20"), "{sentence}");
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_event_is_told_with_what_shows_that_others_are_found() {
    let service = Service::with_outbox("silence_lost").await;
    service.publish_rows("aggregate_id <> 'a17'").await;
    service.profile(&Said::default());
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 1);
    assert_eq!(told(&document), only("lost-in-publish", 1));
    let finding = &document["findings"][0];
    assert_eq!(finding["controls"][0]["found"], 29, "{finding:#}");
    assert_eq!(finding["controls"][0]["of"], 29);
    let sentence = finding["sentence"].as_str().unwrap_or_default();
    assert!(
        sentence.contains("29 of 29 neighbours were found in"),
        "{sentence}"
    );
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_not_lost_beside_a_copy_that_carries_no_id() {
    let service = Service::with_outbox("silence_nameless").await;
    service.publish_rows("aggregate_id <> 'a17'").await;
    let nameless = "json_build_array(json_build_array('id', null))::text";
    let copy = format!(
        "SELECT aggregate_id, {nameless}, {SOON}, payload::text FROM outbox WHERE aggregate_id = 'a17'"
    );
    service.publish(&service.topic, &copy).await;
    service.profile(&Said::default());
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 2, "{document:#}");
    let expected = [
        ("unknown (no-matchable-id)", 1),
        ("unknown (one-of-these)", 1),
    ];
    let expected: Vec<_> = expected.map(|(name, n)| (name.to_owned(), n)).into();
    assert_eq!(told(&document), expected);
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_sent_rows_are_cleaned_an_older_message_is_no_phantom() {
    let service = Service::with_outbox("silence_cleaned").await;
    service
        .shop
        .execute(
            "UPDATE outbox SET created_at = created_at - interval '3 h', \
             sent_at = sent_at - interval '3 h' WHERE aggregate_id IN ('a1', 'a2', 'a3')",
        )
        .await;
    service.publish_rows("true").await;
    service
        .shop
        .execute("DELETE FROM outbox WHERE sent_at < now() - interval '1 h'")
        .await;
    service.profile(&Said::default());
    let (code, document) = checked(&service, &["--since", "6h"]);
    assert_eq!(code, 2, "{document:#}");
    assert_eq!(told(&document), only("unknown (outbox-cleaned)", 3));
    service.shop.close().await;
}

/// An outbox without marks, whose relay deletes what it has sent.
fn deleting() -> Said {
    Said {
        outbox: "table = \"outbox\"\nkey = \"id\"\nid = \"id\"\npayload = \"payload\"\n\
                 created-at = \"created_at\"\ndeletes-after-send = true\n"
            .to_owned(),
        ..Said::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_not_deleted_is_doubted_where_messages_cannot_be_named() {
    let service = burst("silence_deletes", 5, "NULL").await;
    let messages = format!(
        "SELECT 'k', '[]', {SOON}, json_build_object('order', g)::text FROM outbox, generate_series(1, 20) g \
         WHERE aggregate_id = 'a1'"
    );
    service.publish(&service.topic, &messages).await;
    service.profile(&deleting());
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 2, "{document:#}");
    let found = verdicts(&document);
    assert_eq!(found.get("unknown (one-of-these)"), Some(&5), "{found:?}");
    assert_eq!(found.get("stuck"), None, "{found:?}");
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_not_deleted_is_stuck_where_all_messages_are_others() {
    let service = burst("silence_deletes_not", 5, "NULL").await;
    let messages = format!(
        "SELECT 'k' || g, {STRANGE}, {SOON}, '{{}}' FROM outbox, generate_series(1, 20) g \
         WHERE aggregate_id = 'a1'"
    );
    service.publish(&service.topic, &messages).await;
    service.profile(&deleting());
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 1, "{document:#}");
    assert_eq!(verdicts(&document).get("stuck"), Some(&5));
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_consumer_has_and_nobody_stored_is_a_phantom() {
    let service = Service::with_outbox("silence_claimed").await;
    service.publish_rows("true").await;
    service
        .shop
        .execute(
            "CREATE TABLE inbox (message_id uuid PRIMARY KEY, processed_at timestamptz); \
             INSERT INTO inbox SELECT id, created_at + interval '2 s' FROM outbox; \
             INSERT INTO inbox VALUES (gen_random_uuid(), now() - interval '4 min')",
        )
        .await;
    service.profile(&Said {
        more: "[[flow.consumer]]\nname = \"crm\"\n\
               inbox = { table = \"inbox\", id = \"message_id\", processed-at = \"processed_at\" }\n"
            .to_owned(),
        ..Said::default()
    });
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 1, "{document:#}");
    assert_eq!(told(&document), only("phantom", 1));
    assert_eq!(document["findings"][0]["controls"][0]["found"], 30);
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_number_does_not_outweigh_a_row_that_says_unsent() {
    let service = Service::empty("silence_dense").await;
    service
        .shop
        .execute(
            "CREATE TABLE outbox (id bigserial PRIMARY KEY, aggregate_type text, aggregate_id text, \
             type text, payload jsonb DEFAULT '{}', created_at timestamptz, sent_at timestamptz); \
             INSERT INTO outbox (created_at, sent_at) SELECT t, CASE WHEN g <= 192 THEN t END \
             FROM generate_series(1, 200) g, LATERAL (SELECT now() - interval '20 min' t) x",
        )
        .await;
    let foreign = "SELECT g::text, '[]', (extract(epoch FROM now()) * 1000)::bigint, '{\"name\":1}' \
                   FROM generate_series(1, 205) g";
    service.publish(&service.topic, foreign).await;
    service.profile(&Said {
        matching: "id = [\"key\"]".to_owned(),
        ..Said::default()
    });
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 1, "{document:#}");
    let found = verdicts(&document);
    assert_eq!(found.get("stuck"), Some(&8), "{found:?}");
    assert_eq!(found.get("phantom"), None, "{found:?}");
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_numbers_that_lie_near_their_rows_are_ids_all_the_same() {
    let service = Service::empty("silence_near").await;
    service
        .shop
        .execute(
            "CREATE TABLE outbox (id bigserial PRIMARY KEY, aggregate_type text, aggregate_id text, \
             type text, payload jsonb DEFAULT '{}', created_at timestamptz, sent_at timestamptz); \
             INSERT INTO outbox (created_at, sent_at) SELECT t, t \
             FROM generate_series(1, 30) g, LATERAL (SELECT now() - make_interval(secs => 600 - 18 * g) t) x",
        )
        .await;
    let copies = format!("SELECT id::text, {ID_HEADER}, {SOON}, '{{}}' FROM outbox WHERE id <> 17");
    service
        .publish(&service.topic, &copies.replace("', id)", "', id::text)"))
        .await;
    service.profile(&Said {
        matching: "id = [\"header:id\"]".to_owned(),
        ..Said::default()
    });
    let (code, document) = checked(&service, &[]);
    assert_eq!(code, 1, "{document:#}");
    assert_eq!(told(&document), only("lost-in-publish", 1));
    service.shop.close().await;
}
