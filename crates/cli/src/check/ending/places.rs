//! Which places were read without a gap, and what to do about the others.

use waybill_model::{GapReason, Micros, PlaceRole, Window};
use waybill_protocol::{PlaceStatus, Status};

use super::{Code, Reason, reason};
use crate::exit::Exit;

/// What was not read, place by place. One that failed is told as such.
pub(super) fn gaps(status: &Status) -> Vec<Reason> {
    let missed = status
        .places
        .iter()
        .filter(|place| place.failure.is_none() && !is_whole(place, status));
    missed
        .map(|place| {
            let (why, advice) = match place.first_gap() {
                Some(gap) => (gap.to_string(), advice(gap)),
                None => {
                    let percent = (place.covered.clamp(0.0, 1.0) * 100.0).floor();
                    (format!("only {percent} % of the window"), "")
                }
            };
            let name = &place.place.name;
            let sentence = format!("{name} was not read without a gap: {why}.{advice}");
            reason(Exit::Unknown, Code::Gap, sentence)
        })
        .collect()
}

fn is_whole(place: &PlaceStatus, status: &Status) -> bool {
    match place.place.role {
        // Asked as a whole each time.
        PlaceRole::Progress(_) => place.complete,
        // What lies there could only change what is said of events that the consumer moved past.
        PlaceRole::DeadLetters(no) => {
            let of_it = status.consumers.iter().find(|it| it.consumer == no);
            of_it.is_some_and(|it| it.passed == 0) || covers(place, status)
        }
        PlaceRole::Business | PlaceRole::Outbox | PlaceRole::Destination | PlaceRole::Inbox(_) => {
            covers(place, status)
        }
    }
}

/// Whether it was read from the window's beginning up to where things are too young to be late.
fn covers(place: &PlaceStatus, status: &Status) -> bool {
    let asked = settled(status);
    let missed = |window: Window| window.from < asked.to && window.to > asked.from;
    // A short gap in a long window is lost in the rounding of the share.
    if place.gaps.iter().any(|gap| missed(gap.window)) {
        return false;
    }
    let reads = |read: Window| read.from <= asked.from && read.to >= asked.to;
    place.covered >= 1.0 || place.window.is_some_and(reads)
}

/// No table is complete up to this moment: transactions that are open may still bring rows, and
/// reading all places takes some seconds.
const UNSETTLED_MICROS: i64 = 15_000_000;

/// The window without its end, in which nothing can be late yet, or nothing is settled; half of it
/// at least.
fn settled(status: &Status) -> Window {
    let Window { from, to } = status.window;
    let young = status.graces.iter().map(|edge| edge.grace.micros).min();
    let young = young.unwrap_or(0).max(UNSETTLED_MICROS);
    let young = young.clamp(0, to.since(from) / 2);
    Window {
        from,
        to: Micros(to.0.saturating_sub(young)),
    }
}

/// What would close the gap, as a further sentence.
fn advice(gap: &GapReason) -> &'static str {
    match gap {
        GapReason::TapClosed => {
            " Give the exchange an audit stream, or leave Waybill following it."
        }
        GapReason::TapOverflow => " Give the exchange an audit stream.",
        GapReason::Retention => " A window that begins later can be known.",
        GapReason::OpenTransactions => " Look again when they have ended.",
        GapReason::Cancelled => " Look again.",
        GapReason::Cap => " Raise the limit, or look at a shorter window.",
        GapReason::UntrueTimes => " Raise max-messages in [scan].",
        // The others say by themselves what closes them, as far as anything does.
        GapReason::Compacted
        | GapReason::Failed(_)
        | GapReason::NotBound(_)
        | GapReason::NotReadable(_)
        | GapReason::RowsHidden(_)
        | GapReason::ReplicaBehind(_)
        | GapReason::TransactionsHidden(_)
        | GapReason::NoTimes(_)
        | GapReason::ZoneUnknown(_) => "",
    }
}
