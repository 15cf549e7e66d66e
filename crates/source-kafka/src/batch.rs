//! Gathers records into batches of observations.

use waybill_model::{Accounts, Batch, Carriers, Clock, Marks, Micros, PlaceId};
use waybill_source::carry::Condition;
use waybill_source::content::Compare;
use waybill_source::{CopyQuery, CopyRole, Whose, carry};

use crate::dead_letters;
use crate::native::RawRecord;
use crate::outlet::now;
use crate::record::Record;
use crate::times::Time;

/// Observations per batch: large enough that handing over costs nothing, small enough that the
/// first ones show at once.
pub(crate) const BATCH: usize = 8192;

/// Kafka's times are milliseconds, unless their producers think otherwise.
const RESOLUTION_MICROS: u32 = 1000;

/// The batch being filled.
#[derive(Debug)]
pub(crate) struct Gather {
    place: PlaceId,
    carriers: Carriers,
    aggregate_type: Option<String>,
    /// Which records count.
    only: Vec<Condition>,
    compare: Option<Compare>,
    /// Where dead letters are read: whose count.
    whose: Option<Whose>,
    /// A moment ago: when the batch was begun.
    now: Micros,
    batch: Batch,
    /// Records that do not count, or of which nobody knows, and that were not told of yet.
    accounts: Accounts,
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
            only: query.only.clone(),
            compare: query.compare.clone(),
            whose: (query.role == CopyRole::DeadLetters).then(|| query.whose.clone()),
            now: now(),
            batch: Batch::new(query.place, Clock::App, RESOLUTION_MICROS, 0),
            accounts: Accounts::default(),
            n_records: 0,
            n_bytes: 0,
        }
    }

    /// Adds one record with what else is known about it. Returns its time, and the batch to send
    /// first when the record's time is of another kind.
    pub(crate) fn add(&mut self, raw: RawRecord<'_>, known: Marks) -> (Time, Option<Batch>) {
        let time = raw.time(self.now);
        let before = self.begin(time);
        let record = Record::of(raw);
        self.n_records += 1;
        self.n_bytes +=
            (raw.payload().map_or(0, <[u8]>::len) + raw.key().map_or(0, <[u8]>::len)) as u64;
        if let Some(whose) = &self.whose
            && !whose.counts(dead_letters::group(record.headers.iter()).as_slice())
        {
            return (time, before);
        }
        let (carriers, aggregate_type) = (&self.carriers, self.aggregate_type.as_deref());
        let counted = carry::counted(&record, carriers, aggregate_type, &self.only);
        // What is in an open transaction is read again once that has ended.
        if !known.contains(Marks::OPEN_TRANSACTION) {
            self.account(counted.as_ref().map(|it| it.marks));
        }
        let Some(carried) = counted else {
            return (time, before);
        };
        let mut marks = carried.marks | known;
        if record.headers.malformed() {
            marks |= Marks::MALFORMED;
        }
        if time.at.is_none() {
            marks |= Marks::NO_TIME;
        }
        let batch = &mut self.batch;
        batch.ids.push(&carried.id);
        batch.kinds.push(&carried.kind);
        batch.aggregates.push(&carried.aggregate);
        batch.versions.push(carried.version);
        batch.at.push(time.at.unwrap_or_else(now).0);
        batch
            .partitions
            .push(u32::try_from(raw.partition()).unwrap_or(0));
        batch.positions.push(raw.offset());
        batch.marks.push(marks);
        if let Some(compare) = &self.compare {
            batch.contents.push(compare.content(raw.payload()));
        }
        (time, before)
    }

    /// Counts a record that does not count, or of which nobody knows whose it is.
    fn account(&mut self, marks: Option<Marks>) {
        match marks {
            None => self.accounts.of_others += 1,
            Some(marks) if marks.contains(Marks::WHOSE_UNKNOWN) => {
                self.accounts.whose_unknown += 1;
            }
            Some(_) => {}
        }
    }

    /// What was counted since the last time, where there was anything.
    pub(crate) fn accounts(&mut self) -> Option<Accounts> {
        let accounts = std::mem::take(&mut self.accounts);
        (accounts != Accounts::default()).then_some(accounts)
    }

    /// A batch holds times of one clock and one precision: what was gathered, when the next one is
    /// of another.
    fn begin(&mut self, time: Time) -> Option<Batch> {
        let kind = |batch: &Batch| (batch.clock, batch.resolution_micros);
        let wanted = (time.clock, time.resolution_micros);
        if time.at.is_none() || kind(&self.batch) == wanted {
            return None;
        }
        let before = self.take();
        (self.batch.clock, self.batch.resolution_micros) = wanted;
        before
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
        self.now = now();
        let (clock, resolution) = (self.batch.clock, self.batch.resolution_micros);
        let next = Batch::new(self.place, clock, resolution, capacity);
        Some(std::mem::replace(&mut self.batch, next))
    }
}
