//! Counts over the events of the window. Events outside its edges are known, but not counted.

use waybill_model::{Micros, SilentFlow, VerdictClass, Window};
use waybill_protocol::{Counts, Group};
use waybill_reconcile::{ConsumerCounts, Index, PublishCounts};

use super::groups::groups;
use crate::session::Layout;

/// Everything counted after a judgement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    pub(crate) publish: PublishCounts,
    pub(crate) consumers: Vec<ConsumerCounts>,
    pub(crate) groups: Vec<Group>,
    pub(crate) silent: Vec<SilentFlow>,
    pub(crate) oldest_unsent: Option<Micros>,
    pub(crate) relay_p99_micros: Option<i64>,
    /// Events that need action and have been seen once only.
    pub(crate) suspected: u64,
}

/// Counts the events of a window.
pub(crate) fn tally(index: &Index, layout: &Layout, window: Window) -> Tally {
    // Counting a window walks its events; the index keeps the count of all of them.
    let counted = if index.in_window(window).len() == index.len() {
        index.counts().clone()
    } else {
        index.counts_in(window)
    };
    let of_class = VerdictClass::ALL.map(|class| counted.class(class));
    let needing = VerdictClass::ALL
        .into_iter()
        .zip(of_class)
        .filter(|(c, _)| c.needs_action());
    let (needed, confirmed) = needing.fold((0, 0), |(needed, confirmed), (_, count)| {
        (needed + count.total, confirmed + count.confirmed)
    });
    let mut tally = Tally {
        counts: Counts {
            total: counted.total,
            by_class: of_class.map(|count| count.total),
            confirmed,
        },
        publish: counted.publish,
        consumers: counted.consumers,
        groups: Vec::new(),
        silent: index.silent(),
        oldest_unsent: index.oldest_unsent(),
        relay_p99_micros: index.relay_p99_micros(),
        suspected: needed - confirmed,
    };
    tally.groups = groups(&tally, layout);
    tally
}
