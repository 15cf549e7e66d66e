//! Dead-lettered: a copy lies where its failures go.

use waybill_model::Micros;

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;

pub(super) const RESTS_ON: &[Rest] = &[];

pub(super) fn sentence(story: &Story<'_>, name: &str, at: Option<Micros>) -> String {
    let at = at.map_or_else(String::new, |at| format!(" at {}", story.time(at)));
    format!("{name} could not process it: dead-lettered{at}.")
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    format!("{} given up and dead-lettered by {name}", events.were())
}
