//! Looking disturbs nothing: a company at work is scanned and followed for a minute, and its
//! servers are asked whether anything was lost, reordered, redelivered or rebalanced.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use sqlx::{Connection as _, PgConnection};
use waybill_engine::profiles::MemorySecrets;
use waybill_engine::{Core, Dirs, Drivers};
use waybill_model::Access;
use waybill_protocol::{OpenTarget, Scan, ScanState, TimeSpec};
use waybill_source::Secret;
use waybill_tests::profile::save;
use waybill_tests::rabbit::Vhost;
use waybill_tests::wait::wait_for;
use waybill_world::{
    BrokerKind, ConsumerName, DatabaseKind, HistorySpan, LiveHandle, LiveOptions, Membership,
    World, WorldConfig,
};

/// How long it is looked at: half of it scanned over and over, half of it followed.
const MINUTE: Duration = Duration::from_secs(60);
const CHANGES_PER_SECOND: f64 = 20.0;

async fn world(name: &str, broker: BrokerKind) -> World {
    let servers = waybill_services::endpoints().expect("the servers run");
    let world = World::create(WorldConfig {
        seed: 60,
        database: DatabaseKind::Postgres {
            url: servers.postgres_url,
        },
        broker,
        prefix: format!("still-{name}-{}-", std::process::id()),
        membership: Membership::Subscribed,
    })
    .await
    .expect("the world can be made");
    let span = HistorySpan {
        events: 500,
        span: Duration::from_secs(1800),
        end: None,
    };
    world
        .history(span, &[])
        .await
        .expect("a past can be written");
    world
}

/// Starts the company and waits until every consumer is at work.
async fn at_work(world: &World) -> LiveHandle {
    let live = world
        .run_live(LiveOptions::IDLE)
        .expect("the company works");
    live.set_rate(CHANGES_PER_SECOND);
    let before = world.ledger().len();
    wait_for("all consumers to work", MINUTE, async || {
        let ledger = world.ledger();
        let first = ledger.entries().get(before)?;
        first.consumers.iter().all(|it| it.processed).then_some(())
    })
    .await;
    live
}

/// Scans over and over, then follows.
async fn look_at(world: &World) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let dirs = Dirs::under(folder.path());
    let profile = world.profile(Access::ReadOnly);
    save(&dirs.config, &profile);
    let secrets = world
        .secrets()
        .0
        .into_iter()
        .map(|(name, text)| (name, Secret::new(text)));
    let drivers = Drivers::new(waybill_compose::drivers());
    let core = Core::new(drivers, Arc::new(MemorySecrets::with(secrets)), dirs, None);
    core.open(&OpenTarget::Profile(profile.name.clone()))
        .await
        .expect("it opens");
    let began = Instant::now();
    let window = TimeSpec::Last { secs: 3600 };
    while began.elapsed() < MINUTE / 2 {
        let status = core.scan_and_wait(window, |_| ()).await.expect("it scans");
        assert!(
            matches!(status.scan, ScanState::Done { .. }),
            "{:?}",
            status.scan
        );
    }
    core.scan(Scan { window, live: true })
        .await
        .expect("it scans");
    wait_for("the minute to pass", MINUTE * 2, async || {
        let state = core.status().expect("a session is open").scan;
        (state == ScanState::Live && began.elapsed() >= MINUTE).then_some(())
    })
    .await;
    core.close().await;
}

/// The last outbox row of the past, which was written down and never lived through.
async fn end_of_the_past(world: &World) -> i64 {
    let mut database = database_of(world).await;
    sqlx::query_scalar("SELECT max(id) FROM outbox")
        .fetch_one(&mut database)
        .await
        .expect("the outbox can be read")
}

/// Every change reached every consumer, once, and in the order of its product.
async fn nothing_lost_or_reordered(world: &World, live: &LiveHandle, past: i64) {
    live.set_rate(0.0);
    live.settle(MINUTE)
        .await
        .expect("the company comes to rest");
    let ledger = world.ledger();
    let strange: Vec<_> = ledger
        .entries()
        .iter()
        .filter(|entry| {
            !entry
                .consumers
                .iter()
                .all(|it| it.processed && it.received == 1)
        })
        .collect();
    assert!(strange.is_empty(), "lost or received twice: {strange:#?}");
    let live_changes = ledger.len() - 500;
    assert!(
        live_changes > 500,
        "the company was at work: {live_changes} changes"
    );

    let mut database = database_of(world).await;
    for consumer in ConsumerName::ALL {
        let query = format!(
            "SELECT count(*) FROM (SELECT i.processed_at, lag(i.processed_at) OVER
                 (PARTITION BY o.aggregate_id ORDER BY o.version) AS before
             FROM outbox o JOIN {}_inbox i ON i.event_id = o.event_id
             WHERE o.id > $1) t WHERE before > processed_at",
            consumer.as_str()
        );
        let late: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .bind(past)
            .fetch_one(&mut database)
            .await
            .expect("the inbox can be read");
        assert_eq!(late, 0, "{} processed out of order", consumer.as_str());
    }
    database.close().await.expect("the connection ends");
}

