//! Whether an event reached the broker: asks the rules in order.

use waybill_model::{Marks, StuckReason, UnknownReason};

use super::{Context, Summary, doubt, lost, missing_row, phantom, unsent};
use crate::verdicts::PublishCode;

/// The publish verdict. What is there is asked for first, so that no proof of absence, however
/// good, can outweigh a copy.
pub(crate) fn publish(event: &Summary<'_>, context: &Context) -> PublishCode {
    if event.nameless
        && let Some(reason) = doubt::without_id(event)
    {
        return PublishCode::unknown(reason);
    }
    if event.reached_broker() && !event.outweighed {
        return present(event, context);
    }
    match (event.outbox, event.stored) {
        (Some(written), _) if event.outbox_marks.contains(Marks::SENT) => {
            lost::verdict(event, written, context)
        }
        (Some(written), _) => unsent::verdict(event, written, context),
        (None, Some(changed)) => missing_row::verdict(event, changed, context),
        (None, None) => PublishCode::unknown(UnknownReason::NotCovered),
    }
}

fn present(event: &Summary<'_>, context: &Context) -> PublishCode {
    if let Some(reason) = doubt::of_copies(event) {
        PublishCode::unknown(reason)
    } else if let Some(code) = phantom::verdict(event, context) {
        event.anybodys().map_or(code, PublishCode::unknown)
    } else if let Some(reason) = phantom::hidden(event, context) {
        PublishCode::unknown(reason)
    } else if event.routed || !event.resends().is_empty() || event.consumed.is_some() {
        PublishCode::PUBLISHED
    } else if let Some(written) = event.open {
        if context.hangs(written) {
            PublishCode::stuck(StuckReason::OpenTransaction)
        } else {
            PublishCode::IN_OPEN_TRANSACTION
        }
    } else {
        PublishCode::UNROUTABLE
    }
}
