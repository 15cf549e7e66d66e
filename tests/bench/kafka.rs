//! Our scan of a topic beside a bare, tuned `BaseConsumer` loop on the same topic.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::StreamExt as _;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use waybill_model::{Access, Carriers, Micros, PlaceId, Window};
use waybill_source::{Chunk, CopyQuery, CopyRole, Source};

use crate::figure::Figure;

const PARTITIONS: i32 = 4;
const PAYLOAD_BYTES: usize = 200;
const RUNS: usize = 5;

/// Messages per second of both, in turn.
pub(crate) async fn scan_beside_bare_consumer(n: usize) -> anyhow::Result<Vec<Figure>> {
    let servers = waybill_services::endpoints()?;
    let topic = format!("bench-scan-{}", std::process::id());
    fill(&servers.kafka_bootstrap, &topic, n).await?;
    let (mut ours, mut bare, mut defaults) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(scan(&servers.kafka_bootstrap, &topic, n).await?);
        bare.push(consume(&servers.kafka_bootstrap, &topic, n, true)?);
    }
    // The defaults pause a second at a time: two runs tell enough.
    for _ in 0..2 {
        defaults.push(consume(&servers.kafka_bootstrap, &topic, n, false)?);
    }
    delete(&servers.kafka_bootstrap, &topic).await?;
    let against_defaults = Figure::alone(
        "kafka-scan-vs-defaults",
        "messages/s",
        ours[..2].to_vec(),
        "ratio >= 4",
    )
    .beside("BaseConsumer with librdkafka defaults", defaults);
    let figure = Figure::alone("kafka-scan", "messages/s", ours, "ratio >= 0.95");
    Ok(vec![
        figure.beside("bare tuned BaseConsumer loop", bare),
        against_defaults,
    ])
}

async fn scan(bootstrap: &str, topic: &str, n: usize) -> anyhow::Result<f64> {
    let url = format!("kafka://{bootstrap}");
    let Source::Broker(broker) = crate::figure_source::open(&url, Access::ReadOnly).await? else {
        anyhow::bail!("{url} is no broker");
    };
    let began = Instant::now();
    let mut chunks = broker.scan(CopyQuery {
        place: PlaceId(0),
        role: CopyRole::Destination,
        channel: topic.to_owned(),
        exchange: None,
        carriers: Carriers {
            id: vec!["header:id".parse()?],
            ..Carriers::default()
        },
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
    });
    let mut seen = 0;
    while let Some(chunk) = chunks.next().await {
        if let Chunk::Evidence(batch) = chunk? {
            seen += batch.len();
        }
    }
    anyhow::ensure!(seen == n, "the scan saw {seen} of {n} messages");
    Ok(n as f64 / began.elapsed().as_secs_f64())
}

/// The rival: takes every message and touches its length and one header, no more.
fn consume(bootstrap: &str, topic: &str, n: usize, tuned: bool) -> anyhow::Result<f64> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "bench-bare")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true");
    if tuned {
        config
            .set("check.crcs", "false")
            .set("queued.min.messages", "1000000")
            .set("queued.max.messages.kbytes", "262144")
            .set("fetch.message.max.bytes", "8388608")
            .set("fetch.max.bytes", "67108864")
            // With a larger minimum it would stand still at the end of each partition.
            .set("fetch.min.bytes", "1")
            .set("fetch.wait.max.ms", "5")
            .set("fetch.queue.backoff.ms", "20");
    }
    let consumer: BaseConsumer = config.create()?;
    let mut assignment = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        assignment.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    let began = Instant::now();
    consumer.assign(&assignment)?;
    let (mut seen, mut ends, mut bytes) = (0, 0, 0);
    while ends < PARTITIONS {
        match consumer
            .poll(Duration::from_secs(10))
            .context("the topic fell silent")?
        {
            Ok(message) => {
                seen += 1;
                bytes += message.payload_len() + message.key_len();
            }
            Err(KafkaError::PartitionEOF(_)) => ends += 1,
            Err(error) => return Err(error.into()),
        }
    }
    anyhow::ensure!(
        seen == n && bytes > 0,
        "the bare loop saw {seen} of {n} messages"
    );
    Ok(n as f64 / began.elapsed().as_secs_f64())
}

async fn fill(bootstrap: &str, topic: &str, n: usize) -> anyhow::Result<()> {
    let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(1));
    admin(bootstrap)?
        .create_topics([&new], &AdminOptions::new())
        .await?;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("queue.buffering.max.messages", "200000")
        .set("linger.ms", "50")
        .set("batch.size", "500000")
        .create()?;
    let payload = "x".repeat(PAYLOAD_BYTES);
    for i in 0..n {
        let (id, key) = (format!("{i:032x}"), (i % 5000).to_string());
        let headers = OwnedHeaders::new().insert(Header {
            key: "id",
            value: Some(&id),
        });
        let mut record = BaseRecord::to(topic)
            .payload(&payload)
            .key(&key)
            .headers(headers);
        // The queue is bounded; a full one means: let some out first.
        while let Err((_, back)) = producer.send(record) {
            producer.poll(Duration::from_millis(20));
            record = back;
        }
    }
    producer
        .flush(Duration::from_secs(60))
        .context("the topic could not be filled")
}

async fn delete(bootstrap: &str, topic: &str) -> anyhow::Result<()> {
    admin(bootstrap)?
        .delete_topics(&[topic], &AdminOptions::new())
        .await?;
    Ok(())
}

fn admin(bootstrap: &str) -> anyhow::Result<AdminClient<DefaultClientContext>> {
    Ok(ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()?)
}
