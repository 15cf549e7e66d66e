//! The whole company on SQLite and the mock cluster.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use expect_test::{Expect, expect};
use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use waybill_model::{Access, Flags, HEADER_ID};

use crate::bus::{Bus, PARTITIONS};
use crate::{
    BrokerKind, ConsumerName, DatabaseKind, Expected, Fault, HistorySpan, LiveOptions, Membership,
    Planted, World, WorldConfig,
};

const SOON: Duration = Duration::from_secs(20);

async fn world(dir: &Path) -> World {
    let config = WorldConfig {
        seed: 11,
        database: DatabaseKind::Sqlite {
            dir: dir.to_owned(),
        },
        broker: BrokerKind::Mock,
        prefix: String::new(),
        membership: Membership::Assigned,
    };
    World::create(config).await.expect("a world needs nothing")
}

fn plant(fault: Fault, events: u32) -> Planted {
    Planted {
        fault,
        events,
        consumer: None,
    }
}

fn hour(events: usize) -> HistorySpan {
    HistorySpan {
        events,
        span: Duration::from_secs(3600),
        end: None,
    }
}

/// How many events there are of each fault and verdict.
fn check(missing: &[Expected], expect: Expect) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for it in missing {
        let faults: Vec<&str> = it.faults.iter().map(|fault| fault.name()).collect();
        let line = format!("{}: {} {:?}", faults.join("+"), it.class.name(), it.publish);
        *counts.entry(line).or_default() += 1;
    }
    let lines: Vec<String> = counts
        .into_iter()
        .map(|(line, n)| format!("{n} {line}\n"))
        .collect();
    expect.assert_eq(&lines.concat());
}

