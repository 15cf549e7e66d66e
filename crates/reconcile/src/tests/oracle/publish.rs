//! The publish verdicts, first match wins. Each answer lists what may be said: where several
//! reasons hold for not knowing, any of them is right.

use waybill_model::{Marks, PlaceRole, PublishVerdict, StuckReason, UnknownReason};

use super::control;
use super::event::{Event, Picture};
use super::grace::{consume_grace, publish_grace};
use super::history::{EVER, Sighting};
use super::known::{Doubt, Known, ROW_LEAD};
use super::leftover;
use super::unstored;

/// How far what is followed may be behind the judgement.
const TAIL: i64 = 5;

/// What may be said of the publication of one event.
pub(super) fn publish(
    event: &Event<'_>,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<PublishVerdict> {
    if let Some(reason) = nameless(event, picture, known).filter(|_| event.nameless) {
        return unknown(&[reason]);
    }
    let doubt = picture.bases.of_copies(event, &picture.by_id, known);
    if let Some(reason) = doubt.or_else(|| leftover::copy_may_be_known(event, picture, known)) {
        return unknown(&[reason]);
    }
    let told = if known.shape.has_outbox {
        phantom(event, picture, known)
    } else {
        unstored::publish(event, picture, known).unwrap_or_default()
    };
    if !told.is_empty() {
        return match is_anybodys(event) {
            true => unknown(&[UnknownReason::WhoseUnknown]),
            false => told,
        };
    }
    let has = |mark: Marks| event.copies.iter().any(|copy| copy.marks.contains(mark));
    if event.copies.iter().any(|copy| can_be_consumed(copy.marks))
        || !event.resends.is_empty()
        || event.consumed().is_some()
    {
        return vec![PublishVerdict::Published];
    }
    if has(Marks::OPEN_TRANSACTION) {
        return vec![in_transaction(event, known)];
    }
    if has(Marks::UNROUTED) {
        return vec![PublishVerdict::Unroutable];
    }
    match (event.written(), event.change) {
        (Some(written), _) if event.row_says(Marks::SENT) => sent(event, written, picture, known),
        (Some(written), _) => unsent(event, written, picture, known),
        (None, Some(change)) => without_row(event, change, picture, known),
        (None, None) => unknown(&[UnknownReason::NotCovered]),
    }
}

/// Nobody but messages that may be another service's tell of it.
pub(super) fn is_anybodys(event: &Event<'_>) -> bool {
    let told = !event.rows.is_empty() || event.change.is_some() || event.made;
    let resent = !event.resends.is_empty();
    let unknown = |copy: &&Sighting| copy.marks.contains(Marks::WHOSE_UNKNOWN);
    let mut copies = event.copies.iter();
    !told && !resent && copies.len() > 0 && copies.all(unknown)
}

/// Why an event without an id cannot be recognised.
fn nameless(event: &Event<'_>, picture: &Picture<'_>, known: &Known<'_>) -> Option<UnknownReason> {
    if known.shape.has_outbox {
        return picture.bases.of_nameless(event);
    }
    (!event.tells_version()).then_some(UnknownReason::NoMatchableId)
}

/// One that is not ended in time is never ended by whoever began it. Its latest copy says how long
/// it has been going on.
fn in_transaction(event: &Event<'_>, known: &Known<'_>) -> PublishVerdict {
    let open = |copy: &&&Sighting| copy.marks.contains(Marks::OPEN_TRANSACTION);
    let youngest = event.copies.iter().filter(open).map(|copy| copy.at).max();
    let age = youngest.map_or(0, |at| known.moment.now - at);
    if age > known.shape.grace.transaction_micros / 1_000_000 {
        PublishVerdict::Stuck(StuckReason::OpenTransaction)
    } else {
        PublishVerdict::InOpenTransaction
    }
}

/// Whether consumers get to see a copy with these marks.
pub(super) fn can_be_consumed(marks: Marks) -> bool {
    !marks.contains(Marks::UNROUTED) && !marks.contains(Marks::OPEN_TRANSACTION)
}

