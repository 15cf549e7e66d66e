//! How many events have which verdict.

use waybill_model::{ConsumerVerdict, LagReason, PublishVerdict, VerdictClass};

/// How many events have which verdict, after the latest judgement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// All events.
    pub total: u64,
    /// Per group, in the order of [`VerdictClass::ALL`].
    pub classes: [ClassCount; 7],
    /// Per publish verdict.
    pub publish: PublishCounts,
    /// Per expected consumer.
    pub consumers: Vec<ConsumerCounts>,
}

/// The events of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassCount {
    /// All of them.
    pub total: u64,
    /// Those that are confirmed.
    pub confirmed: u64,
}

/// Events per publish verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "named after the verdicts")]
pub struct PublishCounts {
    pub not_checked: u64,
    pub phantom: u64,
    pub published: u64,
    pub unroutable: u64,
    pub in_open_transaction: u64,
    pub missing_outbox_row: u64,
    pub pending: u64,
    pub stuck: u64,
    pub lost_in_publish: u64,
    pub unknown: u64,
}

/// Events per verdict of one consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "named after the verdicts")]
pub struct ConsumerCounts {
    pub not_due: u64,
    pub processed: u64,
    pub dead_lettered: u64,
    pub failed: u64,
    pub not_routed: u64,
    pub retrying: u64,
    pub in_flight: u64,
    /// Behind, or received and not processed yet; those that wait for a consumer which does nothing
    /// are counted below.
    pub lagging: u64,
    pub unattended: u64,
    pub stalled: u64,
    pub never_consumed: u64,
    pub lost: u64,
    pub passed: u64,
    pub unknown: u64,
}

impl Counts {
    /// The events of one group.
    pub fn class(&self, class: VerdictClass) -> ClassCount {
        self.classes[class as usize]
    }

    /// Events that need somebody to act.
    pub fn needing_action(&self) -> u64 {
        VerdictClass::ALL
            .into_iter()
            .filter(|class| class.needs_action())
            .map(|class| self.class(class).total)
            .sum()
    }
}

impl PublishCounts {
    pub(crate) fn slot(&mut self, verdict: &PublishVerdict) -> &mut u64 {
        match verdict {
            PublishVerdict::NotChecked(_) => &mut self.not_checked,
            PublishVerdict::Phantom => &mut self.phantom,
            PublishVerdict::Published => &mut self.published,
            PublishVerdict::Unroutable => &mut self.unroutable,
            PublishVerdict::InOpenTransaction => &mut self.in_open_transaction,
            PublishVerdict::MissingOutboxRow => &mut self.missing_outbox_row,
            PublishVerdict::Pending => &mut self.pending,
            PublishVerdict::Stuck(_) => &mut self.stuck,
            PublishVerdict::LostInPublish => &mut self.lost_in_publish,
            PublishVerdict::Unknown(_) => &mut self.unknown,
        }
    }
}

impl ConsumerCounts {
    /// Events that wait for a consumer that does nothing: nobody is attached, it stands still, or
    /// it has never consumed.
    pub fn standing(&self) -> u64 {
        self.unattended + self.stalled + self.never_consumed
    }

    pub(crate) fn slot(&mut self, verdict: &ConsumerVerdict) -> &mut u64 {
        match verdict {
            ConsumerVerdict::NotDue => &mut self.not_due,
            ConsumerVerdict::Processed => &mut self.processed,
            ConsumerVerdict::DeadLettered => &mut self.dead_lettered,
            ConsumerVerdict::Failed => &mut self.failed,
            ConsumerVerdict::NotRouted => &mut self.not_routed,
            ConsumerVerdict::Retrying => &mut self.retrying,
            ConsumerVerdict::InFlight => &mut self.in_flight,
            ConsumerVerdict::Lagging(LagReason::Behind | LagReason::Unprocessed) => {
                &mut self.lagging
            }
            ConsumerVerdict::Lagging(LagReason::NoConsumers) => &mut self.unattended,
            ConsumerVerdict::Lagging(LagReason::Stalled) => &mut self.stalled,
            ConsumerVerdict::Lagging(LagReason::NeverConsumed) => &mut self.never_consumed,
            ConsumerVerdict::LostByConsumer => &mut self.lost,
            ConsumerVerdict::Passed => &mut self.passed,
            ConsumerVerdict::Unknown(_) => &mut self.unknown,
        }
    }
}
