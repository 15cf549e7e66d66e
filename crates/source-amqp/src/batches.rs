//! Collects observations into batches. A batch has one clock, and a stream may hold messages
//! of several.

use waybill_model::{Batch, Observation, PlaceId};
use waybill_source::Chunk;

/// Observations of one place, by clock.
#[derive(Debug)]
pub(crate) struct Batches {
    place: PlaceId,
    open: Vec<Batch>,
    n: usize,
}

impl Batches {
    /// A batch is handed on when it has this many.
    pub(crate) const FULL: usize = 2000;

    pub(crate) fn new(place: PlaceId) -> Self {
        Self {
            place,
            open: Vec::new(),
            n: 0,
        }
    }

    pub(crate) fn push(&mut self, seen: &Observation) {
        let same = |batch: &Batch| {
            batch.clock == seen.stamp.clock
                && batch.resolution_micros == seen.stamp.resolution_micros
        };
        let idx = self.open.iter().position(same).unwrap_or_else(|| {
            let batch = Batch::new(
                self.place,
                seen.stamp.clock,
                seen.stamp.resolution_micros,
                Self::FULL,
            );
            self.open.push(batch);
            self.open.len() - 1
        });
        self.open[idx].push(seen);
        self.n += 1;
    }

    pub(crate) fn full(&self) -> bool {
        self.n >= Self::FULL
    }

    /// Everything collected so far, at most one batch per clock.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Chunk> + use<> {
        self.n = 0;
        std::mem::take(&mut self.open)
            .into_iter()
            .map(Chunk::Evidence)
    }
}
