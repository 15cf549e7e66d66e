//! Unknown: the evidence does not carry a verdict on the publication.

use waybill_model::UnknownReason;

use crate::sentence::basis;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>, reason: UnknownReason) -> String {
    let clause = basis::reason(story.index, reason, None);
    format!("Nobody can say whether it was published: {clause}.")
}

pub(super) fn fragment(reason: UnknownReason) -> String {
    format!("cannot be judged: {}", reason.clause())
}
