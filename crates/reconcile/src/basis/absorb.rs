//! Makes events one that are the same by aggregate and version, and takes it back.

use waybill_model::{Marks, PlaceId, Recognised};

use super::{Bases, Fit};
use crate::index::Index;
use crate::ingest::is_own;
use crate::order::ORDER_FLAGS;
use crate::store::State;

impl Index {
    /// Brings up to date which events stand for others, for the bases as they are found now.
    pub(super) fn find_kin(&mut self, bases: &mut Bases) {
        let places = self.shape.places.iter().map(|place| place.id);
        let by_version: Vec<PlaceId> = places
            .filter(|&place| bases.recognised(place) == Recognised::ByVersion)
            .collect();
        let all = by_version != bases.by_version;
        bases.by_version = by_version;
        let mut released = false;
        if bases.by_version.is_empty() && all {
            let absorbed: Vec<u32> = self.events.absorbed().map(|(no, _)| no).collect();
            for no in absorbed {
                self.release(no);
                released = true;
            }
        } else if let (false, Some(mut kinship)) =
            (bases.by_version.is_empty(), bases.kinship.take())
        {
            let touched = kinship.take_touched(all);
            bases.kinship = Some(kinship);
            for no in touched {
                released |= self.settle_kin(no, bases);
            }
        }
        if let (true, Some(kinship)) = (bases.by_version.is_empty(), &mut bases.kinship) {
            kinship.forget_touched();
        }
        let mut found = bases.found.values();
        if found.all(|it| it.recognised == Recognised::ById) && !bases.is_any_in_doubt() {
            // Neither needed for verdicts nor worth its memory.
            bases.kinship = None;
            bases.p99 = None;
        }
        if released {
            bases.sent_up_to = None;
            let pairs: Vec<(u32, u32)> = self.events.absorbed().collect();
            for (no, head) in pairs {
                self.learn_sent(no, head, bases);
            }
        }
    }

    /// Brings one event up to date; whether it stands for itself again.
    fn settle_kin(&mut self, no: u32, bases: &mut Bases) -> bool {
        let before = self.events.head(no);
        let fit = bases
            .kinship()
            .map(|kinship| kinship.fit(no, &self.events, &self.business));
        let head = match fit {
            Some(Fit::One(head)) if self.may_be_absorbed(no, bases) => head,
            _ => no,
        };
        let released = before != no && before != head;
        if released {
            self.release(no);
        }
        if head == no {
            return released;
        }
        if before != head {
            self.absorb(no, head);
        } else if !self.events.is(no, State::SETTLED) {
            // Something new is known of it under its own id.
            self.events.unmark(head, State::SETTLED);
            self.new_copies = true;
        }
        self.events.mark(no, State::SETTLED);
        self.learn_sent(no, head, bases);
        released
    }

    /// Whether an event without a row is one whose messages are recognised by version.
    fn may_be_absorbed(&self, no: u32, bases: &Bases) -> bool {
        let events = &self.events;
        if events.outbox.has(no) || events.is(no, State::RECONSTRUCTED) {
            return false;
        }
        let mut copies = events.own_copies(no);
        // What only a consumer has was on a destination once.
        !events.copy.has(no) || copies.any(|copy| bases.by_version.contains(&copy.place))
    }

    fn absorb(&mut self, no: u32, head: u32) {
        let judged = [no, head].map(|it| self.verdicts.judged(it));
        self.uncount(no);
        self.verdicts.forget(no);
        self.suspicions.clear(no);
        self.events.absorb(no, head);
        self.kin_changed(no, head, judged.contains(&true));
        self.timelines.spoil_order();
    }

    fn release(&mut self, no: u32) {
        let head = self.events.head(no);
        self.events.release(no);
        self.kin_changed(no, head, true);
        self.events.unmark(no, State::SETTLED);
        self.timelines.forget_order();
    }

    /// What was learnt of either alone does not hold for both together, and the other way round.
    fn kin_changed(&mut self, no: u32, head: u32, judged: bool) {
        self.events.unmark(head, State::SETTLED);
        self.new_copies = true;
        self.left_aggregates.push(self.events.aggregate(no));
        self.left_aggregates.push(self.events.aggregate(head));
        if !judged {
            return;
        }
        self.timelines.spoil_consumers();
        let copies: Vec<(PlaceId, u32)> = self
            .events
            .own_copies(no)
            .chain(self.events.own_copies(head))
            .map(|copy| (copy.place, copy.partition))
            .collect();
        for movement in &mut self.movements {
            for &(place, partition) in &copies {
                movement.forget_processed(no, place, partition);
                movement.forget_processed(head, place, partition);
            }
        }
        for no in [no, head] {
            let flags = self.verdicts.flags(no);
            self.verdicts.set_flags(no, flags.difference(ORDER_FLAGS));
        }
    }

    /// The relay has come as far as a row of which it has sent a copy.
    fn learn_sent(&self, no: u32, head: u32, bases: &mut Bases) {
        let mut copies = self.events.own_copies(no);
        if copies.any(|copy| !is_own(copy.marks)) {
            let rows = self.events.rows(head);
            let timed = rows.filter(|(_, marks, _)| !marks.contains(Marks::NO_TIME));
            let written = timed.map(|(at, ..)| at);
            bases.sent_up_to = written.chain(bases.sent_up_to).max();
        }
    }

    /// Own resends are kept under the id they were told for.
    pub(crate) fn gather_resends(&mut self) {
        self.kin_resends.clear();
        for &told in self.own.keys() {
            let head = self.events.head(told);
            if !self.events.is(head, State::HEAD) || self.kin_resends.contains_key(&head) {
                continue;
            }
            let members = self.events.members(head);
            let all = members.filter_map(|member| self.own.get(&member));
            let all = all.flatten().cloned().collect();
            self.kin_resends.insert(head, all);
        }
    }
}
