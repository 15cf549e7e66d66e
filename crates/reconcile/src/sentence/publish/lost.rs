//! Lost in publish: marked as sent, and no copy where there should be one.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Destinations];

pub(super) fn sentence(story: &Story<'_>) -> String {
    format!("{}, but {}.", story.says_sent(), story.no_copy(""))
}

pub(super) fn fragment(events: Many) -> String {
    format!(
        "{} lost in publish: marked as sent, never seen there",
        events.are()
    )
}
