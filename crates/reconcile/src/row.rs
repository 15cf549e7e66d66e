//! Reading the index: lines of the grid, facts, neighbours.

use waybill_model::{
    Clock, ConsumerCell, ConsumerNo, EventId, EventRow, EventVerdict, Marks, MatchBasis, Micros,
    NO_VERSION, PlaceRole, PublishVerdict, Sibling, Stage, Stamp, Strength,
};

use crate::Seen;
use crate::index::Index;
use crate::store::{Business, Events, Spot, State};

/// When an event first happened, as its earliest stage says.
pub(crate) fn at(events: &Events, business: &Business, no: u32) -> i64 {
    let linked = events.stored.get(no);
    if linked != 0 {
        return business.get(linked - 1).spot.at;
    }
    written_at(events, no)
        .or_else(|| first_sign(events, no))
        .unwrap_or_else(|| events.base(no))
}

/// When the outbox row was written. Of one that carries no time: by when it was, as its message
/// says, else when it was first seen.
pub(crate) fn written_at(events: &Events, no: u32) -> Option<i64> {
    let seen = events.outbox_at(no)?;
    let untimed = events.outbox_marks(no).contains(Marks::NO_TIME);
    let sign = first_sign(events, no).filter(|_| untimed);
    Some(sign.map_or(seen, |sign| sign.min(seen)))
}

/// The first copy, else the first a consumer had of it.
fn first_sign(events: &Events, no: u32) -> Option<i64> {
    let copied = events.copies(no).map(|copy| copy.at).min();
    copied.or_else(|| consumed(events, no))
}

/// The earliest sign of any consumer having had it, processed or not.
pub(crate) fn consumed(events: &Events, no: u32) -> Option<i64> {
    if !events.is_plural(no) {
        let base = events.base(no);
        let processed = events.inboxes.iter().filter_map(|inbox| inbox.at(no, base));
        return processed.min();
    }
    consumed_by(events, no, |_| true)
}

/// The same of some consumers.
pub(crate) fn consumed_by(
    events: &Events,
    no: u32,
    counts: impl Fn(ConsumerNo) -> bool,
) -> Option<i64> {
    let consumers = (0..=u8::MAX).take(events.inboxes.len()).map(ConsumerNo);
    let consumers = consumers.filter(|consumer| counts(*consumer));
    let times = consumers.flat_map(|consumer| {
        let letters = events.dead_letters(no, consumer).map(|(at, _)| at);
        let inbox = events.inbox_at(no, consumer).into_iter();
        inbox.chain(events.held_at(no, consumer)).chain(letters)
    });
    times.min()
}

pub(crate) fn verdict(index: &Index, no: u32) -> Option<EventVerdict> {
    if !index.events.visible(no) {
        return None;
    }
    let confirmed = index.suspicions.confirmed(no);
    let mut verdict = index.verdicts.verdict(no, confirmed, basis(index, no));
    if let PublishVerdict::NotChecked(why) = &mut verdict.publish {
        *why = not_checked(index);
    }
    Some(verdict)
}

/// Which places failed, and why.
fn not_checked(index: &Index) -> String {
    let failures = index.shape.places.iter().filter_map(|place| {
        let why = index.coverage.failure(place.id)?;
        let needed = matches!(place.role, PlaceRole::Outbox | PlaceRole::Destination);
        needed.then(|| format!("{}: {why}", place.name))
    });
    failures.collect::<Vec<_>>().join("; ")
}

fn basis(index: &Index, no: u32) -> MatchBasis {
    let events = &index.events;
    if events.is(no, State::HEAD) {
        return MatchBasis::AggregateVersion;
    }
    let sides = usize::from(events.outbox.has(no))
        + usize::from(events.copy.has(no))
        + usize::from(consumed(events, no).is_some());
    match sides {
        0 | 1 if events.stored.get(no) != 0 && sides == 1 => MatchBasis::AggregateVersion,
        0 | 1 => MatchBasis::Alone,
        _ => MatchBasis::Id,
    }
}

pub(crate) fn row(index: &Index, no: u32) -> Option<EventRow> {
    let verdict = verdict(index, no)?;
    let events = &index.events;
    let linked = events.stored.get(no);
    let copied = events.copies(no).map(|copy| copy.at);
    let resent = index.resends(no).iter().map(|resend| resend.at.0);
    let version = events.version(no);
    let cells = (0..=u8::MAX)
        .zip(&verdict.consumers)
        .map(|(consumer, verdict)| {
            let consumer = ConsumerNo(consumer);
            let letters = events.dead_letters(no, consumer).map(|(at, _)| at);
            ConsumerCell {
                at: events
                    .inbox_at(no, consumer)
                    .or_else(|| letters.max())
                    .map(Micros),
                verdict: verdict.clone(),
            }
        });
    Some(EventRow {
        no,
        id: EventId(events.id(no).into_owned()),
        kind: events.kind_text(no).to_owned(),
        aggregate: events.aggregate_text(no).to_owned(),
        version: (version != NO_VERSION).then_some(version),
        at: Micros(index.at(no)),
        stored: (linked != 0).then(|| Micros(index.business.get(linked - 1).spot.at)),
        outbox: written_at(events, no).map(Micros),
        published: copied.min().or_else(|| resent.min()).map(Micros),
        consumers: cells.collect(),
        class: verdict.class(),
        verdict,
    })
}

