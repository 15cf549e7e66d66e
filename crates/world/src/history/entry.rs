//! What the ledger notes of an imagined event. Pure.

use super::past::{Fate, Way};
use crate::ledger::Entry;
use crate::{ConsumerName, Fault};

/// Beyond this nobody can take clocks for being in step.
const SKEWED_MICROS: i64 = 4_500_000;

/// An event as it is right after its round was written.
pub(super) fn entry(fate: &Fate) -> Entry {
    let mut entry = Entry::new(&fate.event, fate.stored(), fate.in_outbox());
    entry.sent = fate.sent();
    entry.gave_up = fate.in_outbox() && fate.is(Fault::PublishFailsAfterCommit);
    for (fault, _) in &fate.faults {
        if !entry.faults.contains(fault) {
            entry.faults.push(*fault);
        }
    }
    entry.open = fate.way() == Way::Open && !fate.published.is_empty();
    if !fate.arrives() {
        return entry;
    }
    entry.copies = u32::try_from(fate.published.len()).unwrap_or(u32::MAX);
    entry.skewed = skewed(fate);
    for consumer in ConsumerName::ALL {
        let it = &mut entry.consumers[consumer.index()];
        it.received = if fate.is_delivered() { entry.copies } else { 0 };
        it.processed = fate.processed[consumer.index()].is_some();
        it.dead_lettered = fate.chokes(consumer);
        // Every consumer has moved past everything when a past ends.
        it.skipped = !it.processed && !it.dead_lettered;
    }
    entry
}

/// Whether some clock contradicts what came first.
fn skewed(fate: &Fate) -> bool {
    let Some(copied) = fate.copied() else {
        return false;
    };
    let before = |later: waybill_model::Micros, earlier: waybill_model::Micros| {
        later.plus(SKEWED_MICROS) < earlier
    };
    let written = fate.event.at;
    let processed = fate.processed.iter().flatten();
    (fate.in_outbox() && before(copied, written))
        || processed.into_iter().any(|at| before(*at, copied))
}
