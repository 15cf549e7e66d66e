//! Positive controls: silence counts only where speech was heard.
//!
//! A topic of another name, a header that nobody writes, a body that cannot be read: all of them
//! look like a flow in which everything was lost. So before something is called absent at a place,
//! a neighbour of the same flow must have been found there in the same way. What lies near it and
//! cannot be told apart is asked for, too.
//!
//! Nothing is kept per event: controls are counted, at most once per judgement, when something is
//! first found to be absent.

mod identity;
pub(crate) use identity::{Form, Pair, Pairs, is_no_chance};

mod heard;
pub(crate) use heard::Heard;

mod loose;
pub(crate) use loose::{Alike, Loose, Stray};

mod kinds;
use kinds::Kinds;

mod leftover;
pub(crate) use leftover::{Left, Leftovers};

mod gather;
pub(crate) use gather::Times;

mod behind;
pub(crate) use behind::behind;

mod consumed;
pub(crate) use consumed::Consumed;

use waybill_model::{Control, PlaceId, UnknownReason};

use crate::index::Index;
use crate::rules::Goes;

/// What all events together say about the places of publication.
#[derive(Debug)]
pub(crate) struct Controls {
    /// Copies of events with rows, by the time of the copy: one for each destination.
    published: Vec<Heard>,
    /// The same by the time of the row: that rows of this destination's copies are found.
    stored: Vec<Heard>,
    /// Business rows whose events have outbox rows.
    recorded: Heard,
    kinds: Kinds,
    /// Copies without a row.
    copies: Loose,
    /// Rows that say sent and have no copy.
    rows: Loose,
    /// Copies without a row at each destination.
    unidentified: Vec<u64>,
    /// What may be each other's under another id, where ids are in doubt.
    leftovers: Option<Leftovers>,
}

impl Controls {
    /// What shows that a copy of an event of some type would have been seen at the destinations.
    pub(crate) fn of_copy(&self, kind: u32, from: i64, missed: bool) -> Option<Vec<Control>> {
        if self.kinds.is_silent(kind) {
            return None;
        }
        let heard = self.published.iter();
        let controls: Vec<Control> = heard.filter_map(|it| it.control(from, missed)).collect();
        // One destination may be another flow's: then its type tells where an event belongs.
        let enough = controls.len() == self.published.len() || self.kinds.was_found(kind);
        (enough && !controls.is_empty()).then_some(controls)
    }

    /// What shows that a copy would have been seen at the destination that its row names.
    fn of_copy_at(&self, destination: PlaceId, from: i64, missed: bool) -> Option<Vec<Control>> {
        let mut published = self.published.iter();
        let heard = published.find(|heard| heard.place() == destination)?;
        heard.control(from, missed).map(|control| vec![control])
    }

    /// What shows that the row of a copy at a destination would have been found.
    pub(crate) fn of_row(&self, destination: PlaceId, at: i64) -> Option<Control> {
        let mut stored = self.stored.iter();
        let heard = stored.find(|heard| heard.copies_at() == destination)?;
        heard.control(at, true)
    }

    /// Whether nearly all messages of a destination have rows, and so have those of this type: where
    /// another table's come there as well, that one has no row shows nothing.
    pub(crate) fn is_of_this_flow(&self, destination: PlaceId, kind: u32) -> bool {
        let mut stored = self.stored.iter();
        let heard = stored.find(|heard| heard.copies_at() == destination);
        let nearly_all = heard.is_some_and(Heard::is_nearly_all);
        nearly_all && (kind == 0 || self.kinds.was_found(kind))
    }

    /// When the first copy came to a destination whose row is kept.
    pub(crate) fn first_copy(&self, destination: PlaceId) -> Option<i64> {
        let mut published = self.published.iter();
        let heard = published.find(|heard| heard.place() == destination)?;
        Some(heard.first())
    }

    /// When the first copy came, to whatever destination, whose row is kept.
    pub(crate) fn first_of_all(&self) -> i64 {
        let firsts = self.published.iter().map(Heard::first);
        firsts.min().unwrap_or(i64::MAX)
    }

    /// What shows that the outbox row of a change would have been found.
    pub(crate) fn of_record(&self, at: i64) -> Option<Control> {
        self.recorded.control(at, false)
    }

    /// Whether a copy that nobody can name may be this event's.
    pub(crate) fn a_copy_may_be(&self, wanted: &Stray, span: (i64, i64), alike: Alike) -> bool {
        self.copies.may_hold(wanted, span, alike)
    }

