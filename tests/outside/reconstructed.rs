//! Services without an outbox: what they stored and never published is resent as they would have
//! published it, where rows and messages prove how; and nothing else is.

use serde_json::{Value, json};
use waybill_layouts::Dbms;
use waybill_tests::rabbit::Vhost;
use waybill_tests::service::{Service, verdicts};
use waybill_tests::shop::{Shop, Somebody, has, publish, uuids};

use super::wire::message;

/// Otters, 18 seconds apart and the youngest a minute old; every third was changed since.
const OTTERS: &str = "CREATE TABLE otters (id bigint PRIMARY KEY, pet_name text, price numeric(10,2), \
    is_tame boolean, born_on date, notes text, version int, updated_at timestamptz); \
    INSERT INTO otters SELECT g, 'Otter ' || g, g + 0.5, g % 4 = 1, date '2020-02-01' + g, NULL, \
    CASE WHEN g % 3 = 0 THEN 2 ELSE 1 END, \
    date_trunc('milliseconds', now()) - make_interval(secs => 600 - 18 * g) FROM generate_series(1, 30) g";

/// What the service publishes of a row: an envelope with names of its own.
const PUBLISHED: &str = "SELECT 'otter-' || o.id, json_build_array(json_build_array('content-type', \
    'application/json'), json_build_array('event-type', CASE WHEN o.version = 1 THEN 'OtterAdded' \
    ELSE 'OtterChanged' END))::text, (extract(epoch FROM o.updated_at) * 1000)::bigint + 40, \
    json_build_object('source', 'otters', 'otter', json_build_object('otterId', o.id, 'petName', \
    o.pet_name, 'tame', o.is_tame, 'born', o.born_on), 'price', o.price::float, 'version', o.version, \
    'changedAt', to_char(o.updated_at AT TIME ZONE 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'))::text FROM otters o";

const MISSING: [&str; 2] = ["--filter", "verdict:missing"];

fn told(document: &Value) -> Vec<(String, usize)> {
    verdicts(document).into_iter().collect()
}

fn twice(missing: usize) -> [(String, usize); 2] {
    [
        ("missing-outbox-row".to_owned(), missing),
        ("phantom".to_owned(), 1),
    ]
}

/// PostgreSQL and Kafka: the publish threw after the commit, and another came before a rollback.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_published_is_resent_as_the_service_would_have() {
    let service = Service::empty("rebuilt").await;
    service.shop.execute(OTTERS).await;
    let said = format!("{PUBLISHED} WHERE id NOT IN (7, 12) ORDER BY id");
    service.publish(&service.topic, &said).await;
    let undone = PUBLISHED.replace("o.version", "(o.version + 1)");
    let undone = format!("{undone} WHERE id = 10");
    service.publish(&service.topic, &undone).await;
    let ended = service.proposes(&["--save", "--destination", &service.topic]);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    service.waybill.may_resend(service.name());
    let document = service.check(&[]).json();
    assert_eq!(told(&document), twice(2), "{document:#}");

    let plan = service.run("resend", &[&MISSING[..], &["--dry-run"]].concat());
    has(
        &plan.stderr,
        &[
            "2 RECONSTRUCTED from business rows, not original",
            "version 1 of",
            "the newest it shows",
            "key: otter-7  <- otter-{id}",
            "header event-type: OtterAdded  <- what",
            "header event-type: OtterChanged  <- what",
            "/otter/petName  <- pet_name",
            "/changedAt  <- the time of the row",
            "/source  <- what all samples had",
        ],
    );
    let all = [&MISSING[..], &["--reason", "it threw", "--yes", "--json"]].concat();
    let ended = service.run("resend", &all);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(ended.json()["events"][0]["state"], "effective");
    for offset in [29, 30] {
        let sent = message(&service.kafka, &service.topic, offset);
        let id = if sent.key.as_deref() == Some("otter-7") {
            7
        } else {
            12
        };
        let own = service.kafka.topic("rebuilt-own", 1, &[]).await;
        service
            .publish(&own, &format!("{PUBLISHED} WHERE id = {id}"))
            .await;
        let expected = message(&service.kafka, &own, 0);
        let body = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
        assert_eq!(sent.key, expected.key);
        assert_eq!(sent.headers, expected.headers);
        assert_eq!(body(&sent.body), body(&expected.body));
    }
    let document = service.check(&[]).json();
    assert_eq!(told(&document), [("phantom".to_owned(), 1)], "{document:#}");

    let ended = service.run("resend", &["--filter", "verdict:phantom", "--yes"]);
    has(
        &ended.stderr,
        &["published but never stored; sending it again would spread it"],
    );
    service.shop.close().await;
}