/// A copy of somebody else's making, long there, and the tables, read without loss around it, hold
/// nothing that it could come from. Where they would hold it if it were there, it is a phantom.
/// Empty where it counts as published.
fn phantom(event: &Event<'_>, picture: &Picture<'_>, known: &Known<'_>) -> Vec<PublishVerdict> {
    let shape = known.shape;
    if !event.rows.is_empty() || event.change.is_some() || event.made {
        return Vec::new();
    }
    if !shape.has_outbox || shape.deletes_after_send {
        return Vec::new();
    }
    let lookback = longest_way_of_a_row(picture, known);
    let foreign = event.foreign();
    let told = if let Some(copied) = foreign.iter().map(|copy| copy.at).min() {
        let timed = shape.found_by_id && foreign.iter().all(|copy| copy.is_timed());
        let from = if timed { copied - lookback } else { EVER };
        if let Some(told) = may_be_held(event, (copied, from), picture, known) {
            return told;
        }
        control::no_row(event, picture, known)
    } else if event.copies.is_empty() && event.resends.is_empty() {
        let Some((no, at)) = control::claimed(event, picture, known) else {
            return Vec::new();
        };
        let grace = consume_grace(no, &picture.by_id, known);
        let from = if shape.found_by_id {
            at - lookback - grace
        } else {
            EVER
        };
        if let Some(told) = may_be_held(event, (at, from), picture, known) {
            return told;
        }
        control::no_row_of_claimed((no, at), picture, known)
    } else {
        return Vec::new();
    };
    vec![told.map_or(PublishVerdict::Phantom, PublishVerdict::Unknown)]
}

