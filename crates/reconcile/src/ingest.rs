//! Evidence comes in: every observation finds its event, or makes one.

use std::borrow::Cow;
use std::fmt::Write as _;

use waybill_model::{Batch, ConsumerNo, Marks, NO_POSITION, NO_VERSION, PlaceId, PlaceRole};

use crate::index::Index;
use crate::oddities::complaint;
use crate::store::{Added, CopyRef, Near, Rank, Spot, State, Traits};
use crate::{Lane, LaneTimes, Oddity, OwnResend};

/// What ingesting one batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ingested {
    /// Observations in the batch.
    pub observations: u64,
    /// Events that were not known before.
    pub new_events: u64,
}

impl Index {
    /// Takes observations in, in any order. Reading the same coordinate again renews what was
    /// known of it: the latest reading counts.
    pub fn ingest(&mut self, batch: &Batch) -> Ingested {
        let mut done = Ingested {
            observations: batch.len() as u64,
            new_events: 0,
        };
        self.clocks
            .insert(batch.place, (batch.clock, batch.resolution_micros));
        let role = self.usable_role(batch.place);
        if let Some(PlaceRole::Inbox(no) | PlaceRole::DeadLetters(no)) = role {
            self.traces[usize::from(no.0)] |= !batch.is_empty();
        }
        let lane = lane_of(batch.place, role);
        // Looked up once per batch and partition rather than once per row.
        let mut times = lane
            .and_then(|lane| self.timelines.lane_mut(lane))
            .map(std::mem::take);
        let mut near = (
            0,
            self.near
                .get(&(batch.place, 0))
                .copied()
                .unwrap_or_default(),
        );
        for idx in 0..batch.len() {
            let spot = spot(batch, idx);
            if spot.partition != near.0 {
                self.near.insert((batch.place, near.0), near.1);
                let known = self.near.get(&(batch.place, spot.partition));
                near = (spot.partition, known.copied().unwrap_or_default());
            }
            match role {
                Some(PlaceRole::Business) => self.ingest_change(batch, idx, spot, times.as_mut()),
                Some(role) => {
                    let (new, added) = self.ingest_spot(role, batch, idx, &spot, &mut near.1);
                    done.new_events += u64::from(new);
                    if matches!(added, Added::New | Added::Held) {
                        self.complain_of_marks(&spot);
                    }
                    let untimed_row =
                        role == PlaceRole::Outbox && spot.marks.contains(Marks::NO_TIME);
                    match (added, times.as_mut()) {
                        // It is shown at the time of its message.
                        (Added::New, Some(times)) if untimed_row => times.spoil(),
                        (Added::New, Some(times)) => times.add(spot.at),
                        (Added::Moved, Some(times)) => times.spoil(),
                        (Added::Known | Added::Held, Some(_)) | (_, None) => {}
                    }
                }
                None => self.complain(&spot, "The profile expects no evidence from this place."),
            }
        }
        self.near.insert((batch.place, near.0), near.1);
        if let (Some(lane), Some(times)) = (lane, times)
            && let Some(slot) = self.timelines.lane_mut(lane)
        {
            *slot = times;
        }
        done
    }

    /// The role of a place that can yield observations.
    fn usable_role(&self, place: PlaceId) -> Option<PlaceRole> {
        let role = self.roles.get(&place).copied()?;
        let expected = |no: u8| usize::from(no) < self.shape.consumers.len();
        match role {
            PlaceRole::Progress(_) => None,
            PlaceRole::Inbox(no) | PlaceRole::DeadLetters(no) if !expected(no.0) => None,
            _ => Some(role),
        }
    }

    fn ingest_spot(
        &mut self,
        role: PlaceRole,
        batch: &Batch,
        idx: usize,
        spot: &Spot<'_>,
        near: &mut Near,
    ) -> (bool, Added) {
        let told = batch.ids.get(idx);
        let nameless = told.is_empty() || spot.marks.contains(Marks::NO_ID);
        let id = if nameless {
            Cow::Owned(self.coordinate_text(spot))
        } else {
            Cow::Borrowed(told)
        };
        let (no, new) = self.events.intern(&id, spot.at, near);
        if nameless {
            self.events.mark(no, State::NO_ID);
        }
        let rank = match role {
            PlaceRole::Outbox => Rank::Origin,
            PlaceRole::Destination => Rank::Copy,
            _ => Rank::Hearsay,
        };
        let traits = Traits {
            kind: batch.kinds.get(idx),
            aggregate: batch.aggregates.get(idx),
            version: batch.version(idx),
        };
        let further = role == PlaceRole::Outbox && self.events.outbox.has(no);
        // A row for another destination tells of the same event.
        let another = further
            && self.events.has_row_for(no, spot.partition)
            && self.events.is_another_change(no, traits);
        self.note(no, rank, traits);
        let added = self.events.add(no, role, &id, spot);
        if another && added == Added::New {
            self.events.mark(no, State::SHARED);
        }
        self.learn(no, role, spot, added);
        (new, added)
    }

