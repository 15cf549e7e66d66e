//! The contract, on the real server.

use std::sync::Arc;

use async_trait::async_trait;
use waybill_model::{Access, ConsumerNo, Route};
use waybill_source::conformance::broker::{self as conformance, Letter, Stage};
use waybill_source::{Broker, ConsumerRef, CopyRole};
use waybill_tests::kafka::Kafka;

struct Real {
    kafka: Kafka,
    broker: Arc<dyn Broker>,
}

#[async_trait]
impl Stage for Real {
    fn broker(&self) -> &dyn Broker {
        &*self.broker
    }

    fn role(&self) -> CopyRole {
        CopyRole::Destination
    }

    async fn channel(&self, name: &str) -> String {
        self.kafka
            .topic(&format!("conformance-{name}"), 3, &[])
            .await
    }

    async fn publish(&self, channel: &str, letters: &[Letter]) {
        self.kafka.publish(channel, letters);
    }

    async fn consumer(&self, channel: &str, n: usize) -> ConsumerRef {
        let group = format!("{channel}-group");
        self.kafka.consume(&group, channel, n);
        ConsumerRef {
            consumer: ConsumerNo(0),
            destination: channel.to_owned(),
            group: Some(group),
            queue: None,
        }
    }

    fn route(&self, channel: &str) -> Route {
        Route {
            destination: channel.to_owned(),
            key: Some(b"event-1".to_vec()),
            partition: None,
            routing_key: None,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let kafka = Kafka::shared();
    let broker = kafka.open(Access::Resend).await;
    conformance::check_all(&Real { kafka, broker }).await;
}
