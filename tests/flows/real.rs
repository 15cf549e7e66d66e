//! The whole way on real servers: find what was planted, resend it, see it arrive.

use std::time::Duration;

use waybill_model::{Access, Profile};
use waybill_world::{
    BrokerKind, ConsumerName, DatabaseKind, Fault, HistorySpan, LiveOptions, Membership, Planted,
    World, WorldConfig,
};

use crate::ledger::{assert_evidence, assert_same, list, said};
use waybill_tests::waybill::Waybill;

const EVENTS: usize = 400;

/// Everything that a resend can mend, and one kind that it cannot.
fn planted() -> Vec<Planted> {
    let plant = |fault, events| Planted {
        fault,
        events,
        consumer: None,
    };
    vec![
        plant(Fault::PublishFailsAfterCommit, 6),
        plant(Fault::SentButLost, 2),
        plant(Fault::DualWriteWithoutOutbox, 3),
        plant(Fault::RolledBackAfterPublish, 3),
        plant(Fault::ConsumerSkips, 5),
        plant(Fault::ConsumerPoison, 4),
        plant(Fault::Duplicate, 3),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_and_kafka() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let database = DatabaseKind::Postgres {
        url: servers.postgres_url,
    };
    whole_way(
        "pg-kafka",
        database,
        BrokerKind::Kafka {
            bootstrap: servers.kafka_bootstrap,
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_and_rabbitmq() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let broker = BrokerKind::RabbitMq {
        amqp_url: servers.amqp_url,
        management_url: servers.rabbit_management_url,
    };
    whole_way(
        "pg-rabbit",
        DatabaseKind::Postgres {
            url: servers.postgres_url,
        },
        broker,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_and_kafka() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let database = DatabaseKind::MySql {
        url: servers.mysql_url,
    };
    whole_way(
        "my-kafka",
        database,
        BrokerKind::Kafka {
            bootstrap: servers.kafka_bootstrap,
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_and_rabbitmq() {
    let servers = waybill_services::endpoints().expect("the servers run");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let broker = BrokerKind::RabbitMq {
        amqp_url: servers.amqp_url,
        management_url: servers.rabbit_management_url,
    };
    whole_way(
        "lite-rabbit",
        DatabaseKind::Sqlite {
            dir: folder.path().to_owned(),
        },
        broker,
    )
    .await;
}

async fn whole_way(name: &str, database: DatabaseKind, broker: BrokerKind) {
    let rabbit = matches!(broker, BrokerKind::RabbitMq { .. });
    let world = World::create(WorldConfig {
        seed: 20_261_120,
        database,
        broker,
        prefix: format!("flow-{name}-{}-", std::process::id()),
        membership: Membership::Subscribed,
    })
    .await
    .expect("the world can be made");
    let span = HistorySpan {
        events: EVENTS,
        span: Duration::from_secs(1800),
        end: None,
    };
    world
        .history(span, &planted())
        .await
        .expect("a past can be written");
    let live = world
        .run_live(LiveOptions::IDLE)
        .expect("the company works");

    let profile = world.profile(Access::Resend);
    let waybill = Waybill::with_profile(&profile, world.secrets().0);
    finds_exactly_what_is_missing(&waybill, &profile, &world);
    resends_what_can_be_mended(&waybill, &profile, rabbit);
    live.settle(Duration::from_secs(30))
        .await
        .expect("the consumers come to rest");
    only_phantoms_are_left(&waybill, &profile, &world);
    nobody_got_anything_twice_beyond_the_resend(&world);

    live.stop().await;
    world
        .remove()
        .await
        .expect("the world cleans up after itself");
}

fn finds_exactly_what_is_missing(waybill: &Waybill, profile: &Profile, world: &World) {
    let check = waybill.check(&["--profile", &profile.name]);
    assert_eq!(check.code, Some(1), "{}", check.stderr);
    let document = check.json();
    assert_same(&document, &world.ledger());
    assert_evidence(&document);
    let confirmed = |finding: &serde_json::Value| finding["phase"] == "confirmed";
    assert!(
        list(&document["findings"]).iter().all(confirmed),
        "all findings are confirmed"
    );
}

/// On RabbitMQ one consumer alone can be sent to; on Kafka everybody gets it and knows it already.
fn resends_what_can_be_mended(waybill: &Waybill, profile: &Profile, rabbit: bool) {
    let publish = "verdict:stuck or verdict:lost-in-publish or verdict:missing-outbox-row";
    let consumer = "consumer.search:lost-by-consumer or consumer.search:dead-lettered";
    let consumer_mode = if rabbit {
        "consumer:search"
    } else {
        "everyone"
    };
    for (filter, mode) in [(publish, "everyone"), (consumer, consumer_mode)] {
        let args = [
            "resend",
            "--profile",
            &profile.name,
            "--filter",
            filter,
            "--mode",
            mode,
            "--rate",
            "200",
            "--yes",
            "--json",
        ];
        let resend = waybill.run(&args);
        assert_eq!(resend.code, Some(0), "{}\n{}", resend.stdout, resend.stderr);
        let states: Vec<_> = list(&resend.json()["events"])
            .iter()
            .map(|e| e["state"].clone())
            .collect();
        assert!(
            !states.is_empty() && states.iter().all(|state| state == "effective"),
            "{states:?}"
        );
    }
}

fn only_phantoms_are_left(waybill: &Waybill, profile: &Profile, world: &World) {
    let check = waybill.check(&["--profile", &profile.name]);
    let document = check.json();
    let left = said(&document);
    assert_eq!(check.code, Some(1), "phantoms cannot be mended");
    assert!(
        left.values().all(|finding| finding.class == "phantom"),
        "{left:#?}"
    );
    assert_same(&document, &world.ledger());
}

fn nobody_got_anything_twice_beyond_the_resend(world: &World) {
    for entry in world.ledger().entries() {
        for consumer in ConsumerName::ALL {
            let got = &entry.consumers[consumer.index()];
            assert!(
                got.resends + got.resends_alone <= 1,
                "{} was resent twice: {got:?}",
                entry.id
            );
        }
    }
}
