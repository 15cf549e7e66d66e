//! Which events lie with a consumer's dead letters: the topic, or the stream that keeps a copy.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use lapin::Connection;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::hand::{Broker, Hand};

const SOON: Duration = Duration::from_secs(20);

impl Hand {
    /// The ids of a consumer's dead letters, sorted; `n` are expected.
    pub(crate) async fn dead_letters(&self, consumer: &str, n: usize) -> Vec<String> {
        let mut ids = match &self.broker {
            Broker::Kafka { bootstrap, .. } => {
                let topic = format!("{}product-events.{consumer}.dlt", self.prefix);
                let bootstrap = bootstrap.clone();
                let reading = tokio::task::spawn_blocking(move || in_topic(&bootstrap, &topic));
                reading.await.expect("it can be read")
            }
            Broker::RabbitMq { connection, .. } => {
                let stream = format!("{}{consumer}.dlq.audit", self.prefix);
                in_stream(connection, &stream, n).await
            }
        };
        ids.sort();
        ids
    }
}

fn in_topic(bootstrap: &str, topic: &str) -> Vec<String> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "nobody")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .create()
        .expect("a consumer");
    let mut list = TopicPartitionList::new();
    let added = list.add_partition_offset(topic, 0, Offset::Beginning);
    added.expect("a partition");
    consumer.assign(&list).expect("it can be assigned");
    let until = Instant::now() + SOON;
    let mut ids = Vec::new();
    loop {
        assert!(Instant::now() < until, "the end of {topic} never came");
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => ids.push(id_of(&message)),
            Some(Err(KafkaError::PartitionEOF(_))) => return ids,
            Some(Err(error)) => panic!("{topic}: {error}"),
            None => {}
        }
    }
}

fn id_of(message: &BorrowedMessage<'_>) -> String {
    let headers = message.headers().expect("dead letters have headers");
    let id = headers.iter().find(|header| header.key == "id");
    let id = id.and_then(|header| header.value).expect("an id");
    String::from_utf8_lossy(id).into_owned()
}

/// A stream has no end to wait for, so what is expected is waited for.
async fn in_stream(connection: &Connection, stream: &str, n: usize) -> Vec<String> {
    let channel = connection.create_channel().await.expect("a channel");
    let options = BasicQosOptions::default();
    channel.basic_qos(100, options).await.expect("a limit");
    let mut arguments = FieldTable::default();
    let first = AMQPValue::LongString("first".into());
    arguments.insert("x-stream-offset".into(), first);
    let consuming = channel.basic_consume(
        stream.into(),
        "".into(),
        BasicConsumeOptions::default(),
        arguments,
    );
    let mut deliveries = consuming.await.expect("the stream is there");
    let mut ids = Vec::new();
    while ids.len() < n {
        let next = tokio::time::timeout(SOON, deliveries.next()).await;
        let Ok(Some(Ok(delivery))) = next else {
            panic!("{stream} holds {} of {n} dead letters", ids.len());
        };
        let id = delivery.properties.message_id().as_ref().expect("an id");
        ids.push(id.to_string());
    }
    channel.close(200, "done".into()).await.expect("it closes");
    ids
}
