//! Numbers that are ids of rows by chance, and ids that are found without a row.

use serde_json::json;
use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::rabbit::Vhost;
use waybill_tests::service::verdicts;
use waybill_tests::shop::{Shop, Somebody, has, letter, publish, uuids};

/// An outbox whose ids are 1, 2, 3 …; what each row says is SQL over its number `i`.
async fn numbered(name: &str, payload: &str, n: usize, sent: usize) -> Shop {
    let shop = Shop::open(Dbms::Postgres, name).await;
    shop.execute(&format!(
        "CREATE TABLE outbox (id bigserial PRIMARY KEY, event_type text NOT NULL, payload jsonb NOT NULL, \
         created_at timestamptz NOT NULL DEFAULT now(), sent_at timestamptz); \
         INSERT INTO outbox (event_type, payload, created_at, sent_at) \
         SELECT 'OrderPlaced', {payload}, now() - interval '20 min', \
         CASE WHEN i <= {sent} THEN now() - interval '20 min' END FROM generate_series(1, {n}) i"
    ))
    .await;
    shop
}

/// An exchange whose messages are kept.
fn kept(vhost: &Vhost, exchange: &str) {
    let stream = format!("{exchange}.log");
    vhost.exchange(exchange, "topic", json!({}));
    vhost.queue(&stream, "stream", json!({}));
    vhost.bind(exchange, "#", &stream);
}

/// Only a row's own word is believed: neither are foreign topics flows, nor are rows and messages
/// of the same numbers pairs.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_another_service_make_no_flow_and_no_verdict() {
    let vhost = Vhost::new("dense");
    let shop = numbered("dense", "jsonb_build_object('order_id', i + 5000)", 60, 56).await;
    for name in ["orders", "customers"] {
        kept(&vhost, name);
    }
    for n in 6..=56 {
        let body = format!("{{\"order\":{n}}}");
        publish(&vhost, "orders", &n.to_string(), &json!({}), &body);
    }
    for n in 1..=65 {
        let body = format!("{{\"name\":\"c{n}\"}}");
        publish(&vhost, "customers", &n.to_string(), &json!({}), &body);
    }
    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "destination = \"orders\"",
            "routing-key of customers holds numbers that are also ids of the outbox, which proves nothing: 60 hits, chance would give 60",
        ],
    );
    assert!(!text.contains("destination = \"customers\""), "{text}");
    let mut found = verdicts(&somebody.checks().json());
    assert_eq!(found.remove("stuck"), Some(4), "{found:?}");
    assert!(
        found.keys().all(|it| it.starts_with("unknown")),
        "{found:?}"
    );
    shop.close().await;
}

/// Order numbers ten ahead of the rows': nearly all of them are some other row's id.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_run_ahead_of_the_rows_pair_nothing() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("ahead", 1, &[]).await;
    let payload = "jsonb_build_object('order', i + 10, 'total', i * 7)";
    let shop = numbered("ahead", payload, 60, 60).await;
    let letters: Vec<_> = (1..=60)
        .map(|i| {
            let (order, total) = (i + 10, i * 7);
            let body = format!("{{\"order\":{order},\"total\":{total}}}");
            letter(&[], &order.to_string(), &body)
        })
        .collect();
    kafka.publish(&topic, &letters);
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&["--destination", &topic]);
    has(
        &text,
        &[
            "which proves nothing",
            "None of 60 sampled messages carries an id",
        ],
    );
    assert!(!text.contains("id = [\"key\"]"), "{text}");
    let found = verdicts(&somebody.checks().json());
    assert!(
        found.keys().all(|it| it.starts_with("unknown")),
        "{found:?}"
    );
    assert!(!found.is_empty());
    shop.close().await;
}

/// Numbers are ids where rows and messages of the same number say the same.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_ids_where_rows_and_messages_say_the_same() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("same", 1, &[]).await;
    let payload = "jsonb_build_object('order', i * 37 + 5000, 'total', i * 7)";
    let shop = numbered("same", payload, 40, 40).await;
    let letters: Vec<_> = (1..=40)
        .filter(|i| *i != 7)
        .map(|i| {
            let body = format!("{{\"order\":{},\"total\":{}}}", i * 37 + 5000, i * 7);
            letter(&[("outbox-no", &i.to_string())], "k", &body)
        })
        .collect();
    kafka.publish(&topic, &letters);
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&["--destination", &topic]);
    has(
        &text,
        &[
            "id = [\"header:outbox-no\"]",
            "39 hits, chance would give 39; 39 of 39 say what their rows say",
        ],
    );
    shop.close().await;
}

