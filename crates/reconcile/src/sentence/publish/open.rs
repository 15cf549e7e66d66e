//! In an open transaction: written, and not to be read yet.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[];

pub(super) fn sentence() -> String {
    "It was written in a broker transaction that has not ended.".to_owned()
}

pub(super) fn fragment(events: Many) -> String {
    format!(
        "{} in a broker transaction that has not ended",
        events.are()
    )
}
