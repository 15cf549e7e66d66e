//! The verdicts on one consumer, first match wins. Each answer lists what may be said.

use waybill_model::{
    ConsumerNo, ConsumerVerdict, LagReason, Marks, PlaceId, PlaceRole, PublishVerdict,
    UnknownReason,
};

use super::control::inbox_is_heard;
use super::event::{Event, Picture};
use super::grace::consume_grace;
use super::history::{EVER, Look, Sighting};
use super::known::{Doubt, Known, ROW_LEAD};
use super::leftover;
use super::publish::{can_be_consumed, is_ahead, is_anybodys};
use crate::ProgressKind;

/// How long it has to stand still, with the event before it, to count as stalled.
const STALLED: i64 = 10;

/// A copy that was for the consumer.
#[derive(Debug, Clone, Copy)]
struct Due {
    at: i64,
    /// Since when it may have been there.
    since: i64,
    /// Where it lies, when that is known.
    coordinate: Option<(PlaceId, u32, i64)>,
    /// It was sent to this consumer alone, past all bindings.
    directed: bool,
}

/// How far the consumer has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    PastBy(i64),
    NotPast(LagReason),
    /// What it committed lies beyond the end.
    Beyond,
    NoOffset,
    NotLooked,
}

/// What may be said of one consumer of an event.
pub(super) fn consumer(
    event: &Event<'_>,
    publish: &[PublishVerdict],
    no: ConsumerNo,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<ConsumerVerdict> {
    if event.inbox.iter().any(|(consumer, _)| *consumer == no) {
        return vec![ConsumerVerdict::Processed];
    }
    let letters = failed(event, no);
    let rows = event.waiting.iter().filter(|(consumer, _)| *consumer == no);
    let rows: Vec<&Sighting> = rows.map(|(_, row)| *row).collect();
    let is_there = |row: &&&Sighting| !row.marks.contains(Marks::GONE);
    let mut there = rows.iter().filter(is_there).peekable();
    let all_gone = there.peek().is_none();
    let says_failed = there.any(|row| row.marks.contains(Marks::FAILED));
    if says_failed && letters != Some(ConsumerVerdict::DeadLettered) {
        return as_read_now(ConsumerVerdict::Failed, no, known);
    }
    if let Some(failed) = letters {
        return vec![failed];
    }
    // A message is one, whatever can be said of its row.
    let seen = event.copies.iter().any(|copy| can_be_consumed(copy.marks));
    let there = match publish {
        [PublishVerdict::Published | PublishVerdict::Phantom] => true,
        [PublishVerdict::Unknown(_), ..] => {
            seen || event.consumed().is_some() || !event.resends.is_empty()
        }
        _ => false,
    };
    // Which message is whose nobody knows, so that it may have it under another name.
    let whose = match publish {
        [PublishVerdict::Unknown(why), ..]
            if matches!(why, UnknownReason::Ambiguous | UnknownReason::NoMatchableId) =>
        {
            Some(*why)
        }
        _ => None,
    };
    if !there {
        return vec![ConsumerVerdict::NotDue];
    }
    let due = due(event, no, known);
    let latest = due.iter().map(|due| due.at).max();
    let since = known.since.get(usize::from(no.0)).copied().flatten();
    // Nothing that was published before anybody expected it.
    if latest.is_none_or(|latest| since.is_some_and(|since| latest < since)) {
        return vec![ConsumerVerdict::NotDue];
    }
    if let Some(why) = whose {
        return unknown(&[why]);
    }
    if rows.is_empty() {
        return expected(event, &due, no, picture, known);
    }
    // It was received, and all there is to say is whether that is too long ago.
    if let Some(told) = in_flight(latest.unwrap_or(EVER), no, picture, known) {
        return told;
    }
    // Many tables are cleaned of what is processed, and a row that is gone does not say what it was.
    let verdict = if all_gone {
        ConsumerVerdict::Unknown(UnknownReason::InboxCleaned)
    } else {
        ConsumerVerdict::Lagging(LagReason::Unprocessed)
    };
    as_read_now(verdict, no, known)
}

/// What is said of a copy that the consumer has time for; of one whose time is yet to come nobody
/// knows.
fn in_flight(
    at: i64,
    no: ConsumerNo,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<Vec<ConsumerVerdict>> {
    let grace = consume_grace(no, &picture.by_id, known);
    if is_ahead(at, grace, known) {
        return Some(unknown(&[UnknownReason::ClockAhead]));
    }
    (known.looked_at() <= at + grace).then(|| vec![ConsumerVerdict::InFlight])
}

/// What a row says counts only as long as its table can be read.
fn as_read_now(
    verdict: ConsumerVerdict,
    no: ConsumerNo,
    known: &Known<'_>,
) -> Vec<ConsumerVerdict> {
    if known.could_not_read(PlaceRole::Inbox(no)) {
        return unknown(&[UnknownReason::SourceFailed]);
    }
    vec![verdict]
}

/// A dead letter or retry that no later resend has made history.
fn failed(event: &Event<'_>, no: ConsumerNo) -> Option<ConsumerVerdict> {
    let mut resent = i64::MIN;
    for resend in &event.resends {
        if resend.consumer.is_none_or(|only| only == no) {
            resent = resent.max(resend.at);
        }
    }
    for copy in &event.copies {
        if copy.marks.contains(Marks::OWN_RESEND) {
            resent = resent.max(copy.at);
        }
    }
    let of_consumer = event.letters.iter().filter(|(consumer, _)| *consumer == no);
    let mut current = of_consumer
        .filter(|(_, letter)| letter.at >= resent)
        .peekable();
    current.peek()?;
    if current.all(|(_, letter)| letter.marks.contains(Marks::RETRY)) {
        Some(ConsumerVerdict::Retrying)
    } else {
        Some(ConsumerVerdict::DeadLettered)
    }
}

/// All copies that were for the consumer, seen or confirmed to us.
fn due(event: &Event<'_>, no: ConsumerNo, known: &Known<'_>) -> Vec<Due> {
    let destination = known.shape.consumers[usize::from(no.0)].destination;
    let reads = |place: PlaceId| destination.is_none_or(|wanted| wanted == place);
    let mut due = Vec::new();
    for copy in event
        .copies
        .iter()
        .filter(|copy| can_be_consumed(copy.marks))
    {
        if reads(copy.place) {
            let ever = event.written_since().min(copy.at);
            due.push(Due {
                at: copy.at,
                since: if copy.is_timed() { copy.at } else { ever },
                coordinate: Some(copy.coordinate()),
                directed: false,
            });
        }
    }
    for resend in &event.resends {
        let for_it = resend.consumer.is_none_or(|only| only == no);
        if for_it && resend.coordinate.is_none_or(|(place, ..)| reads(place)) {
            due.push(Due {
                at: resend.at,
                since: resend.at,
                coordinate: resend.coordinate,
                directed: resend.consumer.is_some(),
            });
        }
    }
    // Nobody saw a copy, but some consumer had one by then.
    let seen = event.copies.iter().any(|copy| can_be_consumed(copy.marks));
    if due.is_empty() && !seen {
        due.extend(event.consumed().map(|at| Due {
            at,
            since: event.written_since().min(at),
            coordinate: None,
            directed: false,
        }));
    }
    due
}

fn expected(
    event: &Event<'_>,
    due: &[Due],
    no: ConsumerNo,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<ConsumerVerdict> {
    let consumer = &known.shape.consumers[usize::from(no.0)];
    let since = due
        .iter()
        .map(|due| due.since)
        .min()
        .expect("one is due at least");
    let latest = due
        .iter()
        .map(|due| due.at)
        .max()
        .expect("one is due at least");
    let late = latest + consume_grace(no, &picture.by_id, known);
    if consumer.progress == ProgressKind::None {
        return unwatched(event, no, (since, latest), picture, known);
    }
    let directed = due.iter().any(|due| due.at == latest && due.directed);
    let routed = latest + known.slack;
    if consumer.progress == ProgressKind::Queue && !directed && !is_bound(no, routed, known) {
        return vec![ConsumerVerdict::NotRouted];
    }
    let moved = match consumer.progress {
        ProgressKind::Queue => queue_moved(no, routed, known),
        _ => group_moved(due, no, known),
    };
    if let Moved::PastBy(by) = moved
        && let Some(told) = ahead(event, due, by, no, picture, known)
    {
        return told;
    }
    let in_flight = in_flight(latest, no, picture, known);
    match moved {
        Moved::PastBy(by) if !consumer.inbox && !may_drop(no, (routed, by), known) => {
            vec![ConsumerVerdict::Passed]
        }
        _ if in_flight.is_some() => in_flight.unwrap_or_default(),
        Moved::PastBy(_) if !consumer.inbox => unknown(&[UnknownReason::QueueMayDrop]),
        Moved::PastBy(by) => passed(event, (due, due), by, no, picture, known),
        // What the look before said may be out of date.
        _ if known.could_not_read(PlaceRole::Progress(no))
            && (moved != Moved::NoOffset || never_consumed(no, known)) =>
        {
            unknown(&[UnknownReason::SourceFailed])
        }
        Moved::NotPast(reason) => vec![ConsumerVerdict::Lagging(reason)],
        Moved::Beyond => unknown(&[UnknownReason::CommittedBeyondEnd]),
        Moved::NoOffset if !never_consumed(no, known) => {
            unknown(&[UnknownReason::NoCommittedOffset])
        }
        Moved::NoOffset => {
            let never = ConsumerVerdict::Lagging(LagReason::NeverConsumed);
            let inbox = PlaceRole::Inbox(no);
            match known.absent(inbox, since - known.slack, late - ROW_LEAD) {
                Err(doubt) if consumer.inbox => doubtful(doubt),
                _ => vec![never],
            }
        }
        Moved::NotLooked => unknown(&[UnknownReason::NotCovered]),
    }
}

/// What may happen to the queue once it was seen empty is of no account.
fn may_drop(no: ConsumerNo, (routed, by): (i64, i64), known: &Known<'_>) -> bool {
    let looks = known.looks_at(no);
    let mut until = looks
        .iter()
        .filter(|look| routed <= look.at && look.at <= by);
    until.any(|look| look.may_drop)
}

/// What it has passed was there, whatever the clock of its copy says: after its row was written.
fn ahead(
    event: &Event<'_>,
    due: &[Due],
    by: i64,
    no: ConsumerNo,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<Vec<ConsumerVerdict>> {
    let grace = consume_grace(no, &picture.by_id, known);
    let has_inbox = known.shape.consumers[usize::from(no.0)].inbox;
    let latest = due.iter().map(|due| due.at).max()?;
    if !has_inbox || event.rows.is_empty() || !is_ahead(latest, grace, known) {
        return None;
    }
    let by = by.min(overtaken_by(due, no, picture));
    if known.looked_at() <= by + grace {
        return Some(unknown(&[UnknownReason::ClockAhead]));
    }
    let was_there = [Due {
        at: by,
        since: event.written_since().min(by),
        ..due[0]
    }];
    Some(passed(event, (&was_there, due), by, no, picture, known))
}

/// It has no committed offset anywhere, and left no trace at its own places.
fn never_consumed(no: ConsumerNo, known: &Known<'_>) -> bool {
    let looks = known.looks_at(no);
    let mut told = looks.iter().flat_map(|look| &look.passed).peekable();
    let own: Vec<PlaceId> = [PlaceRole::Inbox(no), PlaceRole::DeadLetters(no)]
        .into_iter()
        .flat_map(|role| known.places(role))
        .collect();
    told.peek().is_some()
        && told.all(|(_, passed)| passed.is_none())
        && !known
            .seen
            .iter()
            .any(|sighting| own.contains(&sighting.place))
}

/// It is past every copy since the look at `by`; its inbox decides, where it is known to hold
/// everything.
fn passed(
    event: &Event<'_>,
    (due, copies): (&[Due], &[Due]),
    by: i64,
    no: ConsumerNo,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<ConsumerVerdict> {
    let consumer = &known.shape.consumers[usize::from(no.0)];
    let since = due.iter().map(|due| due.since).min();
    let since = since.expect("one is due at least");
    let latest = due.iter().map(|due| due.at).max();
    let late = latest.expect("one is due at least") + consume_grace(no, &picture.by_id, known);
    let by = by.min(overtaken_by(copies, no, picture));
    let until = by.max(late);
    let from = since - known.slack;
    let rows_until = by.max(late) - ROW_LEAD;
    if let Err(doubt) = known.absent(PlaceRole::Inbox(no), from, rows_until) {
        return doubtful(doubt);
    }
    if consumer.dead_letters
        && let Err(doubt) = known.absent(PlaceRole::DeadLetters(no), from, until)
    {
        return doubtful(doubt);
    }
    let lost = unless_unrecognised(event, no, picture, known, ConsumerVerdict::LostByConsumer);
    if lost == [ConsumerVerdict::LostByConsumer] && !inbox_is_heard(no, from, picture, known) {
        return unknown(&[UnknownReason::NoControl]);
    }
    lost
}

/// Copies behind all of these may have been processed earlier: it was past these even then.
fn overtaken_by(due: &[Due], no: ConsumerNo, picture: &Picture<'_>) -> i64 {
    let mut overtaken = None;
    for coordinate in due.iter().filter_map(|due| due.coordinate) {
        let at = overtaken_at(coordinate, no, &picture.events).unwrap_or(i64::MAX - 1);
        overtaken = overtaken.max(Some(at + 1));
    }
    overtaken.unwrap_or(i64::MAX)
}

/// What rests on the consumer having nothing of it, where that would have been recognised.
fn unless_unrecognised(
    event: &Event<'_>,
    no: ConsumerNo,
    picture: &Picture<'_>,
    known: &Known<'_>,
    verdict: ConsumerVerdict,
) -> Vec<ConsumerVerdict> {
    if is_anybodys(event) {
        return unknown(&[UnknownReason::WhoseUnknown]);
    }
    let told = picture.bases.of_consumer(event, no, &picture.by_id, known);
    match told.or_else(|| letter_of_another_id(event, no, picture, known)) {
        Some(reason) => unknown(&[reason]),
        None => vec![verdict],
    }
}

/// Why a dead letter may be its: nobody saw its copy, which may be there under another id.
fn letter_of_another_id(
    event: &Event<'_>,
    no: ConsumerNo,
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Option<UnknownReason> {
    let consumer = &known.shape.consumers[usize::from(no.0)];
    let mut places = known.places(PlaceRole::Destination).into_iter();
    let in_doubt = places.any(|place| {
        let reads = consumer.destination.is_none_or(|wanted| wanted == place);
        reads && picture.bases.is_in_doubt(place)
    });
    if !consumer.dead_letters || !event.copies.is_empty() || !in_doubt {
        return None;
    }
    let span = match (event.written(), event.change) {
        (Some(written), _) => (written, event.written_since()),
        (None, Some(change)) => (change.at, change.since()),
        (None, None) => return None,
    };
    leftover::row_may_be_sent(event, span, picture, known)
}

/// When it processed a later copy of the same partition. An event with copies in several places,
/// or with resends, may have been processed from any of them: it tells nothing.
fn overtaken_at(
    (place, partition, offset): (PlaceId, u32, i64),
    no: ConsumerNo,
    all: &[Event<'_>],
) -> Option<i64> {
    let mut earliest = None;
    for event in all.iter().filter(|event| event.resends.is_empty()) {
        let behind = |copy: &&Sighting| {
            (copy.place, copy.partition) == (place, partition) && copy.position > offset
        };
        if event.copies.is_empty() || !event.copies.iter().all(behind) {
            continue;
        }
        for (consumer, row) in &event.inbox {
            if *consumer == no && earliest.is_none_or(|earliest| row.at < earliest) {
                earliest = Some(row.at);
            }
        }
    }
    earliest
}

/// Nothing tells how far it moved.
fn unwatched(
    event: &Event<'_>,
    no: ConsumerNo,
    (since, latest): (i64, i64),
    picture: &Picture<'_>,
    known: &Known<'_>,
) -> Vec<ConsumerVerdict> {
    let consumer = &known.shape.consumers[usize::from(no.0)];
    if !consumer.inbox {
        return unknown(&[UnknownReason::NoProbe]);
    }
    if let Some(told) = in_flight(latest, no, picture, known) {
        return told;
    }
    let late = latest + consume_grace(no, &picture.by_id, known);
    match known.absent(PlaceRole::Inbox(no), since - known.slack, late - ROW_LEAD) {
        Ok(()) => {
            let behind = ConsumerVerdict::Lagging(LagReason::Behind);
            unless_unrecognised(event, no, picture, known, behind)
        }
        Err(doubt) => doubtful(doubt),
    }
}

/// Whether the queue got what was published then: as the first look after it says, or else the
/// last one before it.
fn is_bound(no: ConsumerNo, routed: i64, known: &Known<'_>) -> bool {
    let looks = known.looks_at(no);
    let after = looks.iter().find(|look| look.at >= routed);
    let look = after.or(looks.last());
    look.is_none_or(|look| look.queue.is_none_or(|(_, _, bound)| bound))
}

fn queue_moved(no: ConsumerNo, routed: i64, known: &Known<'_>) -> Moved {
    let looks = known.looks_at(no);
    for look in &looks {
        if look.at >= routed
            && look
                .queue
                .is_some_and(|(ready, unacked, _)| ready + unacked == 0)
        {
            return Moved::PastBy(look.at);
        }
    }
    let Some(last) = looks.last() else {
        return Moved::NotLooked;
    };
    // Since when it has been as deep as now.
    let mut since = last.at;
    for look in looks.iter().rev() {
        let depth = |look: &Look| look.queue.map(|(ready, unacked, _)| (ready, unacked));
        if depth(look) != depth(last) {
            break;
        }
        since = look.at;
    }
    Moved::NotPast(lag(no, since.max(routed), last.at, known))
}

/// A group is past an event once it is past every copy of it: what still lies before it may yet
/// be processed.
fn group_moved(due: &[Due], no: ConsumerNo, known: &Known<'_>) -> Moved {
    let coordinates = due.iter().filter_map(|due| Some((due.at, due.coordinate?)));
    let each: Vec<Moved> = coordinates
        .map(|(at, (_, partition, offset))| moved_past(partition, offset, at, no, known))
        .collect();
    if let Some(behind) = each.iter().find(|moved| matches!(moved, Moved::NotPast(_))) {
        let stalled = each.contains(&Moved::NotPast(LagReason::Stalled));
        let worst = Moved::NotPast(LagReason::Stalled);
        return if stalled { worst } else { *behind };
    }
    if each.contains(&Moved::Beyond) {
        return Moved::Beyond;
    }
    if each.contains(&Moved::NoOffset) {
        return Moved::NoOffset;
    }
    if each.is_empty() || each.contains(&Moved::NotLooked) {
        return Moved::NotLooked;
    }
    let mut latest = i64::MIN;
    for moved in each {
        if let Moved::PastBy(at) = moved {
            latest = latest.max(at);
        }
    }
    Moved::PastBy(latest)
}

fn moved_past(partition: u32, offset: i64, at: i64, no: ConsumerNo, known: &Known<'_>) -> Moved {
    let mut committed = Vec::new();
    let mut looked = false;
    for look in known.looks_at(no) {
        for (told, passed) in &look.passed {
            if *told == partition {
                looked = true;
                committed.extend(passed.map(|passed| (look.at, passed, look.end)));
            }
        }
    }
    if !looked {
        return Moved::NotLooked;
    }
    let Some((last, now_at, end)) = committed.last().copied() else {
        return Moved::NoOffset;
    };
    // An offset beyond the end says that all before was another topic of that name.
    let beyond = committed.iter().rposition(|(_, passed, end)| passed > end);
    let of_this_life = &committed[beyond.map_or(0, |nth| nth + 1)..];
    // What a look shows holds unless a later one shows less.
    let holds = |nth: usize| {
        let passed = of_this_life[nth].1;
        let mut later = of_this_life[nth..].iter();
        later.all(|(_, then, end)| *then >= passed && *end >= passed)
    };
    let holding: Vec<_> = (0..of_this_life.len()).filter(|nth| holds(*nth)).collect();
    let first = |reaches: &dyn Fn(i64) -> bool| {
        let mut found = holding.iter().map(|nth| of_this_life[*nth]);
        found
            .find(|(_, passed, _)| reaches(*passed))
            .map(|(at, ..)| at)
    };
    if let Some(at) = first(&|passed| passed > offset) {
        return Moved::PastBy(at);
    }
    if now_at > end {
        return Moved::Beyond;
    }
    let reached = first(&|passed| passed == now_at).unwrap_or(last);
    Moved::NotPast(lag(no, at.max(reached), last, known))
}

fn lag(no: ConsumerNo, since: i64, last: i64, known: &Known<'_>) -> LagReason {
    let newest = known.looks_at(no).into_iter().next_back();
    if newest.is_some_and(|look| look.attached == Some(0)) {
        LagReason::NoConsumers
    } else if last - since >= STALLED {
        LagReason::Stalled
    } else {
        LagReason::Behind
    }
}

fn doubtful(doubt: Doubt) -> Vec<ConsumerVerdict> {
    match doubt {
        Doubt::Failed => unknown(&[UnknownReason::SourceFailed]),
        Doubt::Because(reasons) => unknown(&reasons),
    }
}

fn unknown(reasons: &[UnknownReason]) -> Vec<ConsumerVerdict> {
    reasons
        .iter()
        .copied()
        .map(ConsumerVerdict::Unknown)
        .collect()
}
