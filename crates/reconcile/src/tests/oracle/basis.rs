//! By what messages are recognised, once more in plain loops: ids, or else aggregate and version,
//! or else nothing.

use waybill_model::{ConsumerNo, Marks, PlaceId, PlaceRole, Recognised, UnknownReason};

use super::event::{Event, made_from};
use super::history::Sighting;
use super::known::Known;
use super::leftover::{is_sure, lie_near};
use crate::GraceRule;

/// What was found of every place that has messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Bases {
    of: Vec<(PlaceId, Recognised)>,
    /// Where ids are no chance, and many are not known.
    in_doubt: Vec<PlaceId>,
    /// The longest way of a row to its copy, where they find each other by version.
    pub(super) longest: i64,
}

/// What an event finds in the outbox by aggregate and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Nothing,
    One(usize),
    Several,
}

impl Bases {
    /// Of events as they are by their ids.
    pub(super) fn of(all: &[Event<'_>], known: &Known<'_>) -> Self {
        let mut bases = Self::default();
        if !known.shape.has_outbox {
            return bases;
        }
        for place in known.places(PlaceRole::Destination) {
            let sample = match known.shape.deletes_after_send {
                true => Vec::new(),
                false => sample(place, all, known),
            };
            if sample.is_empty() && unsent_are_renamed(place, all, known) {
                bases.of.push((place, Recognised::ByVersion));
                continue;
            }
            let vouched = || is_vouched_for(place, all, known);
            let recognised = recognised(&sample, all, &vouched, known);
            if recognised == Recognised::ById && !nearly_all_by_id(&sample, all, &vouched) {
                bases.in_doubt.push(place);
            }
            if recognised == Recognised::ByVersion {
                for (idx, copy) in &sample {
                    if let Fit::One(head) = fit(*idx, all) {
                        for row in all[head].rows.iter().filter(|row| row.is_timed()) {
                            bases.longest = bases.longest.max(row.way_to(copy));
                        }
                    }
                }
            }
            bases.of.push((place, recognised));
        }
        bases
    }

    /// Whether what each consumer has is about events that are known.
    pub(super) fn look_at_consumers(&mut self, all: &[Event<'_>], known: &Known<'_>) {
        for place in &known.shape.places {
            let of_consumer = matches!(place.role, PlaceRole::Inbox(_) | PlaceRole::DeadLetters(_));
            let (mut seen, mut hits) = (0, 0);
            for event in all {
                let consumed = event.inbox.iter().chain(&event.letters);
                let here = consumed.filter(|(_, sighting)| sighting.place == place.id);
                let here = here.count();
                seen += here;
                if !event.rows.is_empty() || !event.copies.is_empty() {
                    hits += here;
                }
            }
            if of_consumer && seen >= 3 && hits == 0 {
                self.of.push((place.id, Recognised::Not));
            }
        }
    }

    pub(super) fn recognised(&self, place: PlaceId) -> Recognised {
        let found = self.of.iter().find(|(known, _)| *known == place);
        found.map_or(Recognised::ById, |(_, recognised)| *recognised)
    }

    pub(super) fn is_in_doubt(&self, place: PlaceId) -> bool {
        self.in_doubt.contains(&place)
    }

    pub(super) fn any_by_version(&self) -> bool {
        let mut found = self.of.iter();
        found.any(|(_, recognised)| *recognised == Recognised::ByVersion)
    }

    /// Why what has no id cannot be judged.
    pub(super) fn of_nameless(&self, event: &Event<'_>) -> Option<UnknownReason> {
        let by_version = |copy: &&Sighting| self.recognised(copy.place) == Recognised::ByVersion;
        let recognised = if event.rows.is_empty() && !event.copies.is_empty() {
            event.copies.iter().any(by_version)
        } else {
            self.any_by_version()
        };
        let recognised = recognised && event.tells_version();
        (!recognised).then_some(UnknownReason::NoMatchableId)
    }

    /// Why copies cannot be held against the outbox.
    pub(super) fn of_copies(
        &self,
        event: &Event<'_>,
        all: &[Event<'_>],
        known: &Known<'_>,
    ) -> Option<UnknownReason> {
        let mut reasons = Vec::new();
        for copy in event.foreign() {
            if event.is_shared() && self.recognised(copy.place) == Recognised::Ambiguously {
                return Some(UnknownReason::Ambiguous);
            }
            reasons.extend(self.of_place(copy.place, event, all));
        }
        let shape = known.shape;
        let held_against_nothing = !shape.has_outbox || shape.deletes_after_send;
        if !event.rows.is_empty() || event.change.is_some() || event.made || held_against_nothing {
            return None;
        }
        reasons.into_iter().min()
    }

    /// Why a copy could not be told to be the event's own.
    pub(super) fn of_absence(
        &self,
        event: &Event<'_>,
        all: &[Event<'_>],
        known: &Known<'_>,
    ) -> Option<UnknownReason> {
        let mut reasons = Vec::new();
        for place in known.places(PlaceRole::Destination) {
            if event.rows.is_empty() {
                reasons.extend(self.recognised(place).doubt());
            } else {
                reasons.extend(self.of_place(place, event, all));
            }
        }
        reasons.into_iter().min()
    }

    /// Why a consumer may have it without our knowing. Inboxes hold nothing but ids; dead letters
    /// what the copies carried.
    pub(super) fn of_consumer(
        &self,
        event: &Event<'_>,
        no: ConsumerNo,
        all: &[Event<'_>],
        known: &Known<'_>,
    ) -> Option<UnknownReason> {
        let named = |other: &&Event<'_>| !other.nameless && event.other_ids.contains(&other.id);
        if event.nameless && !all.iter().any(|other| named(&other)) {
            return Some(UnknownReason::NoMatchableId);
        }
        let mut places = known.places(PlaceRole::Inbox(no));
        places.extend(known.places(PlaceRole::DeadLetters(no)));
        let reasons = places
            .into_iter()
            .filter_map(|it| self.recognised(it).doubt());
        let mut reasons: Vec<UnknownReason> = reasons.collect();
        let consumer = &known.shape.consumers[usize::from(no.0)];
        if consumer.dead_letters && event.copies.is_empty() {
            for place in known.places(PlaceRole::Destination) {
                if consumer.destination.is_none_or(|wanted| wanted == place) {
                    reasons.extend(self.of_place(place, event, all));
                }
            }
        }
        reasons.into_iter().min()
    }

    fn of_place(
        &self,
        place: PlaceId,
        event: &Event<'_>,
        all: &[Event<'_>],
    ) -> Option<UnknownReason> {
        match self.recognised(place) {
            Recognised::ByVersion if !event.tells_version() => Some(UnknownReason::NoMatchableId),
            Recognised::ByVersion => {
                let idx = all.iter().position(|other| other.id == event.id)?;
                (fit(idx, all) == Fit::Several).then_some(UnknownReason::Ambiguous)
            }
            other => other.doubt(),
        }
    }
}

/// Copies of others' making that can be read, from when rows are known: from the oldest one that
/// ever was sent to the youngest.
fn sample<'a>(place: PlaceId, all: &[Event<'a>], known: &Known<'_>) -> Vec<(usize, &'a Sighting)> {
    let Some((from, until)) = rows_known(all, known) else {
        return Vec::new();
    };
    let mut sample = Vec::new();
    for (idx, event) in all.iter().enumerate() {
        for copy in event.foreign() {
            let others = Marks::OWN_RESEND | Marks::WHOSE_UNKNOWN;
            let readable = copy.is_timed() && !copy.marks.intersects(others);
            if copy.place == place && readable && from <= copy.at && copy.at <= until {
                sample.push((idx, copy));
            }
        }
    }
    if super::control::all_sent_are_untimed(all, known) {
        let kept = sample.iter().filter(|(idx, _)| !all[*idx].rows.is_empty());
        let first = kept.map(|(_, copy)| copy.at).min().unwrap_or(from);
        sample.retain(|(_, copy)| copy.at >= first);
    }
    sample
}

/// From when to when outbox rows are known: the oldest one that ever was sent, and the youngest.
fn rows_known(all: &[Event<'_>], known: &Known<'_>) -> Option<(i64, i64)> {
    let rows = || all.iter().flat_map(|event| &event.rows);
    let until = rows().map(|row| row.at).max();
    let from = if known.shape.outbox_tells_sent {
        known.sent_since.iter().copied().min()
    } else {
        rows().map(|row| row.since()).min()
    };
    from.zip(until)
}

/// Whether some consumer has processed much, most of which has no message any more, and nearly all
/// of which is in the outbox: then the messages that are left are no fair sample.
fn is_vouched_for(place: PlaceId, all: &[Event<'_>], known: &Known<'_>) -> bool {
    let Some((from, until)) = rows_known(all, known) else {
        return false;
    };
    (0..).zip(&known.shape.consumers).any(|(no, consumer)| {
        let (mut processed, mut strange, mut gone) = (0, 0, 0);
        for event in all {
            for (of, row) in &event.inbox {
                if *of == ConsumerNo(no) && from <= row.at && row.at <= until {
                    processed += 1;
                    strange += usize::from(event.rows.is_empty() || event.is_shared());
                    gone += usize::from(event.copies.is_empty());
                }
            }
        }
        let nearly_all = strange <= 2 + processed / 10;
        let reads = consumer.destination.is_none_or(|wanted| wanted == place);
        reads && processed >= 20 && nearly_all && gone * 2 >= processed
    })
}

/// Whether an id stands in the outbox as that of one change.
fn is_by_one_id(idx: usize, all: &[Event<'_>]) -> bool {
    !all[idx].rows.is_empty() && !all[idx].is_shared()
}

fn nearly_all_by_id(
    sample: &[(usize, &Sighting)],
    all: &[Event<'_>],
    vouched: &dyn Fn() -> bool,
) -> bool {
    let n = sample.len();
    let known = sample.iter().filter(|(idx, _)| is_by_one_id(*idx, all));
    let known = known.count();
    n - known <= 2 + n / 10 || (known * 4 >= n * 3 && vouched())
}

fn recognised(
    sample: &[(usize, &Sighting)],
    all: &[Event<'_>],
    vouched: &dyn Fn() -> bool,
    known: &Known<'_>,
) -> Recognised {
    let n = sample.len();
    let count =
        |wanted: &dyn Fn(usize) -> bool| sample.iter().filter(|(idx, _)| wanted(*idx)).count();
    if nearly_all_by_id(sample, all, vouched) {
        return Recognised::ById;
    }
    let by_id = count(&|idx| !all[idx].rows.is_empty());
    let by_one_id = count(&|idx| is_by_one_id(idx, all));
    let by_version = count(&|idx| fit(idx, all) != Fit::Nothing);
    let by_one_version =
        count(&|idx| matches!(fit(idx, all), Fit::One(head) if !all[head].is_shared()));
    if by_one_version >= 3
        && (n - by_one_version <= 1.max(n / 10) || most_are_renamed(sample, all, known))
    {
        return Recognised::ByVersion;
    }
    let contested = (by_id - by_one_id).max(by_version - by_one_version);
    let ids = sample.iter().filter(|(idx, _)| is_by_one_id(*idx, all));
    let ids: Vec<&str> = ids.map(|(idx, _)| all[*idx].id.as_str()).collect();
    if contested * 2 > n {
        Recognised::Ambiguously
    } else if is_sure(&ids) {
        Recognised::ById
    } else {
        Recognised::Not
    }
}

/// Whether most of what no id leads to is, by aggregate and version, what a row without a message
/// misses, and time says that this is no chance.
fn most_are_renamed(sample: &[(usize, &Sighting)], all: &[Event<'_>], known: &Known<'_>) -> bool {
    let (mut strange, mut renamed, mut pairs) = (0, 0, Vec::new());
    for (idx, copy) in sample {
        if is_by_one_id(*idx, all) {
            continue;
        }
        strange += 1;
        let Fit::One(head) = fit(*idx, all) else {
            continue;
        };
        pairs.extend(all[head].written().map(|written| (written, copy.at)));
        let lone = head != *idx && all[head].copies.is_empty();
        renamed += usize::from(lone && !all[head].is_shared());
    }
    let near = match known.shape.grace.publish {
        GraceRule::Set(micros) => micros,
        GraceRule::Learnt(learning) => learning.cold_micros,
    };
    renamed >= 3 && renamed * 2 > strange && lie_near(&pairs, all, near / 1_000_000, known)
}

/// Whether rows that say unsent and have no message are, by aggregate and version, those of
/// messages that have no row: most say the same, or time says that it is no chance.
fn unsent_are_renamed(place: PlaceId, all: &[Event<'_>], known: &Known<'_>) -> bool {
    let (mut pairs, mut compared, mut equal) = (Vec::new(), 0, Vec::new());
    for (idx, event) in all.iter().enumerate().filter(|(_, it)| it.rows.is_empty()) {
        let Fit::One(head) = fit(idx, all) else {
            continue;
        };
        let row = &all[head];
        let sent = row.rows.iter().any(|it| it.marks.contains(Marks::SENT));
        if sent || !row.copies.is_empty() {
            continue;
        }
        let tells = |copy: &&&Sighting| {
            let ours = !copy.marks.contains(Marks::WHOSE_UNKNOWN);
            copy.place == place && copy.is_timed() && ours
        };
        for copy in event.foreign().iter().filter(tells) {
            pairs.extend(row.written().map(|written| (written, copy.at)));
            let told = row.rows.iter().any(|it| it.says != 0);
            if told && copy.says != 0 {
                compared += 1;
                let same = row.rows.iter().any(|it| it.says == copy.says);
                equal.extend(same.then_some(copy.says));
            }
        }
    }
    let differ = equal.iter().any(|says| *says != equal[0]);
    let say_the_same =
        !equal.is_empty() && equal.len() * 10 >= compared * 9 && (differ || pairs.len() == 1);
    let near = match known.shape.grace.publish {
        GraceRule::Set(micros) => micros,
        GraceRule::Learnt(learning) => learning.cold_micros,
    };
    say_the_same || lie_near(&pairs, all, near / 1_000_000, known)
}

/// The events with rows that an event may be, by aggregate and version.
fn partners(idx: usize, all: &[Event<'_>]) -> Vec<usize> {
    let event = &all[idx];
    let mut partners = Vec::new();
    for (other_idx, other) in all.iter().enumerate() {
        let tell = event.tells_version() && other.tells_version();
        if tell
            && other_idx != idx
            && !other.rows.is_empty()
            && other.version == event.version
            && may_be_one(&event.aggregate, &other.aggregate)
            && (event.kind == other.kind || event.kind.is_empty() || other.kind.is_empty())
        {
            partners.push(other_idx);
        }
    }
    partners
}

/// `7` may be `product/7`, which is not `order/7`.
fn may_be_one(one: &str, other: &str) -> bool {
    let bare = |text: &str| {
        text.split_once('/')
            .map_or(text.to_owned(), |(_, id)| id.to_owned())
    };
    one == other || (bare(one) == bare(other) && (!one.contains('/') || !other.contains('/')))
}

/// What an event finds in the outbox.
pub(super) fn fit(idx: usize, all: &[Event<'_>]) -> Fit {
    let rivals = partners(idx, all);
    if !all[idx].tells_version() {
        return Fit::Nothing;
    }
    if all[idx].rows.is_empty() {
        return match rivals.as_slice() {
            [] => Fit::Nothing,
            [one] if partners(*one, all).is_empty() => Fit::One(*one),
            _ => Fit::Several,
        };
    }
    let mut several = !rivals.is_empty();
    for (other_idx, other) in all.iter().enumerate() {
        let partners = partners(other_idx, all);
        several |= other.rows.is_empty() && partners.len() > 1 && partners.contains(&idx);
    }
    if several { Fit::Several } else { Fit::One(idx) }
}

/// Puts together what is one event by aggregate and version.
pub(super) fn put_together<'a>(
    all: &[Event<'a>],
    bases: &Bases,
    changes: &[&Sighting],
) -> Vec<Event<'a>> {
    let mut heads: Vec<Option<usize>> = Vec::new();
    for (idx, event) in all.iter().enumerate() {
        let by_version = |copy: &&Sighting| bases.recognised(copy.place) == Recognised::ByVersion;
        let messages = event.copies.is_empty() || event.copies.iter().any(by_version);
        let made = changes.iter().any(|change| event.id == made_from(change));
        let counts = bases.any_by_version() && event.rows.is_empty() && messages && !made;
        heads.push(match fit(idx, all) {
            Fit::One(head) if counts => Some(head),
            _ => None,
        });
    }
    let mut together = Vec::new();
    for (idx, event) in all.iter().enumerate() {
        if heads[idx].is_some() {
            continue;
        }
        let mut event = event.clone();
        for (other, head) in all.iter().zip(&heads) {
            if *head == Some(idx) {
                event.other_ids.push(other.id.clone());
                event.copies.extend(&other.copies);
                event.inbox.extend(&other.inbox);
                event.waiting.extend(&other.waiting);
                event.letters.extend(&other.letters);
                event.resends.extend(&other.resends);
            }
        }
        together.push(event);
    }
    together
}
