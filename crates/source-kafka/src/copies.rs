//! Fetches whole records by their coordinates.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use waybill_model::{Clock, Coordinate, Copy, Stamp};
use waybill_source::{Error, Result};

use crate::connect::{Asker, Reader};
use crate::context::Context;
use crate::dead_letters;
use crate::error::{Asked, sort};
use crate::inspect::{is_topic_name, partitions};
use crate::native::{HeaderList, RawRecord};
use crate::offsets::{At, offsets};
use crate::outlet::now;
use crate::pump::{SLICE, is_hopeless};

/// How long no record may come.
const STALL_LIMIT: Duration = Duration::from_secs(10);

/// A record this close ahead is read up to; one further away is jumped to.
const NEAR: i64 = 50;

/// What was found, by topic, partition and offset.
type Found = BTreeMap<(String, i32, i64), Copy>;

/// The copies at these coordinates in the order asked for; `None` where there is none (any more).
/// Bodies are cut at `max_bytes`. Blocks.
pub(crate) fn copies(
    asker: &Asker,
    at: &[Coordinate],
    max_bytes: u64,
) -> Result<Vec<Option<Copy>>> {
    let mut wanted: BTreeMap<&str, BTreeMap<i32, BTreeSet<i64>>> = BTreeMap::new();
    for coordinate in at {
        if let Some((topic, partition, offset)) = place(coordinate) {
            let offsets = wanted
                .entry(topic)
                .or_default()
                .entry(partition)
                .or_default();
            offsets.insert(offset);
        }
    }
    let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let mut found = Found::new();
    for (topic, mut wanted) in wanted {
        keep_present(asker, topic, &mut wanted)?;
        if !wanted.is_empty() {
            fetch(asker, topic, wanted, max_bytes, &mut found)?;
        }
    }
    let mut pick = |coordinate: &Coordinate| {
        let (topic, partition, offset) = place(coordinate)?;
        found.get(&(topic.to_owned(), partition, offset)).cloned()
    };
    Ok(at.iter().map(&mut pick).collect())
}

/// A coordinate that can be a record's.
fn place(coordinate: &Coordinate) -> Option<(&str, i32, i64)> {
    match coordinate {
        Coordinate::Record {
            topic,
            partition,
            offset,
        } if is_topic_name(topic) => Some((topic, i32::try_from(*partition).ok()?, *offset)),
        _ => None,
    }
}

