//! What one expected consumer made of a published event.

use waybill_model::{LagReason, Marks, UnknownReason};

use super::summary::Anchor;
use super::{ConsumerContext, Context, Summary, doubt};
use crate::ProgressKind;
use crate::coverage::Unproven;
use crate::store::Held;
use crate::tracker::Passage;
use crate::verdicts::{ConsumerCode, PublishCode};

/// Why nobody can say which event a message is: what a consumer has may be it under another name.
/// All other reasons leave open whether it has a row, and it is a message all the same.
const WHICH: [UnknownReason; 2] = [UnknownReason::Ambiguous, UnknownReason::NoMatchableId];

/// The verdict on one consumer. Its inbox row outweighs everything, where that says processed; then
/// its dead letters, unless Waybill has sent the event again since; then an inbox row that says
/// anything else, and where there is none, how far it moved.
pub(crate) fn consumer(
    event: &Summary<'_>,
    publish: PublishCode,
    consumer: &ConsumerContext,
    context: &Context,
) -> ConsumerCode {
    if event.index.events.inbox_at(event.no, consumer.no).is_some() {
        return ConsumerCode::PROCESSED;
    }
    let held = event.index.events.held(event.no, consumer.no);
    match (dead_lettered(event, consumer), held) {
        (Some(ConsumerCode::DEAD_LETTERED), _) => return ConsumerCode::DEAD_LETTERED,
        (_, Some(Held::Failed)) => return as_read_now(ConsumerCode::FAILED, consumer),
        (Some(retrying), _) => return retrying,
        (None, _) => {}
    }
    let resent = !event.resends().is_empty();
    let seen = event.routed || event.consumed.is_some() || resent;
    let doubt = publish.doubt();
    let nobody_knows = doubt.filter(|why| WHICH.contains(why));
    let there = publish == PublishCode::PUBLISHED
        || publish == PublishCode::PHANTOM
        || seen && doubt.is_some();
    if !there {
        return ConsumerCode::NOT_DUE;
    }
    let anchor = event.anchor(consumer.no, consumer.destination).or_else(|| {
        // No copy was seen, but another consumer had one by then: it may have been there ever since
        // the row was written.
        let unseen = !event.routed;
        let ever = event.outbox.map_or(i64::MIN, |written| written.from);
        event.consumed.filter(|_| unseen).map(|at| Anchor {
            at,
            since: ever.min(at),
            directed: false,
        })
    });
    match anchor {
        Some(anchor) if anchor.at < consumer.since => ConsumerCode::NOT_DUE,
        Some(anchor) => match (nobody_knows, held) {
            (Some(reason), _) => ConsumerCode::unknown(reason),
            (None, Some(held)) => waits(held, anchor, consumer, context),
            (None, None) => moved(event, anchor, consumer, context),
        },
        None => ConsumerCode::NOT_DUE,
    }
}

/// Its inbox holds the event and says that it is not processed: it was received, however far the
/// consumer has moved, and whatever its inbox lacks.
fn waits(
    held: Held,
    anchor: Anchor,
    consumer: &ConsumerContext,
    context: &Context,
) -> ConsumerCode {
    if let Some(in_flight) = context.in_flight(anchor.at, consumer) {
        return in_flight;
    }
    let code = match held {
        // Many tables are cleaned of what is processed, and none says whether this was.
        Held::Gone => ConsumerCode::unknown(UnknownReason::InboxCleaned),
        Held::Waiting | Held::Failed => ConsumerCode::lagging(LagReason::Unprocessed),
    };
    as_read_now(code, consumer)
}

/// What a row says, where its table could be read: what an earlier reading said may be out of date.
fn as_read_now(code: ConsumerCode, consumer: &ConsumerContext) -> ConsumerCode {
    if consumer.inbox.failed() {
        ConsumerCode::unknown(UnknownReason::SourceFailed)
    } else {
        code
    }
}

