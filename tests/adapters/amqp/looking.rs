//! Looking around: topology, progress, who is there.

use futures::StreamExt as _;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use serde_json::json;
use waybill_model::{Access, ConsumerNo};
use waybill_source::{
    Broker, Channel, ChannelKind, ConsumerRef, CopyRole, Error, History, QueueProgress,
};
use waybill_tests::wait::wait_for;

use super::stage::{LIMIT, Stage, Yield, depth, query, until};

fn consumer(destination: &str, queue: &str) -> ConsumerRef {
    ConsumerRef {
        consumer: ConsumerNo(2),
        destination: destination.to_owned(),
        group: None,
        queue: Some(queue.to_owned()),
    }
}

async fn progress(broker: &dyn Broker, destination: &str, queue: &str) -> Option<QueueProgress> {
    let asked = broker.progress(&[consumer(destination, queue)]).await;
    let mut progress = asked.expect("it can be asked");
    assert_eq!(progress.len(), 1);
    assert_eq!(progress[0].consumer, ConsumerNo(2));
    progress.remove(0).queue
}

#[tokio::test]
async fn the_topology_has_every_page_of_everything() {
    let stage = Stage::new("look-topology").await;
    let limits = json!({"x-message-ttl": 60_000, "x-dead-letter-exchange": "dead"});
    stage.vhost.queue("fleeting", "classic", limits);
    for n in 0..510 {
        let name = format!("filler-{n:03}");
        stage.vhost.exchange(&name, "fanout", json!({}));
    }
    stage.publish_events(0..3).await;
    depth(&stage.vhost, "search", 3).await;
    depth(&stage.vhost, "audit", 3).await;
    depth(&stage.vhost, "fleeting", 0).await;
    let broker = stage.open(Access::ReadOnly).await;
    let topology = broker.topology().await.expect("it has a topology");
    let find = |name: &str| -> &Channel {
        let mut channels = topology.channels.iter();
        let found = channels.find(|channel| channel.name == name);
        found.unwrap_or_else(|| panic!("{name} is missing"))
    };
    for (name, kind, depth, may_drop) in [
        ("filler-509", ChannelKind::Exchange, None, None),
        ("audit", ChannelKind::Stream, Some(3), None),
        ("search", ChannelKind::Queue, Some(3), None),
        (
            "fleeting",
            ChannelKind::Queue,
            Some(0),
            Some("messages expire after 60 s; what goes is sent to exchange 'dead'"),
        ),
    ] {
        let found = find(name);
        let told = (found.kind, found.depth, found.may_drop.as_deref());
        assert_eq!(told, (kind, depth, may_drop), "{name}");
    }
}

#[tokio::test]
async fn the_topology_leaves_out_our_own_taps() {
    let stage = Stage::new("look-taps").await;
    let broker = stage.open(Access::ReadOnly).await;
    let mut tap = broker.follow(query(CopyRole::Tap, "products"));
    let mut all = Yield::default();
    until(&mut tap, &mut all, |all| all.covered.is_some()).await;
    let topology = broker.topology().await.expect("it has a topology");
    let bindings: Vec<_> = topology
        .bindings
        .iter()
        .map(|binding| format!("{} {} {}", binding.from, binding.key, binding.to))
        .collect();
    assert_eq!(
        bindings,
        ["products product.# audit", "products product.# search"]
    );
    let mut channels = topology.channels.iter();
    assert!(!channels.any(|channel| channel.name.starts_with("waybill.tap.")));
}

#[tokio::test]
async fn progress_is_what_the_queue_shows() {
    let stage = Stage::new("look-progress").await;
    stage.publish_events(0..10).await;
    let broker = stage.open(Access::ReadOnly).await;
    let channel = stage
        .publisher
        .connection
        .create_channel()
        .await
        .expect("a channel");
    channel
        .basic_qos(4, BasicQosOptions::default())
        .await
        .expect("a limit");
    let mut consuming = channel
        .basic_consume(
            "search".into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .expect("it consumes");
    let first = consuming.next().await.expect("a message").expect("whole");
    first.ack(Default::default()).await.expect("acknowledged");
    let expected = QueueProgress {
        ready: 5,
        unacked: 4,
        consumers: 1,
        bound: true,
        may_drop: None,
    };
    wait_for("the broker to have counted", LIMIT, async || {
        (progress(&*broker, "products", "search").await.as_ref() == Some(&expected)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_not_bound_or_not_there_is_told_apart() {
    let stage = Stage::new("look-unbound").await;
    let limit = json!({"x-max-length": 5});
    stage.vhost.queue("elsewhere", "classic", limit);
    let broker = stage.open(Access::ReadOnly).await;
    let elsewhere = wait_for("the broker to have counted", LIMIT, async || {
        progress(&*broker, "products", "elsewhere").await
    })
    .await;
    assert!(!elsewhere.bound);
    assert_eq!(
        elsewhere.may_drop.as_deref(),
        Some("at most 5 messages are kept")
    );
    let by_name = wait_for("the broker to have counted", LIMIT, async || {
        progress(&*broker, "", "search").await
    })
    .await;
    assert!(by_name.bound, "the default exchange leads everywhere");

    let error = broker.progress(&[consumer("products", "serch")]).await;
    let error = error.expect_err("there is no such queue");
    assert!(
        matches!(error, Error::NotFound { what: "queue", .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("did you mean 'search'?"),
        "{error}"
    );
}

#[tokio::test]
async fn it_says_who_it_is_and_what_it_can_do() {
    let stage = Stage::new("look-server").await;
    let broker = stage.open(Access::ReadOnly).await;
    let server = broker.server().await.expect("it answers");
    assert_eq!(server.product, "RabbitMQ");
    assert!(
        server
            .version
            .starts_with(|first: char| first.is_ascii_digit()),
        "{server:?}"
    );
    // The same machine: the offset is within what it says itself.
    let offset = server
        .clock_offset_micros
        .expect("HTTP answers carry a date");
    let error = server.clock_error_micros.expect("and so an error");
    assert!(offset.abs() <= error, "{server:?}");
    let can = broker.capabilities();
    assert_eq!(can.history, History::ByStream);
    assert!(
        can.one_consumer && can.max_message_bytes.is_some(),
        "{can:?}"
    );
}
