//! Collects observations into batches. A batch has one clock, and a stream may hold messages
//! of several.

use waybill_model::{Accounts, Batch, Marks, Observation, PlaceId};
use waybill_source::Chunk;

/// Observations of one place, by clock.
#[derive(Debug)]
pub(crate) struct Batches {
    place: PlaceId,
    open: Vec<Batch>,
    accounts: Accounts,
    n: usize,
}

impl Batches {
    /// A batch is handed on when it has this many.
    pub(crate) const FULL: usize = 2000;

    pub(crate) fn new(place: PlaceId) -> Self {
        Self {
            place,
            open: Vec::new(),
            accounts: Accounts::default(),
            n: 0,
        }
    }

    /// Takes in a message, or counts one that does not count.
    pub(crate) fn take_in(&mut self, seen: Option<&Observation>) {
        let Some(seen) = seen else {
            self.accounts.of_others += 1;
            return;
        };
        let unknown = seen.marks.contains(Marks::WHOSE_UNKNOWN);
        self.accounts.whose_unknown += u64::from(unknown);
        self.push(seen);
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

    /// Everything collected so far, at most one batch per clock, and what was counted.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Chunk> + use<> {
        self.n = 0;
        let accounts = std::mem::take(&mut self.accounts);
        let counted = (accounts != Accounts::default()).then_some(Chunk::Accounted(accounts));
        std::mem::take(&mut self.open)
            .into_iter()
            .map(Chunk::Evidence)
            .chain(counted)
    }
}
