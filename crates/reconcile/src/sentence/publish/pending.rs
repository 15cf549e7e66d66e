//! Pending: not published, and not late.

use waybill_model::Marks;

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>) -> String {
    if story.outbox_marks().contains(Marks::SENT) {
        format!("{}; no copy was seen so far.", story.says_sent())
    } else {
        "It is waiting to be sent and not late.".to_owned()
    }
}

pub(super) fn fragment(events: Many) -> String {
    format!("{} waiting in the outbox", events.are())
}
