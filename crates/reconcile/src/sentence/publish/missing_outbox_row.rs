//! Missing outbox row: the change was stored, and the event never written.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Outbox, Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>) -> String {
    if !story.index.shape.has_outbox {
        return format!("It was stored and never published{}.", story.no_copy("; "));
    }
    format!("It never reached the outbox{}.", story.no_copy("; "))
}

pub(super) fn fragment(has_outbox: bool, events: Many) -> String {
    let what = match has_outbox {
        true => "reached the outbox",
        false => "published",
    };
    format!("{} stored and never {what}", events.were())
}
