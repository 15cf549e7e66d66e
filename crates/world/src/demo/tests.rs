//! A demo outlives its process.

use std::path::Path;
use std::time::{Duration, Instant};

use uuid::Uuid;
use waybill_model::Micros;

use super::company::Demo;
use super::move_on;
use super::tape::Tape;
use crate::bus::{Bus, KafkaRecord, Offsets, topics};
use crate::clock::now;
use crate::event::{Body, ChangeKind, ProductEvent};
use crate::name::Names;
use crate::product::Product;
use crate::store::Store;
use crate::{ConsumerName, DatabaseKind, Error, Fault};

const SOON: Duration = Duration::from_secs(20);

const HOUR: i64 = 3_600_000_000;

/// Everything on the broker: records with offsets, and where each group stands.
async fn contents(demo: &Demo) -> (Vec<(i64, KafkaRecord)>, Vec<Offsets>) {
    let Bus::Kafka(bus) = &demo.world().inner.bus else {
        panic!("a demo has a mock")
    };
    let mut records = Vec::new();
    for (topic, partitions) in topics(bus.names()) {
        let read = bus.records(&topic, partitions, Offsets::new()).await;
        records.extend(read.expect("a topic"));
    }
    records.sort_by_key(|(offset, it)| (it.topic.clone(), it.partition, *offset));
    let mut groups = Vec::new();
    for consumer in ConsumerName::ALL {
        groups.push(bus.committed(consumer).await.expect("offsets"));
    }
    (records, groups)
}

/// Resends as Waybill would: the copy's own record, or the outbox row, marked.
async fn resend_all_missing(demo: &Demo) {
    let Bus::Kafka(bus) = &demo.world().inner.bus else {
        panic!("a demo has a mock")
    };
    let body = br#"{"productId":1,"version":1,"name":"x","priceCents":1,"removed":false}"#;
    let records: Vec<KafkaRecord> = demo
        .ledger()
        .missing()
        .into_iter()
        .map(|it| KafkaRecord {
            topic: "product-events".to_owned(),
            partition: None,
            key: Some(it.aggregate.into_bytes()),
            headers: vec![
                ("id".to_owned(), Some(it.id.0.into_bytes())),
                ("x-waybill-resend-id".to_owned(), Some(b"r1".to_vec())),
            ],
            payload: Some(body.to_vec()),
            millis: now().millis(),
        })
        .collect();
    for written in bus.write(&records).await {
        written.expect("it is taken");
    }
    demo.settle(SOON).await.expect("the consumers are quick");
}

