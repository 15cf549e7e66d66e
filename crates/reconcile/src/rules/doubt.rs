//! Why something that was not found may be there all the same: it cannot be recognised.

use waybill_model::{Marks, PlaceId, PlaceRole, Recognised, UnknownReason};

use super::{ConsumerContext, Summary};
use crate::basis::Fit;
use crate::coverage::Unproven;
use crate::store::{CopyRef, State};

/// Of an event without an id: whether it can be recognised by aggregate and version instead.
pub(super) fn without_id(event: &Summary<'_>) -> Option<UnknownReason> {
    let bases = &event.index.bases;
    let by_version = if event.outbox.is_none() && event.index.events.has_copy(event.no) {
        let mut copies = event.copies();
        copies.any(|copy| bases.recognised(copy.place) == Recognised::ByVersion)
    } else {
        bases.any_by_version()
    };
    let recognised = by_version && has_key(event);
    (!recognised).then_some(UnknownReason::NoMatchableId)
}

/// Of an event with copies: whether they can be held against the outbox.
pub(super) fn of_copies(event: &Summary<'_>) -> Option<UnknownReason> {
    let index = event.index;
    let foreign =
        |copy: &CopyRef| !copy.marks.contains(Marks::OPEN_TRANSACTION) && !event.is_own(copy);
    let mut places = event.copies().filter(foreign).map(|copy| copy.place);
    if event.outbox.is_some() {
        let ambiguous = index.events.is(event.no, State::SHARED)
            && places.any(|place| index.bases.doubt(place) == Some(UnknownReason::Ambiguous));
        return ambiguous.then_some(UnknownReason::Ambiguous);
    }
    let shape = &index.shape;
    if event.stored.is_some()
        || event.reconstructed
        || !shape.has_outbox
        || shape.deletes_after_send
    {
        return None;
    }
    places.filter_map(|place| of_place(event, place)).min()
}

/// Of an event without a copy: whether one could be told to be its own.
pub(super) fn of_absence(event: &Summary<'_>) -> Option<UnknownReason> {
    let index = event.index;
    let places = index.shape.places.iter();
    let destinations = places.filter(|place| place.role == PlaceRole::Destination);
    if event.outbox.is_none() {
        // A business row and a copy find each other by version, whatever their flow's basis.
        return destinations
            .filter_map(|place| index.bases.doubt(place.id))
            .min();
    }
    destinations
        .filter_map(|place| of_place(event, place.id))
        .min()
}

/// Why nobody can say that no copy of an event with an outbox row is out; `None` when that is
/// proven. `absence`: what the destinations prove.
pub(crate) fn of_no_copy(
    event: &Summary<'_>,
    absence: Result<(), Unproven>,
    has_observer: bool,
) -> Option<UnknownReason> {
    if !has_observer {
        return Some(UnknownReason::NoObserver);
    }
    match absence {
        Err(Unproven::Failed) => Some(UnknownReason::SourceFailed),
        Err(Unproven::Because(reason)) => Some(reason),
        Ok(()) => of_absence(event),
    }
}

/// Of a consumer's inbox and dead letters: whether they can hold the event without our knowing.
pub(super) fn of_consumer(
    event: &Summary<'_>,
    consumer: &ConsumerContext,
) -> Option<UnknownReason> {
    let index = event.index;
    let mut members = index.events.members(event.no);
    if members.all(|member| index.events.is(member, State::NO_ID)) {
        // An inbox is only ever asked by id.
        return Some(UnknownReason::NoMatchableId);
    }
    let unseen = consumer.has_dead_letters && !index.events.has_copy(event.no);
    let places = index.shape.places.iter();
    let reasons = places.filter_map(|place| match place.role {
        PlaceRole::Inbox(no) | PlaceRole::DeadLetters(no) if no == consumer.no => {
            index.bases.doubt(place.id)
        }
        // A dead letter carries what its copy carried, whatever that was.
        PlaceRole::Destination if unseen && consumer.reads(place.id) => of_place(event, place.id),
        _ => None,
    });
    reasons.min()
}

fn of_place(event: &Summary<'_>, place: PlaceId) -> Option<UnknownReason> {
    let index = event.index;
    match index.bases.recognised(place) {
        Recognised::ByVersion if !has_key(event) => Some(UnknownReason::NoMatchableId),
        Recognised::ByVersion => {
            let kinship = index.bases.kinship()?;
            let fit = kinship.fit(event.no, &index.events, &index.business);
            (fit == Fit::Several).then_some(UnknownReason::Ambiguous)
        }
        other => other.doubt(),
    }
}

fn has_key(event: &Summary<'_>) -> bool {
    let kinship = event.index.bases.kinship();
    event.reconstructed || kinship.is_some_and(|kinship| kinship.has_key(event.no))
}
