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
    }
}

pub(super) fn fragment(events: Many, name: &str) -> String {
    format!("{} not been reached by {name}", events.have())
}
