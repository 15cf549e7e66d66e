//! A broker in memory: channels with partitions, an operator that records, faults on demand.
//!
//! Its clones share everything, so a test keeps one clone to publish with and hands out the other.

mod follow;
mod log;
mod operator;
mod scan;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;
use waybill_model::{Access, Coordinate, Copy, Micros, Parcel};

use crate::conformance::broker::Letter;
use crate::{
    Broker, BrokerCapabilities, Channel, ChannelKind, ChunkStream, ConsumerProgress, ConsumerRef,
    CopyQuery, Error, History, Operator, PartitionProgress, Result, ServerInfo, Topology,
};
pub use operator::SendFault;

use log::Log;

/// What a group has committed that is always at the end.
const KEEPS_UP: i64 = i64::MAX;

/// A broker in memory.
#[derive(Debug, Clone)]
pub struct FakeBroker {
    state: Arc<Mutex<State>>,
    /// Counts changes, so that a follow wakes up.
    changes: Arc<watch::Sender<u64>>,
    access: Access,
}

/// Everything the broker holds.
#[derive(Debug, Default)]
struct State {
    channels: BTreeMap<String, Vec<Log>>,
    /// Committed offsets by group, channel and partition.
    committed: BTreeMap<(String, String, u32), i64>,
    /// Reads break off after this many messages.
    die_after: Option<u64>,
    /// Nothing answers.
    unreachable: bool,
    /// What happens to the next sends; none left: they work.
    send_faults: std::collections::VecDeque<SendFault>,
    /// Every parcel that was submitted, refused ones included.
    submitted: Vec<Parcel>,
}

impl Default for FakeBroker {
    fn default() -> Self {
        Self::new(Access::Resend)
    }
}

impl FakeBroker {
    /// An empty broker.
    pub fn new(access: Access) -> Self {
        Self {
            state: Arc::default(),
            changes: Arc::new(watch::Sender::new(0)),
            access,
        }
    }

    /// The same broker as another user sees it.
    pub fn with_access(&self, access: Access) -> Self {
        Self {
            access,
            ..self.clone()
        }
    }

    /// Makes an empty channel; one of that name is emptied.
    pub fn add_channel(&self, name: &str, partitions: u32) {
        let logs = (0..partitions).map(|_| Log::default()).collect();
        self.state().channels.insert(name.to_owned(), logs);
        self.changed();
    }

    /// Publishes now; a key always leads to the same partition.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn publish(&self, channel: &str, letter: &Letter) -> Coordinate {
        self.publish_at(channel, letter, log::now())
    }

    /// Publishes with the producer's time `at`.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn publish_at(&self, channel: &str, letter: &Letter, at: Micros) -> Coordinate {
        let coordinate = self
            .state()
            .append(channel, None, letter.clone(), at)
            .expect("the test has made the channel");
        self.changed();
        coordinate
    }

    /// Retention: everything below `offset` in a partition is gone.
    pub fn expire(&self, channel: &str, partition: u32, offset: i64) {
        if let Some(log) = self.state().log_mut(channel, partition) {
            log.expire(offset);
        }
    }

    /// A group commits: `offset` is the next one it will read.
    pub fn commit(&self, group: &str, channel: &str, partition: u32, offset: i64) {
        let key = (group.to_owned(), channel.to_owned(), partition);
        self.state().committed.insert(key, offset);
    }

    /// A group that has always read all there is, whatever comes.
    pub fn keep_up(&self, group: &str, channel: &str, partition: u32) {
        self.commit(group, channel, partition, KEEPS_UP);
    }

    /// Every read breaks off after `n` messages; `None` repairs it.
    pub fn die_after(&self, n: Option<u64>) {
        self.state().die_after = n;
        self.changed();
    }

    /// Nothing answers any more, or everything does again.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.state().unreachable = unreachable;
        self.changed();
    }

    /// What happens to the sends to come, one after the other; after the last they work again.
    pub fn script_sends(&self, faults: impl IntoIterator<Item = SendFault>) {
        self.state().send_faults.extend(faults);
    }

    /// Every parcel that was submitted, in order, refused ones included.
    pub fn submitted(&self) -> Vec<Parcel> {
        self.state().submitted.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere fails there; the state itself is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|n| *n += 1);
    }

    fn reachable(&self) -> Result<()> {
        if self.state().unreachable {
            return Err(unreachable());
        }
        Ok(())
    }
}

