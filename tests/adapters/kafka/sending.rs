//! Sending: where it goes, what is refused, and what comes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;
use waybill_model::{
    Access, Coordinate, EventId, HEADER_ID, Marks, Parcel, Receipt, ResendId, Route,
};
use waybill_source::conformance::broker::Letter;
use waybill_tests::kafka::Kafka;

use super::reading::{query, scan};

const WITHIN: Duration = Duration::from_secs(15);

pub(super) fn parcel(topic: &str, id: &str) -> Parcel {
    let letter = Letter::with_id(id);
    let mut headers = letter.headers;
    headers.push((HEADER_ID.to_owned(), Some(b"run-1".to_vec())));
    Parcel {
        resend: ResendId(Uuid::from_u128(1)),
        event: EventId(id.to_owned()),
        route: Route {
            destination: topic.to_owned(),
            key: letter.key,
            partition: None,
            routing_key: None,
        },
        headers,
        properties: Vec::new(),
        payload: letter.payload,
    }
}

fn partition_of(receipt: &Receipt) -> u32 {
    match receipt {
        Receipt::Sent {
            coordinate: Some(Coordinate::Record { partition, .. }),
        } => *partition,
        other => panic!("not sent to a known place: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_where_its_producer_put_it() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("keys", 7, &[]).await;
    let letters: Vec<_> = (0..40).map(|n| Letter::with_id(&format!("k{n}"))).collect();
    // This producer uses Java's partitioner.
    kafka.publish(&topic, &letters);
    let broker = kafka.open(Access::Resend).await;
    let original = scan(&*broker, query(&topic)).await;
    let original: BTreeMap<_, _> = original
        .seen
        .iter()
        .map(|seen| (seen.id.clone(), seen.partition))
        .collect();
    let operator = broker.operator().expect("it may resend");
    for (id, partition) in &original {
        let receipt = operator.send(&parcel(&topic, id), WITHIN).await;
        assert_eq!(partition_of(&receipt), *partition, "{id}");
    }
    // A partition that is known for sure wins over the key.
    let mut explicit = parcel(&topic, "k0");
    explicit.route.partition = Some((original["k0"] + 1) % 7);
    let receipt = operator.send(&explicit, WITHIN).await;
    assert_eq!(Some(partition_of(&receipt)), explicit.route.partition);

    let all = scan(&*broker, query(&topic)).await;
    assert_eq!(all.seen.len(), 81, "every parcel arrived once");
    let resent = all.seen.iter().filter(|s| s.marks == Marks::OWN_RESEND);
    assert_eq!(resent.count(), 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_does_not_take_is_refused_and_not_in_doubt() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("refused", 2, &[]).await;
    let broker = kafka.open(Access::Resend).await;
    let operator = broker.operator().expect("it may resend");

    let mut large = parcel(&topic, "large");
    large.payload = Some(vec![b'x'; 3_000_000]);
    let check = operator.check(&large.route, 3_000_000).await;
    let check = check.expect("it can be checked");
    assert!(!check.reachable);
    assert!(check.notes[0].contains("1048588"), "{check:?}");
    let receipt = operator.send(&large, WITHIN).await;
    assert_eq!(
        receipt,
        Receipt::Refused {
            why: "Message size too large".to_owned()
        }
    );

    let mut nowhere = parcel(&topic, "nowhere");
    nowhere.route.partition = Some(9);
    let check = operator.check(&nowhere.route, 1).await;
    let check = check.expect("it can be checked");
    assert!(!check.reachable);
    assert!(
        check.notes[0].contains("no partition 9, only 0 to 1"),
        "{check:?}"
    );
    let receipt = operator.send(&nowhere, WITHIN).await;
    assert!(matches!(receipt, Receipt::Refused { .. }), "{receipt:?}");

    // The producer is still good for the next one.
    let receipt = operator.send(&parcel(&topic, "good"), WITHIN).await;
    assert!(matches!(receipt, Receipt::Sent { .. }), "{receipt:?}");
    assert_eq!(scan(&*broker, query(&topic)).await.ids(), ["good"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_megabytes_are_sent_where_they_are_allowed() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("large-send", 1, &super::LARGE_MESSAGES).await;
    let broker = kafka.open(Access::Resend).await;
    let operator = broker.operator().expect("it may resend");
    let mut large = parcel(&topic, "large");
    large.payload = Some(vec![b'x'; 20 * 1024 * 1024]);
    let check = operator.check(&large.route, 20 * 1024 * 1024).await;
    assert!(check.expect("it can be checked").reachable);
    let receipt = operator.send(&large, WITHIN * 2).await;
    assert!(matches!(receipt, Receipt::Sent { .. }), "{receipt:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_names_the_groups_that_would_get_it() {
    let kafka = Kafka::shared();
    let topic = kafka
        .topic("reaches", 2, &[("cleanup.policy", "compact")])
        .await;
    let other = kafka.topic("reaches-other", 1, &[]).await;
    kafka.publish(&topic, &[Letter::with_id("1")]);
    kafka.publish(&other, &[Letter::with_id("1")]);
    let group = format!("{topic}-group");
    kafka.consume(&group, &topic, 1);
    kafka.consume(&format!("{other}-group"), &other, 1);
    let broker = kafka.open(Access::Resend).await;
    let operator = broker.operator().expect("it may resend");
    let check = operator.check(&parcel(&topic, "1").route, 10).await;
    let check = check.expect("it can be checked");
    assert!(check.reachable);
    assert_eq!(check.reaches, [group]);
    assert!(
        check.notes.iter().any(|note| note.contains("compacted")),
        "{check:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_is_sent_as_one() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("tombstone", 1, &[]).await;
    let broker = kafka.open(Access::Resend).await;
    let operator = broker.operator().expect("it may resend");
    let mut tombstone = parcel(&topic, "gone");
    tombstone.payload = None;
    tombstone.headers.push(("note".to_owned(), None));
    tombstone
        .headers
        .push(("note".to_owned(), Some(b"again".to_vec())));
    let receipt = operator.send(&tombstone, WITHIN).await;
    let Receipt::Sent {
        coordinate: Some(at),
    } = receipt
    else {
        panic!("{receipt:?}");
    };
    let copies = broker.copies(&[at], 10).await.expect("it is there");
    let copy = copies[0].as_ref().expect("it is there");
    assert_eq!(copy.payload, None);
    assert_eq!(copy.headers, tombstone.headers);
    assert_eq!(copy.key, tombstone.route.key);
}
