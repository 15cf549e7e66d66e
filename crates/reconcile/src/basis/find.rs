//! Finds the basis of every flow, before events are joined and judged.

use waybill_model::{Content, FlowBasis, Marks, PlaceId, PlaceRole, Recognised};

use super::measure::{SAMPLED, consumer_ids_do};
use super::sample::Drawn;
use super::{Bases, Fit, Kinship, Tally};
use crate::controls::{Pair, Pairs, Times, is_no_chance};
use crate::delays::Delays;
use crate::index::Index;
use crate::ingest::taken_from;
use crate::store::{CopyRef, State};

impl Index {
    /// Looks again by what the messages of each destination are recognised, and which events are
    /// one under several ids.
    pub(crate) fn find_bases(&mut self, slack_micros: i64) {
        let mut bases = std::mem::take(&mut self.bases);
        let drawn = self.drawn(&bases);
        let mut found: Vec<(PlaceId, Tally)> = Vec::new();
        for (place, drawn) in &drawn {
            let mut tally = self.count_ids(drawn);
            tally.vouched = !tally.ids_do() && self.is_vouched_for(*place, &bases);
            found.push((*place, tally));
        }
        let unheard = drawn.iter().any(|(_, copies)| copies.is_empty()) && self.has_lone_row();
        if unheard || found.iter().any(|(_, tally)| !tally.ids_do()) {
            let mut kinship = bases.kinship.take().unwrap_or_else(Kinship::new);
            kinship.file(&mut self.events, &self.business, &self.unjoined);
            let rows = self.rows_in_order();
            for ((place, tally), (_, drawn)) in found.iter_mut().zip(&drawn) {
                if drawn.is_empty() {
                    let pairs = self.unsent_under_another(*place, &kinship);
                    tally.unsent_are_sure = pairs.are_no_chance(&rows, self.near(), slack_micros);
                    continue;
                }
                self.count_versions(drawn, &kinship, tally);
                self.weigh(drawn, &kinship, (&rows, slack_micros), tally);
            }
            bases.p99 = self.p99_of(&found, &drawn, &kinship);
            bases.kinship = Some(kinship);
        }
        let in_doubt = found.iter().filter(|(_, tally)| tally.ids_are_in_doubt());
        bases.in_doubt = in_doubt.map(|(place, _)| *place).collect();
        let found = found
            .iter()
            .map(|(place, tally)| (*place, basis(*place, tally)));
        let before = std::mem::replace(&mut bases.found, found.collect());
        let mut now = bases.found.values();
        let as_before = |it: &FlowBasis| {
            let known = before
                .get(&it.place)
                .map_or(Recognised::ById, |it| it.recognised);
            known == it.recognised
        };
        if !now.all(as_before) {
            // What had arrived everywhere may be anybody's now.
            for no in 0..self.events.len() {
                self.events.unmark(no, State::SETTLED);
            }
        }
        self.find_kin(&mut bases);
        self.count_consumers(&mut bases);
        self.bases = bases;
    }

    /// The messages of each destination that count: none where rows go once they are sent, because
    /// they cannot be held against messages.
    fn drawn(&self, bases: &Bases) -> Vec<(PlaceId, Vec<(u32, CopyRef)>)> {
        if !self.shape.has_outbox {
            return Vec::new();
        }
        let places = self.shape.places.iter();
        let destinations = places.filter(|place| place.role == PlaceRole::Destination);
        let sampled = destinations.filter_map(|place| {
            let sample = bases.samples.get(&place.id)?.in_order();
            if self.shape.deletes_after_send {
                return Some((place.id, Vec::new()));
            }
            let copies = sample
                .iter()
                .filter_map(|it| self.counted(place.id, it, bases));
            let mut copies: Vec<(u32, CopyRef)> = copies.take(SAMPLED as usize).collect();
            if bases.are_rows_untimed() {
                self.leave_out_older(&mut copies);
            }
            Some((place.id, copies))
        });
        sampled.collect()
    }

    /// Where rows carry no time, the first message whose row is kept says how far back rows go:
    /// those before it may have lost theirs to whoever cleans.
    fn leave_out_older(&self, copies: &mut Vec<(u32, CopyRef)>) {
        let kept = copies.iter().filter(|(no, _)| self.events.outbox.has(*no));
        if let Some(first) = kept.map(|(_, copy)| copy.at).min() {
            copies.retain(|(_, copy)| copy.at >= first);
        }
    }

    /// A message of somebody else's making that can be read, from when rows are known.
    fn counted(&self, place: PlaceId, drawn: &Drawn, bases: &Bases) -> Option<(u32, CopyRef)> {
        let no = self.events.resolve(drawn.no);
        let at = Some((place, drawn.partition, drawn.position));
        let mut copies = self.events.own_copies(no);
        let copy = copies.find(|copy| Some((copy.place, copy.partition, copy.position)) == at)?;
        let excluded = Marks::OWN_RESEND | Marks::OPEN_TRANSACTION | Marks::NO_TIME;
        let resends = self.own.get(&no).map_or(&[][..], Vec::as_slice);
        let counts = !copy.marks.intersects(excluded)
            && resends.iter().all(|resend| resend.coordinate != at)
            && bases.span.contains(copy.at);
        counts.then_some((no, copy))
    }

