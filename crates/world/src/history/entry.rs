//! What the ledger notes of an imagined event. Pure.

use waybill_model::Micros;

use super::past::{Fate, Way};
use crate::ledger::Entry;
use crate::{ConsumerName, Fault, MessageIds};

/// Beyond this nobody can take clocks for being in step.
pub(crate) const SKEWED_MICROS: i64 = 4_500_000;

/// An event as it is right after its round was written.
pub(super) fn entry(fate: &Fate, ids: MessageIds, idle: Option<ConsumerName>) -> Entry {
    let mut entry = Entry::new(&fate.event, fate.stored(), fate.in_outbox());
    entry.ids = ids;
    entry.request = (ids == MessageIds::Wrong).then_some(fate.event.correlation);
    entry.sent = fate.sent();
    entry.gave_up = fate.in_outbox() && fate.is(Fault::PublishFailsAfterCommit);
    for (fault, _) in &fate.faults {
        if !entry.faults.contains(fault) {
            entry.faults.push(*fault);
        }
    }
    entry.open = fate.written_last().filter(|_| fate.way() == Way::Open);
    if !fate.arrives() {
        return entry;
    }
    entry.changed = fate.is(Fault::PayloadChanged);
    entry.copies = u32::try_from(fate.published.len()).unwrap_or(u32::MAX);
    if let Some(copied) = fate.copied() {
        entry.copied_early = before(copied, fate.event.at);
        let mut processed = fate.processed.iter().flatten();
        entry.skewed = processed.any(|at| before(*at, copied));
    }
    for consumer in ConsumerName::ALL {
        let it = &mut entry.consumers[consumer.index()];
        it.received = if fate.is_delivered() { entry.copies } else { 0 };
        it.processed = fate.processed[consumer.index()].is_some();
        it.dead_lettered = fate.chokes(consumer);
        it.not_expected = fate.too_early_for == Some(consumer);
        it.blurred = fate.seems_otherwise_to == Some(consumer);
        it.waits = idle == Some(consumer) && fate.is_delivered();
        if it.not_expected || it.waits {
            it.received = 0;
        }
        // Every other consumer has moved past everything when a past ends.
        it.skipped = !it.processed && !it.dead_lettered && !it.not_expected && !it.waits;
    }
    entry
}

/// Whether a clock says that the later one was seconds before the earlier one.
fn before(later: Micros, earlier: Micros) -> bool {
    later.plus(SKEWED_MICROS) < earlier
}
