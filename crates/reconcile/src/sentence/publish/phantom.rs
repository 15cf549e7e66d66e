//! Phantom: published, never stored.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Outbox, Rest::Business];

pub(super) fn sentence(story: &Story<'_>) -> String {
    let shape = &story.index.shape;
    let nowhere = if !shape.has_outbox && shape.keeps_versions {
        "No business row of its version is there; the table keeps every version, and was read without a gap."
    } else if !shape.has_outbox {
        "Its business row has an older version; the table was read without a gap, so this one was never stored, or undone."
    } else if shape.has_business {
        "Neither an outbox row nor a business row of it is there; both tables were read without a gap."
    } else {
        "There is no outbox row of it; the outbox was read without a gap."
    };
    format!("{} {nowhere}", super::published::sentence(story))
}

pub(super) fn fragment(events: Many) -> String {
    format!("{} published and never stored", events.were())
}
