//! Reads what lies in a topic, for the demo's tape and for the truth.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::kafka_groups::{Offsets, blocking, member};
use super::{KafkaBus, KafkaRecord};
use crate::{Error, Result};

/// How long a read may stand still before it fails.
const STALLED: Duration = Duration::from_secs(20);

impl KafkaBus {
    /// All records of a topic from these offsets on to the ends it has now, with their offsets.
    pub(crate) async fn records(
        &self,
        topic: &str,
        partitions: i32,
        from: Offsets,
    ) -> Result<Vec<(i64, KafkaRecord)>> {
        let mut left = BTreeMap::new();
        for (partition, (low, high)) in self.ends(topic, partitions).await? {
            let start = from.get(&partition).copied().unwrap_or(0).max(low);
            if start < high {
                left.insert(partition, (start, high));
            }
        }
        if left.is_empty() {
            return Ok(Vec::new());
        }
        let consumer = member(self.bootstrap(), "product-world")?;
        let topic = topic.to_owned();
        blocking(move || read(&consumer, &topic, left)).await
    }
}

/// `left` is start and end by partition; ends are passed when a later offset or the end of the
/// partition is seen, because offsets may have holes.
fn read(
    consumer: &BaseConsumer,
    topic: &str,
    mut left: BTreeMap<i32, (i64, i64)>,
) -> Result<Vec<(i64, KafkaRecord)>> {
    let failed = || Error::kafka(format!("read topic '{topic}'"));
    let mut list = TopicPartitionList::new();
    for (partition, (start, _)) in &left {
        list.add_partition_offset(topic, *partition, Offset::Offset(*start))
            .map_err(failed())?;
    }
    consumer.assign(&list).map_err(failed())?;
    let mut records = Vec::new();
    let mut last_seen = Instant::now();
    while !left.is_empty() {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                last_seen = Instant::now();
                let (partition, offset) = (message.partition(), message.offset());
                let Some((_, end)) = left.get(&partition).copied() else {
                    continue;
                };
                if offset < end {
                    records.push((offset, owned(&message)));
                }
                if offset + 1 >= end {
                    left.remove(&partition);
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                left.remove(&partition);
            }
            Some(Err(source)) => return Err(failed()(source)),
            None if last_seen.elapsed() > STALLED => {
                let code = rdkafka::error::RDKafkaErrorCode::OperationTimedOut;
                return Err(failed()(KafkaError::MessageConsumption(code)));
            }
            None => {}
        }
    }
    Ok(records)
}

/// A record as it lies there.
pub(crate) fn owned(message: &BorrowedMessage<'_>) -> KafkaRecord {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
            .collect()
    });
    KafkaRecord {
        topic: message.topic().to_owned(),
        partition: Some(message.partition()),
        key: message.key().map(<[u8]>::to_vec),
        headers,
        payload: message.payload().map(<[u8]>::to_vec),
        millis: message.timestamp().to_millis().unwrap_or(0),
    }
}
