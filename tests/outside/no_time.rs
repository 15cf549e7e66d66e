//! Outboxes whose rows carry no time: Debezium's documented default table and others of its kind.

use serde_json::Value;
use waybill_layouts::Dbms;
use waybill_source::conformance::broker::Letter;
use waybill_tests::kafka::Kafka;
use waybill_tests::service::{ID_HEADER, Said, Service, verdicts};
use waybill_tests::shop::{Shop, Somebody, has, letter, uuids};
use waybill_tests::waybill::Ended;

/// Messages as the connector makes them.
const SENT: usize = 30;

/// A database with the documented table, and the topic that the connector makes of its rows.
struct Connector {
    kafka: Kafka,
    shop: Shop,
    topic: String,
    aggregate_type: String,
    ids: Vec<String>,
}

impl Connector {
    /// The table is empty, the topic full: rows are deleted in the transaction that wrote them.
    async fn at(dbms: Dbms, name: &str) -> Self {
        let kafka = Kafka::shared();
        let topic = kafka.topic(&format!("outbox.event.{name}"), 1, &[]).await;
        let aggregate_type = topic["outbox.event.".len()..].to_owned();
        let shop = Shop::open(dbms, name).await;
        let (uuid, json) = match dbms {
            Dbms::Postgres => ("uuid", "jsonb"),
            Dbms::MySql => ("char(36)", "json"),
            Dbms::Sqlite => ("text", "text"),
        };
        shop.execute(&format!(
            "CREATE TABLE outboxevent (id {uuid} NOT NULL PRIMARY KEY, \
             aggregatetype varchar(255) NOT NULL, aggregateid varchar(255) NOT NULL, \
             type varchar(255) NOT NULL, payload {json})"
        ))
        .await;
        let ids = uuids(SENT);
        let made = ids.iter().enumerate().map(|(nth, id)| event(nth, id));
        kafka.publish(&topic, &made.collect::<Vec<_>>());
        Self {
            kafka,
            shop,
            topic,
            aggregate_type,
            ids,
        }
    }

    /// Rows that nobody has deleted.
    async fn keeps(&self, ids: &[String]) {
        for (nth, id) in ids.iter().enumerate() {
            let of = &self.aggregate_type;
            self.shop
                .execute(&format!(
                    "INSERT INTO outboxevent VALUES ('{id}', '{of}', 'a{nth}', 'OrderPlaced', '{{\"n\": {nth}}}')"
                ))
                .await;
        }
    }

    fn somebody(&self) -> Somebody {
        Somebody::at_kafka(&self.shop, self.kafka.bootstrap())
    }
}

fn event(nth: usize, id: &str) -> Letter {
    letter(
        &[("id", id)],
        &format!("a{nth}"),
        &format!("{{\"n\": {nth}}}"),
    )
}

fn told(ended: &Ended) -> Value {
    let document = ended.json();
    assert_eq!(document["counts"]["phantom"], 0, "{document:#}");
    document
}

