//! Watermill's forwarder (Go): events for two topics of Kafka are wrapped in an envelope that stands
//! in one table of PostgreSQL, and published unwrapped.

use std::collections::BTreeMap;

use serde_json::Value;
use waybill_tests::kafka::Kafka;

use crate::REFUSE;
use crate::database::Database;
use crate::host::{Host, Recipe};
use crate::look::{Look, all};
use crate::toolchain::GO;

const HOST: Recipe = Recipe {
    folder: "watermill_forwarder",
    make: &[&["go", "build", "-buildvcs=false", "-o", "host", "."]],
    start: &["./host"],
};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_forwarder_gave_up_or_never_took_is_found_and_sent_as_it_would_be() {
    if !GO.is_wanted() {
        return;
    }
    let kafka = Kafka::shared();
    let products = kafka.topic("forwarded_products", 2, &[]).await;
    let prices = kafka.topic("forwarded_prices", 2, &[]).await;
    let database = Database::postgres("forwarder").await;
    let broker = kafka.bootstrap().to_owned();
    let topics = format!("{products},{prices}");
    let host = Host::install(&HOST, database.url().to_string(), broker, &topics);
    let look = Look::at_any_topic(&database, &kafka);

    host.run(&["setup"]);
    // Two messages end in the poison queue, and are read past all the same.
    let first = host.run(&["write", "12", "3", "7"]);
    host.run(&["relay", "-refuse", REFUSE]);
    // Who cleans rows may have cleaned those of the first messages; clocks may be two seconds apart.
    database.seconds_pass(4).await;
    let undone = host.run(&["undone"]);
    // Then the process is gone after two more.
    let second = host.run(&["write", "5"]);
    host.run_into_the_dark(&["relay", "-die-after", "2"]);
    let poisoned = [&first[3], &first[7]];
    let cut_off: Vec<&String> = second[2..].iter().collect();
    let mut expected = all(&cut_off, "stuck/relay-idle");
    expected.extend(all(&poisoned, "stuck/passed-over"));
    expected.extend(all(&[&undone[0]], "phantom"));
    look.has_a_profile_made(
        &[],
        &[
            "The outbox of Watermill",
            "id = \"payload#/uuid\"",
            "destination = \"payload#/destination_topic\"",
            "id = [\"header:_watermill_message_uuid\"]",
        ],
    );
    look.finds(&expected, 12);

    // The same rows as the forwarder would have published them, in content, key and metadata.
    let gone: Vec<&String> = poisoned.iter().copied().chain(cut_off).collect();
    look.sends_again(&gone);
    let lines = host.run(&["consume", "18"]);
    let received = received(&lines);
    let by_us = |id: &&String| received[*id]["metadata"]["x-waybill-resend-id"].is_string();
    assert_eq!((lines.len(), received.len()), (18, 18), "each once");
    assert!(gone.iter().all(by_us), "{received:#?}");
    for id in gone {
        assert_eq!(plain(&received[id]), rebuilt(&database, id).await);
    }
    for id in first.iter().filter(|id| !poisoned.contains(id)) {
        assert!(!by_us(&id));
        assert_eq!(plain(&received[id]), rebuilt(&database, id).await);
    }
    database.remove().await;
}

/// What the consumer printed, by the events' ids.
fn received(lines: &[String]) -> BTreeMap<String, Value> {
    let messages = lines.iter().map(|line| {
        let message: Value = serde_json::from_str(line).expect("a message");
        let id = message["uuid"].as_str().expect("it has one").to_owned();
        (id, message)
    });
    messages.collect()
}

/// A message without the headers that a resend adds.
fn plain(message: &Value) -> Value {
    let mut message = message.clone();
    if let Some(metadata) = message["metadata"].as_object_mut() {
        metadata.retain(|name, _| !name.starts_with("x-waybill-"));
    }
    message
}

/// What the library documents that its forwarder makes of a row: the message in the envelope.
async fn rebuilt(database: &Database, id: &str) -> Value {
    let sql = format!(
        "SELECT payload::text FROM watermill_forwarder_topic WHERE payload->>'uuid' = '{id}'"
    );
    let envelope: Value = serde_json::from_str(&database.text(&sql).await).expect("an envelope");
    serde_json::json!({
        "topic": envelope["destination_topic"],
        "uuid": envelope["uuid"],
        "key": envelope["metadata"]["product"],
        "metadata": envelope["metadata"],
        "payload": envelope["payload"],
    })
}
