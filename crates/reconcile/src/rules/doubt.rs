//! Why something that was not found may be there all the same: it cannot be recognised.

use waybill_model::{Marks, Place, PlaceId, PlaceRole, Recognised, UnknownReason};

use super::{ConsumerContext, Since, Summary};
use crate::basis::Fit;
use crate::controls::{Alike, is_no_chance};
use crate::coverage::Unproven;
use crate::index::Index;
use crate::ingest::is_own;
use crate::store::{CopyRef, State, to_send_at};

/// Of an event without an id: whether it can be recognised by aggregate and version instead.
pub(super) fn without_id(event: &Summary<'_>) -> Option<UnknownReason> {
    let index = event.index;
    if !index.shape.has_outbox {
        return (!index.tells_change(event.no)).then_some(UnknownReason::NoMatchableId);
    }
    let bases = &index.bases;
    let by_version = if event.outbox.is_none() && index.events.has_copy(event.no) {
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
    let known = |copy: CopyRef| {
        let timed = !copy.marks.contains(Marks::NO_TIME);
        let came = if timed { copy.at } else { i64::MIN };
        index.bases.is_in_doubt(copy.place) && index.copy_may_be_known(event.no, came)
    };
    let doubts = places.filter_map(|place| of_place(event, place)).min();
    doubts.or_else(|| {
        let mut copies = event.copies().filter(foreign);
        copies.any(known).then_some(UnknownReason::NoMatchableId)
    })
}

/// Of an event without a copy: whether one could be told to be its own.
pub(super) fn of_absence(event: &Summary<'_>) -> Option<UnknownReason> {
    let index = event.index;
    let places = index.shape.places.iter();
    let mut destinations = places.filter(|place| place.role == PlaceRole::Destination);
    let told = if event.outbox.is_none() {
        // A business row and a copy find each other by version, whatever their flow's basis.
        let doubts = destinations.filter_map(|place| index.bases.doubt(place.id));
        doubts.min()
    } else {
        let doubts = destinations.by_ref();
        doubts.filter_map(|place| of_place(event, place.id)).min()
    };
    told.or_else(|| of_another_id(event))
}

/// Of a row without a copy: whether that may be there under another id.
fn of_another_id(event: &Summary<'_>) -> Option<UnknownReason> {
    let index = event.index;
    let since = event.outbox.or(event.stored)?;
    let may_be =
        index.bases.is_any_in_doubt() && index.row_may_be_sent(event.no, (since.from, since.at));
    may_be.then_some(UnknownReason::NoMatchableId)
}

/// Of an event without a copy: whether silence at the destinations counts.
pub(super) fn of_silence(event: &Summary<'_>, since: Since) -> Option<UnknownReason> {
    let shape = &event.index.shape;
    // Where rows go once they are sent no pair is there to be seen: a row that is there speaks for
    // itself, unless what came cannot be told apart.
    let alike = if shape.has_outbox && shape.deletes_after_send {
        Alike::SameVersion
    } else {
        Alike::Untold
    };
    event
        .index
        .control_of_copy(event.no, (since.from, since.at), event.destination, alike)
        .err()
}

/// Of a row that says unsent: whether all that was found under its id may be another's, who counts
/// as it does. What neither says the same nor came near it in time does not outweigh its word.
pub(crate) fn of_weak_matches(index: &Index, no: u32) -> bool {
    let events = &index.events;
    let unsent = index.shape.outbox_tells_sent && !index.says_sent(no);
    let Some(written) = events.outbox_at(no).filter(|_| unsent) else {
        return false;
    };
    if !index.resends(no).is_empty() || events.is(no, State::HEAD) || is_no_chance(&events.id(no)) {
        return false;
    }
    let slack = index.slack();
    let from = written.saturating_sub(slack);
    let due = to_send_at(written, events.outbox_marks(no), events.due(no));
    let near = from..=due.saturating_add(index.near()).saturating_add(slack);
    let is_weak = |copy: CopyRef| {
        let timed = !copy.marks.contains(Marks::NO_TIME);
        let same = !copy.content.is_none() && events.row_contents(no).any(|it| it == copy.content);
        !(is_own(copy.marks) || same || timed && near.contains(&copy.at))
    };
    let consumed = crate::row::consumed(events, no);
    events.copies(no).all(is_weak) && consumed.is_none_or(|at| !near.contains(&at))
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
        Err(why) => Some(why.reason()),
        Ok(()) => of_absence(event).or_else(|| of_silence(event, event.outbox?)),
    }
}

/// Of a consumer's inbox and dead letters: whether they can hold the event without our knowing.
pub(super) fn of_consumer(
    event: &Summary<'_>,
    consumer: &ConsumerContext,
) -> Option<UnknownReason> {
    let index = event.index;
    // Another service's message need not be for this consumer.
    if let Some(reason) = event.anybodys() {
        return Some(reason);
    }
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
    let in_doubt = |place: &Place| {
        let here = place.role == PlaceRole::Destination && consumer.reads(place.id);
        here && index.bases.is_in_doubt(place.id)
    };
    let mut places = index.shape.places.iter().filter(|_| unseen);
    let told = reasons.min();
    told.or_else(|| places.any(in_doubt).then(|| of_another_id(event))?)
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