    /// Notes what an observation says about its event; the copies of the event may belong to
    /// another aggregate than it seemed.
    pub(crate) fn note(&mut self, no: u32, rank: Rank, traits: Traits<'_>) {
        if !traits.are_told() {
            return;
        }
        let before = self.events.copy.has(no).then(|| self.events.aggregate(no));
        if self.events.note(no, rank, traits)
            && let Some(before) = before
        {
            self.new_copies = true;
            self.left_aggregates.push(before);
            self.events.unmark(no, State::SETTLED);
        }
    }

    /// What an observation means beyond its event: lanes, the relay's pace, how far it has come.
    fn learn(&mut self, no: u32, role: PlaceRole, spot: &Spot<'_>, added: Added) {
        let events = &self.events;
        let has_row = events.outbox.has(no);
        // A row without a time is of the time of its message.
        let untimed = has_row && events.outbox.marks(no).contains(Marks::NO_TIME);
        let has_earlier_stage = match role {
            PlaceRole::Outbox => false,
            PlaceRole::Destination => has_row && !untimed,
            _ => has_row && !untimed || events.copy.has(no),
        };
        if untimed && added != Added::Known && role != PlaceRole::Outbox {
            self.timelines.spoil(Lane::Outbox);
        }
        let events = &self.events;
        if added != Added::Known && !has_earlier_stage && events.is(no, State::ORDERED) {
            self.timelines.spoil_order();
        }
        // What may be another service's says nothing about ours.
        let ours = !spot.marks.contains(Marks::WHOSE_UNKNOWN);
        if added == Added::New && role != PlaceRole::Outbox && ours {
            self.bases.offer(spot, no);
        }
        match role {
            PlaceRole::Outbox => self.learn_from_row(no, spot, added),
            PlaceRole::Destination if added == Added::New => self.learn_from_copy(no, spot),
            PlaceRole::Inbox(consumer) if added == Added::New => {
                self.learn_from_inbox(no, consumer, spot);
            }
            PlaceRole::Destination
            | PlaceRole::Inbox(_)
            | PlaceRole::Business
            | PlaceRole::Progress(_)
            | PlaceRole::DeadLetters(_) => {}
        }
    }

    fn learn_from_row(&mut self, no: u32, spot: &Spot<'_>, added: Added) {
        let sent = spot.marks.contains(Marks::SENT);
        // Without a time it does not say how far the relay has come.
        if sent && !spot.marks.contains(Marks::NO_TIME) {
            self.relay_sent(spot.at);
        }
        let counts = sent || !self.shape.outbox_tells_sent;
        self.bases.note_row(spot, added == Added::New, counts);
        if added != Added::New {
            return;
        }
        let copies = self.events.own_copies(no);
        let copies = copies.filter(|copy| !is_own(copy.marks));
        let copied: Vec<(i64, Marks)> = copies.map(|copy| (copy.at, copy.marks)).collect();
        for copy in copied {
            self.relay_took((spot.at, spot.marks, spot.due), copy);
        }
    }

    fn learn_from_copy(&mut self, no: u32, spot: &Spot<'_>) {
        self.copies += 1;
        self.new_copies = true;
        if is_own(spot.marks) {
            return;
        }
        let copy = (spot.at, spot.marks);
        if self.events.is(no, State::EXTRAS) {
            let rows: Vec<(i64, Marks, i64)> = self.events.rows(no).collect();
            for row in rows {
                self.relay_took(row, copy);
            }
        } else if let Some(written) = self.events.outbox_at(no) {
            let outbox = &self.events.outbox;
            self.relay_took((written, outbox.marks(no), outbox.due(no)), copy);
        }
        self.learn_from_late_copy(no, spot);
    }

    /// Consumers that are known to have processed a copy which is only seen now.
    fn learn_from_late_copy(&mut self, no: u32, copy: &Spot<'_>) {
        if copy.marks.contains(Marks::NO_TIME) {
            return;
        }
        for consumer in (0..=u8::MAX)
            .take(self.shape.consumers.len())
            .map(ConsumerNo)
        {
            if !self.reads(consumer, copy.place) {
                continue;
            }
            for (at, marks) in self.events.inbox_rows(no, consumer) {
                self.paces.consumed(consumer, copy.at, at, marks);
            }
        }
    }

    fn learn_from_inbox(&mut self, no: u32, consumer: ConsumerNo, row: &Spot<'_>) {
        for copy in self.events.own_copies(no) {
            let timed = !copy.marks.intersects(Marks::NO_TIME | Marks::OWN_RESEND);
            if timed && self.reads(consumer, copy.place) {
                self.paces.consumed(consumer, copy.at, row.at, row.marks);
            }
        }
    }

    /// Whether copies at a destination are for a consumer.
    pub(crate) fn reads(&self, consumer: ConsumerNo, destination: PlaceId) -> bool {
        let shape = self.shape.consumers.get(usize::from(consumer.0));
        shape.is_some_and(|shape| shape.destination.is_none_or(|it| it == destination))
    }

