//! Rows that are to be sent later than they were written.

use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::shop::{Shop, Somebody, ago, has, letters, time_type, uuids};

/// What `check` says of each event that is not there, and of how many it was asked.
fn findings(somebody: &Somebody) -> Vec<(String, String)> {
    let document = somebody.checks().json();
    let findings = document["findings"].as_array().into_iter().flatten();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut told: Vec<_> = findings
        .map(|f| (text(&f["id"]), text(&f["publish"]["verdict"])))
        .collect();
    told.sort();
    told
}

/// One row is due tomorrow, one was due a quarter of an hour ago, thirty were sent when due, hours
/// after they were written.
async fn is_late_only_when_it_is_due(dbms: Dbms, name: &str) {
    let kafka = Kafka::shared();
    let topic = kafka.topic(name, 1, &[]).await;
    let shop = Shop::open(dbms, name).await;
    let time = time_type(dbms);
    shop.execute(&format!(
        "CREATE TABLE outbox (event_id varchar(36) PRIMARY KEY, aggregate_id varchar(40), \
         event_type varchar(40), payload text, created_at {time}, scheduled_at {time}, sent_at {time})"
    ))
    .await;
    let ids = uuids(32);
    let tomorrow = ago(dbms, 0)
        .replace("'0 minutes'", "'-1 day'")
        .replace("interval 0 minute", "interval -1 day");
    let tomorrow = tomorrow.replace("'-0 minutes'", "'+1 day'");
    for (nth, id) in ids.iter().enumerate() {
        let minutes = 50 - u32::try_from(nth).expect("few");
        let written = ago(dbms, minutes);
        let (due, sent) = match nth {
            0 => (tomorrow.clone(), "NULL".to_owned()),
            1 => (ago(dbms, 15), "NULL".to_owned()),
            _ => (ago(dbms, minutes - 10), ago(dbms, minutes - 10)),
        };
        shop.execute(&format!(
            "INSERT INTO outbox VALUES ('{id}', 'a{nth}', 'Reminder', '{{}}', {written}, {due}, {sent})"
        ))
        .await;
    }
    kafka.publish(&topic, &letters(&ids[2..]));

    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&["--destination", &topic]);
    has(&text, &["due-at = \"scheduled_at\""]);
    assert_eq!(findings(&somebody), [(ids[1].clone(), "stuck".to_owned())]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_column_on_postgres() {
    is_late_only_when_it_is_due(Dbms::Postgres, "due_at_pg").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_column_on_mariadb() {
    is_late_only_when_it_is_due(Dbms::MySql, "due_at_my").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_column_on_sqlite() {
    is_late_only_when_it_is_due(Dbms::Sqlite, "due_at_lite").await;
}

/// symfony/symfony#36769 and the delayed messages of CAP: the libraries' own tables.
#[tokio::test(flavor = "multi_thread")]
async fn as_libraries_say_it() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("due_libraries", 1, &[]).await;
    let shop = Shop::open(Dbms::Postgres, "due_libraries").await;
    shop.library_table("symfony-messenger", None).await;
    shop.library_table("cap-published", None).await;
    shop.execute(
        "INSERT INTO messenger_messages (body, headers, queue_name, created_at, available_at) \
         SELECT '{}', '{\"type\":\"Reminder\"}', 'async', timezone('utc', now() - interval '20 min'), \
         timezone('utc', now() + due) FROM unnest(ARRAY[interval '1 day', '-15 min']) due; \
         INSERT INTO cap.published (\"Id\", \"Version\", \"Name\", \"Content\", \"Retries\", \"Added\", \"ExpiresAt\", \"StatusName\") \
         SELECT n, 'v1', 'orders', '{\"Headers\":{},\"Value\":{}}', 0, timezone('utc', now() - interval '20 min'), \
         timezone('utc', now() + due), state FROM (VALUES (1, interval '6 h', 'Delayed'), (2, interval '-15 min', 'Delayed'), \
         (3, NULL, 'Scheduled')) rows (n, due, state)",
    )
    .await;
    for (table, expected) in [
        ("messenger_messages", &["2"][..]),
        ("cap.published", &["2", "3"]),
    ] {
        let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
        somebody.saves_without_an_answer(&["--outbox", table, "--destination", &topic]);
        let told: Vec<String> = findings(&somebody).into_iter().map(|(id, _)| id).collect();
        assert_eq!(told, expected, "{table}");
    }
    shop.close().await;
}