/// Sends a copy as Waybill would: key, id and a resend id.
async fn resend(world: &World, expected: &Expected, body: &str) {
    let producer: FutureProducer = ClientConfig::new()
        .set(
            "bootstrap.servers",
            world.kafka_bootstrap().expect("it is Kafka"),
        )
        .create()
        .expect("a producer");
    let id = expected.id.to_string();
    let headers = OwnedHeaders::new()
        .insert(Header {
            key: "id",
            value: Some(&id),
        })
        .insert(Header {
            key: HEADER_ID,
            value: Some("a-resend"),
        });
    let (_, product) = expected.aggregate.split_once('/').expect("type and id");
    let record = FutureRecord::to("product-events")
        .key(product)
        .payload(body)
        .headers(headers);
    producer.send(record, SOON).await.expect("it is taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_holds_exactly_what_was_planted() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = world(dir.path()).await;
    let planted = [
        plant(Fault::PublishFailsAfterCommit, 4),
        plant(Fault::RelayDead, 3),
        plant(Fault::SentButLost, 2),
        plant(Fault::DualWriteWithoutOutbox, 3),
        plant(Fault::RolledBackAfterPublish, 2),
        plant(Fault::ConsumerSkips, 5),
        plant(Fault::ConsumerPoison, 2),
        plant(Fault::Duplicate, 6),
        plant(Fault::Reorder, 2),
        plant(Fault::ClockSkew, 1),
    ];
    let report = world.history(hour(500), &planted).await.expect("a past");
    // 12 events have no copy, 6 have two.
    assert_eq!((report.events, report.copies), (500, 494));
    check(
        &world.ledger().missing(),
        expect![[r#"
            2 consumer-poison: dead-lettered Published
            5 consumer-skips: missing Published
            3 dual-write-without-outbox: missing MissingOutboxRow
            4 publish-fails-after-commit: missing Stuck(AttemptsExhausted)
            3 relay-dead: missing Stuck(RelayIdle)
            2 rolled-back-after-publish: phantom Phantom
            2 sent-but-lost: missing LostInPublish
        "#]],
    );
    let Bus::Kafka(bus) = &world.inner.bus else {
        panic!("the mock is Kafka")
    };
    let ends = bus.ends("product-events", PARTITIONS).await.expect("ends");
    let copies: i64 = ends.values().map(|(_, end)| end).sum();
    assert_eq!(copies, 494);
    for consumer in ConsumerName::ALL {
        let committed = bus.committed(consumer).await.expect("offsets");
        assert_eq!(committed.values().sum::<i64>(), copies, "{consumer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_resent_is_processed_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = world(dir.path()).await;
    let planted = [
        plant(Fault::ConsumerSkips, 2),
        plant(Fault::ConsumerPoison, 1),
        plant(Fault::DualWriteWithoutOutbox, 1),
    ];
    world.history(hour(100), &planted).await.expect("a past");
    let live = world.run_live(LiveOptions::IDLE).expect("it is idle");
    for expected in world.ledger().missing() {
        let body = r#"{"productId":1,"version":1,"name":"x","priceCents":1,"removed":0}"#;
        resend(&world, &expected, body).await;
    }
    live.settle(SOON).await.expect("the consumers are quick");
    let ledger = world.ledger();
    check(&ledger.missing(), expect![[""]]);
    let resent: Vec<_> = ledger
        .entries()
        .iter()
        .filter(|entry| entry.resends() > 0)
        .collect();
    assert_eq!(resent.len(), 4);
    assert!(resent.iter().all(|entry| entry.resends() == 1));
    live.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_relay_changes_is_known_in_a_past_and_live() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = world(dir.path()).await;
    let planted = [plant(Fault::PayloadChanged, 3)];
    world.history(hour(100), &planted).await.expect("a past");
    let changed = || {
        let ledger = world.ledger();
        let all = ledger.expected();
        all.filter(|it| it.flags.contains(Flags::PAYLOAD_MISMATCH))
            .count()
    };
    assert_eq!(changed(), 3);
    let live = world
        .run_live(LiveOptions {
            events_per_second: 200.0,
            relay: true,
        })
        .expect("it is idle");
    let broken = world.break_it(Fault::PayloadChanged, None, Some(2)).await;
    broken.expect("it works here");
    wait_until("two were changed", || changed() == 5).await;
    live.set_rate(0.0);
    live.settle(SOON).await.expect("the consumers are quick");
    live.stop().await;
    assert_eq!(changed(), 5);
    check(&world.ledger().missing(), expect![[""]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_company_breaks_and_heals() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = world(dir.path()).await;
    let live = world
        .run_live(LiveOptions {
            events_per_second: 200.0,
            relay: true,
        })
        .expect("it is idle");
    for fault in [
        Fault::PublishFailsAfterCommit,
        Fault::SentButLost,
        Fault::DualWriteWithoutOutbox,
        Fault::RolledBackAfterPublish,
        Fault::ConsumerSkips,
        Fault::ConsumerPoison,
        Fault::Duplicate,
        Fault::Reorder,
    ] {
        let broken = world.break_it(fault, None, Some(2)).await;
        broken.expect("it works here");
    }
    wait_until("every fault has hit", || world.broken().is_empty()).await;
    live.set_rate(0.0);
    live.settle(SOON).await.expect("the consumers are quick");
    check(
        &world.ledger().missing(),
        expect![[r#"
            2 consumer-poison: dead-lettered Published
            2 consumer-skips: missing Published
            2 dual-write-without-outbox: missing MissingOutboxRow
            2 publish-fails-after-commit: missing Stuck(AttemptsExhausted)
            2 rolled-back-after-publish: phantom Phantom
            2 sent-but-lost: missing LostInPublish
        "#]],
    );

    world
        .break_it(Fault::RelayDead, None, None)
        .await
        .expect("a relay can be killed");
    live.set_rate(200.0);
    let unsent = || {
        let ledger = world.ledger();
        let unsent = ledger.missing().into_iter();
        unsent.filter(|it| it.faults.is_empty()).count()
    };
    wait_until("rows pile up", || unsent() >= 5).await;
    live.set_rate(0.0);
    world.heal();
    live.settle(SOON).await.expect("the relay catches up");
    assert_eq!(unsent(), 0);
    live.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_cannot_be_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = world(dir.path()).await;
    let refused = world
        .history(hour(100), &[plant(Fault::Unroutable, 1)])
        .await;
    let error = refused.expect_err("Kafka routes everything").to_string();
    expect!["'unroutable' does not work on sqlite with mock: Kafka has no routing that could fail"]
        .assert_eq(&error);
    assert!(!world.faults().contains(&Fault::Unroutable));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_is_complete_and_holds_no_password() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = world(dir.path()).await;
    let profile = world.profile(Access::Resend);
    assert!(profile.database.url.starts_with("sqlite:/"));
    assert!(profile.broker.url.starts_with("kafka://127.0.0.1:"));
    let consumers: Vec<_> = profile
        .consumers()
        .map(|(_, it)| (it.group.as_deref(), it.dead_letters.as_deref()))
        .collect();
    assert_eq!(
        consumers[1],
        (Some("search"), Some("product-events.search.dlt"))
    );
    assert!(world.secrets().0.is_empty());
}

/// Looks every few milliseconds.
async fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        while !is_so() {
            looks.tick().await;
        }
    };
    let waited = tokio::time::timeout(SOON, waiting).await;
    waited.unwrap_or_else(|_| panic!("not within {} s: {what}", SOON.as_secs()));
}
