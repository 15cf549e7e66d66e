//! The fragment for a number of events: `45 events are stuck in the outbox`.

use waybill_model::{ConsumerNo, Finding};

use super::{consumer, publish};

/// A number of events, and the verbs that agree with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Many(u64);

/// What happened to `n` events that have the same finding, as the beginning of a sentence.
/// `name` says what people call a consumer.
pub fn many<'a>(
    n: u64,
    finding: &Finding,
    has_outbox: bool,
    name: impl Fn(ConsumerNo) -> &'a str,
) -> String {
    let events = Many(n);
    let rest = match finding {
        Finding::Arrived => format!("{} received by everyone", events.were()),
        Finding::Publish(verdict) => publish::fragment(verdict, has_outbox, events),
        Finding::Consumer(no, verdict) => consumer::fragment(verdict, events, name(*no)),
    };
    format!("{n} {} {rest}", if n == 1 { "event" } else { "events" })
}

impl Many {
    pub(super) fn were(self) -> &'static str {
        if self.0 == 1 { "was" } else { "were" }
    }

    pub(super) fn are(self) -> &'static str {
        if self.0 == 1 { "is" } else { "are" }
    }

    pub(super) fn have(self) -> &'static str {
        if self.0 == 1 { "has" } else { "have" }
    }

    pub(super) fn wait(self) -> &'static str {
        if self.0 == 1 { "waits" } else { "wait" }
    }

    pub(super) fn them(self) -> &'static str {
        if self.0 == 1 { "it" } else { "them" }
    }
}
