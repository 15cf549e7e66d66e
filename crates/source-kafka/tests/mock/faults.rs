//! What a broker can answer that no healthy server does when asked to.

use std::time::Duration;

use futures::StreamExt as _;
use rdkafka::types::{RDKafkaApiKey as ApiKey, RDKafkaRespErr as Code};
use uuid::Uuid;
use waybill_model::{EventId, Parcel, Receipt, ResendId};
use waybill_source::Error;
use waybill_source::conformance::broker::{Letter, Stage as _};

use crate::stage::{Mock, query};

const WITHIN: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_named_with_the_topic() {
    let mock = Mock::start().await;
    let topic = mock.channel("forbidden").await;
    mock.cluster().request_errors(
        ApiKey::ListOffsets,
        &[Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 8],
    );
    let chunks: Vec<_> = mock.broker.scan(query(&topic)).collect().await;
    let Some(Err(error)) = chunks.last() else {
        panic!("it was forbidden: {chunks:?}");
    };
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
    assert_eq!(
        error.chain(),
        format!("no right to read topic {topic}: Topic authorization failed")
    );
}

async fn send(mock: &Mock, topic: &str, answers: &[Code]) -> (Receipt, u64) {
    mock.cluster().request_errors(ApiKey::Produce, answers);
    let letter = Letter::with_id("event-1");
    let parcel = Parcel {
        resend: ResendId(Uuid::nil()),
        event: EventId("event-1".to_owned()),
        route: mock.route(topic),
        headers: letter.headers,
        properties: Vec::new(),
        payload: letter.payload,
    };
    let operator = mock.broker.operator().expect("it may resend");
    let receipt = operator.send(&parcel, WITHIN).await;
    let topology = mock.broker.topology().await.expect("it has a topology");
    let found = topology
        .channels
        .iter()
        .find(|channel| channel.name == topic);
    (
        receipt,
        found
            .and_then(|channel| channel.depth)
            .expect("it is counted"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_in_the_brokers_words() {
    let mock = Mock::start().await;
    let topic = mock.channel("refusing").await;
    let denied = [Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED];
    let (receipt, n) = send(&mock, &topic, &denied).await;
    let why = "Topic authorization failed".to_owned();
    assert_eq!((receipt, n), (Receipt::Refused { why }, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_librdkafka_repeats_by_itself_arrives_once() {
    let mock = Mock::start().await;
    let topic = mock.channel("repeating").await;
    // The connection breaks, then the leader moves, then it works.
    let answers = [
        Code::RD_KAFKA_RESP_ERR__TRANSPORT,
        Code::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
    ];
    let (receipt, n) = send(&mock, &topic, &answers).await;
    assert!(matches!(receipt, Receipt::Sent { .. }), "{receipt:?}");
    assert_eq!(n, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_outlives_a_connection_that_breaks() {
    let mock = Mock::start().await;
    let topic = mock.channel("blinking").await;
    let letters: Vec<_> = (0..50).map(|n| Letter::with_id(&n.to_string())).collect();
    mock.publish(&topic, &letters).await;
    mock.cluster()
        .request_errors(ApiKey::Fetch, &[Code::RD_KAFKA_RESP_ERR__TRANSPORT; 3]);
    let chunks: Vec<_> = mock.broker.scan(query(&topic)).collect().await;
    let seen: usize = chunks
        .iter()
        .map(|chunk| match chunk {
            Ok(waybill_source::Chunk::Evidence(batch)) => batch.len(),
            Ok(_) => 0,
            Err(error) => panic!("{error:?}"),
        })
        .sum();
    assert_eq!(seen, 50);
}
