//! Several services publish to one topic: whose messages count is said, found out, or unknown.

use serde_json::{Value, json};
use waybill_layouts::Dbms;
use waybill_tests::rabbit::Vhost;
use waybill_tests::service::{SOON, Said, Service, verdicts};
use waybill_tests::shop::{Shop, Somebody, has, publish, uuids};

/// What is said of the destination.
fn destination(document: &Value) -> &Value {
    let mut places = document["places"].as_array().into_iter().flatten();
    places
        .find(|place| place["role"] == "destination")
        .expect("it was read")
}

/// A topic with a message of each row that fits, which says `shop`, and so many of others' beside
/// them, with these further headers, as SQL.
async fn shared_topic(name: &str, condition: &str, others: u32, headers: &str) -> Service {
    let service = Service::with_outbox(name).await;
    let own = format!(
        "SELECT aggregate_id, json_build_array(json_build_array('id', id), \
         json_build_array('source', 'shop'))::text, {SOON}, '{{}}' FROM outbox WHERE {condition}"
    );
    service.publish(&service.topic, &own).await;
    let theirs = format!(
        "SELECT 'b' || g, json_build_array(json_build_array('id', gen_random_uuid()){headers})::text, \
         {SOON}, '{{}}' FROM outbox, generate_series(1, {others}) g WHERE aggregate_id = 'a9'"
    );
    service.publish(&service.topic, &theirs).await;
    service
}

const BILLING: &str = ", json_build_array('source', 'billing')";

fn counting(place: &str, value: &str) -> Said {
    Said {
        more: format!("where = {{ \"{place}\" = \"{value}\" }}"),
        ..Said::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_others_are_left_out_and_counted() {
    let service = shared_topic("publishers_said", "aggregate_id <> 'a5'", 30, BILLING).await;
    service.profile(&counting("header:source", "shop"));
    let ended = service.check(&[]);
    let document = ended.json();
    let found = verdicts(&document);
    assert_eq!(found.get("lost-in-publish"), Some(&1), "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(document["counts"]["total"], 30, "{document:#}");
    let accounts = &destination(&document)["accounts"];
    assert_eq!(accounts["of_others"], 30, "{accounts}");
    assert_eq!(accounts["whose_unknown"], 0, "{accounts}");
    let text = service.run("check", &[]).stdout;
    has(
        &text,
        &["30 messages of others left out: where of its flow says whose count"],
    );
    service.shop.close().await;
}

/// Where nothing but others' messages ever came, none of ours was heard there.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_others_are_no_speech_of_the_flow() {
    let service = shared_topic("publishers_silent", "false", 30, BILLING).await;
    service.profile(&counting("header:source", "shop"));
    let document = service.check(&[]).json();
    let found = verdicts(&document);
    assert_eq!(found.get("unknown (no-control)"), Some(&30), "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
    let silent = document["silent"].as_array().map_or(0, Vec::len);
    assert_eq!(silent, 1, "{document:#}");
    service.shop.close().await;
}

/// Own messages are found by their rows, whatever they carry; what has none may be anybody's.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_say_whose_it_is_is_unknown() {
    let service = shared_topic("publishers_unknown", "true", 30, "").await;
    service.profile(&counting("header:source", "shop"));
    let ended = service.check(&[]);
    let document = ended.json();
    let found = verdicts(&document);
    assert_eq!(found.get("unknown (whose-unknown)"), Some(&30), "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(document["counts"]["arrived"], 30, "{document:#}");
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let accounts = &destination(&document)["accounts"];
    assert_eq!(accounts["whose_unknown"], 30, "{accounts}");
    service.shop.close().await;
}

/// Nobody has said whose messages count; a message that names another publisher than all others
/// proves no phantom, one that names the same does.
#[tokio::test(flavor = "multi_thread")]
async fn another_publisher_is_no_confirmed_phantom() {
    let service = shared_topic("publishers_other", "true", 2, BILLING).await;
    let own = ", json_build_array('source', 'shop')";
    let rolled_back = format!(
        "SELECT 'p', json_build_array(json_build_array('id', gen_random_uuid()){own})::text, {SOON}, '{{}}' \
         FROM outbox WHERE aggregate_id = 'a12'"
    );
    service.publish(&service.topic, &rolled_back).await;
    service.profile(&Said::default());
    let ended = service.check(&[]);
    let found = verdicts(&ended.json());
    assert_eq!(found.get("phantom"), Some(&1), "{found:?}");
    assert_eq!(
        found.get("unknown (other-publisher)"),
        Some(&2),
        "{found:?}"
    );
    assert_eq!(found.len(), 2, "{found:?}");
    let text = service.run("check", &[]).stdout;
    has(&text, &["say whose messages count with where in its flow"]);
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_no_message_has_is_refused() {
    let service = Service::with_outbox("publishers_place").await;
    service.profile(&counting("app-id", "shop"));
    let told = service
        .waybill
        .run(&["profiles", "check", service.name(), "--offline"]);
    let told = format!("{}{}", told.stdout, told.stderr);
    has(&told, &["A message of Kafka has no app-id"]);
    service.shop.close().await;
}

/// A profile is proposed that says whose messages count, and why; with it `check` is right.
#[tokio::test(flavor = "multi_thread")]
async fn whose_messages_count_is_found_out() {
    let service = shared_topic("publishers_found", "true", 9, BILLING).await;
    let somebody = Somebody::at_kafka(&service.shop, service.kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&["--destination", &service.topic]);
    has(
        &text,
        &[
            "where = { \"header:source\" = \"shop\" }",
            "all 30 that have a row say 'shop', 9 of the 9 without one say 'billing'.",
        ],
    );
    let document = somebody.checks().json();
    assert_eq!(document["counts"]["total"], 30, "{document:#}");
    assert_eq!(verdicts(&document).len(), 0, "{document:#}");
    service.shop.close().await;
}

/// On RabbitMQ the property `app-id` tells who published, in the stream of an exchange.
#[tokio::test(flavor = "multi_thread")]
async fn on_rabbitmq_the_application_tells_whose_messages_count() {
    let vhost = Vhost::new("publishers");
    let shop = Shop::open(Dbms::Postgres, "publishers_rabbit").await;
    shop.execute(
        "CREATE TABLE outbox (id uuid PRIMARY KEY, event_type text, payload jsonb, \
         created_at timestamptz, sent_at timestamptz)",
    )
    .await;
    vhost.exchange("orders", "topic", json!({}));
    vhost.queue("orders.log", "stream", json!({}));
    vhost.bind("orders", "#", "orders.log");
    for id in uuids(20) {
        shop.execute(&format!(
            "INSERT INTO outbox VALUES ('{id}', 'OrderPlaced', '{{}}', now() - interval '5 s', now())"
        ))
        .await;
        let of = |id: &str, app: &str| json!({ "message_id": id, "app_id": app });
        publish(&vhost, "orders", "placed", &of(&id, "shop"), "{}");
        publish(&vhost, "orders", "sent", &of(&uuids(1)[0], "billing"), "{}");
    }
    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    let text = somebody.saves_without_an_answer(&[]);
    has(&text, &["where = { app-id = \"shop\" }"]);
    let document = somebody.checks().json();
    assert_eq!(document["counts"]["total"], 20, "{document:#}");
    let accounts = &destination(&document)["accounts"];
    assert_eq!(accounts["of_others"], 20, "{accounts}");
    shop.close().await;
}
