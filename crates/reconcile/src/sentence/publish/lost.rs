//! Lost in publish: marked as sent, and no copy where there should be one.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>) -> String {
    format!("The outbox says it was sent, but {}.", story.no_copy(""))
}

pub(super) fn fragment(events: Many) -> String {
    format!("{} marked as sent and never published", events.were())
}
