//! Kafka, real or mock: topics and publishing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _};

use super::Placed;
use crate::event::{AGGREGATE_TYPE, Letter};
use crate::name::Names;
use crate::{ConsumerName, Error, Result};

/// Partitions of the product topic; dead letters need no more than one.
pub(crate) const PARTITIONS: i32 = 8;

/// How long an admin request or a metadata answer may take.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// How long one full local queue is waited for before trying again.
const FULL_QUEUE_PAUSE: Duration = Duration::from_millis(5);

/// A Kafka cluster, or a mock that lives as long as this.
pub(crate) struct KafkaBus {
    pub(super) producer: FutureProducer,
    bootstrap: String,
    pub(super) names: Names,
    pub(super) mock: bool,
    /// Clients that ask for groups, by group; making one anew each time costs threads.
    pub(super) members: Mutex<BTreeMap<String, Arc<BaseConsumer>>>,
    /// Relays that died inside a transaction; it is open as long as they are here.
    pub(super) open: Mutex<Vec<FutureProducer>>,
}

/// A record to be written just so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KafkaRecord {
    pub(crate) topic: String,
    /// `None`: by the key.
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
    pub(crate) payload: Option<Vec<u8>>,
    pub(crate) millis: i64,
}

impl fmt::Debug for KafkaBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaBus")
            .field("bootstrap", &self.bootstrap)
            .field("mock", &self.mock)
            .finish_non_exhaustive()
    }
}

impl KafkaBus {
    /// A mock cluster of one broker in this process, reachable from others on this machine.
    pub(crate) fn mock(names: &Names) -> Result<Self> {
        let started = producer_config(None)
            .set("test.mock.num.brokers", "1")
            .create();
        let producer: FutureProducer = started.map_err(Error::kafka("start the mock cluster"))?;
        let bootstrap = {
            let Some(cluster) = producer.client().mock_cluster() else {
                return Err(Error::Config(
                    "this build of librdkafka has no mock cluster".to_owned(),
                ));
            };
            for (topic, partitions) in topics(names) {
                cluster
                    .create_topic(&topic, partitions, 1)
                    .map_err(Error::kafka(format!("make topic '{topic}'")))?;
            }
            cluster.bootstrap_servers()
        };
        Ok(Self {
            producer,
            bootstrap,
            names: names.clone(),
            mock: true,
            members: Mutex::default(),
            open: Mutex::default(),
        })
    }

    /// A cluster that runs elsewhere.
    pub(crate) async fn connect(bootstrap: &str, names: &Names) -> Result<Self> {
        let created = producer_config(Some(bootstrap)).create();
        let bus = Self {
            producer: created.map_err(Error::kafka("set up a producer"))?,
            bootstrap: bootstrap.to_owned(),
            names: names.clone(),
            mock: false,
            members: Mutex::default(),
            open: Mutex::default(),
        };
        bus.make_topics(&topics(names)).await?;
        Ok(bus)
    }

    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// Publishes letters to the product topic in this order.
    pub(crate) async fn publish(&self, letters: &[Letter]) -> Vec<Result<Placed>> {
        let topic = self.names.destination();
        let records: Vec<KafkaRecord> = letters
            .iter()
            .map(|letter| product_record(letter, &topic))
            .collect();
        self.write(&records).await
    }

    /// Writes records in this order; one answer per record.
    pub(crate) async fn write(&self, records: &[KafkaRecord]) -> Vec<Result<Placed>> {
        Self::write_with(&self.producer, records).await
    }

    /// The same with another producer.
    pub(super) async fn write_with(
        producer: &FutureProducer,
        records: &[KafkaRecord],
    ) -> Vec<Result<Placed>> {
        let mut under_way = Vec::with_capacity(records.len());
        for record in records {
            under_way.push(enqueue(producer, record).await);
        }
        let mut placed = Vec::with_capacity(records.len());
        for delivery in under_way {
            placed.push(match delivery {
                Ok(delivery) => delivered(delivery).await,
                Err(error) => Err(error),
            });
        }
        placed
    }

