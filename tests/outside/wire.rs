//! What a relay writes: a resend of a row sends what its relay would have sent, or nothing.

use std::collections::BTreeMap;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};
use waybill_layouts::Dbms;
use waybill_tests::kafka::{Kafka, LIMIT};
use waybill_tests::rabbit::Vhost;
use waybill_tests::service::{Said, Service};
use waybill_tests::shop::Shop;
use waybill_tests::wait::wait_for;
use waybill_tests::waybill::Waybill;

/// A message as a consumer of the service gets it, without the headers a resend adds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) key: Option<String>,
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

/// The message at an offset of a topic of one partition.
pub(super) fn message(kafka: &Kafka, topic: &str, offset: i64) -> Got {
    let consumer: BaseConsumer = kafka
        .config()
        .set("group.id", "nobody")
        .create()
        .expect("a consumer");
    let mut at = TopicPartitionList::new();
    at.add_partition_offset(topic, 0, Offset::Offset(offset))
        .expect("an offset");
    consumer.assign(&at).expect("it may be read");
    let message = consumer
        .poll(LIMIT)
        .expect("it is there")
        .expect("it can be read");
    let text = |bytes: Option<&[u8]>| bytes.map(|b| String::from_utf8_lossy(b).into_owned());
    let headers = message
        .headers()
        .into_iter()
        .flat_map(|headers| headers.iter());
    Got {
        key: text(message.key()),
        headers: headers
            .filter(|header| !header.key.starts_with("x-waybill-"))
            .map(|header| format!("{}={}", header.key, text(header.value).unwrap_or_default()))
            .collect(),
        body: text(message.payload()).unwrap_or_default(),
    }
}

/// The outbox of CAP: the row holds headers and value of the message.
const CAP: &str = "CREATE SCHEMA cap; CREATE TABLE cap.published (\"Id\" bigint PRIMARY KEY, \
    \"Version\" varchar(20), \"Name\" varchar(200), \"Content\" text, \"Retries\" int, \
    \"Added\" timestamp NOT NULL, \"ExpiresAt\" timestamp, \"StatusName\" varchar(50) NOT NULL); \
    INSERT INTO cap.published SELECT 7000000000000 + g, 'v1', 'orders', json_build_object('Headers', \
    json_build_object('cap-msg-id', (7000000000000 + g)::text, 'cap-msg-name', 'orders', 'cap-msg-type', 'T' || g % 3), \
    'Value', json_build_object('n', g)), 0, timezone('utc', now() - make_interval(secs => 600 - 18 * g)), \
    NULL, 'Succeeded' FROM generate_series(1, 30) g";

fn cap() -> Said {
    Said {
        outbox: "table = \"cap.published\"\nkey = \"Id\"\nid = \"Id\"\ntype = \"Name\"\n\
                 payload = \"Content\"\ncreated-at = \"Added\"\nstatus = \"StatusName\"\n\
                 sent-states = [\"Succeeded\"]\nfailed-states = [\"Failed\"]\n"
            .to_owned(),
        matching: "id = [\"header:cap-msg-id\"]".to_owned(),
        ..Said::default()
    }
}

/// What CAP publishes: the value, and its headers.
fn cap_message(more: &str) -> String {
    format!(
        "SELECT \"Id\"::text, (SELECT json_agg(json_build_array(k, v)) FROM (SELECT * FROM \
         json_each_text(\"Content\"::json->'Headers') h(k, v) UNION ALL {more}) x)::text, \
         (extract(epoch FROM \"Added\") * 1000)::bigint + 1000, (\"Content\"::json->'Value')::text \
         FROM cap.published WHERE \"Id\" <> 7000000000012 ORDER BY \"Id\""
    )
}

