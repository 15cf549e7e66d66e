//! Lost by the consumer: it moved past the event, and its inbox does not hold it.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Progress, Rest::Inbox, Rest::DeadLetters];

pub(super) fn sentence(name: &str) -> String {
    format!("{name} has moved past it, but its inbox was read without a gap and does not hold it.")
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    let were = events.were();
    format!("{were} passed over without being processed by {name}")
}