/// What is said where the tables may hold what a copy of that time came from: nothing where it is
/// young, and where its version was stored once. `None` where they do not.
fn may_be_held(
    event: &Event<'_>,
    (at, from): (i64, i64),
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<Vec<PublishVerdict>> {
    let shape = known.shape;
    let grace = publish_grace(&picture.by_id, known);
    let to = at + grace - ROW_LEAD;
    if is_ahead(at, grace, known) {
        return Some(unknown(&[UnknownReason::ClockAhead]));
    }
    if is_young(at, grace, known) {
        return Some(Vec::new());
    }
    let doubted = |doubt: Doubt| match doubt {
        Doubt::Failed => unknown(&[UnknownReason::SourceFailed]),
        Doubt::Because(reasons) => unknown(&reasons),
    };
    if let Err(doubt) = known.absent(PlaceRole::Outbox, from, to) {
        return Some(doubted(doubt));
    }
    let told = event.version.filter(|_| !event.aggregate.is_empty());
    // No business row could be told to be its own: the outbox decides alone.
    let version = told.filter(|_| shape.has_business)?;
    let same = |other: &&Event<'_>| other.aggregate == event.aggregate;
    let newer_stored = known.places(PlaceRole::Business).iter().any(|place| {
        let rows = known.seen.iter().filter(|row| row.place == *place);
        let mut of_aggregate = rows.filter(|row| row.aggregate == event.aggregate);
        of_aggregate.any(|row| row.version > Some(version))
    });
    let taken_by_another = picture
        .events
        .iter()
        .filter(same)
        .any(|other| other.version == Some(version) && !other.rows.is_empty());
    if newer_stored && !taken_by_another {
        return Some(Vec::new());
    }
    known
        .absent(PlaceRole::Business, from, to)
        .err()
        .map(doubted)
}

/// How long before a copy its row may have been written, as far as the relay has shown.
pub(super) fn longest_way_of_a_row(picture: &Picture<'_>, known: &Known<'_>) -> i64 {
    publish_grace(&picture.by_id, known).max(pace(picture) * 2) + known.slack
}

/// How long the relay took at most.
fn pace(picture: &Picture<'_>) -> i64 {
    let mut longest = picture.bases.longest;
    for event in &picture.by_id {
        for row in &event.rows {
            for copy in &event.copies {
                let timed = row.is_timed() && copy.is_timed();
                if timed && !copy.marks.contains(Marks::OWN_RESEND) {
                    longest = longest.max(row.way_to(copy));
                }
            }
        }
    }
    longest
}

/// Marked as sent, and no copy known.
fn sent(
    event: &Event<'_>,
    written: i64,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<PublishVerdict> {
    if !known.shape.has_observer {
        return unknown(&[UnknownReason::NoObserver]);
    }
    match no_copy_since(written, event.written_since(), picture, known) {
        Err(Doubt::Failed) => not_checked(),
        _ if is_young(written, publish_grace(&picture.by_id, known), known) => {
            not_late_yet((written, event.written_since()), picture, known)
        }
        Err(Doubt::Because(reasons)) => unknown(&reasons),
        Ok(()) => {
            let span = (written, event.written_since());
            unless_unrecognised(event, span, picture, known, PublishVerdict::LostInPublish)
        }
    }
}

/// What rests on nothing having been found, where it would have been recognised.
fn unless_unrecognised(
    event: &Event<'_>,
    (at, since): (i64, i64),
    picture: &Picture<'_>,
    known: &Known<'_>,
    verdict: PublishVerdict,
) -> Vec<PublishVerdict> {
    let silent = || {
        if verdict == PublishVerdict::MissingOutboxRow && known.shape.has_outbox {
            control::no_record(since, picture, known)
        } else {
            control::no_copy(event, (at, since), picture, known)
        }
    };
    let unrecognised = unrecognised(event, (at, since), picture, known);
    match unrecognised.or_else(silent) {
        Some(reason) => unknown(&[reason]),
        None => vec![verdict],
    }
}

/// Why a copy may be there without our knowing that it is the event's.
fn unrecognised(
    event: &Event<'_>,
    span: (i64, i64),
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    let told = picture.bases.of_absence(event, &picture.by_id, known);
    told.or_else(|| leftover::row_may_be_sent(event, span, picture, known))
}

/// Not marked as sent, and no copy known.
fn unsent(
    event: &Event<'_>,
    written: i64,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<PublishVerdict> {
    let shape = known.shape;
    let looked = no_copy_since(written, event.written_since(), picture, known);
    // What the row said before may be out of date.
    if known.could_not_read(PlaceRole::Outbox)
        || (shape.has_observer && looked == Err(Doubt::Failed))
    {
        return not_checked();
    }
    if event.row_says(Marks::FAILED) {
        return vec![PublishVerdict::Stuck(StuckReason::AttemptsExhausted)];
    }
    let to_send = event.to_send();
    if is_young(to_send, publish_grace(&picture.by_id, known), known) {
        return if to_send == written {
            not_late_yet((written, event.written_since()), picture, known)
        } else {
            vec![PublishVerdict::Pending]
        };
    }
    if !shape.outbox_tells_sent {
        let reasons = match looked {
            _ if !shape.has_observer => vec![UnknownReason::NoObserver],
            Err(Doubt::Because(reasons)) => reasons,
            _ => {
                let span = (written, event.written_since());
                let unrecognised = unrecognised(event, span, picture, known);
                Vec::from_iter(
                    unrecognised.or_else(|| control::no_copy(event, span, picture, known)),
                )
            }
        };
        // Where rows go once they are sent, one that is there waits, unless somebody watched and
        // cannot say.
        let unwatched = |reason: &UnknownReason| *reason == UnknownReason::NoObserver;
        let row_decides = shape.deletes_after_send && reasons.iter().all(unwatched);
        if !reasons.is_empty() && !row_decides {
            return unknown(&reasons);
        }
    }
    let mut younger_sent = known.sent_rows.iter().any(|&at| at > to_send);
    let mut older_waits = false;
    for other in &picture.events {
        let published = other
            .copies
            .iter()
            .any(|c| !c.marks.contains(Marks::OWN_RESEND));
        let mut timed = other.rows.iter().filter(|row| row.is_timed());
        younger_sent |= published && timed.any(|row| row.at > to_send);
        let same = other.aggregate == event.aggregate && !event.aggregate.is_empty();
        let arrived = other.row_says(Marks::SENT)
            || !other.copies.is_empty()
            || !other.resends.is_empty()
            || other.consumed().is_some();
        let waits = !other.rows.is_empty() && other.to_send() <= known.looked_at();
        older_waits |= same && !arrived && waits && other.to_send() < to_send;
    }
    vec![PublishVerdict::Stuck(match (younger_sent, older_waits) {
        (false, _) => StuckReason::RelayIdle,
        (true, true) => StuckReason::HeadOfLine,
        (true, false) => StuckReason::PassedOver,
    })]
}

/// Only the business row tells of it.
fn without_row(
    event: &Event<'_>,
    change: &Sighting,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<PublishVerdict> {
    let shape = known.shape;
    let mut doubts = Vec::new();
    if shape.has_outbox {
        // Both rows are written in one transaction.
        let (from, to) = (change.since() - known.slack, change.at + known.slack);
        doubts.extend(known.absent(PlaceRole::Outbox, from, to).err());
        if shape.deletes_after_send {
            doubts.push(Doubt::Because(vec![UnknownReason::OutboxCleaned]));
        }
    }
    if shape.has_observer {
        doubts.extend(no_copy_since(change.at, change.since(), picture, known).err());
    } else if !shape.has_outbox {
        doubts.push(Doubt::Because(vec![UnknownReason::NoObserver]));
    }
    if doubts.contains(&Doubt::Failed) {
        return not_checked();
    }
    if is_young(change.at, publish_grace(&picture.by_id, known), known) {
        return not_late_yet((change.at, change.since()), picture, known);
    }
    let mut reasons = Vec::new();
    for doubt in doubts {
        if let Doubt::Because(told) = doubt {
            reasons.extend(told);
        }
    }
    if reasons.is_empty() {
        let span = (change.at, change.since());
        unless_unrecognised(
            event,
            span,
            picture,
            known,
            PublishVerdict::MissingOutboxRow,
        )
    } else {
        unknown(&reasons)
    }
}

/// Whether every destination was read without loss since something was there, up to the end of the judged scan.
/// Its last seconds may be missing once the grace is over.
fn no_copy_since(
    at: i64,
    since: i64,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Result<(), Doubt> {
    let from = since - known.slack;
    let looked = known.absent(PlaceRole::Destination, from, known.moment.scan_at);
    if let Err(Doubt::Because(_)) = looked {
        let needed = (known.moment.scan_at - TAIL).max(at + publish_grace(&picture.by_id, known));
        if known.proven_until(PlaceRole::Destination, from) >= needed {
            return Ok(());
        }
    }
    looked
}

/// What has a time is on its way; what has none was first seen a moment ago, and may be old. So may
/// what has a time that is yet to come.
fn not_late_yet(
    (at, since): (i64, i64),
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<PublishVerdict> {
    if since == EVER {
        unknown(&[UnknownReason::NoTime])
    } else if is_ahead(at, publish_grace(&picture.by_id, known), known) {
        unknown(&[UnknownReason::ClockAhead])
    } else {
        vec![PublishVerdict::Pending]
    }
}

pub(super) fn is_young(at: i64, grace: i64, known: &Known<'_>) -> bool {
    known.looked_at() - at <= grace
}

/// Whether it would not have come yet if its grace were over.
pub(super) fn is_ahead(at: i64, grace: i64, known: &Known<'_>) -> bool {
    at > known.looked_at() + grace + known.slack
}

fn not_checked() -> Vec<PublishVerdict> {
    vec![PublishVerdict::NotChecked(String::new())]
}

pub(super) fn unknown(reasons: &[UnknownReason]) -> Vec<PublishVerdict> {
    reasons
        .iter()
        .copied()
        .map(PublishVerdict::Unknown)
        .collect()
}
