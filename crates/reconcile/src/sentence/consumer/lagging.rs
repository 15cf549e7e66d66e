//! Lagging: it has not come this far, and is late.

use waybill_model::LagReason;

use crate::sentence::many::Many;
use crate::sentence::rest::Rest;

pub(super) const RESTS_ON: &[Rest] = &[Rest::Progress, Rest::Inbox];

pub(super) fn sentence(name: &str, reason: LagReason) -> String {
    match reason {
        LagReason::NoConsumers => format!("{name} has not come this far: nobody is attached."),
        LagReason::Behind => format!("{name} has not come this far yet."),
        LagReason::Stalled => format!("{name} has not come this far and has stopped moving."),
        LagReason::Unprocessed => {
            format!("{name} has received it, and its inbox says that it is not processed yet.")
        }
    }
}

pub(super) fn fragment(events: Many, name: &str, reason: LagReason) -> String {
    match reason {
        LagReason::Unprocessed => {
            let were = events.were();
            format!("{were} received by {name} and not processed yet")
        }
        _ => format!("{} not been reached by {name}", events.have()),
    }
}
