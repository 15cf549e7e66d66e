//! Services without an outbox, told from two addresses: a database and a broker, nothing else.

use serde_json::{Value, json};
use waybill_layouts::Dbms;
use waybill_tests::rabbit::Vhost;
use waybill_tests::service::{Service, verdicts};
use waybill_tests::shop::{Shop, Somebody, has, publish, uuids};

/// Otters, 18 seconds apart, and tables beside them that have the same columns, ids and versions.
const TABLES: &str = "CREATE TABLE otters (id bigint PRIMARY KEY, name text, version int, updated_at timestamptz); \
    INSERT INTO otters SELECT g, 'Otter ' || g, 1, now() - make_interval(secs => 750 - 18 * g) FROM generate_series(1, 30) g; \
    CREATE TABLE keepers (id bigint PRIMARY KEY, name text, version int, updated_at timestamptz); \
    INSERT INTO keepers SELECT g, 'Keeper ' || g, 1, now() - interval '5 minutes' FROM generate_series(1, 30) g; \
    CREATE TABLE audit_logs (id text PRIMARY KEY, resource_type text, resource_id text, \
    event_type text, data text, status text, created_at timestamptz)";

const MESSAGE: &str = "o.id::text, '[]', (extract(epoch FROM o.updated_at) * 1000)::bigint";

const BODY: &str = "json_build_object('otterId', o.id, 'version', o.version, 'name', o.name)::text";

fn told(document: &Value) -> Vec<(String, usize)> {
    verdicts(document).into_iter().collect()
}

/// PostgreSQL and Kafka: numbers that every table has, but messages follow only these rows at once.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_whose_rows_messages_follow_is_found_among_others_with_the_same_numbers() {
    let service = Service::empty("otters").await;
    service.shop.execute(TABLES).await;
    let all_but_one = format!("SELECT {MESSAGE}, {BODY} FROM otters o WHERE id <> 7");
    service.publish(&service.topic, &all_but_one).await;
    // Another place with the same otters, an hour ago and half an hour late.
    for (name, apart) in [("otters-before", -3600), ("otters-after", 1800)] {
        let elsewhere = service.kafka.topic(name, 1, &[]).await;
        let same = format!(
            "SELECT o.id::text, '[]', ((extract(epoch FROM o.updated_at) + {apart}) * 1000)::bigint, \
             {BODY} FROM otters o"
        );
        service.publish(&elsewhere, &same).await;
    }
    // Published, and rolled back.
    let undone = "SELECT '9', '[]', (extract(epoch FROM now() - interval '4 minutes') * 1000)::bigint, \
        json_build_object('otterId', 9, 'version', 2, 'name', 'Otter')::text";
    service.publish(&service.topic, undone).await;
    let ended = service.proposes(&["--save"]);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    has(
        &ended.stdout,
        &[
            "[[business]]\ntable = \"public.otters\"\nid = \"id\"\nversion = \"version\"\nchanged-at = \"updated_at\"",
            "carry the id and the version of a row",
            "They follow their rows at once",
            "A row shows its newest version only",
            "id = [], ",
            "version = [\"json:/version\"]",
            &format!("destination = \"{}\"", service.topic),
        ],
    );
    assert!(!ended.stdout.contains("[outbox]"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("keepers\""), "{}", ended.stdout);
    assert!(!ended.stdout.contains("otters-before"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("otters-after"), "{}", ended.stdout);
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(
        told(&document),
        [
            ("missing-outbox-row".to_owned(), 1),
            ("phantom".to_owned(), 1)
        ],
        "{document:#}"
    );
    assert_eq!(ended.code, Some(1), "{document:#}");
    service.shop.close().await;
}

/// MySQL and a stream of RabbitMQ: a table that keeps every version is taken before the one that
/// shows the newest.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_taken_before_its_state() {
    let vhost = Vhost::new("versions");
    vhost.exchange("otters", "topic", json!({}));
    vhost.queue("otters.audit", "stream", json!({}));
    vhost.bind("otters", "#", "otters.audit");
    let shop = Shop::open(Dbms::MySql, "versions").await;
    shop.execute(
        "CREATE TABLE otters (id char(36) PRIMARY KEY, name varchar(80), version int, updated_at timestamp(6))",
    )
    .await;
    shop.execute(
        "CREATE TABLE otter_versions (otter_id char(36), version int, name varchar(80), \
         changed_at timestamp(6), PRIMARY KEY (otter_id, version))",
    )
    .await;
    let ids = uuids(12);
    let now = std::time::UNIX_EPOCH.elapsed().expect("it is after 1970");
    let begun = now.as_secs() - 40 * 60;
    let say = |id: &str, version: u32, at: u64| {
        let body = json!({"otter": {"id": id, "version": version}}).to_string();
        let properties = json!({"timestamp": at});
        publish(&vhost, "otters", "otter.changed", &properties, &body);
    };
    for (minute, id) in (0..).zip(&ids) {
        let written = begun + 60 * minute;
        let at = format!("from_unixtime({written})");
        shop.execute(&format!(
            "INSERT INTO otters VALUES ('{id}', 'Otter {minute}', 2, {at})"
        ))
        .await;
        shop.execute(&format!(
            "INSERT INTO otter_versions VALUES ('{id}', 1, 'Pup {minute}', {at}), ('{id}', 2, 'Otter {minute}', {at})"
        ))
        .await;
        say(id, 1, written + 1);
        // Stored, and never published.
        if minute != 3 {
            say(id, 2, written + 2);
        }
    }
    // An insert that was rolled back.
    let undone = uuids(1);
    say(&undone[0], 1, begun + 15 * 60);
    let somebody = Somebody::at_rabbitmq(&shop, &vhost);
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "otter_versions\"\nid = \"otter_id\"",
            "history = true",
            "Nobody else can have their ids.",
            "audit-stream = \"otters.audit\"",
            "aggregate = [\"json:/otter/id\"], version = [\"json:/otter/version\"]",
        ],
    );
    let document = somebody.checks().json();
    let expected = [
        ("missing-outbox-row".to_owned(), 1),
        ("phantom".to_owned(), 1),
    ];
    assert_eq!(told(&document), expected, "{document:#}");
    shop.close().await;
}

