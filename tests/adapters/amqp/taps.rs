//! Taps: listening to an exchange without changing what it does.

use lapin::Confirmation;
use serde_json::json;
use waybill_model::{Access, Coordinate, GapReason};
use waybill_source::{ChunkStream, CopyRole, Error};
use waybill_tests::proxy::Proxy;
use waybill_tests::wait::wait_for;

use super::stage::{LIMIT, Stage, Yield, depth, drain, event, now, open, query, until};

/// The queues of all taps in the virtual host.
fn taps(stage: &Stage) -> Vec<String> {
    let queues = stage.vhost.get(&format!("queues/{}", stage.vhost.name()));
    let names = queues.as_array().into_iter().flatten();
    names
        .filter_map(|queue| queue["name"].as_str())
        .filter(|name| name.starts_with("waybill.tap."))
        .map(str::to_owned)
        .collect()
}

/// A tap that listens already.
async fn listening(stage: &Stage, exchange: &str) -> (ChunkStream, Yield) {
    let broker = stage.open(Access::ReadOnly).await;
    let mut stream = broker.follow(query(CopyRole::Tap, exchange));
    let mut all = Yield::default();
    until(&mut stream, &mut all, |all| all.covered.is_some()).await;
    (stream, all)
}

#[tokio::test]
async fn a_tap_sees_what_is_routed_and_hides_nothing_that_is_not() {
    let stage = Stage::new("tap-mirrors").await;
    let (mut products, mut all) = listening(&stage, "products").await;
    let started = now();
    let publish = async |key: &str, id: usize| {
        let sent = stage.publisher.publish("products", key, event(id), b"{}");
        sent.await
            .take_message()
            .map(|returned| returned.reply_code)
    };
    assert_eq!(publish("product.created", 1).await, None);
    assert_eq!(
        publish("order.created", 2).await,
        Some(312),
        "still returned"
    );
    assert_eq!(publish("product.removed", 3).await, None);
    until(&mut products, &mut all, |all| all.seen.len() >= 2).await;
    let seen: Vec<_> = all
        .seen
        .iter()
        .map(|seen| (seen.position, seen.id.as_str()))
        .collect();
    assert_eq!(seen, [(1, "event-00001"), (2, "event-00003")]);
    let arrived = now();
    until(&mut products, &mut all, |all| {
        all.coverage().window.to > arrived
    })
    .await;
    let coverage = all.coverage();
    assert!(coverage.proves_absence_at(started), "{coverage:?}");
    assert_eq!(taps(&stage).len(), 1);
    drop(products);
    wait_for("the tap to go", LIMIT, async || {
        taps(&stage).is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_alternate_exchange_still_gets_what_is_unroutable() {
    let stage = Stage::new("tap-alternate").await;
    stage.vhost.exchange("lost", "fanout", json!({}));
    stage.vhost.queue("unroutable", "classic", json!({}));
    stage.vhost.bind("lost", "", "unroutable");
    let alternate = json!({"alternate-exchange": "lost"});
    stage.vhost.exchange("orders", "direct", alternate);
    stage.vhost.queue("billing", "classic", json!({}));
    stage.vhost.bind("orders", "paid", "billing");
    let (mut orders, mut all) = listening(&stage, "orders").await;
    for (key, id) in [("unknown", 4), ("paid", 5)] {
        let sent = stage.publisher.publish("orders", key, event(id), b"{}");
        assert_eq!(sent.await, Confirmation::Ack(None));
    }
    until(&mut orders, &mut all, |all| !all.seen.is_empty()).await;
    assert_eq!(all.ids(), ["event-00005"]);
    depth(&stage.vhost, "unroutable", 1).await;
}

#[tokio::test]
async fn a_tap_follows_new_bindings_and_says_what_it_missed() {
    let stage = Stage::new("tap-new-binding").await;
    let (mut stream, mut all) = listening(&stage, "products").await;
    stage.vhost.bind("products", "order.#", "search");
    let has_gap = |all: &Yield| {
        let gaps = &all.coverage().gaps;
        gaps.iter().any(|gap| gap.reason == GapReason::TapClosed)
    };
    until(&mut stream, &mut all, has_gap).await;
    stage
        .publisher
        .publish("products", "order.paid", event(1), b"{}")
        .await;
    until(&mut stream, &mut all, |all| all.ids() == ["event-00001"]).await;
}

#[tokio::test]
async fn a_tap_behind_other_exchanges_sees_only_its_own() {
    let stage = Stage::new("tap-behind").await;
    stage.vhost.exchange("everything", "fanout", json!({}));
    stage.vhost.queue("log", "classic", json!({}));
    stage.vhost.bind("everything", "", "log");
    let path = format!("bindings/{}/e/products/e/everything", stage.vhost.name());
    stage.vhost.post(&path, &json!({"routing_key": "audit.#"}));
    let (mut stream, mut all) = listening(&stage, "products").await;
    stage
        .publisher
        .publish("everything", "", event(1), b"{}")
        .await;
    stage
        .publisher
        .publish("products", "audit.login", event(2), b"{}")
        .await;
    until(&mut stream, &mut all, |all| !all.seen.is_empty()).await;
    assert_eq!(all.ids(), ["event-00002"]);
}

#[tokio::test]
async fn a_lost_tap_says_since_when_nobody_listens() {
    let stage = Stage::new("tap-lost").await;
    let proxy = Proxy::to(stage.vhost.address()).await;
    let mut target = stage.target(Access::ReadOnly);
    target.url = stage.vhost.url_at(proxy.port());
    let broker = open(&target).await.expect("it opens");
    let mut stream = broker.follow(query(CopyRole::Tap, "products"));
    let mut all = Yield::default();
    until(&mut stream, &mut all, |all| all.covered.is_some()).await;
    proxy.cut();
    until(&mut stream, &mut all, |all| all.error.is_some()).await;
    let gap = all.coverage().gaps.last().expect("a gap");
    assert_eq!(gap.reason, GapReason::TapClosed);
    assert!(
        !all.coverage()
            .proves_absence_at(all.coverage().window.to.plus(-1))
    );
    let error = all.error.expect("it was cut").to_string();
    assert!(error.contains("'products'"), "{error}");
}

#[tokio::test]
async fn what_must_not_be_tapped_is_refused() {
    let stage = Stage::new("tap-refused").await;
    stage.vhost.exchange("nobody", "fanout", json!({}));
    let broker = stage.open(Access::ReadOnly).await;
    for exchange in ["", "nobody"] {
        let error = drain(broker.follow(query(CopyRole::Tap, exchange)))
            .await
            .error;
        assert!(
            matches!(error, Some(Error::WouldDisturb { .. })),
            "{error:?}"
        );
    }
    let error = drain(broker.follow(query(CopyRole::Tap, "product")))
        .await
        .error;
    let text = error.expect("there is no such exchange").to_string();
    assert!(text.contains("did you mean 'products'?"), "{text}");
    assert_eq!(taps(&stage), [""; 0]);

    let mut without_management = stage.target(Access::ReadOnly);
    without_management.management_url = None;
    let blind = open(&without_management).await.expect("it opens");
    let error = drain(blind.follow(query(CopyRole::Tap, "products")))
        .await
        .error;
    let text = error.expect("it cannot see the bindings").to_string();
    assert!(text.contains("management-url"), "{text}");
}

#[tokio::test]
async fn a_tap_has_no_past_and_its_messages_cannot_be_fetched() {
    let stage = Stage::new("tap-past").await;
    let broker = stage.open(Access::ReadOnly).await;
    let query = query(CopyRole::Tap, "products");
    let all = drain(broker.scan(query.clone())).await;
    assert!(all.error.is_none() && all.seen.is_empty());
    let coverage = all.coverage();
    assert_eq!(coverage.window, query.window);
    assert_eq!(coverage.share_of(query.window), 0.0);
    assert_eq!(coverage.gaps[0].reason, GapReason::TapClosed);
    let passing = Coordinate::Passing {
        exchange: "products".to_owned(),
        nth: 1,
    };
    let copies = broker
        .copies(&[passing], 10)
        .await
        .expect("nothing to fetch");
    assert_eq!(copies, [None]);
}