    /// Deletes the topics; a mock takes them along when it ends.
    pub(crate) async fn remove(&self) -> Result<()> {
        if self.mock {
            return Ok(());
        }
        let names = topics(&self.names);
        let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        let groups = ConsumerName::ALL.map(|consumer| self.names.reader(consumer));
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let admin = self.admin()?;
        let answers = admin
            .delete_topics(&names, &admin_options())
            .await
            .map_err(Error::kafka("delete topics"))?;
        each_succeeded(answers, "delete topic")?;
        // A group that never committed is not there; that is as good as deleted.
        admin
            .delete_groups(&groups, &admin_options())
            .await
            .map_err(Error::kafka("delete groups"))?;
        Ok(())
    }

    pub(super) fn admin(&self) -> Result<AdminClient<DefaultClientContext>> {
        ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .create()
            .map_err(Error::kafka("set up an admin client"))
    }
}

async fn enqueue(producer: &FutureProducer, record: &KafkaRecord) -> Result<DeliveryFuture> {
    let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
    for (key, value) in &record.headers {
        headers = headers.insert(Header {
            key,
            value: value.as_ref(),
        });
    }
    let mut out = FutureRecord::<[u8], [u8]>::to(&record.topic)
        .headers(headers)
        .timestamp(record.millis);
    out.partition = record.partition;
    out.key = record.key.as_deref();
    out.payload = record.payload.as_deref();
    loop {
        match producer.send_result(out) {
            Ok(delivery) => return Ok(delivery),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                out = back;
                tokio::time::sleep(FULL_QUEUE_PAUSE).await;
            }
            Err((source, _)) => return Err(publishing_failed(source)),
        }
    }
}

pub(super) fn admin_options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(REQUEST_TIMEOUT))
        .operation_timeout(Some(REQUEST_TIMEOUT))
}

pub(super) fn each_succeeded(
    answers: Vec<std::result::Result<String, (String, RDKafkaErrorCode)>>,
    what: &str,
) -> Result<()> {
    for answer in answers {
        if let Err((topic, code)) = answer {
            let source = KafkaError::AdminOp(code);
            return Err(Error::kafka(format!("{what} '{topic}'"))(source));
        }
    }
    Ok(())
}

async fn delivered(delivery: DeliveryFuture) -> Result<Placed> {
    match delivery.await {
        Ok(Ok(at)) => Ok(Placed {
            partition: at.partition,
            offset: at.offset,
        }),
        Ok(Err((source, _))) => Err(publishing_failed(source)),
        // The producer was dropped with the message still in it.
        Err(futures::channel::oneshot::Canceled) => Err(publishing_failed(KafkaError::Canceled)),
    }
}

fn publishing_failed(source: KafkaError) -> Error {
    Error::kafka("publish a message")(source)
}

pub(super) fn producer_config(bootstrap: Option<&str>) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("enable.idempotence", "true")
        // As Java clients choose: the same key lies in the same partition for everybody.
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "5")
        .set("message.timeout.ms", "15000")
        .set("client.id", "product-service");
    if let Some(bootstrap) = bootstrap {
        config.set("bootstrap.servers", bootstrap);
    }
    config
}

/// All topics of a world, with their number of partitions.
pub(crate) fn topics(names: &Names) -> Vec<(String, i32)> {
    let mut topics = vec![(names.destination(), PARTITIONS)];
    topics.extend(ConsumerName::ALL.map(|consumer| (names.dead_letter_topic(consumer), 1)));
    topics
}

/// How the relay writes a letter.
pub(super) fn product_record(letter: &Letter, topic: &str) -> KafkaRecord {
    KafkaRecord {
        topic: topic.to_owned(),
        partition: None,
        key: Some(letter.aggregate.clone().into_bytes()),
        headers: product_headers(letter),
        payload: Some(letter.payload.clone().into_bytes()),
        millis: letter.at.millis(),
    }
}

pub(super) fn product_headers(letter: &Letter) -> Vec<(String, Option<Vec<u8>>)> {
    let header = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
    let mut headers = Vec::new();
    if !letter.id.is_empty() {
        headers.push(("id".to_owned(), Some(letter.id_bytes())));
    }
    headers.extend([
        header("type", &letter.kind),
        header("version", &letter.version.to_string()),
        header("aggregateType", AGGREGATE_TYPE),
    ]);
    headers.extend(
        letter
            .headers
            .iter()
            .map(|(name, value)| header(name, value)),
    );
    headers
}
