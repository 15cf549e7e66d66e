//! Looking around disturbs nobody, and says what it finds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use futures::StreamExt as _;
use rdkafka::admin::{AdminOptions, NewPartitions};
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::message::Message as _;
use waybill_model::{Access, ConsumerNo};
use waybill_source::conformance::broker::Letter;
use waybill_source::{ConsumerRef, Driver as _, Error, ProbeOutcome};
use waybill_source_kafka::KafkaDriver;
use waybill_tests::kafka::{Kafka, LIMIT};
use waybill_tests::wait::wait_for;

use super::reading::{Yield, drain, letters, now, query, scan, until};

/// Counts how often the group was rebalanced.
#[derive(Clone, Default)]
struct Rebalances(Arc<AtomicU32>);

impl ClientContext for Rebalances {}

impl ConsumerContext for Rebalances {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, _: &Rebalance<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A member of a group that works until told to stop.
struct Member {
    rebalances: Rebalances,
    consumed: Arc<Mutex<Vec<(i32, i64)>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Member {
    fn start(kafka: &Kafka, group: &str, topic: &str) -> Self {
        let rebalances = Rebalances::default();
        let consumer: BaseConsumer<Rebalances> = kafka
            .config()
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .create_with_context(rebalances.clone())
            .expect("a consumer");
        consumer.subscribe(&[topic]).expect("it subscribes");
        let consumed = Arc::<Mutex<Vec<(i32, i64)>>>::default();
        let stop = Arc::<AtomicBool>::default();
        let (log, stopped) = (Arc::clone(&consumed), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("member".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
                        log.lock()
                            .expect("nobody panicked")
                            .push((message.partition(), message.offset()));
                        consumer
                            .commit_message(&message, CommitMode::Sync)
                            .expect("it commits");
                    }
                }
            })
            .expect("a thread");
        Self {
            rebalances,
            consumed,
            stop,
            thread: Some(thread),
        }
    }

    fn n_rebalances(&self) -> u32 {
        self.rebalances.0.load(Ordering::Relaxed)
    }

    fn consumed(&self) -> Vec<(i32, i64)> {
        self.consumed.lock().expect("nobody panicked").clone()
    }

    fn stop(mut self) -> Vec<(i32, i64)> {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it runs until now");
        thread.join().expect("the member worked");
        self.consumed()
    }
}

