//! Pending: not published, and not late.

use waybill_model::{DUE_LATER, Marks, Micros};

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>) -> String {
    if story.outbox_marks().contains(Marks::SENT) {
        format!("{}; no copy was seen so far.", story.says_sent())
    } else if let Some(due) = story.due() {
        match due {
            DUE_LATER => "Its row says that it is to be sent later, so it is not late.".to_owned(),
            due => format!(
                "It is to be sent from {} on, and not late before.",
                story.time(Micros(due))
            ),
        }
    } else {
        "It is waiting to be sent and not late.".to_owned()
    }
}

pub(super) fn fragment(events: Many) -> String {
    format!("{} waiting in the outbox", events.are())
}
