//! Databases of known libraries, by the libraries' own statements.

use serde_json::json;
use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::rabbit::Vhost;

use waybill_tests::shop::{MINUTES_AGO, Shop, Somebody, has, letter, publish, uuids};

/// Events that are written, and of those the ones nobody publishes.
const N: usize = 12;
const MISSING: [usize; 2] = [3, 7];

fn missing(ids: &[String]) -> Vec<&String> {
    MISSING.iter().map(|nth| &ids[*nth]).collect()
}

fn published(ids: &[String]) -> impl Iterator<Item = (usize, &String)> {
    let all = ids.iter().enumerate();
    all.filter(|(nth, _)| !MISSING.contains(nth))
}

/// A topic per aggregate type, nothing in the table that says sent, and rows that are kept.
#[tokio::test(flavor = "multi_thread")]
async fn debezium_on_postgres_and_kafka() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("outbox.event.order", 2, &[]).await;
    let aggregate = topic.strip_prefix("outbox.event.").expect("it is so named");
    let shop = Shop::open(Dbms::Postgres, "debezium").await;
    shop.library_table("debezium-outbox", Some("Quarkus extension"))
        .await;
    let ids = uuids(N);
    for (nth, id) in ids.iter().enumerate() {
        shop.execute(&format!(
            "INSERT INTO outboxevent (id, aggregatetype, aggregateid, type, timestamp, payload) \
             VALUES ('{id}', '{aggregate}', '{nth}', 'OrderPlaced', \
             (now() AT TIME ZONE 'UTC') - interval '{MINUTES_AGO} minutes', '{{\"n\": {nth}}}')"
        ))
        .await;
    }
    let letters: Vec<_> = published(&ids)
        .map(|(nth, id)| letter(&[("id", id)], &nth.to_string(), &format!("{{\"n\":{nth}}}")))
        .collect();
    kafka.publish(&topic, &letters);

    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "The outbox of Debezium outbox event router, Quarkus extension: certain.",
            &format!("destination = \"{topic}\""),
            "Of 10 sampled messages 10 carry an id that is in the outbox.",
            "id = [\"header:id\"]",
            "aggregate = [\"key\"]",
        ],
    );
    somebody.finds(&missing(&ids), N);
    shop.close().await;
}

/// An id that is a number, a status word, and an exchange of the library's own with a stream.
#[tokio::test(flavor = "multi_thread")]
async fn cap_on_mariadb_and_rabbitmq() {
    let vhost = Vhost::new("new-cap");
    vhost.exchange("cap.default.router", "topic", json!({}));
    vhost.queue("shop.audit", "stream", json!({}));
    vhost.queue("shop.search", "classic", json!({}));
    vhost.bind("cap.default.router", "#", "shop.audit");
    vhost.bind("cap.default.router", "order.placed", "shop.search");
    let shop = Shop::open(Dbms::MySql, "cap").await;
    shop.library_table("cap-published", None).await;
    shop.library_table("cap-received", None).await;
    let ids: Vec<String> = (0..N as u64)
        .map(|nth| (7_340_000_000_000_000_000 + nth).to_string())
        .collect();
    for (nth, id) in ids.iter().enumerate() {
        let status = if MISSING.contains(&nth) {
            "Failed"
        } else {
            "Succeeded"
        };
        shop.execute(&format!(
            "INSERT INTO `cap.published` (Id, Version, Name, Content, Retries, Added, StatusName) \
             VALUES ({id}, 'v1', 'order.placed', \
             '{{\"Headers\":{{\"cap-msg-id\":\"{id}\"}},\"Value\":{{\"n\":{nth}}}}}', 3, \
             UTC_TIMESTAMP(6) - INTERVAL {MINUTES_AGO} MINUTE, '{status}')"
        ))
        .await;
    }
    for (nth, id) in published(&ids) {
        let properties = json!({
            "message_id": id,
            "headers": {"cap-msg-id": id, "cap-msg-name": "order.placed"},
        });
        let body = format!("{{\"n\":{nth}}}");
        publish(
            &vhost,
            "cap.default.router",
            "order.placed",
            &properties,
            &body,
        );
    }

    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "The outbox of CAP (dotnetcore), current: certain.",
            "destination = \"cap.default.router\"",
            "audit-stream = \"shop.audit\"",
            "routing-key = \"{type}\"",
            "Of 10 sampled messages 10 carry an id that is in the outbox.",
            "id = [\"header:cap-msg-id\"]",
            "type = [\"header:cap-msg-name\"]",
            "queue = \"shop.search\"",
            "Added is the application's local time",
        ],
    );
    somebody.finds(&missing(&ids), N);
    shop.close().await;
}

