//! What else is odd about an event.

use waybill_model::{Flags, Marks, PlaceId, PlaceRole};

use super::event::Event;
use super::feed::BROKER_STEP;
use super::history::Sighting;
use super::known::Known;

/// All flags of `all[nth]`.
pub(super) fn flags(nth: usize, all: &[Event<'_>], known: &Known<'_>) -> Flags {
    let event = &all[nth];
    let mut flags = Flags::empty();
    flags.set(Flags::DUPLICATE, is_duplicate(event));
    flags.set(Flags::DUPLICATE_ROW, event.rows.len() > 1);
    flags.set(Flags::PAYLOAD_MISMATCH, is_mismatch(event));
    flags.set(Flags::SKEW, is_skewed(event, known));
    flags.set(
        Flags::RESENT,
        !event.resends.is_empty() || event.copies.iter().any(|copy| event.is_own(copy)),
    );
    let malformed = Marks::NOT_UTF8 | Marks::MALFORMED;
    flags.set(Flags::MALFORMED, is_marked(event, malformed));
    let nameless = event.nameless || is_marked(event, Marks::NO_ID);
    flags.set(Flags::NO_ID, nameless);
    flags.set(Flags::RECONSTRUCTED, event.made && event.rows.is_empty());
    for place in known.places(PlaceRole::Destination) {
        flags.set(
            Flags::OUT_OF_ORDER,
            flags.contains(Flags::OUT_OF_ORDER) || is_out_of_order(nth, all, place),
        );
        flags.set(
            Flags::KEY_MOVED,
            flags.contains(Flags::KEY_MOVED) || has_moved(nth, all, place),
        );
    }
    flags
}

/// Two copies at one destination that are neither ours nor retries.
fn is_duplicate(event: &Event<'_>) -> bool {
    let mut others = 0;
    for one in &event.copies {
        for other in &event.copies {
            let counts =
                |copy: &Sighting| !copy.marks.contains(Marks::RETRY) && !event.is_own(copy);
            let different = one.place == other.place && one.coordinate() != other.coordinate();
            others += usize::from(different && counts(one) && counts(other));
        }
    }
    others > 0
}

/// A copy that is neither ours nor a retry nor undecided, and says something else than each row,
/// as far as that can be told of every row.
fn is_mismatch(event: &Event<'_>) -> bool {
    let mut strange = 0;
    for copy in event.foreign() {
        if copy.marks.contains(Marks::RETRY) {
            continue;
        }
        let mut unlike = 0;
        for row in &event.rows {
            let alike_in_kind = row.says.signum() == copy.says.signum() && copy.says != 0;
            unlike += usize::from(alike_in_kind && row.says != copy.says);
        }
        strange += usize::from(!event.rows.is_empty() && unlike == event.rows.len());
    }
    strange > 0
}

/// A later stage before an earlier one by more than the steps of both clocks and what they may be
/// apart. The copy is the first one that a relay made.
fn is_skewed(event: &Event<'_>, known: &Known<'_>) -> bool {
    let foreign = event.foreign();
    let Some(copied) = foreign.iter().map(|copy| copy.at).min() else {
        return false;
    };
    if !foreign.iter().all(|copy| copy.is_timed()) {
        return false;
    }
    let bearable = BROKER_STEP + known.slack;
    let rows_are_timed = event.rows.iter().all(|row| row.is_timed());
    let too_early = event
        .written()
        .is_some_and(|written| rows_are_timed && copied + bearable < written);
    let mut processed_early = false;
    for (consumer, row) in &event.inbox {
        let mut rows = event.inbox.iter().filter(|(other, _)| other == consumer);
        let timed = rows.all(|(_, row)| row.is_timed());
        processed_early |= timed && row.at + bearable < copied;
    }
    too_early || processed_early
}

fn is_marked(event: &Event<'_>, marks: Marks) -> bool {
    let consumed = event.inbox.iter().chain(&event.waiting);
    let consumed = consumed.chain(&event.letters);
    let mut all: Vec<&Sighting> = consumed.map(|(_, sighting)| *sighting).collect();
    all.extend(&event.rows);
    all.extend(&event.copies);
    all.extend(event.change);
    all.iter().any(|sighting| sighting.marks.intersects(marks))
}

/// The first copy of an event at one destination, as far as order is concerned.
fn first_copy<'a>(event: &Event<'a>, place: PlaceId) -> Option<&'a Sighting> {
    let counts = |copy: &&&Sighting| {
        copy.place == place && !copy.marks.contains(Marks::RETRY) && !event.is_own(copy)
    };
    let copies = event.copies.iter().filter(counts).copied();
    copies.min_by_key(|copy| (copy.at, copy.partition, copy.position))
}

/// A newer version of the aggregate stands before it in the same partition.
fn is_out_of_order(nth: usize, all: &[Event<'_>], place: PlaceId) -> bool {
    let event = &all[nth];
    let Some(copy) = first_copy(event, place).filter(|_| !event.aggregate.is_empty()) else {
        return false;
    };
    for other in all {
        if other.aggregate != event.aggregate {
            continue;
        }
        if let Some(before) = first_copy(other, place) {
            let in_front = before.partition == copy.partition && before.position < copy.position;
            if in_front && event.version.is_some() && other.version > event.version {
                return true;
            }
        }
    }
    false
}

/// The aggregate's copy before it lies in another partition.
fn has_moved(nth: usize, all: &[Event<'_>], place: PlaceId) -> bool {
    let event = &all[nth];
    let when = |copy: &Sighting| (copy.at, copy.position, copy.partition);
    let Some(copy) = first_copy(event, place).filter(|_| !event.aggregate.is_empty()) else {
        return false;
    };
    let mut before: Option<&Sighting> = None;
    for other in all
        .iter()
        .filter(|other| other.aggregate == event.aggregate)
    {
        if let Some(other) = first_copy(other, place)
            && when(other) < when(copy)
            && before.is_none_or(|before| when(before) < when(other))
        {
            before = Some(other);
        }
    }
    before.is_some_and(|before| before.partition != copy.partition)
}
