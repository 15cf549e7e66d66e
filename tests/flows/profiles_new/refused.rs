//! What is not done, and what is said instead.

use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::waybill::Waybill;

use waybill_tests::shop::{Shop, Somebody, has};

#[tokio::test]
async fn a_database_without_an_outbox_ends_with_what_to_do() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("no-outbox", 1, &[]).await;
    let shop = Shop::open(Dbms::Sqlite, "nothing").await;
    shop.execute("CREATE TABLE letters (no INTEGER PRIMARY KEY, label TEXT, written TEXT)")
        .await;
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let ended = somebody.new_profile(&["--yes"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    has(
        &ended.stderr,
        &[
            "none is an outbox that Waybill knows",
            "waybill layouts explain TABLE",
            "--column id=",
        ],
    );
    let ended = somebody.new_profile(&["--outbox", "Letters", "--column", "id=lable"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    has(
        &ended.stderr,
        &["has no column 'lable' for id", "Did you mean 'label'?"],
    );
    let ended = somebody.new_profile(&["--outbox", "letters", "--column", "id=label"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    has(
        &ended.stderr,
        &["which column is its created-at", "--column created-at=…"],
    );
    // That it has no time has to be said.
    let timeless = [
        "--outbox",
        "letters",
        "--column",
        "id=label",
        "--column",
        "created-at=",
        "--destination",
        &topic,
    ];
    let ended = somebody.new_profile(&timeless);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stdout.contains("created-at ="), "{}", ended.stdout);
    // With every role that is needed it becomes one.
    let all = [
        "--outbox",
        "letters",
        "--column",
        "id=label",
        "--column",
        "created-at=written",
        "--destination",
        &topic,
    ];
    let ended = somebody.new_profile(&all);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    has(
        &ended.stdout,
        &["key = \"no\"", "id = \"label\"", "created-at = \"written\""],
    );
    shop.close().await;
}

#[test]
fn a_password_in_an_address_is_refused_with_the_way_to_give_it() {
    let waybill = Waybill::new();
    for (database, broker) in [
        (
            "postgres://shop:hunter2@localhost/shop",
            "kafka://localhost:9092",
        ),
        ("sqlite:shop.db", "amqp://shop:hunter2@localhost/shop"),
    ] {
        let ended = waybill.run(&[
            "profiles",
            "new",
            "--database",
            database,
            "--broker",
            broker,
        ]);
        assert_eq!(ended.code, Some(2), "{}", ended.stdout);
        has(
            &ended.stderr,
            &["There is a password in this address", "--secret NAME"],
        );
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_saved_profile_is_not_written_over() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("not-over", 1, &[]).await;
    let shop = Shop::open(Dbms::Sqlite, "over").await;
    shop.execute(
        "CREATE TABLE outbox (event_id TEXT PRIMARY KEY, type TEXT, aggregate_id TEXT, payload TEXT, \
         created_at TEXT, sent_at TEXT)",
    )
    .await;
    let somebody = Somebody::at_kafka(&shop, kafka.bootstrap());
    let there = ["--destination", &topic];
    somebody.saves_without_an_answer(&there);
    let mistyped = somebody.new_profile(&["--destination", &format!("{topic}x")]);
    assert_eq!(mistyped.code, Some(2), "{}", mistyped.stdout);
    has(&mistyped.stderr, &[&format!("Did you mean '{topic}'?")]);
    let again = somebody.new_profile(&[&["--save"], there.as_slice()].concat());
    assert_eq!(again.code, Some(2), "{}", again.stdout);
    has(&again.stderr, &["there is a profile 'shop' in", "--force"]);
    somebody.saves_without_an_answer(&[&["--force"], there.as_slice()].concat());
    let document = somebody.new_profile(&[&["--json"], there.as_slice()].concat());
    let document = document.json();
    assert_eq!(document["name"], "shop");
    assert_eq!(document["saved"], false);
    assert_eq!(document["profile"]["outbox"]["id"], "event_id");
    assert!(document["questions"].is_array());
    shop.close().await;
}
