//! Somebody at a terminal is asked about what is not sure.

use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;

use waybill_tests::shop::{Shop, Somebody, has, letter};

/// A topic with a message that is nobody's: one that is empty would not be looked into.
async fn topic(kafka: &Kafka, name: &str) -> String {
    let topic = kafka.topic(name, 1, &[]).await;
    kafka.publish(
        &topic,
        &[letter(&[("event-id", "another")], "somebody", "{}")],
    );
    topic
}

/// Two tables may be the outbox, neither says what was sent, and no message tells where events go.
#[tokio::test]
async fn what_is_not_sure_is_asked_and_every_answer_counts() {
    let kafka = Kafka::shared();
    topic(&kafka, "orders-events").await;
    let returns = topic(&kafka, "returns-events").await;
    let shop = Shop::open(Dbms::Sqlite, "asking").await;
    for table in ["orders_outbox", "returns_outbox"] {
        shop.execute(&format!(
            "CREATE TABLE {table} (event_id TEXT PRIMARY KEY, aggregate_id TEXT, type TEXT, \
             payload TEXT, created_at TEXT)"
        ))
        .await;
    }
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let mut terminal = somebody.talks(&["--save"]);
    terminal.hear("Which table is the outbox? (orders_outbox, returns_outbox) [orders_outbox]");
    terminal.say("refunds_outbox");
    terminal.hear("'refunds_outbox' is none of them: orders_outbox, returns_outbox");
    terminal.hear("Which table is the outbox?");
    terminal.say("returns_outbox");
    terminal.hear("are rows deleted after sending, or read from the database's log? (true, false)");
    terminal.say("false");
    terminal.hear("To which topic or exchange?");
    terminal.say(&returns);
    terminal.hear("Saved as 'shop'");
    let ended = terminal.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    has(
        &ended.stdout,
        &[
            "table = \"returns_outbox\"",
            &format!("destination = \"{returns}\""),
        ],
    );
    assert!(!ended.stdout.contains("deletes-after-send = true"));
    assert_eq!(somebody.saved(), ended.stdout, "what is shown is saved");

    // Who only presses Enter gets what was proposed.
    let mut terminal = somebody.talks(&["--save", "--force", "--destination", &returns]);
    terminal.hear("Which table is the outbox?");
    terminal.say("");
    terminal.hear("are rows deleted after sending");
    terminal.say("");
    let ended = terminal.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // The message there has no row, and no id that a row could have had.
    has(
        &ended.stdout,
        &[
            "table = \"orders_outbox\"",
            "nothing shows that rows are deleted when they are sent",
        ],
    );
    assert_eq!(somebody.saved(), ended.stdout, "written over");
    shop.close().await;
}

/// Nothing tells where events go, and a name is mistyped on the way.
#[tokio::test]
async fn a_destination_that_nothing_tells_is_asked_for() {
    let kafka = Kafka::shared();
    let crossings = topic(&kafka, "zebra-crossings").await;
    topic(&kafka, "zebra-sightings").await;
    let shop = Shop::open(Dbms::Sqlite, "nowhere").await;
    shop.execute(
        "CREATE TABLE outbox (event_id TEXT PRIMARY KEY, type TEXT, aggregate_id TEXT, payload TEXT, \
         created_at TEXT, sent_at TEXT)",
    )
    .await;
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let ended = somebody.new_profile(&["--yes"]);
    assert_eq!(ended.code, Some(2), "nobody can be asked: {}", ended.stdout);

    let mut terminal = somebody.talks(&["--save"]);
    terminal.hear("No message of the broker tells where the events of the outbox go.");
    terminal.hear("To which topic or exchange?");
    terminal.say(&format!("{crossings}x"));
    terminal.hear(&format!("Did you mean '{crossings}'?"));
    terminal.hear("To which topic or exchange?");
    terminal.say(&crossings);
    terminal.hear("Saved as 'shop'");
    let ended = terminal.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    has(&ended.stdout, &[&format!("destination = \"{crossings}\"")]);

    let mut terminal = somebody.talks(&[]);
    terminal.hear("To which topic or exchange?");
    terminal.say("");
    let ended = terminal.end();
    assert_eq!(ended.code, Some(2), "no answer is none: {}", ended.stdout);
    assert_eq!(ended.stdout, "");
    shop.close().await;
}
