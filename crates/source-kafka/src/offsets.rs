//! Where partitions begin, end, and reach a time: one request per broker for all partitions.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use waybill_model::Micros;

use crate::connect::{ASK_LIMIT, Reader};

/// What to ask of each partition.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At {
    /// The first offset that retention has left.
    Start,
    /// One past the last offset, as the asking client's isolation sees it: committed records only
    /// (the last stable offset), or all (the high watermark).
    End,
    /// The first record that is not older.
    Time(Micros),
}

/// A leader that has just moved is found within moments; asking again at once would find the same.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// The offset of every partition that has an answer; without one: no record is as young as the
/// time, or the broker cannot search by time.
pub(crate) fn offsets(
    client: &Reader,
    topic: &str,
    partitions: &[i32],
    at: At,
) -> Result<BTreeMap<i32, i64>, KafkaError> {
    if partitions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let started = Instant::now();
    loop {
        match ask(client, topic, partitions, at) {
            Err(error) if has_moved(&error) && started.elapsed() < ASK_LIMIT => {
                std::thread::sleep(RETRY_PAUSE);
            }
            answer => return answer,
        }
    }
}

/// A time and an offset share a field in the protocol, and -1 and -2 stand for the end and the
/// start: the same call therefore serves all three.
fn ask(
    client: &Reader,
    topic: &str,
    partitions: &[i32],
    at: At,
) -> Result<BTreeMap<i32, i64>, KafkaError> {
    let sought = match at {
        At::Start => Offset::Beginning,
        At::End => Offset::End,
        At::Time(time) => Offset::Offset(time.millis().max(0)),
    };
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for &partition in partitions {
        list.add_partition_offset(topic, partition, sought)?;
    }
    let found = client.offsets_for_times(list, ASK_LIMIT)?;
    let mut offsets = BTreeMap::new();
    for element in found.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            offsets.insert(element.partition(), offset);
        }
    }
    Ok(offsets)
}

/// Whether the client asked a broker that leads the partition no more, or does not know that it
/// leads it again.
fn has_moved(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::FencedLeaderEpoch
                | RDKafkaErrorCode::UnknownLeaderEpoch
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
        )
    )
}