/// Small numbers and everything in one moment: whoever is not there to be asked takes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_chance_explains_is_asked_about_and_never_just_taken() {
    let mut service = Service::empty("beavers").await;
    service
        .shop
        .execute(
            "CREATE TABLE beavers (id bigint PRIMARY KEY, name text, version int, updated_at timestamptz); \
             INSERT INTO beavers SELECT g, 'Beaver ' || g, 1, now() - interval '5 minutes' FROM generate_series(1, 20) g",
        )
        .await;
    // Others' topics are nobody's concern here.
    let topic = service.topic.clone();
    let here = ["--destination", topic.as_str()];
    let ended = service.proposes(&here);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    has(
        &ended.stderr,
        &["no message tells of a row of public.beavers"],
    );

    let bare = "json_build_object('beaverId', o.id, 'version', o.version)::text";
    let query = format!("SELECT {MESSAGE}, {bare} FROM beavers o");
    service.publish(&service.topic, &query).await;
    let ended = service.proposes(&here);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    has(
        &ended.stderr,
        &["may be chance", "--business public.beavers"],
    );
    let ended = service.proposes(&["--business", "beavers", here[0], here[1]]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    // The same with what only these rows say.
    let full = "json_build_object('beaverId', o.id, 'version', o.version, 'name', o.name)::text";
    let query = format!("SELECT {MESSAGE}, {full} FROM beavers o");
    let again = service.kafka.topic("beavers", 1, &[("retention.ms", "-1")]);
    service.topic = again.await;
    service.publish(&service.topic, &query).await;
    let ended = service.proposes(&["--destination", &service.topic]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    has(&ended.stdout, &["They say what their rows say."]);
    service.shop.close().await;
}
