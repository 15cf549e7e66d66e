//! Debezium's outbox event router (Kafka Connect) on PostgreSQL, with the table that it documents:
//! rows are inserted and deleted in one transaction, and none has a time.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use waybill_tests::kafka::Kafka;

use crate::database::Database;
use crate::host::{Host, Recipe, jdbc};
use crate::look::{Look, all};
use crate::toolchain::JAVA;

const HOST: Recipe = Recipe {
    folder: "debezium",
    make: &[&[
        "mvn",
        "--batch-mode",
        "--quiet",
        "package",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        "-DoutputDirectory=target/lib",
    ]],
    start: &[
        "java",
        "-Xmx256m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
        "target/classes:target/lib/*",
        "host.Host",
    ],
};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_router_never_saw_is_published_by_an_inserted_copy() {
    if !JAVA.is_wanted() {
        return;
    }
    let kafka = Kafka::shared();
    let database = Database::postgres("debezium").await;
    let level = database.text("SHOW wal_level").await;
    assert_eq!(level, "logical", "cargo xtask services down, then up");
    let broker = kafka.bootstrap().to_owned();
    let kinds = ["product", "price"].map(|kind| format!("{kind}_{}", std::process::id()));
    let host = Host::install(&HOST, jdbc(&database), broker, &kinds.join(","));
    let look = Look::at_any_topic(&database, &kafka);

    host.run(&["setup"]);
    // Written before there is a connector, which does not take them up.
    let missed = rows(&host.run(&["write", "2", "kept"]));
    let published = rows(&host.run(&["relay", "0", "12"]));
    // Written while it is stopped.
    let waiting = rows(&host.run(&["write", "1", "kept"]));

    look.has_a_profile_made(
        &[],
        &[
            "The outbox of Debezium outbox event router",
            "deletes-after-send = true",
            "id = [\"header:id\"]",
            &format!("destination = \"outbox.event.{}\"", kinds[0]),
            &format!("destination = \"outbox.event.{}\"", kinds[1]),
        ],
    );
    // A row without a time waits since it was first seen; nothing is a phantom for want of its row.
    let unread: Vec<&String> = missed.keys().chain(waiting.keys()).collect();
    look.finds(&all(&unread, "stuck/relay-idle"), 12);

    let requeue = look.recognises(&database, "debezium-outbox", "done");
    for id in missed.keys() {
        requeue.put_back(&database, id).await;
    }
    host.run(&["relay", "15"]);

    // The documented rule, held against every row that the service ever wrote.
    let lines = host.run(&["consume", "15"]);
    let mut received = received(&lines);
    assert_eq!((lines.len(), received.len()), (15, 15), "each once");
    for (id, row) in published.iter().chain(&waiting) {
        let message = received.remove(id).expect("it arrived under its row's id");
        assert_eq!(message, by_rule(id, row));
    }
    // What is left are the copies, each under an id of its own and otherwise as the router would
    // have sent the row.
    let contents = |(id, message): (&String, &Value)| (id.clone(), message["value"].clone());
    let mut copies: BTreeMap<String, Value> = received.iter().map(contents).collect();
    for (id, row) in &missed {
        let copy = received
            .iter()
            .find(|(_, it)| it["key"] == row["aggregateid"]);
        let (new_id, message) = copy.expect("its copy arrived");
        assert_ne!(new_id, id);
        assert_eq!(*message, by_rule(new_id, row));
        copies.remove(new_id);
    }
    assert_eq!(copies, BTreeMap::new());
    let unread: Vec<&String> = missed.keys().collect();
    look.finds(&all(&unread, "stuck/relay-idle"), 15);
    host.run(&["forget"]);
    database.remove().await;
}

/// What the service printed of its rows, by their ids.
fn rows(lines: &[String]) -> BTreeMap<String, Value> {
    let rows = lines.iter().map(|line| {
        let row: Value = serde_json::from_str(line).expect("a row");
        (text(&row["id"]), row)
    });
    rows.collect()
}

/// What the consumer printed, by the header that carries the row's id, without the headers that tell
/// which task of Kafka Connect it was.
fn received(lines: &[String]) -> BTreeMap<String, Value> {
    let messages = lines.iter().map(|line| {
        let mut message: Value = serde_json::from_str(line).expect("a message");
        if let Some(headers) = message["headers"].as_object_mut() {
            headers.retain(|name, _| !name.starts_with("__debezium.context."));
        }
        let value: Value = serde_json::from_str(&text(&message["value"])).expect("JSON");
        message["value"] = value;
        (text(&message["headers"]["id"]), message)
    });
    messages.collect()
}

/// The message of a row by the router's documentation: the topic is called after the aggregate's type,
/// the key is the aggregate's id, a header carries the event's, and the payload is the value.
fn by_rule(id: &str, row: &Value) -> Value {
    json!({
        "topic": format!("outbox.event.{}", text(&row["aggregatetype"])),
        "key": row["aggregateid"],
        "headers": { "id": id },
        "value": row["payload"],
    })
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
