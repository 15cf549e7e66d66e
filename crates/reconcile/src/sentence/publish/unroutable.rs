//! Unroutable: the broker took it, and no queue was bound for it.

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[];

pub(super) fn sentence() -> String {
    "The broker took it, but no queue was bound for it.".to_owned()
}

pub(super) fn fragment(events: Many) -> String {
    let them = events.them();
    format!(
        "{} published, but no queue was bound for {them}",
        events.were()
    )
}
