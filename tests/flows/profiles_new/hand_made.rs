//! Outboxes of somebody's own making.

use serde_json::json;
use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::rabbit::Vhost;

use waybill_tests::shop::{MINUTES_AGO, Shop, Somebody, has, letter, publish, uuids};

const N: usize = 12;

/// The destination is a topic among many, a consumer has an inbox and a group, and dead letters a
/// topic called after both. One row was never sent, one says so and was not, and one was received
/// and failed, as the inbox says.
#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_and_kafka() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("parcel-events", 2, &[]).await;
    let group = format!("search-{topic}");
    let dead = kafka.topic(&format!("{topic}.{group}.dlt"), 1, &[]).await;
    let shop = Shop::open(Dbms::Sqlite, "own").await;
    shop.execute(
        "CREATE TABLE parcel_outbox (no INTEGER PRIMARY KEY, event_id TEXT NOT NULL, \
         aggregate_id TEXT, event_type TEXT, payload TEXT, created_at TEXT, published_at TEXT); \
         CREATE TABLE search_inbox (event_id TEXT PRIMARY KEY, received_at TEXT, status TEXT); \
         CREATE TABLE billing_inbox (event_id TEXT PRIMARY KEY, processed_at TEXT)",
    )
    .await;
    let ids = uuids(N);
    let at = format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{MINUTES_AGO} minutes')");
    for (nth, id) in ids.iter().enumerate() {
        let sent = if nth == 3 { "NULL" } else { &at };
        shop.execute(&format!(
            "INSERT INTO parcel_outbox VALUES ({nth}, '{id}', 'p{nth}', 'ParcelSent', '{{}}', {at}, {sent})"
        ))
        .await;
        if nth != 3 && nth != 7 {
            let status = if nth == 5 { "FAILED" } else { "PROCESSED" };
            shop.execute(&format!(
                "INSERT INTO search_inbox VALUES ('{id}', {at}, '{status}')"
            ))
            .await;
        }
    }
    shop.execute(&format!(
        "INSERT INTO billing_inbox VALUES ('another', {at})"
    ))
    .await;
    let letters: Vec<_> = ids
        .iter()
        .enumerate()
        .filter(|(nth, _)| *nth != 3 && *nth != 7)
        .map(|(nth, id)| letter(&[("event-id", id)], &format!("p{nth}"), "{}"))
        .collect();
    kafka.publish(&topic, &letters);
    kafka.consume(&group, &topic, letters.len());

    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "somebody's own outbox by its columns: likely.",
            "key = \"no\"",
            "id = \"event_id\"",
            "sent-at = \"published_at\"",
            &format!("destination = \"{topic}\""),
            "10 of 10 messages there are in the outbox.",
            "id = [\"header:event-id\"]",
            "aggregate = [\"key\"]",
            &format!("group = \"{group}\""),
            &format!("dead-letters = \"{dead}\""),
            "table = \"search_inbox\", id = \"event_id\", processed-at = \"received_at\", status = \"status\", \
             processed-states = [\"PROCESSED\"], failed-states = [\"FAILED\"",
            "billing_inbox is an inbox, but none of its 1 rows is about an event of this outbox.",
        ],
    );
    let document = somebody.finds(&[&ids[3], &ids[5], &ids[7]], N);
    let verdicts = document["findings"].to_string();
    has(
        &verdicts,
        &["\"stuck\"", "\"lost-in-publish\"", "\"failed\""],
    );
    shop.close().await;
}

/// A status that is a number, which nobody but the messages explains, and a consumer with a
/// database of its own.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_and_rabbitmq_with_another_database() {
    let vhost = Vhost::new("new-own");
    vhost.exchange("parcels", "topic", json!({}));
    vhost.queue("parcels.audit", "stream", json!({}));
    vhost.queue("search.parcels", "quorum", json!({}));
    vhost.bind("parcels", "#", "parcels.audit");
    vhost.bind("parcels", "#", "search.parcels");
    let shop = Shop::open(Dbms::Postgres, "own").await;
    let search = Shop::open(Dbms::Sqlite, "own-search").await;
    shop.execute(
        "CREATE TABLE outbox (id uuid PRIMARY KEY, aggregate_type text, aggregate_id text, \
         type text, topic text, data jsonb, created_at timestamptz, state smallint)",
    )
    .await;
    search
        .execute("CREATE TABLE inbox (message_id TEXT PRIMARY KEY, processed_at TEXT)")
        .await;
    let ids = uuids(N);
    for (nth, id) in ids.iter().enumerate() {
        let state = if nth == 5 { 0 } else { 1 };
        shop.execute(&format!(
            "INSERT INTO outbox VALUES ('{id}', 'parcel', 'p{nth}', 'sent', 'parcels', '{{}}', \
             now() - interval '{MINUTES_AGO} minutes', {state})"
        ))
        .await;
        if nth != 5 {
            let properties =
                json!({"message_id": id, "type": "sent", "headers": {"parcel": format!("p{nth}")}});
            publish(&vhost, "parcels", "parcel.sent", &properties, "{}");
            search
                .execute(&format!(
                    "INSERT INTO inbox VALUES ('{id}', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"
                ))
                .await;
        }
    }

    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    let other = format!("search={}", search.url());
    let text = somebody.saves_without_an_answer(&["--consumer-database", &other]);
    has(
        &text,
        &[
            "Rows whose messages were seen have state 1: that means sent.",
            "status = \"state\"",
            "sent-states = [\"1\"]",
            "Column topic says so.",
            "audit-stream = \"parcels.audit\"",
            "id = [\"message-id\"], type = [\"type\"], aggregate = [\"header:parcel\"]",
            "queue = \"search.parcels\"",
            "database = \"search\"",
        ],
    );
    somebody.finds(&[&ids[5]], N);
    shop.close().await;
    search.close().await;
}
