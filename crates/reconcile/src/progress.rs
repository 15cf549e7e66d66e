//! How far consumers have moved.

use waybill_model::{ConsumerNo, Micros};

/// One look at how far one consumer has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerProgress {
    /// Who.
    pub consumer: ConsumerNo,
    /// When it was looked at, before the inbox was read; Waybill's clock.
    pub at: Micros,
    /// Each partition of a group's topic; empty for queues.
    pub partitions: Vec<PartitionProgress>,
    /// The queue; `None` for groups.
    pub queue: Option<QueueProgress>,
    /// Members of the group; `None` when the broker does not say.
    pub members: Option<u32>,
}

/// A group's place in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionProgress {
    /// Partition.
    pub partition: u32,
    /// The committed offset: the next one to read. `None`: never committed, or expired.
    pub passed: Option<i64>,
    /// The partition's end.
    pub end: i64,
}

/// A queue's depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueProgress {
    /// Messages waiting.
    pub ready: u64,
    /// Messages delivered and not acknowledged.
    pub unacked: u64,
    /// Consumers attached.
    pub consumers: u32,
    /// Whether the destination leads to it by any binding.
    pub bound: bool,
    /// Time to live, a length limit or the like may make messages vanish from it unread.
    pub may_drop: bool,
}
