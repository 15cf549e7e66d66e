//! The contract on librdkafka's built-in cluster, which is also the demo's broker.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use waybill_model::{Access, ConsumerNo, Route};
use waybill_source::conformance::broker::{self as conformance, Letter, Stage};
use waybill_source::{Broker, ConsumerRef, CopyRole, Driver as _, Source, Target};
use waybill_source_kafka::KafkaDriver;

const LIMIT: Duration = Duration::from_secs(20);
const PARTITIONS: i32 = 3;

/// A cluster in this process, and the adapter connected to it.
struct Mock {
    /// Holds the cluster: the cluster's own handle cannot go from thread to thread.
    owner: BaseProducer,
    addresses: String,
    broker: Arc<dyn Broker>,
}

impl Mock {
    async fn start() -> Self {
        let owner: BaseProducer = ClientConfig::new()
            .set("test.mock.num.brokers", "1")
            .create()
            .expect("a mock cluster starts");
        let addresses = owner
            .client()
            .mock_cluster()
            .expect("the client has a mock cluster")
            .bootstrap_servers();
        let target = Target {
            name: "broker".to_owned(),
            url: format!("kafka://{addresses}"),
            management_url: None,
            secret: None,
            options: BTreeMap::new(),
            access: Access::Resend,
        };
        let source = KafkaDriver.open(&target).await.expect("it answers");
        let Source::Broker(broker) = source else {
            panic!("Kafka is a broker");
        };
        Self {
            owner,
            addresses,
            broker,
        }
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.addresses);
        config
    }
}

#[async_trait]
impl Stage for Mock {
    fn broker(&self) -> &dyn Broker {
        &*self.broker
    }

    fn role(&self) -> CopyRole {
        CopyRole::Destination
    }

    async fn channel(&self, name: &str) -> String {
        let name = format!("mock-{name}");
        self.owner
            .client()
            .mock_cluster()
            .expect("the client has a mock cluster")
            .create_topic(&name, PARTITIONS, 1)
            .expect("a topic is created");
        name
    }

    async fn publish(&self, channel: &str, letters: &[Letter]) {
        let producer: BaseProducer = self.config().create().expect("a producer");
        for letter in letters {
            let mut headers = OwnedHeaders::new();
            for (key, value) in &letter.headers {
                headers = headers.insert(Header {
                    key,
                    value: value.as_deref(),
                });
            }
            let mut record = BaseRecord::<[u8], [u8]>::to(channel).headers(headers);
            record.key = letter.key.as_deref();
            record.payload = letter.payload.as_deref();
            producer
                .send(record)
                .map_err(|(error, _)| error)
                .expect("it is queued");
        }
        producer.flush(LIMIT).expect("all are delivered");
    }

    async fn consumer(&self, channel: &str, n: usize) -> ConsumerRef {
        let group = format!("{channel}-group");
        let consumer: BaseConsumer = self
            .config()
            .set("group.id", &group)
            .create()
            .expect("a consumer");
        let mut offsets = TopicPartitionList::new();
        let n = i64::try_from(n).expect("few");
        offsets
            .add_partition_offset(channel, 0, Offset::Offset(n))
            .expect("an offset");
        consumer
            .commit(&offsets, CommitMode::Sync)
            .expect("the group's offset is committed");
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
    let mock = Mock::start().await;
    conformance::check_all(&mock).await;
    let server = mock.broker.server().await.expect("it answers");
    assert_eq!(server.product, "librdkafka mock cluster");
}
