//! The contract of every broker, held against RabbitMQ.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use lapin::Confirmation;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use serde_json::{Value, json};
use waybill_model::{Access, ConsumerNo, Route};
use waybill_source::conformance::broker::{Letter, Stage as Conformance, check_all};
use waybill_source::{Broker, ConsumerRef, CopyRole};

use super::stage::{LIMIT, Stage, event};

/// A channel of the suite is a stream (or, for taps, an exchange), fed by an exchange of the name
/// `{channel}.exchange` that also feeds the queue `{channel}.queue`.
struct RabbitStage {
    stage: Stage,
    broker: Arc<dyn Broker>,
    role: CopyRole,
}

impl RabbitStage {
    async fn new(test: &str, role: CopyRole) -> Self {
        let stage = Stage::new(test).await;
        let broker = stage.open(Access::Resend).await;
        Self {
            stage,
            broker,
            role,
        }
    }

    fn exchange(&self, channel: &str) -> String {
        match self.role {
            CopyRole::Tap => channel.to_owned(),
            CopyRole::Destination | CopyRole::DeadLetters => format!("{channel}.exchange"),
        }
    }
}

#[async_trait]
impl Conformance for RabbitStage {
    fn broker(&self) -> &dyn Broker {
        &*self.broker
    }

    fn role(&self) -> CopyRole {
        self.role
    }

    async fn channel(&self, name: &str) -> String {
        let vhost = &self.stage.vhost;
        let exchange = self.exchange(name);
        vhost.exchange(&exchange, "direct", json!({}));
        vhost.queue(&format!("{name}.queue"), "classic", json!({}));
        vhost.bind(&exchange, "key", &format!("{name}.queue"));
        if self.role != CopyRole::Tap {
            vhost.queue(name, "stream", json!({}));
            vhost.bind(&exchange, "key", name);
        }
        name.to_owned()
    }

    async fn publish(&self, channel: &str, letters: &[Letter]) {
        for letter in letters {
            let mut headers = FieldTable::default();
            for (name, value) in &letter.headers {
                let value = match value {
                    Some(bytes) => AMQPValue::LongString(bytes.as_slice().into()),
                    None => AMQPValue::Void,
                };
                headers.insert(name.as_str().into(), value);
            }
            // The id stands in the header, as in the suite's letters.
            let properties = lapin::BasicProperties::default()
                .with_timestamp(event(0).timestamp().unwrap_or_default())
                .with_headers(headers);
            let body = letter.payload.as_deref().unwrap_or_default();
            let exchange = self.exchange(channel);
            let publishing = self
                .stage
                .publisher
                .publish(&exchange, "key", properties, body);
            assert_eq!(publishing.await, Confirmation::Ack(None));
        }
    }

    async fn consumer(&self, channel: &str, n: usize) -> ConsumerRef {
        let queue = format!("{channel}.queue");
        let connection = &self.stage.publisher.connection;
        let consuming = connection.create_channel().await.expect("a channel");
        let n = u16::try_from(n).expect("a few");
        consuming
            .basic_qos(n, BasicQosOptions::default())
            .await
            .expect("a limit");
        let mut consumer = consuming
            .basic_consume(
                queue.as_str().into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .expect("it consumes");
        for _ in 0..n {
            let delivery = consumer.next().await.expect("a message").expect("whole");
            delivery
                .ack(Default::default())
                .await
                .expect("acknowledged");
        }
        // It leaves, and what it held goes back: the queue stands still.
        drop(consumer);
        consuming.close(200, "OK".into()).await.expect("it leaves");
        let still = |state: &Value| {
            state["messages_ready"] == 30 - n
                && state["messages_unacknowledged"] == 0
                && state["consumers"] == 0
        };
        self.stage.vhost.queue_once(&queue, LIMIT, still).await;
        ConsumerRef {
            consumer: ConsumerNo(0),
            destination: self.exchange(channel),
            group: None,
            queue: Some(queue),
        }
    }

    fn route(&self, channel: &str) -> Route {
        Route {
            destination: self.exchange(channel),
            key: None,
            partition: None,
            routing_key: Some("key".to_owned()),
        }
    }
}

#[tokio::test]
async fn streams_keep_the_contract() {
    check_all(&RabbitStage::new("contract-stream", CopyRole::Destination).await).await;
}

#[tokio::test]
async fn taps_keep_the_contract() {
    check_all(&RabbitStage::new("contract-tap", CopyRole::Tap).await).await;
}
