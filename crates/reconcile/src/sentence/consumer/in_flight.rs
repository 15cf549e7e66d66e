//! In flight: on its way, and not late.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[];

pub(super) fn sentence(name: &str) -> String {
    format!("It is on its way to {name}.")
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    format!("{} on the way to {name}", events.are())
}