pub(crate) fn facts(index: &Index, no: u32) -> Vec<Seen> {
    let events = &index.events;
    if !events.visible(no) {
        return Vec::new();
    }
    let mut facts = Vec::new();
    let linked = events.stored.get(no);
    if linked != 0 {
        facts.push(seen(
            index,
            PlaceRole::Business,
            &index.business.get(linked - 1).spot,
        ));
    }
    for member in events.members(no) {
        facts_under_one_id(index, member, &mut facts);
    }
    facts.sort_by_key(|fact| (fact.stage, fact.consumer, fact.stamp.at, fact.position));
    facts
}

fn facts_under_one_id(index: &Index, no: u32, facts: &mut Vec<Seen>) {
    let events = &index.events;
    let (id, base) = (events.id(no), events.base(no));
    let mut first = |role, spot: Option<Spot<'_>>| {
        facts.extend(spot.map(|spot| seen(index, role, &spot)));
    };
    first(PlaceRole::Outbox, events.outbox.spot(no, base, &id));
    first(PlaceRole::Destination, events.copy.spot(no, base, &id));
    for (consumer, inbox) in (0..=u8::MAX).zip(&events.inboxes) {
        first(
            PlaceRole::Inbox(ConsumerNo(consumer)),
            inbox.spot(no, base, &id),
        );
    }
    facts.extend(
        events
            .extra_spots(no)
            .map(|(role, spot)| seen(index, role, spot)),
    );
}

fn seen(index: &Index, role: PlaceRole, spot: &Spot<'_>) -> Seen {
    let (clock, resolution_micros) = index
        .clocks
        .get(&spot.place)
        .copied()
        .unwrap_or((Clock::Waybill, 0));
    Seen {
        place: spot.place,
        stage: match role {
            PlaceRole::Business => Stage::Stored,
            PlaceRole::Outbox => Stage::Outbox,
            PlaceRole::Destination => Stage::Published,
            _ => Stage::Consumed,
        },
        consumer: role.consumer(),
        dead_letter: matches!(role, PlaceRole::DeadLetters(_)),
        // Processing it does not prove.
        strength: if index.events.is_held(role, spot.marks) {
            Strength::Circumstantial
        } else {
            Strength::Proof
        },
        partition: spot.partition,
        position: spot.position,
        key: spot.key.clone().into_owned(),
        stamp: Stamp {
            at: Micros(spot.at),
            clock,
            resolution_micros,
        },
        marks: spot.marks,
    }
}

pub(crate) fn siblings(index: &Index, no: u32, around: usize) -> Vec<Sibling> {
    let events = &index.events;
    let aggregate = events.aggregate(no);
    if aggregate == 0 || !events.visible(no) {
        return sibling(index, no).into_iter().collect();
    }
    let members = (0..events.len())
        .filter(|&other| events.aggregate(other) == aggregate && events.visible(other));
    let mut members: Vec<u32> = members.collect();
    if members
        .iter()
        .all(|&other| events.version(other) != NO_VERSION)
    {
        members.sort_by_key(|&other| (events.version(other), index.at(other)));
    } else {
        members.sort_by_key(|&other| index.at(other));
    }
    let own = members.iter().position(|&other| other == no).unwrap_or(0);
    let from = own.saturating_sub(around);
    let to = members
        .len()
        .min(own.saturating_add(around).saturating_add(1));
    members[from..to]
        .iter()
        .filter_map(|&other| sibling(index, other))
        .collect()
}

fn sibling(index: &Index, no: u32) -> Option<Sibling> {
    let row = row(index, no)?;
    let consumers = (0..=u8::MAX).take(row.consumers.len()).map(ConsumerNo);
    Some(Sibling {
        no,
        stored: row.stored.is_some() || row.outbox.is_some(),
        published: row.published.is_some(),
        consumed: consumers
            .map(|c| index.events.inbox_at(no, c).is_some())
            .collect(),
        id: row.id,
        kind: row.kind,
        version: row.version,
        at: row.at,
        class: row.class,
    })
}
