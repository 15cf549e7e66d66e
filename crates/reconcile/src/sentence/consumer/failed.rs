//! Failed: its inbox says that it received the event and could not process it.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[];

/// A consumer with an inbox mostly skips what is in there, so a resend may change nothing.
pub(super) fn sentence(name: &str) -> String {
    format!(
        "{name} received it and failed on it, as its inbox row says; sent again under the same id it may be skipped because of that row."
    )
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    let (were, them) = (events.were(), events.them());
    format!("{were} received by {name}, which failed on {them}")
}