/// Rows go once they are sent; what a consumer has noted stands in the messages, and tells where
/// events go and what their id is.
#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_tells_destination_and_id_where_rows_are_gone() {
    let vhost = Vhost::new("vouched");
    let shop = Shop::open(Dbms::Postgres, "vouched").await;
    shop.execute(
        "CREATE TABLE outbox (id bigserial PRIMARY KEY, event_type text, payload jsonb, created_at timestamptz DEFAULT now()); \
         CREATE TABLE inbox_messages (message_id uuid PRIMARY KEY, processed_at timestamptz DEFAULT now())",
    )
    .await;
    for name in ["accounts", "tickets"] {
        kept(&vhost, name);
    }
    for id in uuids(12) {
        let body = format!("{{\"event_id\":\"{id}\",\"seat\":7}}");
        publish(&vhost, "tickets", "sold", &json!({}), &body);
        shop.execute(&format!(
            "INSERT INTO inbox_messages (message_id) VALUES ('{id}')"
        ))
        .await;
        let body = format!("{{\"event_id\":\"{}\"}}", uuids(1)[0]);
        publish(&vhost, "accounts", "opened", &json!({}), &body);
    }
    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "destination = \"tickets\"",
            "id = [\"json:/event_id\"]",
            "id = \"payload#/event_id\"",
            "inbox_messages holds what they carry",
            "12 of its 12 rows are about events of this outbox",
        ],
    );
    assert!(!text.contains("destination = \"accounts\""), "{text}");
    shop.close().await;
}

/// Rows go once they are sent, and nobody has an inbox: the place that was named for the rows' id is
/// where the messages carry it, too. That one of them carries none makes it nothing worse.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_rows_bodies_is_that_of_the_messages() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("place", 1, &[]).await;
    let shop = Shop::open(Dbms::Postgres, "place").await;
    shop.execute(
        "CREATE TABLE outbox (id bigserial PRIMARY KEY, event_type text, payload jsonb, created_at timestamptz DEFAULT now())",
    )
    .await;
    let bodies = uuids(12).into_iter();
    let bodies = bodies.map(|id| letter(&[], "k", &format!("{{\"event_id\":\"{id}\"}}")));
    kafka.publish(&topic, &bodies.collect::<Vec<_>>());
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let id = ["--column", "id=payload#/event_id", "--destination", &topic];
    let text = somebody.saves_without_an_answer(&id);
    has(
        &text,
        &[
            "id = [\"json:/event_id\"]",
            "id = \"payload#/event_id\"",
            "12 of 12 sampled messages carry something of their own at json:/event_id",
        ],
    );
    kafka.publish(&topic, &[letter(&[], "k", "{\"note\":\"for nobody\"}")]);
    let document = somebody.checks().json();
    let findings = document["findings"].as_array().into_iter().flatten();
    let nameless: Vec<String> = findings
        .filter(|finding| finding["id"].as_str().is_some_and(|id| id.contains('@')))
        .map(|finding| finding["flags"].to_string())
        .collect();
    assert_eq!(nameless, ["[\"no-id\"]"], "{document:#}");
    shop.close().await;
}

/// Exchanges that a client makes by the dozen, one for each delay, hide no other.
#[tokio::test(flavor = "multi_thread")]
async fn exchanges_by_number_hide_no_other() {
    let vhost = Vhost::new("celery");
    let shop = numbered("celery", "'{}'", 3, 3).await;
    let by_number = (0..30).map(|n| format!("celery_delayed_{n}"));
    for name in by_number.chain(["events", "shipments", "tickets"].map(str::to_owned)) {
        vhost.exchange(&name, "topic", json!({}));
        vhost.queue(&name, "classic", json!({}));
        vhost.bind(&name, "#", &name);
    }
    let ended = Somebody::at_rabbitmq(&shop, &vhost).new_profile(&["--yes"]);
    assert_ne!(ended.code, Some(0), "{}", ended.stdout);
    has(
        &ended.stderr,
        &["There are events, shipments, tickets, celery_delayed_0, "],
    );
    assert!(
        ended.stderr.contains("celery_delayed_29"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        ended.stderr.matches("shipments").count(),
        1,
        "{}",
        ended.stderr
    );
    assert!(
        !ended.stderr.contains("--management-url"),
        "{}",
        ended.stderr
    );
    shop.close().await;
}
