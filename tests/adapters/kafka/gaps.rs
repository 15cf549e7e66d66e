//! What can have been missed is a gap with its reason, and nothing else is.

use rdkafka::admin::AdminOptions;
use rdkafka::producer::Producer as _;
use rdkafka::{Offset, TopicPartitionList};
use waybill_model::{Access, GapReason, Marks, Micros, Window};
use waybill_source::CopyQuery;
use waybill_tests::kafka::{Delivered, Kafka, LIMIT, TestProducer};
use waybill_tests::wait::wait_for;

use super::reading::{Yield, drain, letters, now, query, scan, until};

fn transactional(kafka: &Kafka, id: &str) -> TestProducer {
    let producer: TestProducer = kafka
        .config()
        .set("transactional.id", id)
        .create_with_context(Delivered)
        .expect("a producer");
    producer.init_transactions(LIMIT).expect("it is registered");
    producer
}

#[tokio::test(flavor = "multi_thread")]
async fn aborted_records_are_unseen_and_leave_no_gap() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("aborted", 1, &[]).await;
    let producer = transactional(&kafka, &topic);
    kafka.publish(&topic, &letters(0..2));
    producer.begin_transaction().expect("it begins");
    kafka.publish_by(&producer, &topic, None, &letters(2..5));
    producer.abort_transaction(LIMIT).expect("it aborts");
    producer.begin_transaction().expect("it begins");
    kafka.publish_by(&producer, &topic, None, &letters(5..7));
    producer.commit_transaction(LIMIT).expect("it commits");

    let broker = kafka.open(Access::ReadOnly).await;
    let before = now();
    let all = scan(&*broker, query(&topic)).await;
    assert_eq!(
        all.ids(),
        ["event-00000", "event-00001", "event-00005", "event-00006"]
    );
    assert!(all.reasons().is_empty(), "{:?}", all.covered);
    assert!(all.proves_absence_at(before));
    // The last offset is the transaction's marker: the next read must not wait for it again.
    let resumed = CopyQuery {
        after: all.resume,
        ..query(&topic)
    };
    assert_eq!(scan(&*broker, resumed).await.ids(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_transaction_is_shown_as_open_and_counted_when_it_ends() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("open", 1, &[]).await;
    let producer = transactional(&kafka, &topic);
    kafka.publish(&topic, &letters(0..2));
    producer.begin_transaction().expect("it begins");
    kafka.publish_by(&producer, &topic, None, &letters(2..4));
    // Not part of the transaction, but nobody careful sees it before the transaction ends.
    kafka.publish(&topic, &letters(4..5));

    let broker = kafka.open(Access::ReadOnly).await;
    let mut follow = broker.follow(query(&topic));
    let mut followed = Yield::default();
    until(&mut follow, &mut followed, |all| {
        all.reasons().contains(&&GapReason::OpenTransactions)
    })
    .await;

    let first = scan(&*broker, query(&topic)).await;
    assert_eq!(first.seen.len(), 5, "{first:?}");
    let open = |id: &str| first.one(id).marks.contains(Marks::OPEN_TRANSACTION);
    assert!(!open("event-00001") && open("event-00002") && open("event-00004"));

    producer.commit_transaction(LIMIT).expect("it commits");
    let between = now();
    let resumed = CopyQuery {
        after: first.resume,
        ..query(&topic)
    };
    let second = scan(&*broker, resumed).await;
    assert_eq!(second.ids(), ["event-00002", "event-00003", "event-00004"]);
    assert!(second.seen.iter().all(|seen| seen.marks.is_empty()));
    assert!(second.proves_absence_at(between));

    // The follow began before the end of the transaction, and it gets there too.
    until(&mut follow, &mut followed, |all| {
        all.seen.len() == 3 && all.reasons().is_empty() && all.proves_absence_at(between)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_removed_is_a_gap() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("retention", 1, &[]).await;
    kafka.publish(&topic, &letters(0..3));
    let removed = now();
    wait_for("the clock to move on", LIMIT, async || {
        (now().millis() > removed.millis() + 5).then_some(())
    })
    .await;
    kafka.publish(&topic, &letters(3..5));
    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(&topic, 0, Offset::Offset(3))
        .expect("an offset");
    kafka
        .admin()
        .delete_records(&offsets, &AdminOptions::new())
        .await
        .expect("the records are removed");
    let broker = kafka.open(Access::ReadOnly).await;
    let before = now();
    let all = scan(&*broker, query(&topic)).await;
    assert_eq!(all.ids(), ["event-00003", "event-00004"]);
    assert_eq!(all.reasons(), [&GapReason::Retention]);
    assert!(!all.proves_absence_at(removed), "{:?}", all.covered);
    assert!(all.proves_absence_at(before), "{:?}", all.covered);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_compaction_removed_is_a_gap() {
    let kafka = Kafka::shared();
    let settings = [
        ("cleanup.policy", "compact"),
        ("min.cleanable.dirty.ratio", "0.001"),
        ("segment.ms", "100"),
        ("delete.retention.ms", "100"),
    ];
    let topic = kafka.topic("compacted", 1, &settings).await;
    let same_key = |ids: std::ops::Range<usize>| {
        let mut letters = letters(ids);
        for letter in &mut letters {
            letter.key = Some(b"one".to_vec());
        }
        letters
    };
    let broker = kafka.open(Access::ReadOnly).await;
    // Before all of them: which of the first five survive is the cleaner's choice.
    let early = now();
    wait_for("the clock to move on", LIMIT, async || {
        (now().millis() > early.millis() + 5).then_some(())
    })
    .await;
    kafka.publish(&topic, &same_key(0..5));
    let mut n = 5;
    let all = wait_for("the cleaner", LIMIT * 3, async || {
        // Each of these may begin a new segment, which leaves the old ones to the cleaner.
        kafka.publish(&topic, &same_key(n..n + 1));
        n += 1;
        let all = scan(&*broker, query(&topic)).await;
        (all.seen.len() < n).then_some(all)
    })
    .await;
    assert_eq!(all.reasons(), [&GapReason::Compacted]);
    assert!(!all.proves_absence_at(early), "{:?}", all.covered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_starts_at_its_window_and_claims_no_more() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("window", 1, &[]).await;
    let hour = 3_600_000_000;
    let producer = kafka.producer();
    let started = now();
    for (n, age) in [(0, 5), (1, 4), (2, 1), (3, 0)] {
        let at = started.plus(-age * hour).millis();
        let id = format!("event-{n}");
        let record = rdkafka::producer::BaseRecord::<[u8], [u8]>::to(&topic)
            .headers(
                rdkafka::message::OwnedHeaders::new().insert(rdkafka::message::Header {
                    key: "id",
                    value: Some(&id),
                }),
            )
            .timestamp(at);
        producer
            .send(record)
            .map_err(|(error, _)| error)
            .expect("it is queued");
    }
    producer.flush(LIMIT).expect("all are delivered");
    let broker = kafka.open(Access::ReadOnly).await;
    let since = |hours: i64| CopyQuery {
        window: Window {
            from: started.plus(-hours * hour),
            to: Micros(i64::MAX),
        },
        ..query(&topic)
    };
    let all = scan(&*broker, since(2)).await;
    assert_eq!(
        all.ids(),
        ["event-1", "event-2", "event-3"],
        "one before the window, to see that nothing is missing there"
    );
    assert!(!all.proves_absence_at(started.plus(-3 * hour)));
    assert!(all.proves_absence_at(started.plus(-hour)));

    let mut future = since(0);
    future.window.from = started.plus(hour);
    // Nothing was found there, so nothing has shown that times lead where they say: what there is
    // is read.
    let all = ["event-0", "event-1", "event-2", "event-3"];
    assert_eq!(drain(broker.scan(future)).await.ids(), all);
}
