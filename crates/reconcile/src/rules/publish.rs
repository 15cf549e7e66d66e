//! Whether an event reached the broker: asks the rules in order.

use waybill_model::{Marks, StuckReason, UnknownReason};

use super::{Context, Summary, doubt, lost, missing_row, phantom, unsent};
use crate::verdicts::PublishCode;

/// The publish verdict; of an event that has rows for several destinations, that of the worst.
pub(crate) fn publish(event: &Summary<'_>, context: &Context) -> PublishCode {
    let destinations = event.index.events.destinations(event.no);
    if destinations.is_empty() {
        return at_one(event, context);
    }
    let each = Summary::each(event.index, event.no);
    let codes = each.iter().map(|part| at_one(part, context));
    let worst = codes.min_by_key(|code| code.verdict().class());
    worst.unwrap_or_else(|| at_one(event, context))
}

/// The verdict at one destination, or at all where rows do not say. What is there is asked for
/// first, so that no proof of absence, however good, can outweigh a copy.
fn at_one(event: &Summary<'_>, context: &Context) -> PublishCode {
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
