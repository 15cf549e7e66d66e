//! Unknown: the evidence does not carry a verdict on this consumer.

use waybill_model::UnknownReason;

use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Progress, Rest::Inbox];

pub(super) fn sentence(name: &str, reason: UnknownReason) -> String {
    let clause = reason.clause();
    format!("Nobody can say whether {name} processed it: {clause}.")
}

pub(super) fn fragment(reason: UnknownReason, name: &str) -> String {
    format!("cannot be judged for {name}: {}", reason.clause())
}
