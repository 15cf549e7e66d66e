//! Whether silence counts: was anything of the flow ever heard where something is missed, and lies
//! anything near it that cannot be told apart?

use waybill_model::{ConsumerNo, Marks, PlaceId, PlaceRole, Recognised, UnknownReason};

use super::event::{Event, Picture};
use super::history::EVER;
use super::known::Known;
use super::publish::{can_be_consumed, longest_way_of_a_row};

/// Long ids are nobody's by chance.
fn is_no_chance(id: &str) -> bool {
    id.len() >= 24
}

/// Where an id comes from, as far as its spelling tells: nobody, a table, or a relay.
fn form(event: &Event<'_>) -> u8 {
    match event.id.as_str() {
        _ if event.nameless => 0,
        id if id.len() == 36 && id.chars().nth(8) == Some('-') => 1,
        _ => 2,
    }
}

fn bare(aggregate: &str) -> &str {
    aggregate.split_once('/').map_or(aggregate, |it| it.1)
}

/// Whether a place was heard in the stretch of a second, or in one before it.
fn heard(place: PlaceId, found: &[i64], from: i64, known: &Known<'_>) -> bool {
    found.iter().any(|&at| {
        let mut begin = at;
        while begin > EVER && known.is_proven(place, begin - 1) {
            begin -= 1;
        }
        known.is_proven(place, at) && begin <= from
    })
}

/// Events whose copies at a destination are known to be theirs.
fn pairs<'a>(
    place: PlaceId,
    picture: &'a Picture<'_>,
    known: &Known<'_>,
) -> Vec<(&'a Event<'a>, i64)> {
    let mut pairs = Vec::new();
    for event in &picture.events {
        let origin = !event.rows.is_empty() || (!known.shape.has_outbox && event.change.is_some());
        for copy in event.foreign() {
            if origin && copy.place == place {
                pairs.push((event, copy.at));
            }
        }
    }
    let by_version = picture.bases.recognised(place) == Recognised::ByVersion;
    let sure = |event: &Event<'_>| match known.shape.has_outbox {
        true => !event.nameless && is_no_chance(&event.id),
        false => is_no_chance(bare(&event.aggregate)),
    };
    if by_version || pairs.iter().any(|(event, _)| sure(event)) {
        pairs
    } else {
        Vec::new()
    }
}

/// A row that says sent and of which nothing was ever seen.
fn is_lone_row(event: &Event<'_>) -> bool {
    !event.rows.is_empty()
        && event.row_says(Marks::SENT)
        && event.foreign().is_empty()
        && event.resends.is_empty()
        && event.consumed().is_none()
}

/// Why silence at the destinations does not count.
pub(super) fn no_copy(
    event: &Event<'_>,
    (at, since): (i64, i64),
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    let deletes = known.shape.has_outbox && known.shape.deletes_after_send;
    if !deletes && !copies_are_heard(event, since, picture, known) {
        return Some(UnknownReason::NoControl);
    }
    let until = if deletes {
        i64::MAX
    } else {
        at + longest_way_of_a_row(picture, known)
    };
    let may_be = |other: &&Event<'_>| {
        other.rows.is_empty()
            && other.change.is_none()
            && !other.made
            && other.foreign().iter().any(|copy| {
                !copy.is_timed() || (since - known.slack <= copy.at && copy.at <= until)
            })
            && may_be_one(event, other, deletes)
    };
    let one_of_these = picture.events.iter().any(|other| may_be(&other));
    one_of_these.then_some(UnknownReason::OneOfThese)
}