fn dead_lettered(event: &Summary<'_>, consumer: &ConsumerContext) -> Option<ConsumerCode> {
    if !event.index.events.is_plural(event.no) {
        return None;
    }
    let resent = event.resent_at(consumer.no).unwrap_or(i64::MIN);
    let mut retrying = None;
    for (at, marks) in event.index.events.dead_letters(event.no, consumer.no) {
        if at < resent {
            continue;
        }
        if !marks.contains(Marks::RETRY) {
            return Some(ConsumerCode::DEAD_LETTERED);
        }
        retrying = Some(ConsumerCode::RETRYING);
    }
    retrying
}

fn moved(
    event: &Summary<'_>,
    anchor: Anchor,
    consumer: &ConsumerContext,
    context: &Context,
) -> ConsumerCode {
    let movement = &event.index.movements[usize::from(consumer.no.0)];
    let routed = anchor.at.saturating_add(context.judgement.slack_micros);
    let passage = match consumer.progress {
        ProgressKind::None => return unwatched(event, anchor, consumer, context),
        ProgressKind::Queue if movement.unbound(routed) && !anchor.directed => {
            return ConsumerCode::NOT_ROUTED;
        }
        ProgressKind::Queue => movement.left_queue(routed),
        ProgressKind::Group => group_passage(event, consumer),
    };
    let (anchor, in_flight) = match passage {
        Passage::By(by) if consumer.has_inbox => late_by(event, anchor, by, consumer, context),
        _ => (anchor, context.in_flight(anchor.at, consumer)),
    };
    match (passage, in_flight) {
        (Passage::By(at), _) if !consumer.has_inbox && !movement.may_have_dropped(routed, at) => {
            ConsumerCode::PASSED
        }
        (_, Some(in_flight)) => in_flight,
        (Passage::By(_), None) if !consumer.has_inbox => {
            ConsumerCode::unknown(UnknownReason::QueueMayDrop)
        }
        (Passage::By(at), None) => passed(event, anchor, at, consumer, context),
        (Passage::NoOffset, None) if !never_consumed(event, consumer) => {
            ConsumerCode::unknown(UnknownReason::NoCommittedOffset)
        }
        // What an earlier look said may be out of date.
        (_, None) if consumer.progress_failed => ConsumerCode::unknown(UnknownReason::SourceFailed),
        (Passage::NoOffset, None) => never(anchor, consumer, context),
        (Passage::Beyond, None) => ConsumerCode::unknown(UnknownReason::CommittedBeyondEnd),
        (Passage::NotYet(reason), None) => ConsumerCode::lagging(reason),
        (Passage::NotLooked, None) => ConsumerCode::unknown(UnknownReason::NotCovered),
    }
}

/// When a copy that the consumer has passed was there, and whether it has time left. The clock of
/// one that says it is yet to come is wrong: it was there before the consumer passed it.
fn late_by(
    event: &Summary<'_>,
    anchor: Anchor,
    by: i64,
    consumer: &ConsumerContext,
    context: &Context,
) -> (Anchor, Option<ConsumerCode>) {
    let in_flight = context.in_flight(anchor.at, consumer);
    let ahead = context.is_ahead(anchor.at, consumer.grace);
    // Without a row nothing says since when it may have been there.
    let Some(written) = event.outbox.filter(|_| ahead) else {
        return (anchor, in_flight);
    };
    let at = overtaken(event, consumer).map_or(by, |at| by.min(at.saturating_add(1)));
    if context.in_flight(at, consumer).is_some() {
        return (anchor, in_flight);
    }
    let was_there = Anchor {
        at,
        since: written.from.min(at),
        directed: anchor.directed,
    };
    (was_there, None)
}

/// Whether nothing at all shows that it ever took anything.
fn never_consumed(event: &Summary<'_>, consumer: &ConsumerContext) -> bool {
    let no = usize::from(consumer.no.0);
    event.index.movements[no].never_committed() && !event.index.traces[no]
}

