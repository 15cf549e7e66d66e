//! A broker that dies while the company works: it goes on where it was, and loses nothing.

use std::time::Duration;

use waybill_services::{Kind, OwnServer};
use waybill_world::{
    BrokerKind, DatabaseKind, LiveHandle, LiveOptions, Membership, World, WorldConfig,
};

/// A server takes some seconds to come back, and clients some more to notice.
const A_WHILE: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn the_company_outlives_its_kafka() {
    let mut server = OwnServer::start(Kind::Kafka).expect("a server of our own");
    let broker = BrokerKind::Kafka {
        bootstrap: server.record().url(),
    };
    outlives(&mut server, broker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_company_outlives_its_rabbitmq() {
    let mut server = OwnServer::start(Kind::RabbitMq).expect("a server of our own");
    let broker = BrokerKind::RabbitMq {
        amqp_url: server.record().url(),
        management_url: server.record().management_url().unwrap_or_default(),
    };
    outlives(&mut server, broker).await;
}

async fn outlives(server: &mut OwnServer, broker: BrokerKind) {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::create(WorldConfig {
        seed: 3,
        database: DatabaseKind::Sqlite {
            dir: folder.path().to_owned(),
        },
        broker,
        prefix: "restart-".to_owned(),
        membership: Membership::Assigned,
    })
    .await
    .expect("the server takes it");
    let live = world
        .run_live(LiveOptions {
            events_per_second: 40.0,
            relay: true,
        })
        .expect("it is idle");
    arrived(&world, 20).await;
    server.kill().expect("it can be killed");
    let before = world.ledger().len();
    let more = async || (world.ledger().len() > before + 40).then_some(());
    waybill_tests::wait::wait_for("the service to go on", A_WHILE, more).await;
    server.revive().expect("it comes back");
    arrived(&world, before + 60).await;
    all_arrives(&world, &live).await;
    live.stop().await;
}

/// So many events have been processed by everybody.
async fn arrived(world: &World, n: usize) {
    let enough = async || {
        let ledger = world.ledger();
        let done = ledger
            .entries()
            .iter()
            .filter(|entry| entry.consumers.iter().all(|it| it.processed));
        (done.count() >= n).then_some(())
    };
    waybill_tests::wait::wait_for("events to arrive", A_WHILE, enough).await;
}

async fn all_arrives(world: &World, live: &LiveHandle) {
    live.set_rate(0.0);
    live.settle(A_WHILE).await.expect("everybody recovers");
    let ledger = world.ledger();
    assert!(ledger.missing().is_empty(), "{:#?}", ledger.missing());
    let all = ledger.entries().iter();
    let processed = all.filter(|entry| entry.consumers.iter().all(|it| it.processed));
    assert_eq!(processed.count(), ledger.len());
}