async fn open(dir: &Path) -> Demo {
    let started = Instant::now();
    let demo = Demo::open(dir).await.expect("a demo needs nothing");
    println!("opened in {:?}, new: {}", started.elapsed(), demo.is_new());
    demo
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_the_same_after_closing_and_opening() {
    let dir = tempfile::tempdir().expect("a folder");
    let demo = open(dir.path()).await;
    assert!(demo.is_new());
    let (ledger, before) = (demo.ledger(), contents(&demo).await);
    let planted: Vec<(Fault, usize)> = Fault::ALL
        .into_iter()
        .map(|fault| {
            let hit = ledger.entries().iter().filter(|it| it.faults == [fault]);
            (fault, hit.count())
        })
        .filter(|(_, n)| *n > 0)
        .collect();
    assert_eq!(
        planted,
        [
            (Fault::PublishFailsAfterCommit, 12),
            (Fault::SentButLost, 2),
            (Fault::DualWriteWithoutOutbox, 3),
            (Fault::ConsumerSkips, 7),
            (Fault::ConsumerPoison, 3),
            (Fault::Duplicate, 4),
        ]
    );
    demo.close().await.expect("it can be saved");

    let again = open(dir.path()).await;
    assert!(!again.is_new());
    assert_eq!(again.ledger(), ledger);
    let after = contents(&again).await;
    assert_eq!(before.1, after.1);
    assert!(before.0 == after.0, "records differ");
    again.close().await.expect("it can be saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_resent_stays_resent() {
    let dir = tempfile::tempdir().expect("a folder");
    let demo = open(dir.path()).await;
    assert_eq!(demo.ledger().missing().len(), 27);
    resend_all_missing(&demo).await;
    assert_eq!(demo.ledger().missing().len(), 0);
    demo.close().await.expect("it can be saved");

    let saved = Demo::saved_ledger(dir.path()).expect("it lies there");
    assert_eq!(saved.missing().len(), 0);
    let again = open(dir.path()).await;
    again.settle(SOON).await.expect("there is nothing to do");
    let (records, _) = contents(&again).await;
    let resent = |record: &KafkaRecord| {
        let mut names = record.headers.iter().map(|(name, _)| name.as_str());
        names.any(|name| name == "x-waybill-resend-id")
    };
    assert_eq!(records.iter().filter(|(_, it)| resent(it)).count(), 27);
    assert_eq!(again.ledger(), saved);
    again.close().await.expect("it can be saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_to_wait() {
    let dir = tempfile::tempdir().expect("a folder");
    let demo = open(dir.path()).await;
    let refused = Demo::open(dir.path()).await.expect_err("it is locked");
    assert!(matches!(refused, Error::DemoInUse { .. }), "{refused}");
    assert!(Demo::reset(dir.path()).is_err());
    demo.close().await.expect("it can be saved");
    Demo::reset(dir.path()).expect("nobody has it");
    let again = open(dir.path()).await;
    assert!(again.is_new());
    again.close().await.expect("it can be saved");
}

async fn store(dir: &Path) -> Store {
    let kind = DatabaseKind::Sqlite {
        dir: dir.to_owned(),
    };
    let opened = Store::open(&kind, &Names::new("")).await;
    opened.expect("the file is there")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_demo_moves_along() {
    let dir = tempfile::tempdir().expect("a folder");
    let demo = open(dir.path()).await;
    let ledger = demo.ledger();
    demo.close().await.expect("it can be saved");
    // As if it had been closed five hours ago.
    let shop = store(dir.path()).await;
    move_on::move_by(&shop, -5 * 3600).await.expect("times");
    shop.close().await;
    let tape = Tape::open(&dir.path().join("tape.db")).await.expect("tape");
    let mut times = tape.times().await.expect("times").expect("a demo");
    times.began = times.began.plus(-5 * HOUR);
    times.saved = times.saved.plus(-5 * HOUR);
    tape.move_by(-5 * HOUR / 1000, times).await.expect("times");
    tape.close().await;

    let again = open(dir.path()).await;
    assert!(!again.is_new());
    let moved = again.ledger();
    assert_eq!(moved.len(), ledger.len());
    let by = moved.entries()[0].at.since(ledger.entries()[0].at);
    assert!((5 * HOUR..5 * HOUR + 60_000_000).contains(&by), "{by}");
    let (records, _) = contents(&again).await;
    let (from, to) = (now().plus(-HOUR).millis(), now().millis());
    for (offset, record) in &records {
        assert!((from..to).contains(&record.millis), "{offset} {record:?}");
    }
    let missing_before = ledger.missing().len();
    assert_eq!(moved.missing().len(), missing_before);
    again.close().await.expect("it can be saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_saved_is_taken_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let shop = store(dir.path()).await;
    let product = Product {
        id: 1,
        version: 1,
        name: "Squeaky duck".to_owned(),
        price_cents: 499,
        removed: false,
    };
    let event = |n: u128, at: i64| ProductEvent {
        id: Uuid::from_u128(n),
        correlation: Uuid::nil(),
        kind: ChangeKind::Created,
        product: Product {
            version: i64::try_from(n).expect("small"),
            ..product.clone()
        },
        at: Micros(at),
        body: Body::Flat,
    };
    for (n, at) in [(1, 1_000_000), (2, 3_000_000)] {
        let saved = shop.change(&event(n, at), true, Duration::ZERO).await;
        saved.expect("it can be saved");
        let processing = shop.process(
            ConsumerName::Search,
            Uuid::from_u128(n),
            &product,
            Micros(at + 1),
        );
        assert!(processing.await.expect("it can be processed"));
    }
    shop.mark_sent(&[1], Micros(2_500_000))
        .await
        .expect("a mark");
    move_on::take_back(&shop, Micros(2_000_000))
        .await
        .expect("it can be taken back");
    let unsent = shop.unsent(5, 10).await.expect("rows");
    let left: Vec<i64> = unsent.iter().map(|row| row.letter.version).collect();
    assert_eq!(left, [1], "the second is gone, the first unsent again");
    let again = shop.process(
        ConsumerName::Search,
        Uuid::from_u128(2),
        &product,
        Micros(4_000_000),
    );
    assert!(
        again.await.expect("it can be processed"),
        "as if never seen"
    );
}