/// Drops what is not in the log (any more).
fn keep_present(
    asker: &Asker,
    topic: &str,
    wanted: &mut BTreeMap<i32, BTreeSet<i64>>,
) -> Result<()> {
    let ids = match partitions(asker, topic) {
        Ok(ids) => ids,
        Err(Error::NotFound { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    wanted.retain(|id, _| ids.contains(id));
    let ids: Vec<_> = wanted.keys().copied().collect();
    let ask = |at: At| {
        asker.ask("read", "topic", topic, |client| {
            offsets(client, topic, &ids, at)
        })
    };
    let (lows, highs) = (ask(At::Start)?, ask(At::End)?);
    for (id, offsets) in wanted.iter_mut() {
        let low = lows.get(id).copied().unwrap_or(0);
        let high = highs.get(id).copied().unwrap_or(0);
        offsets.retain(|offset| (low..high).contains(offset));
    }
    wanted.retain(|_, offsets| !offsets.is_empty());
    Ok(())
}

fn fetch(
    asker: &Asker,
    topic: &str,
    wanted: BTreeMap<i32, BTreeSet<i64>>,
    max_bytes: usize,
    found: &mut Found,
) -> Result<()> {
    let picker = asker.picker()?;
    let mut pick = Pick {
        topic,
        asker,
        context: picker.context.clone(),
        wanted,
        max_bytes,
        found,
    };
    while !pick.wanted.is_empty() {
        pick.round(&picker.reader)?;
    }
    // One that failed is not kept.
    asker.keep(picker);
    Ok(())
}

/// A fetch under way.
struct Pick<'a> {
    topic: &'a str,
    asker: &'a Asker,
    context: Context,
    /// What is still to be found; no partition is empty.
    wanted: BTreeMap<i32, BTreeSet<i64>>,
    max_bytes: usize,
    found: &'a mut Found,
}

impl Pick<'_> {
    /// Jumps in every partition to the first offset wanted, and reads until all have been met or
    /// the next is far away.
    fn round(&mut self, reader: &Reader) -> Result<()> {
        let mut list = TopicPartitionList::new();
        let mut running = BTreeSet::new();
        for (id, offsets) in &self.wanted {
            let Some(first) = offsets.first() else {
                continue;
            };
            list.add_partition_offset(self.topic, *id, Offset::Offset(*first))
                .map_err(|error| self.sorted(&error))?;
            running.insert(*id);
        }
        reader.assign(&list).map_err(|error| self.sorted(&error))?;
        let mut moved = Instant::now();
        while !running.is_empty() {
            match reader.poll(SLICE) {
                Some(Ok(message)) => {
                    moved = Instant::now();
                    if self.take(&message) {
                        running.remove(&message.partition());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    moved = Instant::now();
                    // Nothing comes after this: what is still wanted is a hole.
                    self.wanted.remove(&partition);
                    running.remove(&partition);
                }
                Some(Err(error)) if is_hopeless(&error) => return Err(self.sorted(&error)),
                Some(Err(_)) | None if moved.elapsed() > STALL_LIMIT => {
                    let error = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
                    return Err(self.sorted(&error));
                }
                Some(Err(_)) | None => {}
            }
        }
        Ok(())
    }

    /// Keeps a record that is wanted. Returns whether this partition is through for this round.
    fn take(&mut self, message: &BorrowedMessage<'_>) -> bool {
        let (partition, offset) = (message.partition(), message.offset());
        let Some(offsets) = self.wanted.get_mut(&partition) else {
            return true;
        };
        // Offsets that were skipped are holes: compacted, aborted, or a transaction's marker.
        *offsets = offsets.split_off(&offset);
        if offsets.remove(&offset) {
            let key = (self.topic.to_owned(), partition, offset);
            self.found.insert(key, copy(message, self.max_bytes));
        }
        match offsets.first() {
            None => {
                self.wanted.remove(&partition);
                true
            }
            Some(next) => next - offset > NEAR,
        }
    }

    fn sorted(&self, error: &KafkaError) -> Error {
        let asked = Asked {
            action: "read",
            what: "topic",
            name: self.topic,
            within: STALL_LIMIT,
        };
        sort(error, asked, &self.asker.settings, &self.context)
    }
}

fn copy(message: &BorrowedMessage<'_>, max_bytes: usize) -> Copy {
    let raw = RawRecord::of(message);
    let headers = HeaderList::of(raw);
    let now = now();
    let time = raw.time(now);
    let (at, clock) = time.at.map_or((now, Clock::Waybill), |at| (at, time.clock));
    let payload = message.payload();
    Copy {
        coordinate: Coordinate::Record {
            topic: message.topic().to_owned(),
            partition: u32::try_from(message.partition()).unwrap_or(0),
            offset: message.offset(),
        },
        stamp: Stamp {
            at,
            clock,
            resolution_micros: time.resolution_micros,
        },
        key: message.key().map(<[u8]>::to_vec),
        headers: headers
            .iter()
            .map(|(name, value)| {
                (
                    String::from_utf8_lossy(name).into_owned(),
                    value.map(<[u8]>::to_vec),
                )
            })
            .collect(),
        properties: dead_letters::facts(headers.iter()),
        payload: payload.map(|body| body[..Ord::min(body.len(), max_bytes)].to_vec()),
        payload_len: payload.map_or(0, <[u8]>::len) as u64,
    }
}
