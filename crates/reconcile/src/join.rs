//! Business rows and events find each other by aggregate and version; own resends by id.

use waybill_model::{EventId, NO_VERSION, reconstructed_id};

use crate::index::Index;
use crate::store::{Near, Rank, State, Traits};

impl Index {
    /// Joins what has come in since the latest judgement.
    pub(crate) fn join(&mut self) {
        if self.business.len() > 0 {
            self.join_changes();
        }
        self.adopt_resends();
    }

    fn join_changes(&mut self) {
        let rows = std::mem::take(&mut self.unjoined);
        let all = !rows.is_empty();
        for no in 0..self.events.len() {
            if (all || !self.events.is(no, State::SETTLED)) && self.events.visible(no) {
                self.link(no);
            }
        }
        for change in rows {
            if self.business.get(change).event.is_none() {
                self.reconstruct(change);
            }
        }
        self.unlink_claimed();
    }

    /// Own resends that the journal told before their event was seen.
    pub(crate) fn adopt_resends(&mut self) {
        for (id, resend) in std::mem::take(&mut self.own_unseen) {
            self.resent(&id, resend);
        }
    }

    /// Finds the business row that an event is about.
    fn link(&mut self, no: u32) {
        let has_row = self.events.outbox.has(no);
        let linked = self.events.stored.get(no);
        if linked != 0 {
            if has_row {
                let change = self.business.get_mut(linked - 1);
                change.claimed = true;
                change.event = Some(no);
            }
            return;
        }
        let aggregate = self.full_aggregate(no);
        let version = self.events.version(no);
        // A message without an id is nobody's where others are known by theirs; a row without one
        // accounts for its change.
        let stray = self.events.is(no, State::NO_ID) && !has_row && self.shape.has_outbox;
        if aggregate == 0 || version == NO_VERSION || stray {
            return;
        }
        let Some(change) = self.business.find(aggregate, version) else {
            return;
        };
        let known = self.business.get(change).event;
        if let Some(other) = known.filter(|&other| self.events.is(other, State::RECONSTRUCTED)) {
            self.merge(other, no);
        }
        let row = self.business.get_mut(change);
        row.claimed |= has_row;
        if has_row || known.is_none_or(|other| !self.events.visible(other)) {
            row.event = Some(no);
        }
        self.events.stored.set(no, change + 1);
        self.events.unmark(no, State::SETTLED);
        if !has_row && self.events.id(no) == self.id_of(change).as_str() {
            // A resend of what was made from this row was seen before the row itself.
            self.events.mark(no, State::RECONSTRUCTED);
        }
        // The message may have carried the bare id; the row knows the type as well.
        let aggregate = self.events.aggregates.text(aggregate).to_owned();
        let traits = Traits {
            kind: "",
            aggregate: &aggregate,
            version: NO_VERSION,
        };
        self.note(no, Rank::Origin, traits);
        if self.events.is(no, State::ORDERED) {
            self.timelines.spoil_order();
        }
    }

    /// The event that was made from a business row turned out to be `to`.
    fn merge(&mut self, from: u32, to: u32) {
        self.uncount(from);
        self.verdicts.forget(from);
        self.suspicions.clear(from);
        self.events.merge(from, to);
        if let Some(resends) = self.own.remove(&from) {
            for resend in resends {
                self.note_resend(to, resend);
            }
        }
        self.timelines.spoil_order();
        self.new_copies = true;
    }

    /// Makes an event from a business row for which there is no other evidence. Its id is derived
    /// from what the change is, so that a copy that Waybill sends for it comes back to it.
    fn reconstruct(&mut self, change: u32) {
        let row = self.business.get(change);
        let (version, at, aggregate_no) = (row.version, row.spot.at, row.aggregate);
        let text = self.events.aggregates.text(aggregate_no).to_owned();
        let id = self.id_of(change);
        let (no, _) = self.events.intern(id.as_str(), at, &mut Near::default());
        let traits = Traits {
            kind: "",
            aggregate: &text,
            version,
        };
        self.note(no, Rank::Origin, traits);
        self.events.mark(no, State::SEEN | State::RECONSTRUCTED);
        self.events.unmark(no, State::SETTLED);
        self.events.stored.set(no, change + 1);
        self.business.get_mut(change).event = Some(no);
        if self.events.is(no, State::ORDERED) {
            self.timelines.spoil_order();
        }
    }

    /// The id of the event that is made from a business row.
    fn id_of(&self, change: u32) -> EventId {
        let row = self.business.get(change);
        let text = self.events.aggregates.text(row.aggregate);
        let (kind, aggregate) = text.split_once('/').unwrap_or(("", text));
        reconstructed_id(kind, aggregate, row.version)
    }

    /// A business row that an outbox row accounts for does not vouch for a copy with the same
    /// aggregate and version and another id: that one was published by a change that was undone.
    fn unlink_claimed(&mut self) {
        for no in 0..self.events.len() {
            let linked = self.events.stored.get(no);
            if linked != 0
                && !self.events.outbox.has(no)
                && self.business.get(linked - 1).claimed
                && !self.events.is(no, State::RECONSTRUCTED)
            {
                self.events.stored.set(no, 0);
                self.events.unmark(no, State::SETTLED);
                self.timelines.spoil_order();
            }
        }
    }

    /// The times of all business rows.
    pub(crate) fn stored_times(&self) -> Vec<i64> {
        (0..self.business.len())
            .map(|idx| self.business.get(idx).spot.at)
            .collect()
    }
}
