//! Not due: nothing was published, so nothing is expected of it.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[];

pub(super) fn fragment(events: Many, name: &str) -> String {
    format!("{} not due at {name} yet", events.are())
}
