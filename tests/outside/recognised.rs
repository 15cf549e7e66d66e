//! Outboxes of people who know no library's names, and tables that only look like one.

use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::shop::{Shop, Somebody, ago, has, letter, uuids};

/// Rows whose copies are there.
const SENT: usize = 12;

/// None of its names is a usual one, but it is called outbox, and its shape says the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_called_outbox_is_understood_by_its_shape() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("shape", 1, &[]).await;
    let shop = Shop::open(Dbms::Postgres, "shape").await;
    shop.execute(
        "CREATE TABLE outbox (idempotent_key uuid, partition_key uuid, destinations jsonb, \
         headers jsonb, payload text, attempts int, created_at timestamptz, \
         process_after timestamptz, processed_at timestamptz)",
    )
    .await;
    let ids = uuids(SENT + 1);
    for (nth, id) in ids.iter().enumerate() {
        let at = ago(Dbms::Postgres, 40 - u32::try_from(nth).expect("few"));
        let sent = if nth == 3 { "NULL" } else { &at };
        shop.execute(&format!(
            "INSERT INTO outbox VALUES ('{id}', gen_random_uuid(), '[]', '{{}}', '{{}}', 0, {at}, NULL, {sent})"
        ))
        .await;
    }
    let letters: Vec<_> = ids
        .iter()
        .enumerate()
        .filter(|(nth, _)| *nth != 3)
        .map(|(_, id)| letter(&[("event-id", id)], "k", "{}"))
        .collect();
    kafka.publish(&topic, &letters);
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&["--destination", &topic]);
    has(
        &text,
        &[
            "id = \"idempotent_key\"",
            "payload = \"payload\"",
            "created-at = \"created_at\"",
            "sent-at = \"processed_at\"",
        ],
    );
    somebody.finds(&[&ids[3]], SENT + 1);
    shop.close().await;
}

/// The index over the rows that wait names the mark and its word, before there is a row.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_over_what_waits_names_the_mark_of_an_empty_table() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("waits", 1, &[]).await;
    for dbms in [Dbms::Postgres, Dbms::Sqlite] {
        let shop = Shop::open(dbms, "waits").await;
        shop.execute(
            "CREATE TABLE shop_outbox (id varchar(36) PRIMARY KEY, kind varchar(80) NOT NULL, \
             payload text NOT NULL, created_at timestamp NOT NULL, gone_out timestamp); \
             CREATE INDEX waits ON shop_outbox (created_at) WHERE gone_out IS NULL",
        )
        .await;
        let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
        let text = somebody.saves_without_an_answer(&["--destination", &topic]);
        has(&text, &["sent-at = \"gone_out\"", "type = \"kind\""]);
        shop.close().await;
    }
}

/// What a comment, a check or an enumerated type says of a status needs no row that shows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_definition_explains_the_values_of_a_status() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("explained", 1, &[]).await;
    let columns = "id varchar(36) PRIMARY KEY, event_type varchar(80) NOT NULL, \
                   payload text NOT NULL, created_at timestamp NOT NULL";
    let numbers = "status int NOT NULL DEFAULT 0";
    let by_comment = ["sent-states = [\"7\"]", "failed-states = [\"9\"]"];
    let by_list = [
        "sent-states = [\"gone_out_sent\"]",
        "failed-states = [\"dead_letter\"]",
    ];
    let list = "'new', 'failed', 'gone_out_sent', 'dead_letter'";
    for (dbms, sql, expected) in [
        (
            Dbms::MySql,
            format!(
                "CREATE TABLE outbox ({columns}, {numbers} COMMENT '0-待发送 7-已发送 9-发送失败')"
            ),
            by_comment,
        ),
        (
            Dbms::Postgres,
            format!(
                "CREATE TABLE outbox ({columns}, {numbers}); \
                 COMMENT ON COLUMN outbox.status IS '0: waiting, 7: sent, 9: failed'"
            ),
            by_comment,
        ),
        (
            Dbms::Postgres,
            format!(
                "CREATE TYPE state AS ENUM ({list}); \
                 CREATE TABLE outbox ({columns}, status state NOT NULL DEFAULT 'new')"
            ),
            by_list,
        ),
        (
            Dbms::Sqlite,
            format!("CREATE TABLE outbox ({columns}, status text CHECK (status IN ({list})))"),
            by_list,
        ),
    ] {
        let shop = Shop::open(dbms, "explained").await;
        shop.execute(&sql).await;
        let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
        let text = somebody.saves_without_an_answer(&["--destination", &topic]);
        has(&text, &expected);
        shop.close().await;
    }
}

/// Business tables have the columns of an outbox, too. Nobody is there to say whether one is, so
/// nothing is saved; and beside an outbox they are not even asked about.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_may_be_an_outbox_is_asked_about_and_never_just_taken() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("alike", 1, &[]).await;
    let shop = Shop::open(Dbms::Sqlite, "alike").await;
    shop.execute(
        "CREATE TABLE audit_logs (id text PRIMARY KEY, resource_type text, resource_id text, \
         event_type text, data text, status text, created_at text); \
         CREATE TABLE deliveries (id text PRIMARY KEY, entity_type text, entity_id text, \
         type text, data text, status text, created_at text, sent_at text)",
    )
    .await;
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let ended = somebody.new_profile(&["--yes", "--save", "--destination", &topic]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    has(
        &ended.stderr,
        &["Which table is the outbox?", "--outbox deliveries"],
    );
    assert!(!ended.stderr.contains("audit_logs"), "{}", ended.stderr);
    shop.execute(
        "CREATE TABLE z_outbox (id text PRIMARY KEY, type text, payload text, created_at text, \
         sent_at text)",
    )
    .await;
    let text = somebody.saves_without_an_answer(&["--destination", &topic]);
    has(&text, &["table = \"z_outbox\""]);
    shop.close().await;
}
