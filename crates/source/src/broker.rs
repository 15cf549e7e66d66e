//! A broker, to look at.

use std::fmt;

use async_trait::async_trait;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use waybill_model::{Carriers, ConsumerNo, Coordinate, Copy, Micros, PlaceId, Window};

use crate::carry::Condition;
use crate::content::Compare;
use crate::{ChunkStream, Cursor, Operator, Result, ServerInfo, Whose};

/// A broker, read-only. Looking MUST leave no trace: no commit, no group join, no get-and-requeue,
/// no binding that the destination does not already have, nothing declared that outlives us.
#[async_trait]
pub trait Broker: fmt::Debug + Send + Sync {
    /// What it can do and what that would disturb.
    fn capabilities(&self) -> BrokerCapabilities;

    /// One round trip: who is there.
    async fn server(&self) -> Result<ServerInfo>;

    /// Channels, bindings and consumers, as the broker knows them.
    async fn topology(&self) -> Result<Topology>;

    /// Reads what lies in a channel now, once, to the end it had when the read began; then the
    /// coverage per partition and a resume cursor. Positions that retention has removed are a gap.
    fn scan(&self, query: CopyQuery) -> ChunkStream;

    /// Reads at most `n` messages right before where the reads up to the query's cursor began: what
    /// was published in the window and says otherwise. Ends with a cursor that goes on from the same
    /// end; at once where nothing can lie before.
    fn before(&self, query: CopyQuery, n: u64) -> ChunkStream {
        drop((query, n));
        futures::stream::empty().boxed()
    }

    /// Reads what arrives, from the cursor (or from now) on, until dropped; coverage at least
    /// every second while it lasts.
    fn follow(&self, query: CopyQuery) -> ChunkStream;

    /// How far each consumer has moved. Asks; never joins, consumes or commits.
    async fn progress(&self, consumers: &[ConsumerRef]) -> Result<Vec<ConsumerProgress>>;

    /// Whole copies by coordinate (head only above `max_bytes`), in the order asked for; `None`
    /// where it is gone or can no longer be fetched.
    async fn copies(&self, at: &[Coordinate], max_bytes: u64) -> Result<Vec<Option<Copy>>>;

    /// The operations that change something; `None` with read-only access or where there are none.
    ///
    /// Apart from this trait, so that code which only looks cannot act.
    fn operator(&self) -> Option<&dyn Operator>;

    /// Ends all connections.
    async fn close(&self);
}

/// What a broker offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerCapabilities {
    /// Whether a destination's past can be read.
    pub history: History,
    /// Whether one consumer alone can be sent to.
    pub one_consumer: bool,
    /// Largest message it takes, in bytes, when known.
    pub max_message_bytes: Option<u64>,
}

/// Whether the past can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    /// Always, as far as retention reaches.
    Always,
    /// Only where the profile names a stream that keeps it.
    ByStream,
}

/// A read of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyQuery {
    /// The place its observations belong to.
    pub place: PlaceId,
    /// What the channel holds.
    pub role: CopyRole,
    /// Topic, stream or exchange to read.
    pub channel: String,
    /// The exchange whose history a stream is to keep, where it is one.
    pub exchange: Option<String>,
    /// Where its messages carry what.
    pub carriers: Carriers,
    /// Aggregate type to put before the aggregate's id (`product/4711`), when messages carry none.
    pub aggregate_type: Option<String>,
    /// Which messages count, all where there is no condition; the others are left out and counted.
    pub only: Vec<Condition>,
    /// Whose dead letters count; all, by default.
    pub whose: Whose,
    /// With it the read yields what the bodies say.
    pub compare: Option<Compare>,
    /// What the caller wants; a source may yield more, never less.
    pub window: Window,
    /// Go on after this.
    pub after: Option<Cursor>,
    /// How many messages may be read at most, the newest. Left out: as many as there are, and a
    /// sensible number where messages carry no time that leads to them.
    pub max_messages: Option<u64>,
}

/// What a channel holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyRole {
    /// A Kafka topic, or the RabbitMQ stream that keeps an exchange's history.
    Destination,
    /// A RabbitMQ exchange without a stream: listened to by a tap that mirrors its bindings.
    Tap,
    /// Dead letters: a topic, or the stream that keeps a copy of them.
    DeadLetters,
}

/// The broker's map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Topology {
    /// Topics, exchanges, queues, streams.
    pub channels: Vec<Channel>,
    /// What leads from where to where (RabbitMQ).
    pub bindings: Vec<Binding>,
    /// Consumer groups by name (Kafka), when the broker lists them.
    pub groups: Vec<String>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ChannelKind,
    /// Partitions of a topic; 1 elsewhere.
    pub partitions: u32,
    /// Messages in it, when known.
    pub depth: Option<u64>,
    /// Consumers attached, when known.
    pub consumers: Option<u32>,
    /// A message may vanish from it unread (time to live, maximum length); why.
    pub may_drop: Option<String>,
}

/// What a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelKind {
    /// Kafka topic.
    Topic,
    /// RabbitMQ exchange.
    Exchange,
    /// RabbitMQ classic or quorum queue.
    Queue,
    /// RabbitMQ stream.
    Stream,
}

/// A binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Exchange.
    pub from: String,
    /// Queue or exchange.
    pub to: String,
    /// Routing key or pattern.
    pub key: String,
}

/// A consumer to ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerRef {
    /// Its number in the session.
    pub consumer: ConsumerNo,
    /// The topic it reads.
    pub destination: String,
    /// Kafka group.
    pub group: Option<String>,
    /// RabbitMQ queue.
    pub queue: Option<String>,
}

/// How far a consumer has moved. Moving past an event does not prove that it was processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerProgress {
    /// Which.
    pub consumer: ConsumerNo,
    /// When we asked, by our clock.
    pub at: Micros,
    /// Kafka: per partition.
    pub partitions: Vec<PartitionProgress>,
    /// RabbitMQ: its queue.
    pub queue: Option<QueueProgress>,
    /// Members of the group, when the broker tells.
    pub members: Option<u32>,
}

/// A group's place in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionProgress {
    /// Partition.
    pub partition: u32,
    /// The committed offset: the next one to be read. `None`: never committed, or expired.
    pub committed: Option<i64>,
    /// One past the last offset in the partition.
    pub end: i64,
}

/// A queue's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueProgress {
    /// Waiting.
    pub ready: u64,
    /// Delivered and not acknowledged.
    pub unacked: u64,
    /// Attached consumers.
    pub consumers: u32,
    /// Whether the destination leads to it by any binding.
    pub bound: bool,
    /// A message may vanish from it unread; why.
    pub may_drop: Option<String>,
}
