//! Unknown: the evidence does not carry a verdict on the publication.

use waybill_model::UnknownReason;

use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(reason: UnknownReason) -> String {
    let clause = reason.clause();
    format!("Nobody can say whether it was published: {clause}.")
}

pub(super) fn fragment(reason: UnknownReason) -> String {
    format!("cannot be judged: {}", reason.clause())
}
