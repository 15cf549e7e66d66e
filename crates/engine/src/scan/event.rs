//! What readers tell the loop. Closed: whoever adds a kind finds every place that must know it.

use waybill_model::PlaceId;
use waybill_protocol::Failure;
use waybill_source::{Chunk, ConsumerProgress};

/// One thing that happened while reading.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is the large one, and a box would cost an allocation"
)]
pub(crate) enum Event {
    /// A piece of a read.
    Chunk(PlaceId, Chunk),
    /// A read came to its end.
    Ended(PlaceId),
    /// A place could not be read, or not to its end.
    Failed(PlaceId, Failure),
    /// How far consumers have moved.
    Progress(Vec<ConsumerProgress>),
}

impl Event {
    /// Its kind, for traces.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Chunk(_, Chunk::Evidence(_)) => "evidence",
            Self::Chunk(_, Chunk::Progress(_)) => "progress",
            Self::Chunk(_, Chunk::Covered(_)) => "covered",
            Self::Chunk(_, Chunk::Accounted(_)) => "accounts",
            Self::Chunk(_, Chunk::Resume(_)) => "resume",
            Self::Ended(_) => "ended",
            Self::Failed(..) => "failed",
            Self::Progress(_) => "consumers",
        }
    }
}
