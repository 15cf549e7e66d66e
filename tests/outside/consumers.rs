//! Consumers that never began, stand still, or whose offsets and dead letters are somebody else's.

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::Value;
use waybill_tests::service::{SOON, Said, Service};

/// A service all of whose events were published, and consumers as the profile names them.
async fn published(name: &str, consumers: &str) -> Service {
    let service = Service::with_outbox(name).await;
    service.publish_rows("true").await;
    service.profile(&Said {
        more: consumers.to_owned(),
        ..Said::default()
    });
    service
}

/// A group commits an offset, as something it does not read.
fn commit(service: &Service, group: &str, offset: i64) {
    let member = service.kafka.member(group, &service.topic);
    member.unsubscribe();
    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(&service.topic, 0, Offset::Offset(offset))
        .expect("an offset");
    member
        .commit(&offsets, CommitMode::Sync)
        .expect("it is committed");
}

/// How often each verdict on a consumer was reached, with its reason.
fn of_consumer(document: &Value, name: &str) -> std::collections::BTreeMap<String, usize> {
    let mut found = std::collections::BTreeMap::new();
    for finding in document["findings"].as_array().into_iter().flatten() {
        let all = finding["consumers"].as_array().into_iter().flatten();
        for consumer in all.filter(|consumer| consumer["name"] == name) {
            let verdict = consumer["verdict"].as_str().unwrap_or_default();
            let told = match consumer["reason"].as_str() {
                Some(reason) => format!("{verdict} ({reason})"),
                None => verdict.to_owned(),
            };
            *found.entry(told).or_insert(0) += 1;
        }
    }
    found
}

/// A topic that was deleted and made anew is shorter than what was committed on the old one: the
/// group has neither had these events nor lost them.
#[tokio::test(flavor = "multi_thread")]
async fn an_offset_beyond_the_end_says_nothing_about_these_events() {
    let group = "[[flow.consumer]]\nname = \"search\"\ngroup = \"consumers_anew\"\n";
    let service = published("consumers_anew", group).await;
    commit(&service, "consumers_anew", 100);
    let expected = [("unknown (committed-beyond-end)".to_owned(), 30)].into();
    let ended = service.check(&[]);
    assert_eq!(
        of_consumer(&ended.json(), "search"),
        expected,
        "{}",
        ended.stdout
    );
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    // An inbox that has none of them makes them no more lost.
    service
        .shop
        .execute("CREATE TABLE inbox (message_id uuid PRIMARY KEY, processed_at timestamptz)")
        .await;
    let inbox =
        "inbox = { table = \"inbox\", id = \"message_id\", processed-at = \"processed_at\" }\n";
    service.profile(&Said {
        more: format!("{group}{inbox}"),
        ..Said::default()
    });
    let ended = service.check(&[]);
    assert_eq!(
        of_consumer(&ended.json(), "search"),
        expected,
        "{}",
        ended.stdout
    );
    service.shop.close().await;
}

/// A consumer that never began is a finding: neither lost nor fine.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_has_never_consumed_is_told() {
    let service = published(
        "consumers_never",
        "[[flow.consumer]]\nname = \"search\"\ngroup = \"consumers_never\"\n",
    )
    .await;
    let ended = service.check(&["--filter", "consumer.search:lagging"]);
    let document = ended.json();
    let expected = [("lagging (never-consumed)".to_owned(), 30)].into();
    assert_eq!(
        of_consumer(&document, "search"),
        expected,
        "{}",
        ended.stdout
    );
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let because = document["because"].as_str().unwrap_or_default();
    let told = because.starts_with("30 events wait since ");
    assert!(
        told && because.ends_with(": search has never consumed."),
        "{because}"
    );
    let forgiving = service.check(&["--fail-on", "never"]);
    assert_eq!(forgiving.code, Some(0), "{}", forgiving.stdout);
    service.shop.close().await;
}

/// Somebody began and went away: what waits is told, and since when.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_nobody_is_in_is_told() {
    let service = published(
        "consumers_gone",
        "[[flow.consumer]]\nname = \"search\"\ngroup = \"consumers_gone\"\n",
    )
    .await;
    commit(&service, "consumers_gone", 10);
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let because = document["because"].as_str().unwrap_or_default();
    let told = because.starts_with("20 events wait since ");
    assert!(
        told && because.ends_with("nobody is attached for search."),
        "{because}"
    );
    service.shop.close().await;
}

/// Two consumers share a dead-letter topic: a letter is of the group that it names, the last time
/// it names one.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_of_the_group_that_it_names() {
    let service = Service::with_outbox("consumers_letters").await;
    service.publish_rows("true").await;
    let letters = service.kafka.topic("consumers_letters_dlt", 1, &[]).await;
    service
        .publish(
            &letters,
            &format!(
                "SELECT aggregate_id, json_build_array(json_build_array('id', id), \
                 json_build_array('kafka_dlt-original-consumer-group', 'letters_search'), \
                 json_build_array('kafka_dlt-original-consumer-group', 'letters_billing'))::text, \
                 {SOON}, '{{}}' FROM outbox WHERE aggregate_id = 'a4'"
            ),
        )
        .await;
    let consumer = |name: &str| {
        format!(
            "[[flow.consumer]]\nname = \"{name}\"\ngroup = \"letters_{name}\"\n\
             dead-letters = \"{letters}\"\n"
        )
    };
    service.profile(&Said {
        more: consumer("search") + &consumer("billing"),
        ..Said::default()
    });
    for group in ["letters_search", "letters_billing"] {
        commit(&service, group, 30);
    }
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let dead = |name: &str| of_consumer(&document, name).get("dead-lettered").copied();
    assert_eq!(
        (dead("search"), dead("billing")),
        (None, Some(1)),
        "{}",
        ended.stdout
    );
    service.shop.close().await;
}
