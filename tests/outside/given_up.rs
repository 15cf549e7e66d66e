//! Rows that the relay of a hand-made outbox has given up.

use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::shop::{Shop, Somebody, ago, has, letters, time_type, uuids};

/// Rows whose copies are there.
const SENT: usize = 30;

/// One row was given up long before the newest ones, which alone are sampled; another waits.
async fn finds_what_was_given_up(
    dbms: Dbms,
    name: &str,
    columns: &str,
    given_up: &str,
    waits: &str,
) {
    let kafka = Kafka::shared();
    let topic = kafka.topic(name, 1, &[]).await;
    let shop = Shop::open(dbms, name).await;
    let time = time_type(dbms);
    let columns = columns.replace("TIME", time);
    shop.execute(&format!(
        "CREATE TABLE outbox (no integer PRIMARY KEY, event_id varchar(36) NOT NULL, \
         aggregate_id varchar(40), event_type varchar(40), payload text, created_at {time}, {columns})"
    ))
    .await;
    let ids = uuids(SENT + 2);
    for (nth, id) in ids.iter().enumerate() {
        let at = ago(dbms, 45 - u32::try_from(nth).expect("few"));
        let state = match nth {
            0 => given_up.replace("AT", &at),
            1 => waits.replace("AT", &at),
            _ => "AT, NULL".replace("AT", &at),
        };
        shop.execute(&format!(
            "INSERT INTO outbox VALUES ({nth}, '{id}', 'a{nth}', 'ParcelSent', '{{}}', {at}, {state})"
        ))
        .await;
    }
    kafka.publish(&topic, &letters(&ids[2..]));

    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    somebody.saves_without_an_answer(&["--destination", &topic]);
    let document = somebody.finds(&[&ids[0], &ids[1]], SENT + 2);
    for finding in document["findings"].as_array().into_iter().flatten() {
        let expected = if finding["id"] == ids[0].as_str() {
            "attempts-exhausted"
        } else {
            "passed-over"
        };
        assert_eq!(finding["publish"]["reason"], expected, "{document:#}");
    }
    has(&somebody.saved(), &["sent-at = "]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_of_giving_up_on_postgres() {
    let columns = "sent_at TIME, failed_at TIME";
    finds_what_was_given_up(
        Dbms::Postgres,
        "given_up_at",
        columns,
        "NULL, AT",
        "NULL, NULL",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_on_mariadb() {
    let columns = "sent_at TIME, is_dead tinyint(1)";
    finds_what_was_given_up(Dbms::MySql, "given_up_flag", columns, "NULL, 1", "NULL, 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_on_sqlite() {
    let columns = "sent_at TIME, status text";
    let word = "NULL, 'PermanentlyFailed'";
    finds_what_was_given_up(
        Dbms::Sqlite,
        "given_up_word",
        columns,
        word,
        "NULL, 'pending'",
    )
    .await;
}