/// Rows that are deleted when sent, so that no message finds its row, and exchanges in addresses.
#[tokio::test(flavor = "multi_thread")]
async fn masstransit_on_postgres_and_rabbitmq() {
    let vhost = Vhost::new("new-masstransit");
    vhost.exchange("Shop:OrderPlaced", "fanout", json!({}));
    vhost.exchange("search", "fanout", json!({}));
    vhost.queue("search", "classic", json!({}));
    vhost.queue("search_error", "classic", json!({}));
    vhost.queue("placed-log", "stream", json!({}));
    vhost.bind("Shop:OrderPlaced", "", "placed-log");
    vhost.bind_exchange("Shop:OrderPlaced", "", "search");
    vhost.bind("search", "", "search");
    let shop = Shop::open(Dbms::Postgres, "masstransit").await;
    for table in ["outbox-message", "outbox-state", "inbox-state"] {
        shop.library_table(&format!("masstransit-{table}"), None)
            .await;
    }
    let ids = uuids(N);
    for (_, id) in published(&ids) {
        let properties = json!({"message_id": id});
        let body = format!("{{\"messageId\":\"{id}\",\"message\":{{}}}}");
        publish(&vhost, "Shop:OrderPlaced", "", &properties, &body);
    }
    for id in missing(&ids) {
        shop.execute(&format!(
            "INSERT INTO \"OutboxMessage\" (\"SentTime\", \"MessageId\", \"ContentType\", \
             \"MessageType\", \"Body\", \"DestinationAddress\") VALUES \
             (now() - interval '{MINUTES_AGO} minutes', '{id}', 'application/json', \
             'urn:message:Shop:OrderPlaced', '{{}}', \
             'rabbitmq://localhost/shop/Shop:OrderPlaced')"
        ))
        .await;
    }

    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "The outbox of MassTransit (EF Core outbox), 8.1 and later: certain.",
            "deletes-after-send = true",
            "destination = \"Shop:OrderPlaced\"",
            "audit-stream = \"placed-log\"",
            "rows are deleted when sent",
            "id = [\"message-id\", \"json:/messageId\"]",
            "queue = \"search\"",
        ],
    );
    assert!(!text.contains("search_error"), "{text}");
    somebody.finds(&missing(&ids), N);
    shop.close().await;
}

/// The registry's id is on no message: the one that is stands in the body, here and there.
#[tokio::test(flavor = "multi_thread")]
async fn spring_modulith_on_mariadb_and_kafka() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("event-publication", 2, &[]).await;
    let shop = Shop::open(Dbms::MySql, "modulith").await;
    shop.library_table("spring-modulith-v2", Some("v2 on MySQL and MariaDB"))
        .await;
    let ids = uuids(N);
    let body = |nth: usize| format!("{{\"product\":\"p{nth}\",\"id\":\"{}\",\"v\":1}}", ids[nth]);
    for (nth, row) in uuids(N).iter().enumerate() {
        let (done, status) = match MISSING.contains(&nth) {
            true => ("NULL".to_owned(), "FAILED"),
            false => ("UTC_TIMESTAMP(6)".to_owned(), "COMPLETED"),
        };
        shop.execute(&format!(
            "INSERT INTO EVENT_PUBLICATION (ID, LISTENER_ID, EVENT_TYPE, SERIALIZED_EVENT, \
             PUBLICATION_DATE, COMPLETION_DATE, STATUS, COMPLETION_ATTEMPTS) VALUES \
             ('{row}', 'EventExternalizer', 'shop.ProductChanged', '{}', \
             now(6) - INTERVAL {MINUTES_AGO} MINUTE, {done}, '{status}', 1)",
            body(nth)
        ))
        .await;
    }
    let letters: Vec<_> = published(&ids)
        .map(|(nth, _)| {
            let headers = [("__TypeId__", "shop.ProductChanged")];
            letter(&headers, &format!("p{nth}"), &body(nth))
        })
        .collect();
    kafka.publish(&topic, &letters);
    kafka.consume("search", &topic, letters.len());

    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "The outbox of Spring Modulith event publication registry, v2: certain.",
            "id = \"SERIALIZED_EVENT#/id\"",
            &format!("destination = \"{topic}\""),
            "match = { id = [\"json:/id\"], type = [\"header:__TypeId__\"], aggregate = [\"key\"]",
            "group = \"search\"",
        ],
    );
    somebody.finds(&missing(&ids), N);
    shop.close().await;
}