const RESEND: [&str; 6] = [
    "--filter",
    "verdict:missing",
    "--reason",
    "the relay was down",
    "--yes",
    "--json",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_is_unwrapped_as_the_relay_does_it() {
    let service = Service::empty("unwrapped").await;
    service.shop.execute(CAP).await;
    let constant = "SELECT 'sent-by', 'shop'";
    service
        .publish(&service.topic, &cap_message(constant))
        .await;
    service.profile(&cap());
    let ended = service.run("resend", &RESEND);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(ended.json()["events"][0]["state"], "effective");
    let sent = message(&service.kafka, &service.topic, 29);
    assert_eq!(sent.key.as_deref(), Some("7000000000012"));
    let body: Value = serde_json::from_str(&sent.body).expect("it is JSON");
    assert_eq!(body, json!({"n": 12}), "as its siblings carry it");
    let mut headers = sent.headers;
    headers.sort();
    assert_eq!(
        headers,
        [
            "cap-msg-id=7000000000012",
            "cap-msg-name=orders",
            "cap-msg-type=T0",
            "sent-by=shop"
        ]
    );
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_messages_and_in_no_row_is_refused_and_said() {
    let service = Service::empty("refused").await;
    service.shop.execute(CAP).await;
    let signed = "SELECT 'signature', md5('secret' || \"Id\")";
    service.publish(&service.topic, &cap_message(signed)).await;
    service.profile(&cap());
    let plan = service.run(
        "resend",
        &["--filter", "verdict:missing", "--dry-run", "--json"],
    );
    let plan = plan.json();
    assert_eq!(plan["events"], json!([]), "{plan:#}");
    let unproven = &plan["unproven"][0];
    assert_eq!(unproven["events"], json!(["7000000000012"]));
    assert_eq!(unproven["compared"], 20);
    assert_eq!(
        unproven["differences"],
        json!(["the message has header signature, which is not in the row"])
    );
    let ended = service.run("resend", &RESEND);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("layouts explain cap.published"),
        "the relay's own way is offered: {}",
        ended.stderr
    );

    // The user may know better: with a reason, and the profile's name.
    let known = ["--unproven-form", "nobody checks it"];
    let all = [&RESEND[..], &known].concat();
    let ended = service.run("resend", &all);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("--yes=refused"), "{}", ended.stderr);
    let named = ["--filter", "verdict:missing", "--json", "--yes=refused"];
    let ended = service.run("resend", &[&named[..], &known].concat());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let journal = service.waybill.run(&["journal", "--json"]).json();
    assert_eq!(
        journal[0]["unproven_form"], "nobody checks it",
        "{journal:#}"
    );
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_librarys_own_format_is_not_sent_to_everybody() {
    let service = Service::empty("invocation").await;
    service
        .shop
        .execute(
            "CREATE TABLE txno_outbox (id varchar(36) PRIMARY KEY, invocation text, \
             nextattempttime timestamp(6), attempts int, blocked boolean, version int, \
             uniquerequestid varchar(250) UNIQUE, processed boolean, lastattempttime timestamp(6), \
             topic varchar(250) NOT NULL DEFAULT '*', seq bigint); \
             INSERT INTO txno_outbox VALUES ('0b7f8e1c-0000-4000-8000-000000000001', \
             '{\"c\":\"shop.Events\",\"m\":\"publish\",\"p\":[\"String\"],\"a\":[{\"t\":\"String\",\"v\":\"{}\"}]}', \
             now() at time zone 'utc' - interval '20 min', 0, false, 0, 'e1', false, null, '*', null)",
        )
        .await;
    let other =
        "SELECT 'k', '[]', 1000 * extract(epoch FROM now())::bigint, '{\"eventId\":\"e0\"}'";
    service.publish(&service.topic, other).await;
    service.profile(&Said {
        outbox: "table = \"txno_outbox\"\nkey = \"id\"\nid = \"uniquerequestid\"\n\
                 payload = \"invocation\"\ncreated-at = \"nextattempttime\"\nsent-at = \"processed\"\n"
            .to_owned(),
        matching: "id = [\"json:/eventId\"]".to_owned(),
        ..Said::default()
    });
    let ended = service.run("resend", &["--filter", "verdict:stuck", "--yes"]);
    assert_eq!(ended.code, Some(1), "{}\n{}", ended.stdout, ended.stderr);
    assert!(
        ended
            .stderr
            .contains("no sent row of this flow was seen together with its message"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("There is nothing to send"),
        "{}",
        ended.stderr
    );
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregate_in_a_header_does_not_take_the_key_away() {
    let service = Service::with_outbox("keyed").await;
    let headers = "json_build_array(json_build_array('id', id), json_build_array('axon-message-aggregate-id', aggregate_id))::text";
    let rows = format!(
        "SELECT aggregate_id, {headers}, {}, payload::text FROM outbox WHERE aggregate_id <> 'a12'",
        waybill_tests::service::SOON
    );
    service.publish(&service.topic, &rows).await;
    service.profile(&Said {
        matching: "id = [\"header:id\"], aggregate = [\"header:axon-message-aggregate-id\"]"
            .to_owned(),
        ..Said::default()
    });
    let ended = service.run("resend", &RESEND);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let sent = message(&service.kafka, &service.topic, 29);
    assert_eq!(sent.key.as_deref(), Some("a12"));
    assert!(
        sent.headers
            .contains(&"axon-message-aggregate-id=a12".to_owned()),
        "{sent:?}"
    );
    service.shop.close().await;
}

/// A profile of a hand-made outbox before an exchange, with guesses where the id may be.
fn looking_at(shop: &Shop, vhost: &Vhost) -> Waybill {
    let secrets = [("db", shop.password()), ("mq", vhost.password())];
    let secrets: BTreeMap<String, String> = secrets
        .map(|(name, password)| (name.to_owned(), password.to_owned()))
        .into();
    let waybill = Waybill::with_secrets(secrets);
    let profile = format!(
        "name = \"m\"\naccess = \"resend\"\n[database]\nurl = \"{}\"\nsecret = \"db\"\n\
         [broker]\nurl = \"{}\"\nmanagement-url = \"{}\"\nsecret = \"mq\"\n\
         [outbox]\ntable = \"outbox_messages\"\nkey = \"id\"\nid = \"id\"\ntype = \"event_type\"\n\
         payload = \"payload\"\ncreated-at = \"created_at\"\nstatus = \"status\"\n\
         sent-states = [\"published\"]\n[[flow]]\nname = \"users\"\ndestination = \"users\"\n\
         routing-key = \"user.created\"\n\
         match = {{ id = [\"header:cap-msg-id\", \"message-id\", \"header:id\"] }}\n\
         [grace]\npublish-secs = 5\nconfirm-secs = 1\n",
        shop.url(),
        vhost.url(),
        vhost.management_url()
    );
    std::fs::create_dir_all(waybill.config()).expect("the config folder can be made");
    std::fs::write(waybill.config().join("m.toml"), profile).expect("it can be written");
    waybill
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_goes_into_no_place_that_is_guessed() {
    let vhost = Vhost::new("guessed");
    vhost.exchange("users", "topic", json!({}));
    vhost.queue("crm", "classic", json!({}));
    vhost.bind("users", "#", "crm");
    let shop = Shop::open(Dbms::Postgres, "guessed").await;
    shop.execute(
        "CREATE TABLE outbox_messages (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
         event_type text, payload jsonb, status text, created_at timestamptz); \
         INSERT INTO outbox_messages VALUES \
         ('019a0000-0000-7000-8000-000000000001', 'UserCreated', '{\"n\":1}', 'pending', now() - interval '10 min'), \
         ('019a0000-0000-7000-8000-000000000002', 'UserCreated', '{\"n\":2}', 'published', now() - interval '9 min')",
    )
    .await;
    let waybill = looking_at(&shop, &vhost);
    let ended = waybill.run(&[
        "resend",
        "--profile",
        "m",
        "--filter",
        "verdict:stuck",
        "--yes",
    ]);
    assert_eq!(ended.code, Some(1), "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("not proven how"), "{}", ended.stderr);
    assert_eq!(vhost.take("crm"), json!([]));

    // One message that a consumer got shows it: the id in message-id, the row in an envelope.
    let shown = waybill.config().join("message.json");
    let message = json!({
        "key": "user.created",
        "properties": {"message-id": "019a0000-0000-7000-8000-000000000002", "content-type": "application/json"},
        "body": {"event": "UserCreated", "data": {"n": 2}},
    });
    std::fs::write(&shown, message.to_string()).expect("it can be written");
    let path = shown.to_string_lossy().into_owned();
    let resend = [
        "resend",
        "--profile",
        "m",
        "--filter",
        "verdict:stuck",
        "--sample",
        &path,
    ];
    // It would watch for a minute whether its relay notes it.
    let mut running = waybill.start(&[&resend[..], &["--yes"]].concat());
    let got = wait_for("the message", LIMIT, async || {
        let got = vhost.take("crm");
        (got != json!([])).then_some(got)
    });
    let got = got.await;
    running.kill().expect("it runs");
    running.wait().expect("it ends");
    let got = &got[0];
    assert_eq!(
        got["properties"]["message_id"], "019a0000-0000-7000-8000-000000000001",
        "{got:#}"
    );
    assert_eq!(got["properties"]["content_type"], "application/json");
    let body: Value =
        serde_json::from_str(got["payload"].as_str().unwrap_or_default()).expect("JSON");
    assert_eq!(body, json!({"event": "UserCreated", "data": {"n": 1}}));
    let headers = got["properties"]["headers"]
        .as_object()
        .into_iter()
        .flatten();
    assert!(
        headers
            .into_iter()
            .all(|(name, _)| name.starts_with("x-waybill-")),
        "{got:#}"
    );
    shop.close().await;
}
