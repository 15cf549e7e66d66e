//! Passed: it moved on, and nothing would tell whether it processed the event.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Progress];

pub(super) fn sentence(name: &str) -> String {
    format!("{name} has moved past it; nothing tells whether it was processed.")
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    format!("{} passed by {name}, unproven", events.were())
}
