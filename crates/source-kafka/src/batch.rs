//! Gathers records into batches of observations.

use waybill_model::{Batch, Carriers, Clock, Marks, Micros, PlaceId};
use waybill_source::content::Compare;
use waybill_source::{CopyQuery, carry};

use crate::native::RawRecord;
use crate::outlet::now;
use crate::record::Record;

/// Observations per batch: large enough that handing over costs nothing, small enough that the
/// first ones show at once.
pub(crate) const BATCH: usize = 8192;

/// Kafka's times are milliseconds.
const RESOLUTION_MICROS: u32 = 1000;

/// The batch being filled.
#[derive(Debug)]
pub(crate) struct Gather {
    place: PlaceId,
    carriers: Carriers,
    aggregate_type: Option<String>,
    compare: Option<Compare>,
    clock: Clock,
    batch: Batch,
    /// Records taken so far.
    pub(crate) n_records: u64,
    /// Bytes of their keys and bodies.
    pub(crate) n_bytes: u64,
}

impl Gather {
    pub(crate) fn new(query: &CopyQuery) -> Self {
        Self {
            place: query.place,
            carriers: query.carriers.clone(),
            aggregate_type: query.aggregate_type.clone(),
            compare: query.compare.clone(),
            clock: Clock::App,
            batch: Batch::new(query.place, Clock::App, RESOLUTION_MICROS, 0),
            n_records: 0,
            n_bytes: 0,
        }
    }

    /// Adds one record with what else is known about it. Returns its time, and the batch to send
    /// first when the record belongs to another clock.
    pub(crate) fn add(
        &mut self,
        raw: RawRecord<'_>,
        known: Marks,
    ) -> (Option<Micros>, Option<Batch>) {
        let stamp = raw.stamp();
        let before = match stamp {
            Some((_, clock)) if clock != self.clock => {
                let before = self.take();
                self.clock = clock;
                self.batch.clock = clock;
                before
            }
            _ => None,
        };
        let record = Record::of(raw);
        let carried = carry::carried(&record, &self.carriers, self.aggregate_type.as_deref());
        let mut marks = carried.marks | known;
        if record.headers.malformed() {
            marks |= Marks::MALFORMED;
        }
        let at = stamp.map(|(at, _)| at);
        if at.is_none() {
            marks |= Marks::NO_TIME;
        }
        let batch = &mut self.batch;
        batch.ids.push(&carried.id);
        batch.kinds.push(&carried.kind);
        batch.aggregates.push(&carried.aggregate);
        batch.versions.push(carried.version);
        batch.at.push(at.unwrap_or_else(now).0);
        batch
            .partitions
            .push(u32::try_from(raw.partition()).unwrap_or(0));
        batch.positions.push(raw.offset());
        batch.marks.push(marks);
        if let Some(compare) = &self.compare {
            batch.contents.push(compare.content(raw.payload()));
        }
        self.n_records += 1;
        self.n_bytes +=
            (raw.payload().map_or(0, <[u8]>::len) + raw.key().map_or(0, <[u8]>::len)) as u64;
        (at, before)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Whether the batch should be sent.
    pub(crate) fn full(&self) -> bool {
        self.batch.len() >= BATCH
    }

    /// Takes what was gathered; `None` when there is nothing.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        if self.batch.is_empty() {
            return None;
        }
        let capacity = Ord::min(self.batch.len(), BATCH);
        let next = Batch::new(self.place, self.clock, RESOLUTION_MICROS, capacity);
        Some(std::mem::replace(&mut self.batch, next))
    }
}
