//! Unknown: the evidence does not carry a verdict on the publication.

use waybill_model::UnknownReason;

use crate::sentence::basis;
use crate::sentence::rest::Rest;
use crate::sentence::silent;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>, reason: UnknownReason) -> String {
    let alone = reason == UnknownReason::NoControl && story.row.outbox.is_none();
    let clause = if alone {
        silent::no_row(story)
    } else {
        basis::reason(story.index, reason, None)
    };
    if alone && story.row.published.is_some() {
        return format!("Nobody can say whether it was ever stored: {clause}.");
    }
    format!("Nobody can say whether it was published: {clause}.")
}

pub(super) fn fragment(reason: UnknownReason) -> String {
    format!("cannot be judged: {}", reason.clause())
}
