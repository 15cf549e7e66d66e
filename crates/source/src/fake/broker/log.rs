//! One partition of the broker in memory.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use waybill_model::{Accounts, Batch, Clock, Coordinate, Copy, Marks, Micros, Stamp};

use crate::conformance::broker::Letter;
use crate::{CopyQuery, carry};

/// Messages in order; what retention removed is only counted.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The first offset that is left.
    low: i64,
    entries: Vec<(Micros, Letter)>,
}

impl Log {
    pub(super) fn low(&self) -> i64 {
        self.low
    }

    /// One past the last offset.
    pub(super) fn end(&self) -> i64 {
        self.low + i64::try_from(self.entries.len()).expect("a test holds few messages")
    }

    pub(super) fn depth(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(super) fn append(&mut self, letter: Letter, at: Micros) -> i64 {
        let offset = self.end();
        self.entries.push((at, letter));
        offset
    }

    pub(super) fn expire(&mut self, offset: i64) {
        let n = usize::try_from(offset - self.low).unwrap_or(0);
        let n = Ord::min(n, self.entries.len());
        self.entries.drain(..n);
        self.low += i64::try_from(n).expect("a test holds few messages");
    }

    pub(super) fn get(&self, offset: i64) -> Option<&(Micros, Letter)> {
        self.entries.get(usize::try_from(offset - self.low).ok()?)
    }

    pub(super) fn copy(&self, offset: i64, at: &Coordinate, max_bytes: u64) -> Option<Copy> {
        let (stamp, letter) = self.get(offset)?;
        let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let payload = letter.payload.as_ref();
        Some(Copy {
            coordinate: at.clone(),
            stamp: Stamp {
                at: *stamp,
                clock: Clock::App,
                resolution_micros: 1,
            },
            key: letter.key.clone(),
            headers: letter.headers.clone(),
            properties: Vec::new(),
            payload: payload.map(|body| body[..Ord::min(body.len(), max_bytes)].to_vec()),
            payload_len: payload.map_or(0, Vec::len) as u64,
        })
    }

    /// Adds the message at `offset` to a batch, or to those that are left out.
    pub(super) fn observe(
        &self,
        query: &CopyQuery,
        partition: u32,
        offset: i64,
        batch: &mut Batch,
        accounts: &mut Accounts,
    ) {
        let Some((at, letter)) = self.get(offset) else {
            return;
        };
        let (carriers, aggregate_type) = (&query.carriers, query.aggregate_type.as_deref());
        let Some(carried) = carry::counted(letter, carriers, aggregate_type, &query.only) else {
            accounts.of_others += 1;
            return;
        };
        accounts.whose_unknown += u64::from(carried.marks.contains(Marks::WHOSE_UNKNOWN));
        batch.ids.push(&carried.id);
        batch.kinds.push(&carried.kind);
        batch.aggregates.push(&carried.aggregate);
        batch.versions.push(carried.version);
        batch.at.push(at.0);
        batch.partitions.push(partition);
        batch.positions.push(offset);
        batch.marks.push(carried.marks);
        if let Some(compare) = &query.compare {
            batch
                .contents
                .push(compare.content(letter.payload.as_deref()));
        }
    }
}

impl carry::Message for Letter {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let named = self.headers.iter().filter(|(n, _)| n == name);
        let mut filled = named.filter_map(|(_, value)| value.as_deref());
        let last = filled.rfind(|value| !value.is_empty());
        last.map(Cow::Borrowed)
    }

    fn payload(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }

    fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }
}

/// An empty batch with this broker's clock.
pub(super) fn batch(query: &CopyQuery) -> Batch {
    Batch::new(query.place, Clock::App, 1, 0)
}

/// The partition of a key; messages without one all go to the first.
pub(super) fn partition_of(key: Option<&[u8]>, partitions: u32) -> u32 {
    let sum: u32 = key
        .unwrap_or_default()
        .iter()
        .map(|byte| u32::from(*byte))
        .sum();
    sum % Ord::max(partitions, 1)
}

pub(super) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