    /// Whether a row that says sent, and has no copy, may be this copy's.
    pub(crate) fn a_row_may_be(&self, wanted: &Stray, span: (i64, i64)) -> bool {
        self.rows.may_hold(wanted, span, Alike::Untold)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let heard = self.published.iter().chain(&self.stored);
        let heard: usize = heard.map(Heard::heap_bytes).sum();
        let left = self.leftovers.as_ref().map_or(0, Leftovers::heap_bytes);
        let strays = self.copies.heap_bytes() + self.rows.heap_bytes();
        heard + strays + self.kinds.heap_bytes() + left
    }
}

impl Index {
    /// The controls of publication, counted when they are first asked for.
    pub(crate) fn heard(&self) -> &Controls {
        self.controls.get_or_init(|| self.gather())
    }

    /// The controls of one consumer, counted when they are first asked for.
    pub(crate) fn heard_by(&self, consumer: usize) -> Option<&Consumed> {
        let consumed = self.consumed.get(consumer)?;
        Some(consumed.get_or_init(|| self.gather_consumed(consumer)))
    }

    /// Forgets what was counted for the judgement before.
    pub(crate) fn forget_controls(&mut self) {
        self.controls.take();
        for consumed in &mut self.consumed {
            consumed.take();
        }
    }

    /// Why nothing shows that no copy of an event is out; else the controls.
    pub(crate) fn control_of_copy(
        &self,
        no: u32,
        (from, at): (i64, i64),
        destination: Option<Goes>,
        alike: Alike,
    ) -> Result<Vec<Control>, UnknownReason> {
        let heard = self.heard();
        let slack = self.slack();
        let missed = self.says_sent(no);
        let controls = if self.is_still_since(from.saturating_sub(slack)) {
            Vec::new()
        } else if alike == Alike::SameVersion {
            // Where rows go no pair is seen, and the row speaks for itself.
            Vec::new()
        } else {
            let controls = match destination {
                Some(Goes::To(place)) => heard.of_copy_at(place, from, missed),
                Some(Goes::Elsewhere) => None,
                None => heard.of_copy(self.events.kind(no), from, missed),
            };
            controls.ok_or(UnknownReason::NoControl)?
        };
        // A relay may have died long after it published, before it could delete the row.
        let until = match alike {
            Alike::Untold => at.saturating_add(self.usual_way()),
            Alike::SameVersion => i64::MAX,
        };
        let span = (from.saturating_sub(slack), until);
        if heard.a_copy_may_be(&self.stray(no, at), span, alike) {
            return Err(UnknownReason::OneOfThese);
        }
        Ok(controls)
    }

    /// Why nothing shows that a copy has no row; else the control.
    pub(crate) fn control_of_row(
        &self,
        no: u32,
        destination: PlaceId,
        at: i64,
    ) -> Result<Control, UnknownReason> {
        let heard = self.heard();
        let control = heard.of_row(destination, at);
        let control = control.ok_or(UnknownReason::NoControl)?;
        let span = (
            at.saturating_sub(self.usual_way()),
            at.saturating_add(self.slack()),
        );
        if heard.a_row_may_be(&self.stray(no, at), span) {
            return Err(UnknownReason::OneOfThese);
        }
        Ok(control)
    }

    /// Whether the message of an event without a row may be that of another's row.
    pub(crate) fn copy_may_be_known(&self, no: u32, at: i64) -> bool {
        let heard = self.heard();
        let left = self.left(no, at);
        let (span, is_heard) = (self.rows_of(at), heard.kinds.is_heard(left.kind));
        let leftovers = heard.leftovers.as_ref();
        leftovers.is_some_and(|it| it.copy_may_be_known(&left, span, is_heard))
    }

    /// Whether the message of an event may be there under another id.
    pub(crate) fn row_may_be_sent(&self, no: u32, (from, at): (i64, i64)) -> bool {
        let heard = self.heard();
        let left = self.left(no, at);
        let until = at.saturating_add(self.usual_way());
        let span = (from.saturating_sub(self.slack()), until);
        let is_heard = heard.kinds.is_heard(left.kind);
        let leftovers = heard.leftovers.as_ref();
        leftovers.is_some_and(|it| it.row_may_be_sent(&left, span, is_heard))
    }

    /// When the row of a message of that time was written.
    fn rows_of(&self, at: i64) -> (i64, i64) {
        if at == i64::MIN {
            return (i64::MIN, i64::MAX);
        }
        let from = at.saturating_sub(self.usual_way());
        (from, at.saturating_add(self.slack()))
    }

    /// How long a copy may come after its row, clocks included, before it is taken for another's.
    pub(crate) fn usual_way(&self) -> i64 {
        let pace = self.delays.p99().max(self.bases.p99()).unwrap_or(0);
        let grace = self.graces.publish.map_or(0, |grace| grace.micros);
        grace
            .max(pace.saturating_mul(2))
            .saturating_add(self.slack())
    }
}