impl State {
    fn log_mut(&mut self, channel: &str, partition: u32) -> Option<&mut Log> {
        self.channels
            .get_mut(channel)?
            .get_mut(usize::try_from(partition).ok()?)
    }

    /// Appends to the partition given, else to the key's; `None` when there is no such place.
    fn append(
        &mut self,
        channel: &str,
        partition: Option<u32>,
        letter: Letter,
        at: Micros,
    ) -> Option<Coordinate> {
        let n = u32::try_from(self.channels.get(channel)?.len()).ok()?;
        let partition = partition.unwrap_or_else(|| log::partition_of(letter.key.as_deref(), n));
        let offset = self.log_mut(channel, partition)?.append(letter, at);
        Some(Coordinate::Record {
            topic: channel.to_owned(),
            partition,
            offset,
        })
    }

    /// The channel's partitions, or an error that names it.
    fn logs(&self, channel: &str) -> Result<&Vec<Log>> {
        self.channels.get(channel).ok_or_else(|| Error::NotFound {
            what: "topic",
            name: channel.to_owned(),
            place: "memory".to_owned(),
            suggestion: String::new(),
        })
    }
}

#[async_trait]
impl Broker for FakeBroker {
    fn capabilities(&self) -> BrokerCapabilities {
        BrokerCapabilities {
            history: History::Always,
            one_consumer: false,
            max_message_bytes: None,
        }
    }

    async fn server(&self) -> Result<ServerInfo> {
        self.reachable()?;
        Ok(ServerInfo {
            product: "fake".to_owned(),
            version: "in memory".to_owned(),
            clock_offset_micros: Some(0),
            clock_error_micros: Some(0),
        })
    }

    async fn topology(&self) -> Result<Topology> {
        self.reachable()?;
        let state = self.state();
        let channels = state.channels.iter().map(|(name, logs)| Channel {
            name: name.clone(),
            kind: ChannelKind::Topic,
            partitions: u32::try_from(logs.len()).unwrap_or(u32::MAX),
            depth: Some(logs.iter().map(Log::depth).sum()),
            consumers: None,
            may_drop: None,
        });
        let mut groups: Vec<_> = state.committed.keys().map(|key| key.0.clone()).collect();
        groups.dedup();
        Ok(Topology {
            channels: channels.collect(),
            bindings: Vec::new(),
            groups,
        })
    }

    fn scan(&self, query: CopyQuery) -> ChunkStream {
        scan::stream(self.clone(), query)
    }

    fn follow(&self, query: CopyQuery) -> ChunkStream {
        follow::stream(self.clone(), query)
    }

    async fn progress(&self, consumers: &[ConsumerRef]) -> Result<Vec<ConsumerProgress>> {
        self.reachable()?;
        let state = self.state();
        let of_group = |consumer: &ConsumerRef| {
            let group = consumer.group.as_ref()?;
            let logs = match state.logs(&consumer.destination) {
                Ok(logs) => logs,
                Err(error) => return Some(Err(error)),
            };
            let partitions = (0..).zip(logs).map(|(partition, log)| {
                let key = (group.clone(), consumer.destination.clone(), partition);
                PartitionProgress {
                    partition,
                    committed: state.committed.get(&key).map(|offset| match *offset {
                        KEEPS_UP => log.end(),
                        offset => offset,
                    }),
                    end: log.end(),
                }
            });
            Some(Ok(ConsumerProgress {
                consumer: consumer.consumer,
                at: log::now(),
                partitions: partitions.collect(),
                queue: None,
                members: None,
            }))
        };
        consumers.iter().filter_map(of_group).collect()
    }

    async fn copies(&self, at: &[Coordinate], max_bytes: u64) -> Result<Vec<Option<Copy>>> {
        self.reachable()?;
        let state = self.state();
        let copy = |coordinate: &Coordinate| {
            let Coordinate::Record {
                topic,
                partition,
                offset,
            } = coordinate
            else {
                return None;
            };
            let log = state
                .channels
                .get(topic)?
                .get(usize::try_from(*partition).ok()?)?;
            log.copy(*offset, coordinate, max_bytes)
        };
        Ok(at.iter().map(copy).collect())
    }

    fn operator(&self) -> Option<&dyn Operator> {
        match self.access {
            Access::ReadOnly => None,
            Access::Resend => Some(self),
        }
    }

    async fn close(&self) {}
}

/// What a connection that broke looks like.
fn unreachable() -> Error {
    Error::Connect {
        address: "memory".to_owned(),
        source: "scripted".into(),
    }
}

#[cfg(test)]
mod tests;
