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
        LagReason::NeverConsumed => format!(
            "{name} has never consumed: nothing shows that it ever took anything from there. It \
             waits for {name} to start."
        ),
    }
}

pub(super) fn fragment(events: Many, name: &str, reason: LagReason) -> String {
    match reason {
        LagReason::Unprocessed => {
            let were = events.were();
            format!("{were} received by {name} and not processed yet")
        }
        LagReason::NoConsumers => {
            format!("{} for {name}, to which nobody is attached", events.wait())
        }
        LagReason::Stalled => format!("{} for {name}, which stands still", events.wait()),
        LagReason::NeverConsumed => {
            format!("{} for {name}, which has never consumed", events.wait())
        }
        LagReason::Behind => format!("{} not been reached by {name}", events.have()),
    }
}
