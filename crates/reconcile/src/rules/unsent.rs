//! In the outbox and not sent: pending, or stuck and why.

use waybill_model::{Marks, StuckReason, UnknownReason};

use super::{Context, Since, Summary, doubt};
use crate::coverage::Unproven;
use crate::verdicts::PublishCode;

/// The verdict on a row that is not marked as sent and has no copy.
pub(super) fn verdict(event: &Summary<'_>, written: Since, context: &Context) -> PublishCode {
    let absence = context.no_copy_since(written);
    // What the row said when it was read before may be out of date.
    let unread = context.outbox.failed();
    if unread || context.has_observer && absence == Err(Unproven::Failed) {
        return PublishCode::NOT_CHECKED;
    }
    if event.outbox_marks.contains(Marks::FAILED) {
        return PublishCode::stuck(StuckReason::AttemptsExhausted);
    }
    // What is to be sent later is not late before.
    let due = event.to_send_at(written);
    if context.may_still_be_published(due) {
        return if due == written.at {
            context.not_late_yet(written)
        } else {
            PublishCode::PENDING
        };
    }
    let doubt = doubt::of_no_copy(event, absence, context.has_observer);
    if doubt.is_some() && may_be_sent_by_now(written, context) {
        return PublishCode::unknown(UnknownReason::ReplicaBehind);
    }
    if !context.outbox_tells_sent
        && let Some(reason) = doubt
        && !(context.deletes_after_send && nobody_can_say(reason, written, context))
    {
        // The row says nothing, so only the destination can. Where nothing keeps a record of that,
        // a row that nobody has deleted is all there will ever be.
        return PublishCode::unknown(reason);
    }
    PublishCode::stuck(reason(event, due, context))
}

/// Whether the row is read from a replica that had not come to the end of its grace: the relay may
/// have noted since that it was sent.
fn may_be_sent_by_now(written: Since, context: &Context) -> bool {
    let late = written.at.saturating_add(context.publish_grace);
    let looked = context
        .outbox
        .absence(written.at, Context::rows_until(late));
    looked == Err(Unproven::Because(UnknownReason::ReplicaBehind))
}

/// Whether the destination cannot say only because nothing kept a record.
fn nobody_can_say(why: UnknownReason, written: Since, context: &Context) -> bool {
    let unwatched = !context.has_observer || context.destinations.only_unwatched_since(written);
    why == UnknownReason::NoObserver && unwatched
}

fn reason(event: &Summary<'_>, written: i64, context: &Context) -> StuckReason {
    let aggregate = event.index.full_aggregate(event.no);
    let oldest = context.oldest_unsent.get(&aggregate);
    // Of rows written in the same moment, as a column of whole seconds says it of many, nobody
    // knows which is the later one.
    if context
        .relay_sent_up_to
        .is_none_or(|up_to| up_to <= written)
    {
        StuckReason::RelayIdle
    } else if aggregate != 0 && oldest.is_some_and(|oldest| oldest.written < written) {
        StuckReason::HeadOfLine
    } else {
        StuckReason::PassedOver
    }
}
