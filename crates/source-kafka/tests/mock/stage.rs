//! librdkafka's built-in cluster, which is also the demo's broker, and the adapter connected to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use waybill_model::{Access, Carriers, ConsumerNo, Micros, PlaceId, Route, Window};
use waybill_source::conformance::broker::{Letter, Stage};
use waybill_source::{Broker, ConsumerRef, CopyQuery, CopyRole, Driver as _, Source, Target};
use waybill_source_kafka::KafkaDriver;

const LIMIT: Duration = Duration::from_secs(20);
const PARTITIONS: i32 = 3;

/// A cluster in this process, and the adapter connected to it.
pub(crate) struct Mock {
    /// Holds the cluster: the cluster's own handle cannot go from thread to thread.
    owner: BaseProducer,
    addresses: String,
    pub(crate) broker: Arc<dyn Broker>,
}

impl Mock {
    pub(crate) async fn start() -> Self {
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

    /// The cluster, to create topics and to make it fail.
    pub(crate) fn cluster(&self) -> MockCluster<'_, DefaultProducerContext> {
        self.owner
            .client()
            .mock_cluster()
            .expect("the client has a mock cluster")
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
        self.cluster()
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

/// A read of everything in a topic.
pub(crate) fn query(topic: &str) -> CopyQuery {
    CopyQuery {
        place: PlaceId(0),
        role: CopyRole::Destination,
        channel: topic.to_owned(),
        exchange: None,
        carriers: Carriers::default(),
        aggregate_type: None,
        only: Vec::new(),
        whose: waybill_source::Whose::default(),
        compare: None,
        window: Window {
            from: Micros(0),
            to: Micros(i64::MAX),
        },
        after: None,
        max_messages: None,
    }
}
