//! What a read yields: evidence, progress, and in the end what it covered.

use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use waybill_model::{Accounts, Batch, Coverage, Progress};

use crate::Result;

/// A read in progress. Dropping it cancels the read within 100 ms and leaves nothing behind.
///
/// It is pulled, so a slow reader slows the source; nothing queues without bound.
pub type ChunkStream = BoxStream<'static, Result<Chunk>>;

/// One piece of a read.
#[derive(Debug, Clone, PartialEq)]
pub enum Chunk {
    /// Observations, at most some thousand.
    Evidence(Batch),
    /// How far it is.
    Progress(Progress),
    /// What has been covered so far, one value per partition; the last ones before the end of the
    /// stream hold for the whole read. Sent at the end, and every so often by [`crate::Broker::follow`].
    Covered(Coverage),
    /// What became of the rows of a table that the read was not for, or could not place in time.
    Accounted(Accounts),
    /// Where the next read of the same place can go on.
    Resume(Cursor),
}

/// Where a read stopped, opaque to everyone but the source that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);