    fn relay_took(&mut self, row: (i64, Marks, i64), (copied, copy): (i64, Marks)) {
        let (written, row, due) = row;
        let since = taken_from(written, due, copied);
        if !(row | copy).contains(Marks::NO_TIME) {
            self.delays.add(copied.saturating_sub(since));
            self.paces.publish.add(since, copied);
        }
        if !row.contains(Marks::NO_TIME) {
            self.relay_sent(written);
        }
    }

    pub(crate) fn relay_sent(&mut self, written: i64) {
        self.relay_sent_up_to = Some(
            self.relay_sent_up_to
                .map_or(written, |up_to| up_to.max(written)),
        );
    }

    fn ingest_change(
        &mut self,
        batch: &Batch,
        idx: usize,
        spot: Spot<'_>,
        times: Option<&mut LaneTimes>,
    ) {
        let (aggregate, version) = (batch.aggregates.get(idx), batch.version(idx));
        if aggregate.is_empty() || version == NO_VERSION {
            self.complain(
                &spot,
                "The row has no aggregate or no version, so no event can be looked for.",
            );
            return;
        }
        let names = &mut self.events.aggregates;
        let kept = spot.to_owned_spot();
        let (change, added) = self.business.insert(names, aggregate, version, kept);
        if added == Added::New {
            // Copies that carry the bare id only may belong to it.
            self.left_aggregates
                .push(self.business.get(change).aggregate);
            self.new_copies = true;
        }
        match (added, times) {
            (Added::New, Some(times)) => times.add(spot.at),
            (Added::Moved, Some(times)) => times.spoil(),
            (Added::Known | Added::Held, Some(_)) | (_, None) => {}
        }
        if added == Added::New {
            self.unjoined.push(change);
            self.complain_of_marks(&spot);
        }
    }

    fn complain_of_marks(&mut self, spot: &Spot<'_>) {
        if let Some(why) = complaint(spot.marks) {
            self.complain(spot, why);
        }
    }

    fn complain(&mut self, spot: &Spot<'_>, why: &'static str) {
        self.oddities.add(Oddity {
            place: spot.place,
            at: self.coordinate_text(spot),
            why,
            marks: spot.marks,
        });
    }

    /// A coordinate in the place's own terms, which serves as an id where there is none.
    fn coordinate_text(&self, spot: &Spot<'_>) -> String {
        let found = self
            .shape
            .places
            .iter()
            .find(|place| place.id == spot.place);
        let mut text = found.map_or_else(|| "?".to_owned(), |place| place.name.clone());
        let written = match (spot.position, self.roles.get(&spot.place)) {
            (NO_POSITION, _) => write!(text, "/{}", spot.key),
            (position, Some(PlaceRole::Destination | PlaceRole::DeadLetters(_))) => {
                write!(text, "-{}@{position}", spot.partition)
            }
            (position, _) => write!(text, "/{position}"),
        };
        written.expect("writing into a String cannot fail");
        text
    }
}

/// From when on the relay took its time for a copy: from when on the row was to be sent. A time
/// after the copy was set since, by whoever tries rows again.
pub(crate) fn taken_from(written: i64, due: i64, copied: i64) -> i64 {
    if due <= copied {
        written.max(due)
    } else {
        written
    }
}

/// The lane that observations of a place belong to.
fn lane_of(place: PlaceId, role: Option<PlaceRole>) -> Option<Lane> {
    match role? {
        PlaceRole::Business => Some(Lane::Stored),
        PlaceRole::Outbox => Some(Lane::Outbox),
        PlaceRole::Destination => Some(Lane::Published(place)),
        PlaceRole::Inbox(consumer) => Some(Lane::Consumer(consumer)),
        PlaceRole::Progress(_) | PlaceRole::DeadLetters(_) => None,
    }
}

/// Whether a copy is of our own making, by its header or by what the journal knows of its event.
pub(crate) fn is_own_copy(copy: &CopyRef, resends: &[OwnResend]) -> bool {
    let coordinate = Some((copy.place, copy.partition, copy.position));
    is_own(copy.marks) || resends.iter().any(|resend| resend.coordinate == coordinate)
}

/// Whether the marks say that Waybill sent the copy.
pub(crate) fn is_own(marks: Marks) -> bool {
    marks.contains(Marks::OWN_RESEND)
}

fn spot(batch: &Batch, idx: usize) -> Spot<'_> {
    Spot {
        place: batch.place,
        partition: batch.partitions.get(idx).copied().unwrap_or(0),
        position: batch.positions.get(idx).copied().unwrap_or(NO_POSITION),
        key: Cow::Borrowed(batch.keys.get(idx)),
        at: batch.at[idx],
        marks: batch.marks.get(idx).copied().unwrap_or_default(),
        content: batch.content(idx),
        due: batch.due(idx),
    }
}
