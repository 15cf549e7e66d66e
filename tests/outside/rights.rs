//! Readers that may read some columns only, and small numbers.

use waybill_layouts::Dbms;
use waybill_tests::kafka::Kafka;
use waybill_tests::service::{Said, Service, verdicts};
use waybill_tests::shop::{Shop, has};
use waybill_tests::waybill::Waybill;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_which_some_columns_may_be_read_is_found_with_those() {
    let service = Service::with_outbox("columns").await;
    service.publish_rows("true").await;
    let reader = format!("reader_{}", std::process::id());
    let password = service.shop.password();
    service
        .shop
        .execute(&format!(
            "DROP ROLE IF EXISTS {reader}; CREATE ROLE {reader} LOGIN PASSWORD '{password}'; \
             GRANT SELECT (id, aggregate_type, aggregate_id, type, created_at, sent_at) ON outbox TO {reader}"
        ))
        .await;
    let url = service
        .shop
        .url()
        .replace("waybill@", &format!("{reader}@"));
    let broker = format!("kafka://{}", service.kafka.bootstrap());
    let asked = ["--database", &url, "--secret", "shop-db"];
    let new = [
        "profiles",
        "new",
        "--yes",
        "--name",
        "new",
        "--broker",
        &broker,
        "--destination",
        &service.topic,
    ];
    let proposed = service.waybill.run(&[&new[..], &asked].concat());
    assert_eq!(
        proposed.code,
        Some(0),
        "{}{}",
        proposed.stdout,
        proposed.stderr
    );
    has(
        &proposed.stdout,
        &[
            "sent-at = \"sent_at\"",
            "payload would be payload, which we may not read, so it is left out: GRANT SELECT (payload) ON public.outbox gives it back.",
        ],
    );
    assert!(
        !proposed.stdout.contains("\npayload ="),
        "{}",
        proposed.stdout
    );
    let explained = service
        .waybill
        .run(&[&["layouts", "explain", "outbox"], &asked[..]].concat());
    has(
        &explained.stdout,
        &["Columns that our user may not read\n  payload"],
    );

    // A profile that names what may not be read is told which right is missing.
    service.profile(&Said {
        database: Some(url),
        more: "[flow.compare]\n".to_owned(),
        ..Said::default()
    });
    let refused = service.run("check", &[]);
    has(
        &format!("{}{}", refused.stdout, refused.stderr),
        &["no right to read column payload of table outbox"],
    );
    service
        .shop
        .execute(&format!("DROP OWNED BY {reader}; DROP ROLE {reader}"))
        .await;
    service.shop.close().await;
}

/// `boolean` is another word for `tinyint(1)`; some keep a state in it, and -1 for "given up".
#[tokio::test(flavor = "multi_thread")]
async fn a_small_number_below_zero_is_no_large_one() {
    let shop = Shop::open(Dbms::MySql, "tiny").await;
    shop.execute(
        "CREATE TABLE outbox (id varchar(36) PRIMARY KEY, type varchar(9), created_at datetime(6), status tinyint(1), no bigint unsigned); \
         INSERT INTO outbox VALUES ('given-up', 'T', utc_timestamp(6) - interval 5 minute, -1, 18446744073709551615)",
    )
    .await;
    let kafka = Kafka::shared();
    let topic = kafka.topic("tiny", 1, &[]).await;
    let waybill = Waybill::with_secret("shop-db", shop.password());
    std::fs::create_dir_all(waybill.config()).expect("the config folder can be made");
    let text = format!(
        "name = \"tiny\"\nenvironment = \"development\"\naccess = \"read-only\"\n\
         [database]\nurl = \"{}\"\nsecret = \"shop-db\"\n[broker]\nurl = \"kafka://{}\"\n\
         [outbox]\ntable = \"outbox\"\nkey = \"id\"\nid = \"id\"\ncreated-at = \"created_at\"\n\
         status = \"status\"\nsent-states = [\"1\"]\nfailed-states = [\"-1\"]\n\
         [[flow]]\nname = \"f\"\ndestination = \"{topic}\"\nmatch = {{ id = [\"header:id\"] }}\n\
         [grace]\npublish-secs = 5\nconfirm-secs = 1\n",
        shop.url(),
        kafka.bootstrap()
    );
    std::fs::write(waybill.config().join("tiny.toml"), text).expect("written");
    let ended = waybill.check(&["--profile", "tiny"]);
    let document = ended.json();
    assert_eq!(
        verdicts(&document),
        [("stuck".to_owned(), 1)].into(),
        "{}",
        ended.stderr
    );
    assert_eq!(
        document["findings"][0]["publish"]["reason"], "attempts-exhausted",
        "{document:#}"
    );
    shop.close().await;
}
