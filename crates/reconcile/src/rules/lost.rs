//! Marked as sent, but absent from the destination.

use waybill_model::UnknownReason;

use super::{Context, Goes, Since, Summary, doubt};
use crate::coverage::Unproven;
use crate::verdicts::PublishCode;

/// The verdict on a row that is marked as sent and has no copy.
pub(super) fn verdict(event: &Summary<'_>, written: Since, context: &Context) -> PublishCode {
    if !context.has_observer || event.destination == Some(Goes::Elsewhere) {
        return PublishCode::unknown(UnknownReason::NoObserver);
    }
    match context.no_copy_since(written) {
        Err(Unproven::Failed) => PublishCode::NOT_CHECKED,
        _ if context.may_still_be_published(written.at) => context.not_late_yet(written),
        Err(Unproven::Because(reason)) => PublishCode::unknown(reason),
        Ok(()) => match doubt::of_absence(event).or(doubt::of_silence(event, written)) {
            Some(reason) => PublishCode::unknown(reason),
            None => PublishCode::LOST_IN_PUBLISH,
        },
    }
}
