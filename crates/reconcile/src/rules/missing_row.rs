//! The dual-write hole: the business row is there, the outbox row is not, and neither is a copy.

use waybill_model::UnknownReason;

use super::Context;
use crate::coverage::Unproven;
use crate::verdicts::PublishCode;

/// The verdict on a change that nothing but its business row tells of.
pub(super) fn verdict(changed: i64, context: &Context) -> PublishCode {
    match absence(changed, context) {
        Err(Unproven::Failed) => PublishCode::NOT_CHECKED,
        _ if context.may_still_be_published(changed) => PublishCode::PENDING,
        Err(Unproven::Because(reason)) => PublishCode::unknown(reason),
        Ok(()) => PublishCode::MISSING_OUTBOX_ROW,
    }
}

/// Row and outbox row are written in one transaction, so the outbox is asked about that moment
/// only; a copy could have come at any time since.
fn absence(changed: i64, context: &Context) -> Result<(), Unproven> {
    let slack = context.judgement.slack_micros;
    if context.has_outbox {
        let (from, to) = (changed.saturating_sub(slack), changed.saturating_add(slack));
        context.outbox.absence(from, to)?;
        if context.deletes_after_send {
            return Err(Unproven::Because(UnknownReason::OutboxCleaned));
        }
    }
    if context.has_observer {
        context.no_copy_since(changed)?;
    }
    Ok(())
}
