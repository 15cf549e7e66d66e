//! One event in several outbox rows: a row for each topic, under one id.

use serde_json::Value;
use waybill_tests::service::{ID_HEADER, SOON, Said, Service, verdicts};
use waybill_tests::shop::{Somebody, has};

/// A service with two topics.
struct Two {
    service: Service,
    second: String,
}

impl Two {
    /// 30 events with a row for each of two topics, all published but one that waits for the second
    /// topic (`a9`), and one that says sent and is not there (`a12`).
    async fn with_rows(name: &str) -> Self {
        let service = Service::empty(name).await;
        let second = service
            .kafka
            .topic(&format!("{name}-second"), 1, &[("retention.ms", "-1")])
            .await;
        let first = &service.topic;
        service
            .shop
            .execute(&format!(
                "CREATE TABLE outbox (no bigserial PRIMARY KEY, id uuid, topic text, \
                 aggregate_type text DEFAULT 'order', aggregate_id text, \
                 type text DEFAULT 'OrderPlaced', payload jsonb DEFAULT '{{}}', \
                 created_at timestamptz, sent_at timestamptz); \
                 INSERT INTO outbox (id, topic, aggregate_id, created_at, sent_at) \
                 SELECT i, t, 'a' || g, w, CASE WHEN g <> 9 OR t <> '{second}' THEN w END \
                 FROM (SELECT gen_random_uuid() i, g, now() - make_interval(secs => 600 - 18 * g) w \
                 FROM generate_series(1, 30) g) e, unnest(ARRAY['{first}', '{second}']) t"
            ))
            .await;
        let two = Self { service, second };
        two.publish(&two.service.topic, "true").await;
        two.publish(&two.second, "aggregate_id <> 'a12'").await;
        two
    }

    async fn publish(&self, topic: &str, condition: &str) {
        let rows = format!(
            "SELECT aggregate_id, {ID_HEADER}, {SOON}, payload::text FROM outbox \
             WHERE topic = '{topic}' AND sent_at IS NOT NULL AND {condition}"
        );
        self.service.publish(topic, &rows).await;
    }

    fn profile(&self, outbox: &str) {
        let usual = Said::default();
        self.service.profile(&Said {
            outbox: format!(
                "{}{outbox}",
                usual.outbox.replace("key = \"id\"", "key = \"no\"")
            ),
            more: format!(
                "[[flow]]\nname = \"g\"\ndestination = \"{}\"\nmatch = {{ {} }}\n",
                self.second, usual.matching
            ),
            ..usual
        });
    }
}

const BY_TOPIC: &str = "destination = \"topic\"\n";

/// The aggregates of all findings with that verdict.
fn of(document: &Value, verdict: &str) -> Vec<String> {
    let findings = document["findings"].as_array().into_iter().flatten();
    let found = findings.filter(|finding| finding["publish"]["verdict"] == verdict);
    found
        .filter_map(|finding| finding["aggregate"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_destination_is_judged_by_itself() {
    let two = Two::with_rows("destinations_each").await;
    two.profile(BY_TOPIC);
    let ended = two.service.check(&[]);
    let document = ended.json();
    assert_eq!(of(&document, "stuck"), ["order/a9"], "{document:#}");
    assert_eq!(
        of(&document, "lost-in-publish"),
        ["order/a12"],
        "{document:#}"
    );
    assert_eq!(verdicts(&document).len(), 2, "{document:#}");
    assert_eq!(document["counts"]["arrived"], 28, "{document:#}");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(!ended.stdout.contains("duplicate-row"), "{}", ended.stdout);
    let told = format!("{} has a copy, {} has none.", two.service.topic, two.second);
    has(&two.service.run("check", &[]).stdout, &[&told]);
    two.service.shop.close().await;
}

/// Without a word about destinations nobody can tell the rows apart.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_do_not_say_where_they_go_stay_ambiguous() {
    let two = Two::with_rows("destinations_untold").await;
    two.profile("");
    let found = verdicts(&two.service.check(&[]).json());
    assert_eq!(found.get("unknown (ambiguous)"), Some(&30), "{found:?}");
    two.service.shop.close().await;
}

/// Of a row for a topic that nobody reads, nobody can know whether it was published.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_for_a_topic_of_no_flow_is_unknown() {
    let two = Two::with_rows("destinations_nowhere").await;
    two.service
        .shop
        .execute(&format!(
            "INSERT INTO outbox (id, topic, aggregate_id, created_at, sent_at) \
             SELECT id, 'nowhere', aggregate_id, created_at, sent_at FROM outbox \
             WHERE topic = '{}' AND aggregate_id IN ('a1', 'a2')",
            two.service.topic
        ))
        .await;
    two.profile(BY_TOPIC);
    let document = two.service.check(&[]).json();
    let found = verdicts(&document);
    assert_eq!(found.get("unknown (no-observer)"), Some(&2), "{found:?}");
    assert_eq!(
        of(&document, "lost-in-publish"),
        ["order/a12"],
        "{document:#}"
    );
    two.service.shop.close().await;
}

/// Two rows for one topic under one id are what they are without a destination.
#[tokio::test(flavor = "multi_thread")]
async fn two_rows_for_one_destination_are_one_too_many() {
    let two = Two::with_rows("destinations_same").await;
    two.service
        .shop
        .execute(&format!(
            "INSERT INTO outbox (id, topic, aggregate_id, created_at, sent_at) \
             SELECT id, topic, aggregate_id, created_at, sent_at FROM outbox \
             WHERE topic = '{}' AND aggregate_id = 'a3'",
            two.second
        ))
        .await;
    two.profile(BY_TOPIC);
    let ended = two.service.check(&["--filter", "flag:duplicate-row"]);
    let document = ended.json();
    let findings = document["findings"].as_array().map_or(0, Vec::len);
    assert_eq!(findings, 1, "{document:#}");
    assert_eq!(
        document["findings"][0]["aggregate"], "order/a3",
        "{document:#}"
    );
    two.service.shop.close().await;
}

/// What is sent goes where it is missing, made of the row for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_resend_goes_where_the_copy_is_missing() {
    let two = Two::with_rows("destinations_resend").await;
    two.profile(BY_TOPIC);
    let missing = ["--filter", "verdict:lost-in-publish", "--yes"];
    let ended = two.service.run("resend", &missing);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let document = two.service.check(&[]).json();
    assert_eq!(of(&document, "lost-in-publish"), Vec::<String>::new());
    assert_eq!(of(&document, "stuck"), ["order/a9"], "{document:#}");
    assert!(
        !document["findings"].to_string().contains("\"duplicate\""),
        "{document:#}"
    );
    two.service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_proposed_that_says_where_rows_go() {
    let two = Two::with_rows("destinations_new").await;
    let somebody = Somebody::at_kafka(&two.service.shop, two.service.kafka.bootstrap());
    let text = somebody.saves_without_an_answer(&[]);
    has(
        &text,
        &[
            "destination = \"topic\"",
            "topic says where each row is to be sent.",
        ],
    );
    let document = somebody.checks().json();
    assert_eq!(of(&document, "stuck"), ["order/a9"], "{document:#}");
    assert_eq!(
        of(&document, "lost-in-publish"),
        ["order/a12"],
        "{document:#}"
    );
    two.service.shop.close().await;
}
