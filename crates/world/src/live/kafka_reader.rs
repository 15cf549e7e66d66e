//! A consumer on Kafka.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::reader::{Outcome, Reader};
use crate::bus::{KafkaBus, KafkaRecord, PARTITIONS, Placed, Refusal, dead_letter, owned_record};
use crate::clock::now;
use crate::error::chain;
use crate::event::{RESEND_HEADER, Received};
use crate::world::Inner;
use crate::{ConsumerName, Error, Membership, Result};

/// How long it waits before it starts anew after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Runs until stopped, whatever happens to the broker.
pub(super) async fn run(
    world: Arc<Inner>,
    bus: Arc<KafkaBus>,
    consumer: ConsumerName,
    stop: CancellationToken,
) {
    let reader = Reader {
        world,
        consumer,
        stop: stop.clone(),
    };
    loop {
        match read(&reader, &bus).await {
            Ok(()) => return,
            Err(error) => {
                let consumer = consumer.as_str();
                tracing::warn!(consumer, error = %chain(&error), "A consumer lost its broker");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AFTER_FAILURE) => {}
        }
    }
}

/// Reads until stopped or until something fails.
async fn read(reader: &Reader, bus: &KafkaBus) -> Result<()> {
    let stream = connect(reader, bus).await?;
    loop {
        let message = tokio::select! {
            () = reader.stop.cancelled() => break,
            message = stream.recv() => message,
        };
        match message {
            Ok(message) => {
                if !handle(reader, bus, &message).await? {
                    break;
                }
                let stored = stream.store_offset_from_message(&message);
                // After a rebalance the partition may be somebody else's: they process it again,
                // and the inbox knows it.
                if let Err(error) = stored {
                    tracing::debug!(error = %error, "An offset was not stored");
                }
            }
            Err(error) if is_passing(&error) => {
                tracing::debug!(error = %error, "A consumer waits for its broker");
            }
            Err(source) => return Err(Error::kafka("consume")(source)),
        }
    }
    // Commits what was stored, and leaves the group.
    let closed = tokio::task::spawn_blocking(move || {
        stream.commit_consumer_state(CommitMode::Sync).ok();
        drop(stream);
    });
    closed.await.map_err(Error::Worker)
}

/// Librdkafka reconnects by itself.
fn is_passing(error: &KafkaError) -> bool {
    use rdkafka::error::RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::OperationTimedOut
                | Code::Resolve
                | Code::UnknownTopicOrPartition
        )
    )
}

async fn connect(reader: &Reader, bus: &KafkaBus) -> Result<StreamConsumer> {
    let consumer = reader.consumer;
    let group = bus.names().reader(consumer);
    let stream: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", bus.bootstrap())
        .set("group.id", &group)
        .set("client.id", &group)
        .set("auto.offset.reset", "earliest")
        // Offsets are stored after processing and committed in the background.
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", "100")
        .set("enable.auto.offset.store", "false")
        .set("session.timeout.ms", "6000")
        // The mock answers an empty fetch only after this long; shorter costs it more.
        .set("fetch.wait.max.ms", "250")
        .create()
        .map_err(Error::kafka(format!("set up consumer '{group}'")))?;
    let topic = bus.names().destination();
    match reader.world.membership() {
        Membership::Subscribed => stream
            .subscribe(&[&topic])
            .map_err(Error::kafka(format!("subscribe '{group}'")))?,
        Membership::Assigned => {
            let committed = bus.committed(consumer).await?;
            let mut list = TopicPartitionList::new();
            for partition in 0..PARTITIONS {
                let offset = committed
                    .get(&partition)
                    .map_or(Offset::Beginning, |offset| Offset::Offset(*offset));
                list.add_partition_offset(&topic, partition, offset)
                    .map_err(Error::kafka("list partitions"))?;
            }
            stream
                .assign(&list)
                .map_err(Error::kafka(format!("assign '{group}'")))?;
        }
    }
    Ok(stream)
}

/// `false` when we were stopped before the message was done.
async fn handle(reader: &Reader, bus: &KafkaBus, message: &BorrowedMessage<'_>) -> Result<bool> {
    let record = owned_record(message);
    match reader.handle(&received(&record)).await {
        Outcome::MoveOn => Ok(true),
        Outcome::Stopped => Ok(false),
        Outcome::Refuse(why) => {
            refuse(reader.consumer, bus, message, record, why).await?;
            Ok(true)
        }
    }
}

async fn refuse(
    consumer: ConsumerName,
    bus: &KafkaBus,
    message: &BorrowedMessage<'_>,
    record: KafkaRecord,
    why: &str,
) -> Result<()> {
    let names = bus.names();
    let (topic, group) = (names.destination(), names.reader(consumer));
    let refusal = Refusal {
        topic: &topic,
        at: Placed {
            partition: message.partition(),
            offset: message.offset(),
        },
        millis: record.millis,
        group: &group,
        why,
    };
    let to = names.dead_letter_topic(consumer);
    let letter = dead_letter(record, to, now().millis(), refusal);
    for written in bus.write(&[letter]).await {
        written?;
    }
    Ok(())
}

fn received(record: &KafkaRecord) -> Received {
    let header = |name: &str| {
        let found = record.headers.iter().find(|(it, _)| it == name);
        found
            .and_then(|(_, value)| value.as_deref())
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    };
    let payload = record.payload.as_deref().unwrap_or_default();
    let resend = header(RESEND_HEADER).map(str::to_owned);
    Received::new(header("id"), payload, resend, false)
}
