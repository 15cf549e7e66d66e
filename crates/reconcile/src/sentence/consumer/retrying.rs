//! Retrying: it failed and will be tried again.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[];

pub(super) fn sentence(name: &str) -> String {
    format!("{name} failed and will try again.")
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    format!("{} being retried by {name}", events.are())
}
