//! Stuck: in the outbox, not sent, and late.

use waybill_model::{Marks, StuckReason};

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>, reason: StuckReason) -> String {
    let why = match reason {
        StuckReason::RelayIdle => "nothing written since has been sent either",
        StuckReason::HeadOfLine => "an older unsent row of the same aggregate stands before it",
        StuckReason::AttemptsExhausted => "the relay tried and gave up",
        StuckReason::PassedOver => "the relay has sent later rows and passed over it",
    };
    let attempted = story.outbox_marks().contains(Marks::ATTEMPTED);
    let tried = if attempted && reason != StuckReason::AttemptsExhausted {
        " The relay tried and failed."
    } else {
        ""
    };
    format!("It has not been sent: {why}.{tried}")
}

pub(super) fn fragment(events: Many) -> String {
    format!("{} stored and never published", events.were())
}