/// The table is empty, its topic full: all arrived, and none is a phantom.
async fn an_empty_table_hides_nothing(dbms: Dbms, name: &str) {
    let connector = Connector::at(dbms, name).await;
    let somebody = connector.somebody();
    let topic = connector.topic.as_str();
    let words = ["--outbox", "outboxevent", "--destination", topic];
    let profile = somebody.saves_without_an_answer(&words);
    has(
        &profile,
        &[
            "deletes-after-send = true",
            &format!("destination = \"{topic}\""),
            "id = [\"header:id\"]",
        ],
    );
    assert!(!profile.contains("created-at = "), "{profile}");
    let ended = somebody.checks();
    let document = told(&ended);
    assert_eq!(document["counts"]["total"], SENT, "{document:#}");
    assert_eq!(ended.code, Some(0), "{document:#}");

    // The relay is down: a row of which nobody can say how long it has been there.
    let waits = uuids(1);
    connector.keeps(&waits).await;
    let ended = somebody.checks();
    let found = verdicts(&told(&ended));
    assert_eq!(found.get("unknown (no-time)"), Some(&1), "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    connector.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_table_of_debezium_on_postgres() {
    an_empty_table_hides_nothing(Dbms::Postgres, "debezium_pg").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_table_of_debezium_on_mariadb() {
    an_empty_table_hides_nothing(Dbms::MySql, "debezium_my").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_table_of_debezium_on_sqlite() {
    an_empty_table_hides_nothing(Dbms::Sqlite, "debezium_lite").await;
}

/// Without a hint: what rows say by the library's rule, and what the broker has of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_rule_names_the_topics() {
    let connector = Connector::at(Dbms::Postgres, "debezium_rule").await;
    let somebody = connector.somebody();
    let empty = somebody.new_profile(&["--yes"]);
    has(&empty.stdout, &["destination = \"outbox.event."]);
    connector.keeps(&connector.ids[..5]).await;
    let kept = somebody.saves_without_an_answer(&[]);
    has(&kept, &[&format!("destination = \"{}\"", connector.topic)]);
    assert_eq!(kept.matches("[[flow]]").count(), 1, "{kept}");
    // Rows that are kept are of the time of their messages.
    let ended = somebody.checks();
    let document = told(&ended);
    assert_eq!(verdicts(&document).len(), 0, "{document:#}");
    connector.shop.close().await;
}

/// Thirty rows that are kept and say that they were sent, whose messages are spread over nine
/// minutes, one that waits, and a message that never had a row.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_kept_are_of_the_time_of_their_messages() {
    let service = Service::empty("no_time_kept").await;
    service
        .shop
        .execute(
            "CREATE TABLE outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
             aggregate_type text DEFAULT 'order', aggregate_id text, type text DEFAULT 'Placed', \
             payload jsonb DEFAULT '{}', sent boolean NOT NULL); \
             INSERT INTO outbox (aggregate_id, sent) SELECT 'a' || g, true FROM generate_series(1, 30) g",
        )
        .await;
    let ago = "((extract(epoch FROM now()) * 1000)::bigint - (600 - 18 * substr(aggregate_id, 2)::int) * 1000)";
    let topic = service.topic.as_str();
    let made = format!("SELECT aggregate_id, {ID_HEADER}, {ago}, '{{}}' FROM outbox");
    service.publish(topic, &made).await;
    let stray = format!(
        "SELECT 'p', json_build_array(json_build_array('id', gen_random_uuid()))::text, {ago}, '{{}}' \
         FROM outbox WHERE aggregate_id = 'a15'"
    );
    service.publish(topic, &stray).await;
    service
        .shop
        .execute("INSERT INTO outbox (aggregate_id, sent) VALUES ('waits', false)")
        .await;
    service.profile(&Said {
        outbox: "table = \"outbox\"\nkey = \"id\"\nid = \"id\"\naggregate-id = \"aggregate_id\"\nsent-at = \"sent\"\n"
            .to_owned(),
        ..Said::default()
    });
    let ended = service.check(&[]);
    let document = ended.json();
    let found = verdicts(&document);
    assert_eq!(found.get("phantom"), Some(&1), "{found:?} {document:#}");
    // Once it was watched for longer than its grace, it is late.
    let waits = ["unknown (no-time)", "stuck"].map(|it| found.get(it).copied().unwrap_or(0));
    assert_eq!(waits.iter().sum::<usize>(), 1, "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(document["counts"]["arrived"], 30, "{document:#}");
    assert_eq!(ended.code, Some(1), "{document:#}");
    let told = ended.stdout.contains("whatever the window");
    assert!(told, "{}", ended.stdout);
    service.shop.close().await;
}

/// Other libraries' tables that carry no time are proposed as well.
#[tokio::test(flavor = "multi_thread")]
async fn tables_of_other_libraries_are_proposed() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("no_time_libraries", 1, &[]).await;
    let shop = Shop::open(Dbms::Postgres, "no_time_libraries").await;
    shop.library_table("wolverine-outgoing", None).await;
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let table = "wolverine_outgoing_envelopes";
    let found = somebody.new_profile(&["--yes", "--outbox", table, "--destination", &topic]);
    assert_eq!(found.code, Some(0), "{}{}", found.stdout, found.stderr);
    assert!(!found.stdout.contains("created-at = "), "{}", found.stdout);
    has(&found.stdout, &["deletes-after-send = true"]);
    shop.close().await;
}