/// MariaDB and a stream of RabbitMQ: types in the routing key, an id that the service makes up.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_published_to_an_exchange_is_resent_as_the_service_would_have() {
    let vhost = Vhost::new("rebuilt");
    vhost.exchange("otters", "topic", json!({}));
    vhost.queue("otters.audit", "stream", json!({}));
    vhost.bind("otters", "#", "otters.audit");
    let shop = Shop::open(Dbms::MySql, "rebuilt").await;
    shop.execute(
        "CREATE TABLE otters (otter_id char(36) PRIMARY KEY, pet_name varchar(80), in_stock tinyint(1), \
         price decimal(10,2), version int, updated_at timestamp(6))",
    )
    .await;
    let (ids, made_up) = (uuids(12), uuids(13));
    let now = std::time::UNIX_EPOCH.elapsed().expect("it is after 1970");
    let begun = now.as_secs() - 40 * 60;
    let body = |nth: usize, version: u32| {
        json!({
            "otterId": ids[nth], "name": format!("Otter {nth}"), "inStock": nth.is_multiple_of(3),
            "price": format!("{nth}.50"), "version": version,
        })
    };
    let say = |nth: usize, version: u32, at: u64, id: &str| {
        let properties = json!({
            "timestamp": at, "message_id": id, "content_type": "application/json",
            "type": if version == 1 { "OtterAdded" } else { "OtterChanged" },
        });
        let key = if version == 1 {
            "otter.added"
        } else {
            "otter.changed"
        };
        publish(
            &vhost,
            "otters",
            key,
            &properties,
            &body(nth, version).to_string(),
        );
    };
    for (nth, id) in ids.iter().enumerate() {
        let version: u32 = if nth.is_multiple_of(2) { 1 } else { 2 };
        let at = begun + 60 * nth as u64;
        let (stock, price) = (u8::from(nth.is_multiple_of(3)), format!("{nth}.50"));
        shop.execute(&format!(
            "INSERT INTO otters VALUES ('{id}', 'Otter {nth}', {stock}, {price}, {version}, from_unixtime({at}))"
        ))
        .await;
        // The publish of one threw.
        if nth != 5 {
            say(nth, version, at, &made_up[nth]);
        }
    }
    // A change that was rolled back.
    say(4, 2, begun + 15 * 60, &made_up[12]);
    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    somebody.saves_without_an_answer(&[]);
    let document = somebody.checks().json();
    assert_eq!(told(&document), twice(1), "{document:#}");
    vhost.queue("crm", "quorum", json!({}));
    vhost.bind("otters", "#", "crm");
    let ended = somebody.resends(&[&MISSING[..], &["--yes"]].concat());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    has(
        &ended.stderr,
        &[
            "1 get a new id in message-id: the service makes one up for each message, and nobody knows theirs",
            "/inStock  <- in_stock",
        ],
    );
    let got = vhost.take("crm");
    let got = &got[0];
    assert_eq!(got["routing_key"], "otter.changed", "{got:#}");
    let properties = &got["properties"];
    assert_eq!(properties["type"], "OtterChanged", "{got:#}");
    assert_eq!(properties["content_type"], "application/json", "{got:#}");
    assert_eq!(properties["timestamp"], begun + 300, "{got:#}");
    assert!(
        properties["message_id"]
            .as_str()
            .is_some_and(|id| id.len() == 36),
        "{got:#}"
    );
    let said: Value =
        serde_json::from_str(got["payload"].as_str().unwrap_or_default()).expect("it is JSON");
    assert_eq!(said, body(5, 2));
    let document = somebody.checks().json();
    assert_eq!(told(&document), [("phantom".to_owned(), 1)], "{document:#}");
    shop.close().await;
}

/// What stands in messages and in no row is refused with both values, and sent without it only by
/// somebody's word, which the journal keeps.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_of_rows_is_refused_and_told() {
    let service = Service::empty("unmade").await;
    service.shop.execute(OTTERS).await;
    let signed = PUBLISHED.replace("'source', 'otters'", "'sum', md5('secret' || o.id)");
    let said = format!("{signed} WHERE id NOT IN (7, 12) ORDER BY id");
    service.publish(&service.topic, &said).await;
    let ended = service.proposes(&["--save", "--destination", &service.topic]);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    service.waybill.may_resend(service.name());
    let plan = service.run("resend", &[&MISSING[..], &["--dry-run", "--json"]].concat());
    let plan = plan.json();
    assert_eq!(plan["events"], json!([]), "{plan:#}");
    let unproven = &plan["unproven"][0];
    assert_eq!(unproven["compared"], 20, "{plan:#}");
    assert_eq!(unproven["reconstructed"], true, "{plan:#}");
    let differences = unproven["differences"].to_string();
    has(
        &differences,
        &[
            "/sum of the body is ",
            "in a message, and in no column of its row",
        ],
    );
    has(
        &unproven["ways"].to_string(),
        &["template = ", "--unproven-form"],
    );

    let known = [
        "--unproven-form",
        "nobody reads the sum",
        "--yes=unmade",
        "--json",
    ];
    let ended = service.run("resend", &[&MISSING[..], &known].concat());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let sent = message(&service.kafka, &service.topic, 28);
    let body: Value = serde_json::from_str(&sent.body).expect("it is JSON");
    assert_eq!(body["sum"], Value::Null);
    assert_eq!(
        body["otter"]["petName"].as_str().map(|name| &name[..5]),
        Some("Otter")
    );
    let journal = service.waybill.run(&["journal", "--json"]).json();
    assert_eq!(
        journal[0]["unproven_form"], "nobody reads the sum",
        "{journal:#}"
    );
    service.shop.close().await;
}
