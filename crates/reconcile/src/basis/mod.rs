//! By what the messages of a flow are recognised: one basis per destination, found by sampling.
//!
//! A profile may name the wrong header, or a relay give its messages ids of its own. Then no row
//! would have a copy and no copy a row, and calling every row lost and every copy a phantom would
//! be the worst lie there is. So before anything is called absent, a sample of the messages has to
//! be found on the other side: by id, or else by aggregate and version; where neither does,
//! nothing is called absent.

mod sample;
use sample::Sample;

mod measure;
use measure::Tally;
pub(crate) use measure::bearable;

mod kinship;
pub(crate) use kinship::{Fit, Kinship};

mod find;

mod unsent;

mod vouch;

mod absorb;

use std::collections::BTreeMap;

use waybill_model::{FlowBasis, Marks, PlaceId, Recognised, UnknownReason};

use crate::store::Spot;

/// What is known of all bases.
#[derive(Debug, Default)]
pub(crate) struct Bases {
    samples: BTreeMap<PlaceId, Sample>,
    span: RowSpan,
    found: BTreeMap<PlaceId, FlowBasis>,
    /// The destinations where ids are known that are no chance, and many that are not.
    in_doubt: Vec<PlaceId>,
    /// Events by aggregate and version; made only where ids do not do.
    kinship: Option<Kinship>,
    /// The destinations whose messages were recognised by version when kin were last looked for.
    by_version: Vec<PlaceId>,
    /// The youngest row that has a copy under another id.
    sent_up_to: Option<i64>,
    /// From row to copy under another id: 99 of 100 in the sample were quicker.
    p99: Option<i64>,
}

/// From when to when outbox rows are known. A message from before may have lost its row to whoever
/// cleans the outbox; that of a message from after may not have been read yet.
#[derive(Debug, Clone, Copy, Default)]
struct RowSpan {
    /// The oldest row that is sent; rows that nobody could send are kept for ever.
    from: Option<i64>,
    until: Option<i64>,
    /// One that is sent carries a time.
    timed: bool,
}

impl Bases {
    /// Takes a new message (or inbox row) into the sample of its place.
    pub(crate) fn offer(&mut self, spot: &Spot<'_>, no: u32) {
        self.samples.entry(spot.place).or_default().offer(spot, no);
    }

    /// Notes when an outbox row was written, and whether it may have been sent.
    pub(crate) fn note_row(&mut self, spot: &Spot<'_>, is_new: bool, may_be_sent: bool) {
        let span = &mut self.span;
        if is_new {
            span.until = span.until.max(Some(spot.at));
        }
        if may_be_sent {
            let timeless = spot.marks.contains(Marks::NO_TIME);
            let from = if timeless { i64::MIN } else { spot.at };
            span.from = Some(span.from.map_or(from, |known| known.min(from)));
            span.timed |= !timeless;
        }
    }

    /// By what the messages of a place are recognised.
    pub(crate) fn recognised(&self, place: PlaceId) -> Recognised {
        self.found
            .get(&place)
            .map_or(Recognised::ById, |found| found.recognised)
    }

    /// Whether of the messages of a destination each has to show that it is under no other id.
    pub(crate) fn is_in_doubt(&self, place: PlaceId) -> bool {
        self.in_doubt.contains(&place)
    }

    /// Whether that is so anywhere.
    pub(crate) fn is_any_in_doubt(&self) -> bool {
        !self.in_doubt.is_empty()
    }

    /// Whether the messages of some destination are recognised by version.
    pub(crate) fn any_by_version(&self) -> bool {
        !self.by_version.is_empty()
    }

    /// What fits an event by aggregate and version.
    pub(crate) fn kinship(&self) -> Option<&Kinship> {
        self.kinship.as_ref()
    }

    /// Why nothing of a place can be called absent.
    pub(crate) fn doubt(&self, place: PlaceId) -> Option<UnknownReason> {
        self.recognised(place).doubt()
    }

    /// What was found, by place.
    pub(crate) fn found(&self) -> impl Iterator<Item = &FlowBasis> {
        self.found.values()
    }

    /// The youngest row that has a copy under another id.
    pub(crate) fn sent_up_to(&self) -> Option<i64> {
        self.sent_up_to
    }

    /// How long rows take to their copies, where both are known by version.
    pub(crate) fn p99(&self) -> Option<i64> {
        self.p99
    }

    /// When the oldest row was written that was sent and is kept; `i64::MIN` where one carries no
    /// time. What was sent before may have been cleaned.
    pub(crate) fn kept_since(&self) -> Option<i64> {
        self.span.from
    }

    /// Whether rows that were sent may have been cleaned, by the times of those that are kept: where
    /// none carries any, nobody knows how old they are.
    pub(crate) fn may_be_cleaned(&self) -> bool {
        let oldest = self.span.from;
        oldest.is_some_and(|oldest| oldest != i64::MIN) || self.are_rows_untimed()
    }

    /// Whether there are rows that were sent, and none carries a time.
    pub(crate) fn are_rows_untimed(&self) -> bool {
        self.span.from == Some(i64::MIN) && !self.span.timed
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let samples: usize = self.samples.values().map(Sample::heap_bytes).sum();
        samples + self.kinship.as_ref().map_or(0, Kinship::heap_bytes)
    }
}

impl RowSpan {
    fn contains(self, at: i64) -> bool {
        let (Some(from), Some(until)) = (self.from, self.until) else {
            return false;
        };
        (from..=until).contains(&at)
    }
}