/// It never committed, and no trace of it was seen; an inbox has to be known well enough for that.
fn never(anchor: Anchor, consumer: &ConsumerContext, context: &Context) -> ConsumerCode {
    let from = anchor.since.saturating_sub(context.judgement.slack_micros);
    let late = anchor.at.saturating_add(consumer.grace);
    if consumer.has_inbox
        && let Err(why) = consumer.inbox.absence(from, Context::rows_until(late))
    {
        return unproven(why);
    }
    ConsumerCode::lagging(LagReason::NeverConsumed)
}

/// A group has passed an event once it has passed every copy of it: what still lies before it may
/// yet be processed.
fn group_passage(event: &Summary<'_>, consumer: &ConsumerContext) -> Passage {
    let movement = &event.index.movements[usize::from(consumer.no.0)];
    let due = event.due(consumer.no, consumer.destination);
    let each = due.filter_map(|due| {
        let (_, partition, offset) = due.coordinate?;
        Some(movement.passed_offset(partition, offset, due.at))
    });
    each.reduce(Passage::together).unwrap_or(Passage::NotLooked)
}

/// It moved past the event by `by`, is late, and has an inbox that does not hold it.
fn passed(
    event: &Summary<'_>,
    anchor: Anchor,
    by: i64,
    consumer: &ConsumerContext,
    context: &Context,
) -> ConsumerCode {
    let from = anchor.since.saturating_sub(context.judgement.slack_micros);
    let late = anchor.at.saturating_add(consumer.grace);
    // The look at its progress may be younger than what the inbox is known to hold. Had it processed
    // a later copy before that, it had passed this one even earlier.
    let overtaken = overtaken(event, consumer).map_or(by, |at| at.saturating_add(1));
    let by = by.min(overtaken);
    let rows_until = Context::rows_until(by.max(late));
    if let Err(why) = consumer.inbox.absence(from, rows_until) {
        return unproven(why);
    }
    if consumer.has_dead_letters
        && let Err(why) = consumer.dead_letters.absence(from, by.max(late))
    {
        return unproven(why);
    }
    match doubt::of_consumer(event, consumer) {
        Some(reason) => ConsumerCode::unknown(reason),
        None if has_control(event, consumer, from) => ConsumerCode::LOST,
        None => ConsumerCode::unknown(UnknownReason::NoControl),
    }
}

/// Whether its inbox was ever seen to hold what it has processed.
fn has_control(event: &Summary<'_>, consumer: &ConsumerContext, from: i64) -> bool {
    let heard = event.index.heard_by(usize::from(consumer.no.0));
    heard.is_some_and(|heard| heard.of_inbox(from).is_some())
}

/// By when copies behind every copy of the event had been processed.
fn overtaken(event: &Summary<'_>, consumer: &ConsumerContext) -> Option<i64> {
    let movement = &event.index.movements[usize::from(consumer.no.0)];
    let due = event.due(consumer.no, consumer.destination);
    let coordinates = due.filter_map(|due| due.coordinate);
    let each: Option<Vec<i64>> = coordinates
        .map(|(place, partition, offset)| movement.overtaken(place, partition, offset))
        .collect();
    each?.into_iter().max()
}

/// Nothing tells how far the consumer moved; its inbox, if it has one, is all there is.
fn unwatched(
    event: &Summary<'_>,
    anchor: Anchor,
    consumer: &ConsumerContext,
    context: &Context,
) -> ConsumerCode {
    if !consumer.has_inbox {
        return ConsumerCode::unknown(UnknownReason::NoProbe);
    }
    if let Some(in_flight) = context.in_flight(anchor.at, consumer) {
        return in_flight;
    }
    let from = anchor.since.saturating_sub(context.judgement.slack_micros);
    let late = anchor.at.saturating_add(consumer.grace);
    match consumer.inbox.absence(from, Context::rows_until(late)) {
        Ok(()) => match doubt::of_consumer(event, consumer) {
            Some(reason) => ConsumerCode::unknown(reason),
            None => ConsumerCode::lagging(LagReason::Behind),
        },
        Err(why) => unproven(why),
    }
}

fn unproven(why: Unproven) -> ConsumerCode {
    ConsumerCode::unknown(why.reason())
}
