//! How fast a topic is scanned, beside a bare loop with the same settings, in turn.
//!
//! `cargo run --release -p waybill-source-kafka --example scan_rate -- HOST:PORT [MESSAGES]`

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use waybill_model::{Access, Carriers, Micros, PlaceId, Window};
use waybill_source::{Broker, Chunk, CopyQuery, CopyRole, Driver as _, Source, Target};
use waybill_source_kafka::KafkaDriver;

const PARTITIONS: i32 = 4;
const BODY_BYTES: usize = 200;
const RUNS: usize = 5;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the figures are what this program is for"
)]
async fn main() -> Outcome<()> {
    let mut given = std::env::args().skip(1);
    let bootstrap = given.next().ok_or("which cluster? HOST:PORT")?;
    let n = given.next().map_or(Ok(1_000_000), |n| n.parse::<usize>())?;
    let topic = format!("scan-rate-{}", std::process::id());
    let admin: AdminClient<DefaultClientContext> = config(&bootstrap).create()?;
    let new = NewTopic::new(&topic, PARTITIONS, TopicReplication::Fixed(1));
    admin.create_topics([&new], &AdminOptions::new()).await?;
    fill(&bootstrap, &topic, n)?;
    let target = Target {
        name: "broker".to_owned(),
        url: format!("kafka://{bootstrap}"),
        management_url: None,
        secret: None,
        options: BTreeMap::new(),
        access: Access::ReadOnly,
    };
    let Source::Broker(broker) = KafkaDriver.open(&target).await? else {
        return Err("Kafka is a broker".into());
    };
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        bare.push(consume(&bootstrap, &topic, n)?);
        ours.push(scan(&*broker, &topic, n).await?);
    }
    println!("bare {} messages/s: {bare:.0?}", median(&mut bare.clone()));
    println!("scan {} messages/s: {ours:.0?}", median(&mut ours.clone()));
    println!("ratio {:.3}", median(&mut ours) / median(&mut bare));
    admin.delete_topics(&[&topic], &AdminOptions::new()).await?;
    Ok(())
}

fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2].round()
}

async fn scan(broker: &dyn Broker, topic: &str, n: usize) -> Outcome<f64> {
    let began = Instant::now();
    let mut chunks = broker.scan(CopyQuery {
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
    });
    let mut seen = 0;
    while let Some(chunk) = chunks.next().await {
        if let Chunk::Evidence(batch) = chunk? {
            seen += batch.len();
        }
    }
    rate(seen, n, began)
}

fn consume(bootstrap: &str, topic: &str, n: usize) -> Outcome<f64> {
    let consumer: BaseConsumer = config(bootstrap)
        .set("group.id", "scan-rate-bare")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("check.crcs", "false")
        .set("queued.min.messages", "1000000")
        .set("queued.max.messages.kbytes", "262144")
        .set("fetch.message.max.bytes", "8388608")
        .set("fetch.max.bytes", "67108864")
        .set("fetch.min.bytes", "1000000")
        .set("fetch.queue.backoff.ms", "20")
        .create()?;
    let mut assignment = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        assignment.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    let began = Instant::now();
    consumer.assign(&assignment)?;
    let (mut seen, mut ends, mut bytes) = (0, 0, 0);
    while ends < PARTITIONS {
        match consumer.poll(Duration::from_secs(10)).ok_or("silence")? {
            Ok(message) => {
                seen += 1;
                bytes += message.payload_len() + message.key_len();
                std::hint::black_box(message.payload());
            }
            Err(KafkaError::PartitionEOF(_)) => ends += 1,
            Err(error) => return Err(error.into()),
        }
    }
    std::hint::black_box(bytes);
    rate(seen, n, began)
}

fn rate(seen: usize, n: usize, began: Instant) -> Outcome<f64> {
    if seen != n {
        return Err(format!("saw {seen} of {n} messages").into());
    }
    Ok(n as f64 / began.elapsed().as_secs_f64())
}

fn fill(bootstrap: &str, topic: &str, n: usize) -> Outcome<()> {
    let producer: BaseProducer = config(bootstrap)
        .set("queue.buffering.max.messages", "200000")
        .set("linger.ms", "50")
        .set("batch.size", "500000")
        .create()?;
    let body = "x".repeat(BODY_BYTES);
    for i in 0..n {
        let (id, key) = (format!("{i:032x}"), (i % 5000).to_string());
        let headers = OwnedHeaders::new().insert(Header {
            key: "id",
            value: Some(&id),
        });
        let mut record = BaseRecord::to(topic)
            .payload(&body)
            .key(&key)
            .headers(headers);
        // The queue is bounded; a full one means: let some out first.
        while let Err((_, back)) = producer.send(record) {
            producer.poll(Duration::from_millis(20));
            record = back;
        }
    }
    producer.flush(Duration::from_secs(60))?;
    Ok(())
}