fn copies_are_heard(
    event: &Event<'_>,
    since: i64,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> bool {
    let of_kind = |kind: &str| {
        let same = picture.events.iter().filter(|other| other.kind == kind);
        let (mut found, mut missed) = (0_i32, 0_i32);
        for other in same {
            let seen = !other.foreign().is_empty();
            let origin =
                !other.rows.is_empty() || (!known.shape.has_outbox && other.change.is_some());
            found += i32::from(origin && seen);
            missed += i32::from(is_lone_row(other));
        }
        (found, missed)
    };
    let (found, missed) = of_kind(&event.kind);
    if !event.kind.is_empty() && found == 0 && missed >= 2 {
        let mut kinds: Vec<&str> = picture.events.iter().map(|it| it.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let others = kinds.iter().filter(|kind| **kind != event.kind);
        let (f, m) = others.fold((0, 0), |(f, m), kind| {
            let (found, missed) = of_kind(kind);
            (f + found, m + missed)
        });
        let rate = f64::from(m + 1) / f64::from(f + m + 2);
        if f + m > 0 && rate.powi(missed) < 0.01 {
            return false;
        }
    }
    let places = known.places(PlaceRole::Destination);
    let speak = places.iter().filter(|place| {
        let found: Vec<i64> = pairs(**place, picture, known)
            .iter()
            .map(|it| it.1)
            .collect();
        heard(**place, &found, since, known)
    });
    let speak = speak.count();
    let this_kind = !event.kind.is_empty() && found > 0;
    speak > 0 && (speak == places.len() || this_kind)
}

/// Whether two that have found nothing may be one, whatever their ids say.
fn may_be_one(one: &Event<'_>, other: &Event<'_>, rows_go: bool) -> bool {
    let same_form = form(one) == form(other) && form(one) != 0;
    let (this, that) = (bare(&one.aggregate), bare(&other.aggregate));
    if this.is_empty() || that.is_empty() {
        return !same_form;
    }
    if this != that {
        return false;
    }
    match (one.version, other.version) {
        (Some(this), Some(that)) if this != that => false,
        _ if !same_form => true,
        (Some(_), Some(_)) => rows_go,
        _ => !rows_go,
    }
}

/// When the oldest row was written that was sent and is kept.
fn kept_since(picture: &Picture<'_>, known: &Known<'_>) -> Option<i64> {
    let rows = picture.events.iter().flat_map(|event| &event.rows);
    let oldest = if known.shape.outbox_tells_sent {
        known.sent_since.iter().copied().min()
    } else {
        rows.map(|row| row.since()).min()
    };
    // One that may be of any age says nothing, unless none says more.
    oldest.filter(|&oldest| oldest != EVER || all_sent_are_untimed(&picture.events, known))
}

/// Whether no row that was sent carries a time.
pub(super) fn all_sent_are_untimed(events: &[Event<'_>], known: &Known<'_>) -> bool {
    let rows = events.iter().flat_map(|event| &event.rows);
    match known.shape.outbox_tells_sent {
        true => known.sent_since.iter().all(|&since| since == EVER),
        false => rows.map(|row| row.since()).all(|since| since == EVER),
    }
}

/// Why silence of the outbox about a copy does not count.
pub(super) fn no_row(
    event: &Event<'_>,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    let foreign = event.foreign();
    // Of copies of one moment the one at the place named first, there at the first coordinate.
    let first = foreign
        .iter()
        .min_by_key(|copy| (copy.at, copy.place, copy.partition, copy.position))?;
    let untimed = foreign.iter().any(|copy| !copy.is_timed());
    let found = pairs(first.place, picture, known);
    let found: Vec<i64> = found.iter().filter_map(|it| it.0.written()).collect();
    let outbox = known.places(PlaceRole::Outbox);
    let mut places = outbox.iter();
    if !places.any(|place| heard(*place, &found, first.at, known)) {
        return Some(UnknownReason::NoControl);
    }
    // Before the first copy whose row is kept, rows may have been cleaned.
    let known_here = pairs(first.place, picture, known);
    let before = known_here.iter().all(|it| first.at - known.slack < it.1);
    let way = longest_way_of_a_row(picture, known);
    let oldest = kept_since(picture, known);
    // A row that is older than its own would be is there.
    let kept = |oldest: i64| oldest != EVER && oldest <= first.at - way - known.slack;
    let kept = known.shape.found_by_id && oldest.is_some_and(kept);
    if (untimed || before && !kept) && oldest.is_some() {
        return Some(UnknownReason::OutboxCleaned);
    }
    let near = |other: &&Event<'_>| {
        let written = other.written().unwrap_or(EVER);
        is_lone_row(other) && first.at - way <= written && written <= first.at + known.slack
    };
    let mut rows = picture.events.iter().filter(near);
    let one_of_these = rows.any(|other| may_be_one(event, other, false));
    one_of_these.then_some(UnknownReason::OneOfThese)
}

/// Why silence of the business tables about a copy does not count, where there is no outbox.
pub(super) fn no_business_row(
    event: &Event<'_>,
    newest: Option<i64>,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    let foreign = event.foreign();
    let first = foreign
        .iter()
        .min_by_key(|copy| (copy.at, copy.place, copy.partition, copy.position))?;
    let found = pairs(first.place, picture, known);
    let changed = found.iter().filter_map(|it| Some(it.0.change?.at));
    let changed: Vec<i64> = changed.collect();
    let tables = known.places(PlaceRole::Business);
    let is_heard = tables
        .iter()
        .any(|place| heard(*place, &changed, first.at, known));
    if !is_heard || !is_of_this_flow(event, first.place, picture) {
        return Some(UnknownReason::NoControl);
    }
    // Before the first copy whose row is kept, rows may have been cleaned.
    let untimed = foreign.iter().any(|copy| !copy.is_timed());
    let before = found.iter().all(|it| first.at < it.1);
    let cleaned = known.shape.keeps_versions && newest.is_none() && (untimed || before);
    cleaned.then_some(UnknownReason::RowGone)
}

/// Whether nearly all copies at a place have business rows, and some of this type.
fn is_of_this_flow(event: &Event<'_>, place: PlaceId, picture: &Picture<'_>) -> bool {
    let (mut found, mut missed) = (0, 0);
    for other in &picture.events {
        let foreign = other.foreign();
        let here = foreign.iter().filter(|copy| copy.place == place).count();
        if other.change.is_some() {
            found += here;
        } else if !other.made {
            missed += here;
        }
    }
    let of_kind = |other: &&Event<'_>| other.kind == event.kind && other.change.is_some();
    let mut alike = picture.events.iter().filter(of_kind);
    let kind_found = event.kind.is_empty() || alike.any(|other| !other.foreign().is_empty());
    missed <= 2 + (found + missed) / 10 && kind_found
}

/// When the first message came whose row is kept.
fn first_kept_copy(picture: &Picture<'_>, known: &Known<'_>) -> i64 {
    let places = known.places(PlaceRole::Destination).into_iter();
    let firsts = places.flat_map(|place| pairs(place, picture, known));
    firsts.map(|it| it.1).min().unwrap_or(i64::MAX)
}

/// Why silence of the outbox about a change does not count.
pub(super) fn no_record(
    since: i64,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    let kept = kept_since(picture, known).map(|oldest| match oldest {
        EVER => first_kept_copy(picture, known),
        oldest => oldest,
    });
    if kept.is_some_and(|oldest| since - known.slack < oldest) {
        return Some(UnknownReason::OutboxCleaned);
    }
    let recorded = picture.events.iter().filter(|event| event.change.is_some());
    let found: Vec<i64> = recorded.filter_map(Event::written).collect();
    let outbox = known.places(PlaceRole::Outbox);
    let mut speak = outbox
        .iter()
        .map(|place| heard(*place, &found, since, known));
    (!speak.any(|it| it)).then_some(UnknownReason::NoControl)
}

/// What a consumer's inbox holds of events that are known otherwise: when it was noted.
fn in_inbox<'a>(
    no: ConsumerNo,
    picture: &'a Picture<'_>,
    known: &Known<'_>,
) -> Vec<(&'a Event<'a>, i64)> {
    let has_before =
        |event: &Event<'_>| !event.rows.is_empty() || copy_for(event, no, known).is_some();
    let mut found = Vec::new();
    let mut sure = false;
    for event in picture.events.iter().filter(|event| has_before(event)) {
        if let Some(at) = noted(event, no) {
            found.push((event, at));
            let mut ids = event.other_ids.iter().chain([&event.id]);
            sure |= ids.any(|id| is_no_chance(id));
        }
    }
    if sure { found } else { Vec::new() }
}

/// When its inbox had it: processed, or else received.
fn noted(event: &Event<'_>, no: ConsumerNo) -> Option<i64> {
    let of = |rows: &[(ConsumerNo, &super::history::Sighting)]| {
        let of_consumer = rows.iter().filter(|(consumer, _)| *consumer == no);
        of_consumer.map(|(_, row)| row.at).min()
    };
    of(&event.inbox).or_else(|| of(&event.waiting))
}

/// A copy that the consumer could see.
fn copy_for(event: &Event<'_>, no: ConsumerNo, known: &Known<'_>) -> Option<i64> {
    let destination = known.shape.consumers[usize::from(no.0)].destination;
    let seen = event.copies.iter().filter(|copy| {
        can_be_consumed(copy.marks) && destination.is_none_or(|wanted| wanted == copy.place)
    });
    seen.map(|copy| copy.at).next()
}

/// Whether the inbox of a consumer was ever seen to hold anything of this flow.
pub(super) fn inbox_is_heard(
    no: ConsumerNo,
    from: i64,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> bool {
    let found: Vec<i64> = in_inbox(no, picture, known).iter().map(|it| it.1).collect();
    let places = known.places(PlaceRole::Inbox(no));
    places
        .iter()
        .any(|place| heard(*place, &found, from.max(EVER), known))
}

/// An inbox that holds this flow's events or mostly these, and this one; since when at the latest.
pub(super) fn claimed(
    event: &Event<'_>,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<(ConsumerNo, i64)> {
    let consumers = (0..=u8::MAX).take(known.shape.consumers.len());
    let claims = |no: &ConsumerNo| event.inbox.iter().any(|(consumer, _)| consumer == no);
    let claims: Vec<ConsumerNo> = consumers.map(ConsumerNo).filter(claims).collect();
    let with = |share: Share| {
        claims
            .iter()
            .find(|no| share_of(**no, picture, known) == share)
    };
    let no = with(Share::Ours).or_else(|| with(Share::Mostly))?;
    Some((*no, event.consumed()?))
}

/// How much of an inbox is this flow's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Ours,
    Mostly,
    Little,
}

fn share_of(no: ConsumerNo, picture: &Picture<'_>, known: &Known<'_>) -> Share {
    let (mut of_ours, mut strange) = (0, 0);
    for other in picture.events.iter().filter(|it| noted(it, no).is_some()) {
        of_ours += usize::from(!other.rows.is_empty());
        let alone = copy_for(other, no, known).is_none() && other.change.is_none();
        strange += usize::from(other.rows.is_empty() && alone);
    }
    if strange <= 2 + (of_ours + strange) / 10 {
        Share::Ours
    } else if strange <= of_ours {
        Share::Mostly
    } else {
        Share::Little
    }
}

/// Why silence of the outbox about what an inbox claims does not count.
pub(super) fn no_row_of_claimed(
    (no, at): (ConsumerNo, i64),
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    if share_of(no, picture, known) != Share::Ours {
        return Some(UnknownReason::NoControl);
    }
    let found = in_inbox(no, picture, known);
    let found: Vec<i64> = found.iter().filter_map(|it| it.0.written()).collect();
    let outbox = known.places(PlaceRole::Outbox);
    let mut speak = outbox.iter().map(|place| heard(*place, &found, at, known));
    if !speak.any(|it| it) {
        return Some(UnknownReason::NoControl);
    }
    let with_rows = picture.events.iter().filter(|it| !it.rows.is_empty());
    let mut notes = with_rows.filter_map(|it| noted(it, no));
    let before = notes.all(|first| at - known.slack < first);
    let cleaned = before && kept_since(picture, known).is_some();
    cleaned.then_some(UnknownReason::OutboxCleaned)
}
