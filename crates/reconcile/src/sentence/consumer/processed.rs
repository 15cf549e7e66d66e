//! Processed: its inbox row is there.

use waybill_model::Micros;

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;
use crate::sentence::story::Story;
use crate::sentence::words::{list, span};

pub(super) const RESTS_ON: &[Rest] = &[];

/// All consumers that have processed it, in one sentence.
pub(super) fn sentence(story: &Story<'_>, names: &[&str], last: Option<Micros>) -> Option<String> {
    let last = last?;
    let before = story.row.published.unwrap_or(last);
    let within = match last.since(before) {
        ..=0 => format!("at {}", story.time(last)),
        micros if names.len() == 1 => format!("{} after that", span(micros)),
        micros => format!("within {}", span(micros)),
    };
    Some(format!("Processed by {} {within}.", list(names)))
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    format!("{} processed by {name}", events.were())
}
