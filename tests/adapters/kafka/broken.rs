//! Servers that are not there, do not let us in, or die on the way.

use std::process::Command;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use waybill_model::{Access, GapReason, Receipt};
use waybill_services::{Kind, OwnServer};
use waybill_source::{Driver as _, Error, ProbeOutcome};
use waybill_source_kafka::KafkaDriver;
use waybill_tests::kafka::{Kafka, LIMIT};

use super::reading::{Yield, letters, now, query, scan, until, until_end};
use super::sending::parcel;

/// An address nobody listens at: it was free a moment ago.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_where_nobody_is_is_named_with_the_reason() {
    let address = nobody();
    let target = Kafka::at(address.clone()).target(Access::ReadOnly);
    let started = Instant::now();
    let error = KafkaDriver
        .open(&target)
        .await
        .expect_err("nobody is there");
    assert!(
        started.elapsed() < Duration::from_secs(9),
        "it is clear at once"
    );
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    let text = error.chain();
    assert!(
        text.contains(&address) && text.contains("refused"),
        "{text}"
    );

    let steps: Vec<_> = KafkaDriver.probe(&target).collect().await;
    let last = steps.last().expect("it has steps");
    assert_eq!(last.what, format!("Connect to {address}"));
    assert!(matches!(last.outcome, ProbeOutcome::Failed(_)), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_exist_is_named() {
    let target = Kafka::at("nowhere.invalid:9092".to_owned()).target(Access::ReadOnly);
    let error = KafkaDriver
        .open(&target)
        .await
        .expect_err("there is no such host");
    assert!(
        error.chain().contains("nowhere.invalid"),
        "{}",
        error.chain()
    );
    let steps: Vec<_> = KafkaDriver.probe(&target).collect().await;
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert_eq!(steps[0].what, "Look up nowhere.invalid");
    assert!(
        matches!(steps[0].outcome, ProbeOutcome::Failed(_)),
        "{steps:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_in_the_middle_of_a_scan_costs_only_the_rest() {
    let mut server = OwnServer::start(Kind::Kafka).expect("a Kafka of our own");
    let kafka = Kafka::at(server.record().url());
    let topic = kafka.topic("dies", 1, &[]).await;
    let mut letters = letters(0..20_000);
    for letter in &mut letters {
        letter.payload = Some(vec![b'x'; 1000]);
    }
    kafka.publish(&topic, &letters);
    // Little is read ahead, so that there is a middle to die in.
    let small = [
        ("queued.max.messages.kbytes", "256"),
        ("fetch.message.max.bytes", "65536"),
        ("fetch.max.bytes", "1000000"),
    ];
    let broker = kafka.open_with(Access::ReadOnly, &small).await;
    let mut stream = broker.scan(query(&topic));
    let mut all = Yield::default();
    until(&mut stream, &mut all, |all| !all.seen.is_empty()).await;
    server.kill().expect("it dies");
    until_end(&mut stream, &mut all).await;

    let error = all.error.as_ref().expect("it cannot have read everything");
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(all.seen.len() < 20_000, "it saw everything");
    assert!(
        matches!(all.reasons()[..], [GapReason::Failed(_)]),
        "{:?}",
        all.covered
    );

    server.revive().expect("it comes back");
    let again = scan(&*broker, query(&topic)).await;
    assert_eq!(again.seen.len(), 20_000, "the connection heals");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_is_not_answered_is_in_doubt_and_never_repeated() {
    let mut server = OwnServer::start(Kind::Kafka).expect("a Kafka of our own");
    let kafka = Kafka::at(server.record().url());
    let topic = kafka.topic("doubt", 1, &[]).await;
    let broker = kafka.open(Access::Resend).await;
    let operator = broker.operator().expect("it may resend");
    let within = Duration::from_secs(4);
    let sent = operator.send(&parcel(&topic, "sent"), LIMIT).await;
    assert!(matches!(sent, Receipt::Sent { .. }), "{sent:?}");
    let sent = operator.send(&parcel(&topic, "warm"), within).await;
    assert!(matches!(sent, Receipt::Sent { .. }), "{sent:?}");

    // Stopped, it takes what it is sent into its buffers and answers nothing.
    signal(&server, "STOP");
    let started = Instant::now();
    let doubt = operator.send(&parcel(&topic, "doubt"), within).await;
    assert!(
        started.elapsed() < within + Duration::from_secs(1),
        "it keeps its time"
    );
    assert!(matches!(doubt, Receipt::Unknown { .. }), "{doubt:?}");
    signal(&server, "CONT");
    let next = operator.send(&parcel(&topic, "next"), LIMIT).await;
    assert!(matches!(next, Receipt::Sent { .. }), "{next:?}");
    let all = scan(&*broker, query(&topic)).await;
    let n = |id: &str| all.seen.iter().filter(|seen| seen.id == id).count();
    assert!(n("doubt") <= 1, "{all:?}");
    assert_eq!((n("sent"), n("warm"), n("next")), (1, 1, 1), "{all:?}");

    // Dead, it takes nothing: there is no doubt about that.
    server.kill().expect("it dies");
    let refused = operator.send(&parcel(&topic, "refused"), within).await;
    assert!(matches!(refused, Receipt::Refused { .. }), "{refused:?}");
    server.revive().expect("it comes back");
    let all = scan(&*broker, query(&topic)).await;
    assert!(!all.seen.iter().any(|seen| seen.id == "refused"), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_outlives_a_restart_and_misses_nothing() {
    let mut server = OwnServer::start(Kind::Kafka).expect("a Kafka of our own");
    let kafka = Kafka::at(server.record().url());
    let topic = kafka.topic("restart", 2, &[]).await;
    let broker = kafka.open(Access::ReadOnly).await;
    let mut follow = broker.follow(query(&topic));
    let mut all = Yield::default();
    until(&mut follow, &mut all, |all| !all.covered.is_empty()).await;
    kafka.publish(&topic, &letters(0..10));
    until(&mut follow, &mut all, |all| all.seen.len() == 10).await;
    server.stop().expect("it stops");
    server.revive().expect("it comes back");
    kafka.publish(&topic, &letters(10..20));
    let published = now();
    until(&mut follow, &mut all, |all| {
        all.seen.len() >= 20 && all.covered.iter().all(|c| c.window.to > published)
    })
    .await;
    let expected: Vec<_> = (0..20).map(|id| format!("event-{id:05}")).collect();
    assert_eq!(all.ids(), expected, "nothing missed, nothing twice");
    assert!(all.reasons().is_empty(), "{:?}", all.covered);
}

fn signal(server: &OwnServer, name: &str) {
    for pid in server.record().pids() {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(pid.to_string())
            .status();
        assert!(sent.expect("kill exists").success());
    }
}
