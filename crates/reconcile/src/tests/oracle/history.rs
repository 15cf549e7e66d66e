//! A small history as plain facts: what was told in each scan, and when it was judged.
//!
//! One unit of time is one second.

use waybill_model::{ConsumerNo, GapReason, Marks, PlaceId};

use crate::tests::company::secs;
use crate::{Index, Shape};

/// Where reads from the very beginning begin, before anything happens.
pub(super) const EVER: i64 = -250;

/// Everything that reaches Waybill in the course of a few scans.
#[derive(Clone)]
pub(super) struct History {
    pub(super) shape: Shape,
    /// How far clocks may be apart.
    pub(super) slack: i64,
    /// When each consumer was registered, where that is known.
    pub(super) since: Vec<Option<i64>>,
    pub(super) scans: Vec<Scan>,
}

/// One scan: what it told, and the judgements after that.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    pub(super) began: i64,
    pub(super) facts: Vec<Fact>,
    pub(super) failed: Vec<PlaceId>,
    pub(super) judged: Vec<Moment>,
}

/// When is judged, and up to when absence is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: i64,
    pub(super) scan_at: i64,
}

/// One thing that a scan tells.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    Seen(Sighting),
    Looked(Look),
    Resent(Resend),
    Read(Read),
}

/// A row or message.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub(super) place: PlaceId,
    /// Empty for a message without an id, and for a business row.
    pub(super) id: String,
    /// What it is about, as far as it tells: `product/1`, `1` or nothing.
    pub(super) aggregate: String,
    /// Event type, where it tells one.
    pub(super) kind: String,
    pub(super) version: Option<i64>,
    pub(super) at: i64,
    pub(super) partition: u32,
    pub(super) position: i64,
    pub(super) marks: Marks,
    /// An outbox row: from when on it is to be sent, where it says so.
    pub(super) due: Option<i64>,
    /// What its body says: a number for JSON, a negative one for other text, 0 for nothing that
    /// could be compared.
    pub(super) says: i8,
}

/// One look at how far a consumer has moved.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) consumer: usize,
    pub(super) at: i64,
    /// For groups: the committed offset of each partition that was told.
    pub(super) passed: Vec<(u32, Option<i64>)>,
    /// Where its partitions ended then.
    pub(super) end: i64,
    /// For queues: waiting, not acknowledged, and whether anything leads to it.
    pub(super) queue: Option<(u64, u64, bool)>,
    pub(super) may_drop: bool,
    pub(super) attached: Option<u32>,
}

/// A confirmed resend of our own.
#[derive(Debug, Clone)]
pub(super) struct Resend {
    pub(super) id: String,
    pub(super) at: i64,
    pub(super) consumer: Option<ConsumerNo>,
    pub(super) coordinate: Option<(PlaceId, u32, i64)>,
}

/// What one read of one place proves to have seen.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) place: PlaceId,
    pub(super) partition: Option<u32>,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) gaps: Vec<(i64, i64, GapReason)>,
}

impl Sighting {
    /// Whether it carries a time; else `at` is when it was seen.
    pub(super) fn is_timed(&self) -> bool {
        !self.marks.contains(Marks::NO_TIME)
    }

    /// How long the relay took to make this copy of a row: not counting what it was told to wait.
    pub(super) fn way_to(&self, copy: &Self) -> i64 {
        let waited = self.due.filter(|due| *due <= copy.at);
        copy.at - waited.map_or(self.at, |due| due.max(self.at))
    }

    /// Since when it may have been there.
    pub(super) fn since(&self) -> i64 {
        if self.is_timed() { self.at } else { EVER }
    }

    pub(super) fn coordinate(&self) -> (PlaceId, u32, i64) {
        (self.place, self.partition, self.position)
    }
}

impl History {
    /// An index that knows what was there to know before the first scan.
    pub(super) fn index(&self) -> Index {
        let mut index = Index::new(self.shape.clone());
        for (no, since) in (0..).zip(&self.since) {
            if let Some(since) = since {
                index.expect_since(ConsumerNo(no), secs(*since));
            }
        }
        index
    }

    /// All facts of all scans, in the order in which they were told.
    pub(super) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.scans.iter().flat_map(|scan| &scan.facts)
    }
}