fn consumer(topic: &str, group: &str) -> ConsumerRef {
    ConsumerRef {
        consumer: ConsumerNo(0),
        destination: topic.to_owned(),
        group: Some(group.to_owned()),
        queue: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_working_group_loses_nothing_and_is_never_rebalanced() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("group", 4, &[]).await;
    let group = format!("{topic}-group");
    kafka.publish(&topic, &letters(0..200));
    let members = [0, 1].map(|_| Member::start(&kafka, &group, &topic));
    let n_consumed = || members.iter().map(|m| m.consumed().len()).sum::<usize>();
    wait_for("the group to read everything", LIMIT, async || {
        (n_consumed() == 200 && members.iter().all(|m| m.n_rebalances() > 0)).then_some(())
    })
    .await;
    let before: Vec<_> = members.iter().map(Member::n_rebalances).collect();

    let broker = kafka.open(Access::Resend).await;
    let mut follow = broker.follow(query(&topic));
    let mut followed = Yield::default();
    until(&mut follow, &mut followed, |all| !all.covered.is_empty()).await;
    for round in 1..=5 {
        kafka.publish(&topic, &letters(200 * round..200 * (round + 1)));
        scan(&*broker, query(&topic)).await;
        broker.topology().await.expect("it has a topology");
        let progress = broker.progress(&[consumer(&topic, &group)]).await;
        assert_eq!(progress.expect("it answers")[0].members, Some(2));
        until(&mut follow, &mut followed, |all| {
            all.seen.len() >= 200 * round
        })
        .await;
        wait_for("the group to keep up", LIMIT, async || {
            (n_consumed() == 200 * (round + 1)).then_some(())
        })
        .await;
    }
    let after: Vec<_> = members.iter().map(Member::n_rebalances).collect();
    assert_eq!(after, before, "looking made the group rebalance");

    let progress = broker.progress(&[consumer(&topic, &group)]).await;
    let progress = &progress.expect("it answers")[0];
    for partition in &progress.partitions {
        assert_eq!(partition.committed, Some(partition.end), "{progress:?}");
    }
    // Which member begins with a partition is decided only when both have joined.
    let mut consumed: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for (partition, offset) in members.into_iter().flat_map(Member::stop) {
        consumed.entry(partition).or_default().push(offset);
    }
    for (partition, mut offsets) in consumed {
        offsets.sort_unstable();
        let all: Vec<i64> = (0..offsets.len() as i64).collect();
        assert_eq!(offsets, all, "{partition}: nothing lost, nothing twice");
    }
    let topology = broker.topology().await.expect("it has a topology");
    assert!(topology.groups.contains(&group));
    assert!(
        !topology
            .groups
            .iter()
            .any(|name| name.starts_with("waybill")),
        "we are in no group: {:?}",
        topology.groups
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_tells_never_committed_from_nothing_consumed() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("progress", 2, &[]).await;
    kafka.publish_to(&topic, 0, &letters(0..5));
    let group = format!("{topic}-group");
    kafka.consume(&group, &topic, 3);
    let broker = kafka.open(Access::ReadOnly).await;
    let asked = [consumer(&topic, &group), consumer(&topic, "nobody-ever")];
    let progress = broker.progress(&asked).await.expect("it answers");
    let offsets = |n: usize| {
        let partitions = progress[n].partitions.iter();
        partitions.map(|p| (p.committed, p.end)).collect::<Vec<_>>()
    };
    assert_eq!(offsets(0), [(Some(3), 5), (None, 0)]);
    assert_eq!(offsets(1), [(None, 5), (None, 0)]);
    assert_eq!(progress[0].members, Some(0), "the consumer has left");
    assert_eq!(progress[1].members, None, "there is no such group");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_topic_is_answered_with_the_one_meant() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("misspelt", 1, &[]).await;
    let broker = kafka.open(Access::ReadOnly).await;
    let wrong = topic.replace("misspelt", "mispelt");
    let error = drain(broker.scan(query(&wrong))).await.error;
    let error = error.expect("there is no such topic");
    assert!(
        error
            .to_string()
            .contains(&format!("did you mean '{topic}'?")),
        "{error}"
    );
    let error = broker.progress(&[consumer(&wrong, "g")]).await;
    assert!(matches!(error, Err(Error::NotFound { .. })), "{error:?}");
    // A name that cannot be a topic's must not reach librdkafka, which would panic.
    let error = drain(broker.scan(query("no\0topic"))).await.error;
    assert!(matches!(error, Some(Error::NotFound { .. })), "{error:?}");
    // Looking for a topic has not made it.
    let topology = broker.topology().await.expect("it has a topology");
    assert!(
        !topology
            .channels
            .iter()
            .any(|channel| channel.name == wrong)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topology_counts_what_lies_in_a_topic() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("topology", 2, &[]).await;
    kafka.publish(&topic, &letters(0..7));
    let broker = kafka.open(Access::ReadOnly).await;
    assert!(broker.operator().is_none(), "read-only has no operator");
    let topology = broker.topology().await.expect("it has a topology");
    let found = topology
        .channels
        .iter()
        .find(|channel| channel.name == topic);
    let found = found.expect("the topic is listed");
    assert_eq!((found.partitions, found.depth), (2, Some(7)));
    assert!(
        !topology.channels.iter().any(|c| c.name.starts_with("__")),
        "Kafka's own books are no channels"
    );
    broker.close().await;
    let closed = broker.server().await.expect_err("it is closed");
    assert_eq!(
        closed.to_string(),
        "the connection to Kafka has been closed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_reads_partitions_that_are_added() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("grows", 1, &[]).await;
    let broker = kafka.open(Access::ReadOnly).await;
    let mut follow = broker.follow(query(&topic));
    let mut all = Yield::default();
    until(&mut follow, &mut all, |all| !all.covered.is_empty()).await;
    let grown = kafka
        .admin()
        .create_partitions([&NewPartitions::new(&topic, 2)], &AdminOptions::new())
        .await;
    for outcome in grown.expect("the cluster answers") {
        outcome.expect("the partition is added");
    }
    wait_for("the producer to see it", LIMIT, async || {
        let metadata = kafka.producer();
        use rdkafka::producer::Producer as _;
        let metadata = metadata.client().fetch_metadata(Some(&topic), LIMIT).ok()?;
        (metadata.topics()[0].partitions().len() == 2).then_some(())
    })
    .await;
    kafka.publish_to(&topic, 1, &letters(0..3));
    let started = now();
    until(&mut follow, &mut all, |all| {
        all.seen.len() == 3
            && all.covered.len() == 2
            && all
                .covered
                .iter()
                .all(|covered| covered.window.to > started)
    })
    .await;
    assert!(all.seen.iter().all(|seen| seen.partition == 1), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tried_step_by_step() {
    let kafka = Kafka::shared();
    kafka.topic("probe", 1, &[]).await;
    let steps: Vec<_> = KafkaDriver
        .probe(&kafka.target(Access::ReadOnly))
        .collect()
        .await;
    let what: Vec<_> = steps
        .iter()
        .map(|step| step.what.split(" 127.").next().unwrap_or_default())
        .collect();
    assert_eq!(
        what,
        [
            "Look up",
            "Connect to",
            "Log in and ask for the cluster",
            "List topics",
            "List consumer groups",
            "Read a topic's configuration",
        ]
    );
    let fine = |outcome: &ProbeOutcome| matches!(outcome, ProbeOutcome::Fine(_));
    assert!(steps.iter().all(|step| fine(&step.outcome)), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_topic_is_read_like_any_other_and_its_headers_are_explained() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("products.DLT", 1, &[]).await;
    let mut letter = Letter::with_id("event-1");
    for (name, value) in [
        ("kafka_dlt-original-topic", b"products".to_vec()),
        ("kafka_dlt-original-partition", vec![0, 0, 0, 2]),
        ("kafka_dlt-original-offset", vec![0, 0, 0, 0, 0, 0, 0, 9]),
        ("kafka_dlt-original-consumer-group", b"search".to_vec()),
    ] {
        letter.headers.push((name.to_owned(), Some(value)));
    }
    kafka.publish(&topic, &[letter]);
    let broker = kafka.open(Access::ReadOnly).await;
    let mut dead = query(&topic);
    dead.role = waybill_source::CopyRole::DeadLetters;
    let all = scan(&*broker, dead).await;
    assert_eq!(all.ids(), ["event-1"]);
    let at = waybill_model::Coordinate::Record {
        topic,
        partition: 0,
        offset: 0,
    };
    let copies = broker.copies(&[at], 100).await.expect("it can be fetched");
    let copy = copies[0].as_ref().expect("it is there");
    let facts: Vec<_> = copy
        .properties
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        facts,
        [
            "original-topic=products",
            "original-partition=2",
            "original-offset=9",
            "consumer-group=search"
        ]
    );
}
