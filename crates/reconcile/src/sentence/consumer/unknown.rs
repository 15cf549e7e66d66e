//! Unknown: the evidence does not carry a verdict on this consumer.

use waybill_model::{ConsumerNo, UnknownReason};

use crate::sentence::basis;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Progress, Rest::Inbox];

pub(super) fn sentence(
    story: &Story<'_>,
    (no, name): (ConsumerNo, &str),
    reason: UnknownReason,
) -> String {
    let clause = basis::reason(story.index, reason, Some(no));
    format!("Nobody can say whether {name} processed it: {clause}.")
}

pub(super) fn fragment(reason: UnknownReason, name: &str) -> String {
    format!("cannot be judged for {name}: {}", reason.clause())
}
