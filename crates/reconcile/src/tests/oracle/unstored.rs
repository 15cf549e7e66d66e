//! Without an outbox: whether a message's version was ever stored.

use waybill_model::{PlaceRole, PublishVerdict, UnknownReason};

use super::control;
use super::event::{Event, Picture};
use super::grace::publish_grace;
use super::history::EVER;
use super::known::{Doubt, Known, ROW_LEAD};
use super::publish::{is_ahead, is_young, longest_way_of_a_row, unknown};

/// What may be said of a message whose version no business row has; `None` where it is published.
pub(super) fn publish(
    event: &Event<'_>,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<Vec<PublishVerdict>> {
    let shape = known.shape;
    let foreign = event.foreign();
    let copied = foreign.iter().map(|copy| copy.at).min()?;
    let version = event.version.filter(|_| !event.aggregate.is_empty())?;
    let grace = publish_grace(&picture.by_id, known);
    if event.change.is_some() || event.made || !shape.has_business {
        return None;
    }
    let places = known.places(PlaceRole::Business);
    let rows = known.seen.iter().filter(|row| places.contains(&row.place));
    let of_aggregate = rows.filter(|row| row.aggregate == event.aggregate);
    let of_aggregate: Vec<_> = of_aggregate.collect();
    let newest = of_aggregate.iter().filter_map(|row| row.version).max();
    let mut before = of_aggregate
        .iter()
        .filter(|row| row.version == Some(version - 1));
    let until = copied + grace - ROW_LEAD;
    let left_out = before.any(|row| {
        let from = row.since() - known.slack;
        known.absent(PlaceRole::Business, from, until).is_ok()
    });
    if newest > Some(version) && !(shape.keeps_versions && left_out) {
        return None;
    }
    if is_ahead(copied, grace, known) {
        return Some(unknown(&[UnknownReason::ClockAhead]));
    }
    if is_young(copied, grace, known) {
        return None;
    }
    let timed = shape.found_by_id && foreign.iter().all(|copy| copy.is_timed());
    let from = if timed {
        copied - longest_way_of_a_row(picture, known)
    } else {
        EVER
    };
    match known.absent(PlaceRole::Business, from, copied + grace - ROW_LEAD) {
        Ok(()) => {}
        Err(Doubt::Failed) => return Some(unknown(&[UnknownReason::SourceFailed])),
        Err(Doubt::Because(reasons)) => return Some(unknown(&reasons)),
    }
    if newest.is_none() && !shape.keeps_versions {
        return Some(unknown(&[UnknownReason::RowGone]));
    }
    Some(
        match control::no_business_row(event, newest, picture, known) {
            Some(reason) => unknown(&[reason]),
            None => vec![PublishVerdict::Phantom],
        },
    )
}
