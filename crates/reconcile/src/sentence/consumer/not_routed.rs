//! Not routed: no binding leads from the destination to it.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Progress];

pub(super) fn sentence(name: &str) -> String {
    format!("No binding leads from there to {name}.")
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    format!("{} published without any binding to {name}", events.were())
}
