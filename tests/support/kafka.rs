//! Topics on a real Kafka, and clients that publish and consume as any service would.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::{ClientConfig, TopicPartitionList};
use waybill_model::Access;
use waybill_source::conformance::broker::Letter;
use waybill_source::{Broker, Driver as _, Source, Target};
use waybill_source_kafka::KafkaDriver;

/// How long a server may take for anything.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Fails the test when a message is not delivered, which a flush does not tell.
#[derive(Debug)]
pub struct Delivered;

impl ClientContext for Delivered {}

impl ProducerContext for Delivered {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            panic!("a message of the test's own was not delivered: {error}");
        }
    }
}

/// A producer of the test's own.
pub type TestProducer = BaseProducer<Delivered>;

/// A cluster and how to reach it.
#[derive(Debug, Clone)]
pub struct Kafka {
    bootstrap: String,
}

impl Kafka {
    /// The server that all tests share.
    ///
    /// # Panics
    /// When it does not run.
    pub fn shared() -> Self {
        let servers = waybill_services::endpoints().expect("cargo xtask services up");
        Self::at(servers.kafka_bootstrap)
    }

    /// A server by `host:port`.
    pub fn at(bootstrap: String) -> Self {
        Self { bootstrap }
    }

    /// `host:port`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What a profile would say about it.
    pub fn target(&self, access: Access) -> Target {
        Target {
            name: "broker".to_owned(),
            url: format!("kafka://{}", self.bootstrap),
            management_url: None,
            secret: None,
            options: BTreeMap::new(),
            access,
        }
    }

    /// Opens it through the adapter.
    pub async fn open(&self, access: Access) -> Arc<dyn Broker> {
        self.open_with(access, &[]).await
    }

    /// Opens it through the adapter with options of a profile.
    pub async fn open_with(&self, access: Access, options: &[(&str, &str)]) -> Arc<dyn Broker> {
        let mut target = self.target(access);
        for (key, value) in options {
            target
                .options
                .insert((*key).to_owned(), (*value).to_owned());
        }
        match KafkaDriver.open(&target).await.expect("Kafka answers") {
            Source::Broker(broker) => broker,
            Source::Database(_) => panic!("Kafka is a broker"),
        }
    }

    /// A client configuration of the test's own.
    pub fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap);
        config
    }

    /// For what only an administrator does.
    pub fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().expect("an admin client")
    }

    /// Makes a topic, named from the test and like no other. It keeps what it gets, unless `config`
    /// says otherwise: a message may say that it is from 1970, and retention, which looks every few
    /// minutes, would believe it.
    pub async fn topic(&self, test: &str, partitions: i32, config: &[(&str, &str)]) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{test}-{}-{number}", std::process::id());
        let mut new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
        for (key, value) in config {
            new = new.set(key, value);
        }
        if config.iter().all(|(key, _)| *key != "retention.ms") {
            new = new.set("retention.ms", "-1");
        }
        let made = self
            .admin()
            .create_topics([&new], &AdminOptions::new().operation_timeout(Some(LIMIT)))
            .await
            .expect("the cluster answers");
        for outcome in made {
            outcome.expect("the topic is made");
        }
        name
    }

    /// Publishes in order and waits until the cluster has all of it.
    pub fn publish(&self, topic: &str, letters: &[Letter]) {
        self.publish_by(&self.producer(), topic, None, letters);
    }

    /// Publishes to one partition.
    pub fn publish_to(&self, topic: &str, partition: i32, letters: &[Letter]) {
        self.publish_by(&self.producer(), topic, Some(partition), letters);
    }

    /// Publishes with a producer of the test's own.
    pub fn publish_by(
        &self,
        producer: &TestProducer,
        topic: &str,
        partition: Option<i32>,
        letters: &[Letter],
    ) {
        for letter in letters {
            let mut headers = OwnedHeaders::new();
            for (key, value) in &letter.headers {
                headers = headers.insert(Header {
                    key,
                    value: value.as_deref(),
                });
            }
            let mut record = BaseRecord::<[u8], [u8]>::to(topic).headers(headers);
            record.key = letter.key.as_deref();
            record.payload = letter.payload.as_deref();
            record.partition = partition;
            // The queue is bounded; a full one means: let some out first.
            while let Err((error, back)) = producer.send(record) {
                assert_eq!(
                    error.rdkafka_error_code(),
                    Some(rdkafka::types::RDKafkaErrorCode::QueueFull)
                );
                producer.poll(Duration::from_millis(20));
                record = back;
            }
        }
        producer.flush(LIMIT).expect("all are delivered");
    }

    /// A producer that batches and takes large messages.
    pub fn producer(&self) -> TestProducer {
        self.config()
            .set("message.max.bytes", "100000000")
            .set("linger.ms", "5")
            .set("partitioner", "murmur2_random")
            .create_with_context(Delivered)
            .expect("a producer")
    }

    /// A consumer of a group, subscribed like a service's.
    pub fn member(&self, group: &str, topic: &str) -> BaseConsumer {
        let consumer: BaseConsumer = self
            .config()
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .create()
            .expect("a consumer");
        consumer.subscribe(&[topic]).expect("it subscribes");
        consumer
    }

    /// Lets a group read `n` messages, commit them and leave.
    pub fn consume(&self, group: &str, topic: &str, n: usize) {
        let consumer = self.member(group, topic);
        let mut last: BTreeMap<i32, i64> = BTreeMap::new();
        let deadline = Instant::now() + LIMIT;
        let mut n_left = n;
        while n_left > 0 {
            assert!(
                Instant::now() < deadline,
                "{n_left} of {n} messages are missing"
            );
            // A wait also ends when the group is rebalanced.
            if let Some(message) = consumer.poll(LIMIT) {
                let message = message.expect("it can be read");
                last.insert(message.partition(), message.offset());
                n_left -= 1;
            }
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, offset) in last {
            offsets
                .add_partition_offset(topic, partition, rdkafka::Offset::Offset(offset + 1))
                .expect("an offset");
        }
        consumer
            .commit(&offsets, CommitMode::Sync)
            .expect("the offsets are committed");
    }
}
