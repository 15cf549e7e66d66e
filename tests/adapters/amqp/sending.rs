//! Sending: what is sent, what is refused, and what nobody knows.

use std::time::Duration;

use futures::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::BasicConsumeOptions;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::json;
use uuid::Uuid;
use waybill_model::{
    Access, Coordinate, EventId, HEADER_ID, Marks, Parcel, Receipt, ResendId, Route,
};
use waybill_source::CopyRole;
use waybill_tests::proxy::Proxy;

use super::stage::{LIMIT, Stage, depth, event, headers, open, query, scan};

const WITHIN: Duration = Duration::from_secs(20);

fn route(exchange: &str, key: &str) -> Route {
    Route {
        destination: exchange.to_owned(),
        key: None,
        partition: None,
        routing_key: Some(key.to_owned()),
    }
}

fn parcel(route: Route, body: &[u8]) -> Parcel {
    Parcel {
        resend: ResendId(Uuid::from_u128(7)),
        event: EventId("event-00001".to_owned()),
        route,
        headers: vec![
            (HEADER_ID.to_owned(), Some(b"7".to_vec())),
            ("x-death".to_owned(), Some(b"[]".to_vec())),
            ("CC".to_owned(), Some(b"[\"billing\"]".to_vec())),
            ("attempt".to_owned(), Some(b"3".to_vec())),
        ],
        properties: [
            ("message-id", "event-00001"),
            ("timestamp", "1700000000"),
            ("user-id", "somebody"),
            ("expiration", "0"),
            ("header-types", "attempt=I"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        payload: Some(body.to_vec()),
    }
}

/// Takes one message out of a queue, as its consumer would.
async fn consume(stage: &Stage, queue: &str) -> Delivery {
    let channel = stage
        .publisher
        .connection
        .create_channel()
        .await
        .expect("a channel");
    let mut consumer = channel
        .basic_consume(
            queue.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .expect("it consumes");
    let delivery = tokio::time::timeout(LIMIT, consumer.next()).await;
    let delivery = delivery
        .expect("in time")
        .expect("a message")
        .expect("whole");
    delivery
        .ack(Default::default())
        .await
        .expect("acknowledged");
    delivery
}

fn is_empty(stage: &Stage, queue: &str) -> bool {
    stage.vhost.queue_state(queue)["messages"]
        .as_u64()
        .unwrap_or(0)
        == 0
}

#[tokio::test]
async fn to_everyone_reaches_exactly_the_queues_that_were_named() {
    let stage = Stage::new("send-everyone").await;
    stage.vhost.queue("billing", "classic", json!({}));
    let broker = stage.open(Access::Resend).await;
    let operator = broker.operator().expect("it may send");
    let route = route("products", "product.created");
    let check = operator.check(&route, 2).await.expect("it can be checked");
    assert!(check.reachable);
    assert_eq!(check.reaches, ["audit", "search"]);
    let receipt = operator.send(&parcel(route, b"{}"), WITHIN).await;
    assert_eq!(receipt, Receipt::Sent { coordinate: None });

    let got = consume(&stage, "search").await;
    let properties = &got.properties;
    assert_eq!(got.data, b"{}");
    assert_eq!(
        properties.message_id().as_ref().map(|id| id.as_str()),
        Some("event-00001")
    );
    assert_eq!(*properties.delivery_mode(), Some(2));
    assert_eq!(*properties.timestamp(), Some(1_700_000_000));
    assert_eq!(
        (properties.user_id(), properties.expiration()),
        (&None, &None)
    );
    let expected = headers(&[
        (HEADER_ID, AMQPValue::LongString("7".into())),
        ("attempt", AMQPValue::LongInt(3)),
    ]);
    assert_eq!(properties.headers().as_ref(), Some(&expected));

    let all = scan(&broker, query(CopyRole::Destination, "audit")).await;
    assert_eq!(all.ids(), ["event-00001"]);
    assert_eq!(all.seen[0].marks, Marks::OWN_RESEND);
    assert!(is_empty(&stage, "billing"), "CC was stripped");
}

#[tokio::test]
async fn to_one_queue_reaches_that_one_alone() {
    let stage = Stage::new("send-one").await;
    let broker = stage.open(Access::Resend).await;
    let operator = broker.operator().expect("it may send");
    let route = route("", "search");
    let check = operator.check(&route, 2).await.expect("it can be checked");
    assert!(check.reachable && check.reaches == ["search"], "{check:?}");
    assert!(check.notes[0].contains("routing key 'search'"), "{check:?}");
    let receipt = operator.send(&parcel(route, b"{}"), WITHIN).await;
    assert_eq!(receipt, Receipt::Sent { coordinate: None });
    assert_eq!(consume(&stage, "search").await.data, b"{}");
    let all = scan(&broker, query(CopyRole::Destination, "audit")).await;
    assert_eq!(all.seen, []);
}

#[tokio::test]
async fn what_cannot_arrive_is_refused() {
    let stage = Stage::new("send-refused").await;
    stage.vhost.queue(
        "full",
        "classic",
        json!({"x-max-length": 1, "x-overflow": "reject-publish"}),
    );
    stage.publisher.publish("", "full", event(1), b"{}").await;
    let broker = stage.open(Access::Resend).await;
    let operator = broker.operator().expect("it may send");
    for (exchange, key, reachable, why) in [
        ("products", "order.created", false, "unroutable"),
        ("product", "product.created", false, "no exchange 'product'"),
        ("", "serch", false, "unroutable"),
        ("amq.rabbitmq.trace", "x", false, "internal"),
        ("", "full", true, "refused it"),
    ] {
        let route = route(exchange, key);
        let check = operator.check(&route, 2).await.expect("it can be checked");
        assert_eq!(check.reachable, reachable, "{exchange} {key}: {check:?}");
        assert!(!check.notes.is_empty(), "{exchange} {key}");
        match operator.send(&parcel(route, b"{}"), WITHIN).await {
            Receipt::Refused { why: told } => {
                assert!(told.contains(why), "{exchange} {key}: {told}")
            }
            other => panic!("{exchange} {key}: {other:?}"),
        }
    }
    let misspelt = operator
        .check(&route("", "serch"), 2)
        .await
        .expect("it can be checked");
    assert!(
        misspelt.notes[0].contains("did you mean 'search'?"),
        "{misspelt:?}"
    );
}

#[tokio::test]
async fn a_send_after_a_refused_one_works() {
    let stage = Stage::new("send-after-refused").await;
    let broker = stage.open(Access::Resend).await;
    let operator = broker.operator().expect("it may send");
    let nowhere = operator
        .send(&parcel(route("missing", "x"), b"{}"), WITHIN)
        .await;
    assert!(matches!(nowhere, Receipt::Refused { .. }), "{nowhere:?}");
    let sent = operator
        .send(&parcel(route("", "search"), b"{}"), WITHIN)
        .await;
    assert_eq!(sent, Receipt::Sent { coordinate: None });
}

#[tokio::test]
async fn twenty_megabytes_arrive_whole() {
    let stage = Stage::new("send-large").await;
    let broker = stage.open(Access::Resend).await;
    let operator = broker.operator().expect("it may send");
    let body: Vec<u8> = (0..20 * 1024 * 1024u32)
        .map(|n| n.to_le_bytes()[1])
        .collect();
    let receipt = operator
        .send(&parcel(route("", "search"), &body), LIMIT)
        .await;
    assert_eq!(receipt, Receipt::Sent { coordinate: None });
    assert!(
        consume(&stage, "search").await.data == body,
        "byte for byte"
    );
}

#[tokio::test]
async fn a_copy_can_be_sent_again_as_it_was() {
    let stage = Stage::new("send-copy").await;
    let original = event(1)
        .with_headers(headers(&[
            ("attempt", AMQPValue::LongLongInt(3)),
            ("tenant", AMQPValue::LongString("blue".into())),
        ]))
        .with_content_type("application/json".into());
    stage
        .publisher
        .publish("products", "product.created", original.clone(), b"{}")
        .await;
    let broker = stage.open(Access::Resend).await;
    let at = Coordinate::StreamEntry {
        stream: "audit".to_owned(),
        offset: 0,
    };
    let copies = broker
        .copies(&[at], 1000)
        .await
        .expect("copies can be fetched");
    let copy = copies.into_iter().flatten().next().expect("it is there");
    consume(&stage, "search").await;
    let again = Parcel {
        headers: copy.headers,
        properties: copy.properties,
        payload: copy.payload,
        ..parcel(route("", "search"), b"")
    };
    let operator = broker.operator().expect("it may send");
    let receipt = operator.send(&again, WITHIN).await;
    assert_eq!(receipt, Receipt::Sent { coordinate: None });
    let got = consume(&stage, "search").await;
    assert_eq!(got.properties, original.with_delivery_mode(2));
}

#[tokio::test]
async fn a_swallowed_answer_is_unknown_and_nothing_is_sent_twice() {
    let stage = Stage::new("send-swallowed").await;
    let proxy = Proxy::to(stage.vhost.address()).await;
    let mut target = stage.target(Access::Resend);
    target.url = stage.vhost.url_at(proxy.port());
    let broker = open(&target).await.expect("it opens");
    let operator = broker.operator().expect("it may send");
    let first = operator
        .send(&parcel(route("", "search"), b"1"), WITHIN)
        .await;
    assert_eq!(first, Receipt::Sent { coordinate: None });
    // The answers stop as soon as it begins to arrive.
    let body = vec![b'x'; 16 * 1024 * 1024];
    let parcel = parcel(route("", "search"), &body);
    proxy.swallow_answers_once_told(1024 * 1024);
    let receipt = operator.send(&parcel, Duration::from_secs(5)).await;
    assert!(matches!(receipt, Receipt::Unknown { .. }), "{receipt:?}");
    let state = depth(&stage.vhost, "search", 2).await;
    assert_eq!(state["messages"], 2, "once");
}

#[tokio::test]
async fn a_line_cut_in_the_middle_of_a_send_leaves_doubt() {
    let stage = Stage::new("send-cut").await;
    let proxy = Proxy::to(stage.vhost.address()).await;
    let mut target = stage.target(Access::Resend);
    target.url = stage.vhost.url_at(proxy.port());
    let broker = open(&target).await.expect("it opens");
    let operator = broker.operator().expect("it may send");
    let body = vec![b'x'; 16 * 1024 * 1024];
    let parcel = parcel(route("", "search"), &body);
    proxy.cut_once_told(1024 * 1024);
    let receipt = operator.send(&parcel, WITHIN).await;
    assert!(matches!(receipt, Receipt::Unknown { .. }), "{receipt:?}");
    // The line is dead, so this one certainly goes nowhere.
    match operator.send(&parcel, WITHIN).await {
        Receipt::Refused { why } => assert!(why.starts_with("not sent: "), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_may_only_look_cannot_send() {
    let stage = Stage::new("send-read-only").await;
    assert!(stage.open(Access::ReadOnly).await.operator().is_none());
}
