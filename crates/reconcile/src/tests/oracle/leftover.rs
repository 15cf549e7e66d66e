//! Whether a message that found no row, and a row that found no message, may be one under another
//! id: asked where ids are known that are no chance, and many are not.

use waybill_model::{Marks, UnknownReason};

use super::event::{Event, Picture};
use super::history::{EVER, Sighting};
use super::known::Known;
use super::publish::longest_way_of_a_row;

/// Why a message may be somebody's whose row is known.
pub(super) fn copy_may_be_known(
    event: &Event<'_>,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    if !is_lone_message(event) {
        return None;
    }
    let mut doubted = Vec::new();
    for copy in event.foreign() {
        if picture.bases.is_in_doubt(copy.place) && has_a_lone_row(event, copy, picture, known) {
            doubted.push(copy);
        }
    }
    let doubted = doubted.iter().any(|copy| {
        let came = copy.is_timed().then_some(copy.at);
        !may_count(event, picture) || !neighbours_speak(came, picture, known)
    });
    doubted.then_some(UnknownReason::NoMatchableId)
}

/// Why the message of a row may be there.
pub(super) fn row_may_be_sent(
    event: &Event<'_>,
    (at, since): (i64, i64),
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    let until = at + longest_way_of_a_row(picture, known);
    let mut may_be = false;
    for (other, copy) in lone_copies(picture) {
        let near = since - known.slack <= copy.at && copy.at <= until;
        may_be |= (near || !copy.is_timed()) && may_be_one(event, other, picture);
    }
    let speaks = may_count(event, picture) && neighbours_speak(Some(at), picture, known);
    (may_be && !speaks).then_some(UnknownReason::NoMatchableId)
}

fn is_lone_message(event: &Event<'_>) -> bool {
    event.rows.is_empty() && event.change.is_none() && !event.made
}

/// Messages without a row at the places in question.
fn lone_copies<'a>(picture: &'a Picture<'_>) -> Vec<(&'a Event<'a>, &'a Sighting)> {
    let mut lone = Vec::new();
    for event in picture.events.iter().filter(|it| is_lone_message(it)) {
        for copy in event.foreign() {
            if picture.bases.is_in_doubt(copy.place) {
                lone.push((event, copy));
            }
        }
    }
    lone
}

/// Whether a row that was sent, near a message in time, has no message of its own and may be its.
fn has_a_lone_row(
    event: &Event<'_>,
    copy: &Sighting,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> bool {
    let way = longest_way_of_a_row(picture, known);
    picture.events.iter().any(|other| {
        let may_be_sent = other.row_says(Marks::SENT) || !known.shape.outbox_tells_sent;
        let lone = !other.rows.is_empty() && other.foreign().is_empty() && may_be_sent;
        let written = other.written().unwrap_or(EVER);
        let near = copy.at - way <= written && written <= copy.at + known.slack;
        let any_time = !copy.is_timed() || other.written_since() == EVER;
        lone && (near || any_time) && may_be_one(event, other, picture)
    })
}

/// Types that differ are two; one that was never found by its id may carry anything.
fn may_be_one(event: &Event<'_>, other: &Event<'_>, picture: &Picture<'_>) -> bool {
    let bare = |text: &str| text.split_once('/').map_or(text, |it| it.1).to_owned();
    if !event.kind.is_empty() && !other.kind.is_empty() {
        if event.kind != other.kind {
            return false;
        }
        if !may_count(event, picture) {
            return true;
        }
    }
    let (one, another) = (bare(&event.aggregate), bare(&other.aggregate));
    let same_aggregate = one == another || one.is_empty() || another.is_empty();
    let same_version = match (event.version, other.version) {
        (Some(one), Some(another)) => one == another,
        _ => true,
    };
    same_aggregate && same_version
}

/// Whether neighbours speak for it: its type was found by its id, or it tells none.
fn may_count(event: &Event<'_>, picture: &Picture<'_>) -> bool {
    let same = |other: &&Event<'_>| other.kind == event.kind && !other.rows.is_empty();
    let mut others = picture.events.iter().filter(same);
    event.kind.is_empty() || others.any(|other| !other.foreign().is_empty())
}

/// Four on each side, of which there has to be one at least: three times as many as messages
/// between them that may be a row's.
fn neighbours_speak(at: Option<i64>, picture: &Picture<'_>, known: &Known<'_>) -> bool {
    let Some(at) = at else {
        return false;
    };
    let mut found: Vec<i64> = Vec::new();
    for event in picture.events.iter().filter(|event| !event.rows.is_empty()) {
        let here = |copy: &&&Sighting| picture.bases.is_in_doubt(copy.place);
        found.extend(event.foreign().iter().filter(here).map(|copy| copy.at));
    }
    found.sort_unstable();
    let before: Vec<i64> = found.iter().copied().filter(|&it| it <= at).collect();
    let before: Vec<i64> = before.into_iter().rev().take(4).collect();
    let after: Vec<i64> = found.into_iter().filter(|&it| it > at).take(4).collect();
    let (Some(&first), Some(&last)) = (before.last(), after.last()) else {
        return false;
    };
    let (mut all, mut suspects, mut between) = (0, 0, 0);
    for (event, copy) in lone_copies(picture) {
        all += 1;
        if has_a_lone_row(event, copy, picture, known) {
            suspects += 1;
            let inside = copy.is_timed() && first <= copy.at && copy.at <= last;
            between += usize::from(inside);
        }
    }
    let customary = suspects >= 3 && suspects * 2 > all;
    !customary && before.len() + after.len() >= 3 * between.max(1)
}

/// Whether row and message lie near each other in time so often that it is no chance.
pub(super) fn lie_near(
    pairs: &[(i64, i64)],
    all: &[Event<'_>],
    near: i64,
    known: &Known<'_>,
) -> bool {
    let rows: Vec<i64> = all.iter().filter_map(Event::written).collect();
    let (mut hits, mut unlikely, mut by_chance) = (0, 0.0, 0);
    for &(written, came) in pairs {
        let fits = |at: i64| came - near - known.slack <= at && at <= came + known.slack;
        let here = rows.iter().filter(|&&at| fits(at)).count().max(1);
        by_chance += here;
        if fits(written) {
            hits += 1;
            unlikely -= (here as f64 / rows.len() as f64).ln();
        }
    }
    hits >= 3 && hits * rows.len() >= 3 * by_chance && unlikely >= 14.0
}

/// A place is in doubt where some of its ids stand in the outbox and are nobody's by chance.
pub(super) fn is_sure(ids: &[&str]) -> bool {
    ids.iter().any(|id| id.len() >= 24)
}