async fn database_of(world: &World) -> PgConnection {
    let settings = world.profile(Access::ReadOnly).database;
    let mut url = url::Url::parse(&settings.url).expect("the profile has an address");
    let secrets = world.secrets().0;
    let password = settings.secret.and_then(|name| secrets.get(&name).cloned());
    url.set_password(password.as_deref())
        .expect("it takes a password");
    PgConnection::connect(url.as_str())
        .await
        .expect("the database answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_groups_do_not_rebalance() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let bootstrap = servers.kafka_bootstrap;
    let world = world(
        "kafka",
        BrokerKind::Kafka {
            bootstrap: bootstrap.clone(),
        },
    )
    .await;
    let past = end_of_the_past(&world).await;
    let live = at_work(&world).await;
    let profile = world.profile(Access::ReadOnly);
    let groups: Vec<String> = profile
        .consumers()
        .filter_map(|(_, it)| it.group.clone())
        .collect();
    assert_eq!(groups.len(), 3);

    let before = generations(&bootstrap, &groups);
    look_at(&world).await;
    assert_eq!(
        generations(&bootstrap, &groups),
        before,
        "a group was rebalanced"
    );
    nothing_lost_or_reordered(&world, &live, past).await;
    live.stop().await;
    world
        .remove()
        .await
        .expect("the world cleans up after itself");
}

/// Every rebalance writes the group's metadata into `__consumer_offsets`: how often it was
/// written, and the last generation. (Kafka protocol: key version 2, value version, type, generation.)
fn generations(bootstrap: &str, groups: &[String]) -> BTreeMap<String, (usize, i32)> {
    const TOPIC: &str = "__consumer_offsets";
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "undisturbed-observer")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .create()
        .expect("a consumer can be made");
    let metadata = consumer
        .fetch_metadata(Some(TOPIC), MINUTE)
        .expect("the broker answers");
    let mut all = TopicPartitionList::new();
    // The last offset there is now. A busy partition may never be seen at its end.
    let mut last = BTreeMap::new();
    for partition in metadata.topics()[0].partitions() {
        let id = partition.id();
        let (low, high) = consumer
            .fetch_watermarks(TOPIC, id, MINUTE)
            .expect("the broker knows its ends");
        if low < high {
            last.insert(id, high - 1);
        }
        all.add_partition_offset(TOPIC, id, Offset::Beginning)
            .expect("an offset");
    }
    consumer.assign(&all).expect("it can be read");
    let mut found = BTreeMap::new();
    while !last.is_empty() {
        match consumer
            .poll(MINUTE)
            .expect("the topic can be read to its end")
        {
            Ok(message) => {
                if let Some((group, generation)) = group_metadata(message.key(), message.payload())
                    && groups.contains(&group)
                {
                    let entry = found.entry(group).or_insert((0, 0));
                    *entry = (entry.0 + 1, generation);
                }
                let id = message.partition();
                if last.get(&id).is_some_and(|last| message.offset() >= *last) {
                    last.remove(&id);
                }
            }
            Err(KafkaError::PartitionEOF(id)) => {
                last.remove(&id);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(
        found.len(),
        groups.len(),
        "every group has its metadata there: {found:?}"
    );
    found
}

fn group_metadata(key: Option<&[u8]>, value: Option<&[u8]>) -> Option<(String, i32)> {
    let (key, value) = (key?, value?);
    let short =
        |bytes: &[u8], at: usize| Some(i16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    if short(key, 0)? != 2 {
        return None;
    }
    let len = usize::try_from(short(key, 2)?).ok()?;
    let group = String::from_utf8(key.get(4..4 + len)?.to_vec()).ok()?;
    let after_type = 4 + usize::try_from(short(value, 2)?).ok()?;
    let generation = value.get(after_type..after_type + 4)?.try_into().ok()?;
    Some((group, i32::from_be_bytes(generation)))
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_queues_redeliver_nothing() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let vhost = Vhost::new("undisturbed");
    let broker = BrokerKind::RabbitMq {
        amqp_url: vhost.url_with_password(),
        management_url: servers.rabbit_management_url,
    };
    let world = world("rabbit", broker).await;
    let past = end_of_the_past(&world).await;
    let live = at_work(&world).await;
    let queues: Vec<String> = {
        let profile = world.profile(Access::ReadOnly);
        profile
            .consumers()
            .filter_map(|(_, it)| it.queue.clone())
            .collect()
    };
    assert_eq!(queues.len(), 3);
    look_at(&world).await;
    nothing_lost_or_reordered(&world, &live, past).await;
    for queue in &queues {
        let counters = settled_counters(&vhost, queue).await;
        let count = |name: &str| counters["message_stats"][name].as_i64().unwrap_or(0);
        assert_eq!(count("redeliver"), 0, "{queue}: {counters:#}");
        assert_eq!(
            count("get") + count("get_no_ack"),
            0,
            "{queue}: {counters:#}"
        );
        assert_eq!(count("deliver"), count("publish"), "{queue}: {counters:#}");
    }
    live.stop().await;
    world
        .remove()
        .await
        .expect("the world cleans up after itself");
}

/// The broker samples its counters every five seconds: waits until all is delivered in them too.
async fn settled_counters(vhost: &Vhost, queue: &str) -> serde_json::Value {
    wait_for("the broker's counters", MINUTE, async || {
        let found = vhost.queue_state(queue);
        let stats = &found["message_stats"];
        let settled = stats["ack"].as_i64()? == stats["publish"].as_i64()?;
        settled.then_some(found)
    })
    .await
}