    fn count_ids(&self, drawn: &[(u32, CopyRef)]) -> Tally {
        let mut tally = Tally::default();
        for &(no, _) in drawn {
            tally.sampled += 1;
            let found = self.events.outbox.has(no);
            tally.by_id += u32::from(found);
            tally.by_id_alone += u32::from(found && !self.events.is(no, State::SHARED));
        }
        tally
    }

    fn count_versions(&self, drawn: &[(u32, CopyRef)], kinship: &Kinship, tally: &mut Tally) {
        for &(no, _) in drawn {
            let fit = kinship.fit(no, &self.events, &self.business);
            tally.by_version += u32::from(fit != Fit::Nothing);
            // Changes that share an id are told apart by nothing.
            let alone = matches!(fit, Fit::One(head) if !self.events.is(head, State::SHARED));
            tally.by_version_alone += u32::from(alone);
            let lone = |head: u32| head != no && self.events.own_copies(head).next().is_none();
            let lone = matches!(fit, Fit::One(head) if lone(head));
            tally.under_another += u32::from(alone && lone);
        }
    }

    /// Whether chance explains what is known by id, and what by aggregate and version.
    fn weigh(
        &self,
        drawn: &[(u32, CopyRef)],
        kinship: &Kinship,
        (rows, slack): (&[i64], i64),
        tally: &mut Tally,
    ) {
        let (mut ids, mut versions) = (Pairs::default(), Pairs::default());
        for &(no, copy) in drawn {
            let content = |no| self.events.row_contents(no).next().unwrap_or_default();
            if let Some(written) = self
                .events
                .outbox_at(no)
                .filter(|_| !self.events.is(no, State::SHARED))
            {
                let contents = (content(no), copy.content);
                let pair = Pair {
                    written,
                    came: copy.at,
                    contents,
                };
                ids.add(pair, || is_no_chance(&self.events.id(no)));
            } else if let Fit::One(head) = kinship.fit(no, &self.events, &self.business)
                && let Some(written) = self.events.outbox_at(head)
            {
                let pair = Pair {
                    written,
                    came: copy.at,
                    contents: (Content::NONE, Content::NONE),
                };
                versions.add(pair, || false);
            }
        }
        let near = self.near();
        tally.ids_are_sure = ids.are_no_chance(rows, near, slack);
        tally.versions_are_sure = versions.are_no_chance(rows, near, slack);
    }

    /// When rows were written.
    fn rows_in_order(&self) -> Vec<i64> {
        let mut times = Times::default();
        for no in 0..self.events.len() {
            if let Some(written) = self.events.outbox_at(no) {
                times.add(written);
            }
        }
        times.in_order()
    }

    /// How long the relay takes, as far as rows and copies find each other by version.
    fn p99_of(
        &self,
        found: &[(PlaceId, Tally)],
        drawn: &[(PlaceId, Vec<(u32, CopyRef)>)],
        kinship: &Kinship,
    ) -> Option<i64> {
        let mut delays = Delays::default();
        let by_version = found
            .iter()
            .zip(drawn)
            .filter(|((_, tally), _)| tally.recognised() == Recognised::ByVersion);
        for &(no, copy) in by_version.flat_map(|(_, (_, copies))| copies) {
            if let Fit::One(head) = kinship.fit(no, &self.events, &self.business) {
                for (written, marks, due) in self.events.rows(head) {
                    if !marks.contains(Marks::NO_TIME) {
                        delays.add(copy.at.saturating_sub(taken_from(written, due, copy.at)));
                    }
                }
            }
        }
        delays.p99()
    }

    /// Whether what consumers have is about events that are known.
    fn count_consumers(&self, bases: &mut Bases) {
        for place in &self.shape.places {
            if !matches!(place.role, PlaceRole::Inbox(_) | PlaceRole::DeadLetters(_)) {
                continue;
            }
            let Some(sample) = bases.samples.get(&place.id) else {
                continue;
            };
            let drawn = sample.in_order();
            let known = |it: &&Drawn| {
                let no = self.events.head(self.events.resolve(it.no));
                self.events.outbox.has(no) || self.events.has_copy(no)
            };
            let (sampled, hits) = (
                drawn.len() as u32,
                drawn.iter().filter(known).count() as u32,
            );
            let recognised = if consumer_ids_do(sampled, hits) {
                Recognised::ById
            } else {
                Recognised::Not
            };
            let basis = FlowBasis {
                place: place.id,
                recognised,
                sampled,
                by_id: hits,
                by_version: 0,
            };
            bases.found.insert(place.id, basis);
        }
    }
}

fn basis(place: PlaceId, tally: &Tally) -> FlowBasis {
    FlowBasis {
        place,
        recognised: tally.recognised(),
        sampled: tally.sampled,
        by_id: tally.by_id,
        by_version: tally.by_version,
    }
}
