//! What Waybill must say, computed from what happened: never from the name of a fault.

use waybill_model::{
    ConsumerVerdict, EventId, Flags, LagReason, Micros, PublishVerdict, StuckReason, UnknownReason,
    reconstructed_id,
};

use super::{Apart, ConsumerEntry, Entry, Expected};
use crate::clock::now;
use crate::event::AGGREGATE_TYPE;
use crate::spelling::written;
use crate::{ConsumerName, Fault, MessageIds};

/// No transaction may stay open for longer.
const TRANSACTION_TIMEOUT_MICROS: i64 = 900_000_000;

/// Waybill may have looked so long before or after the ledger is asked.
const LOOKED_MICROS: i64 = 120_000_000;

impl Entry {
    /// What Waybill must say about it now.
    pub fn expected(&self) -> Expected {
        self.expected_at(now())
    }

    /// What Waybill must say about it at some time after all of it has happened.
    pub(crate) fn expected_at(&self, at: Micros) -> Expected {
        let publish = self.publish(at);
        let consumers: Vec<ConsumerVerdict> = ConsumerName::ALL
            .into_iter()
            .map(|consumer| self.consumer(consumer))
            .collect();
        let worst = consumers.iter().map(ConsumerVerdict::class);
        let class = worst.fold(publish.class(), Ord::min);
        let expected = Expected {
            id: self.seen_as(),
            id_before: self.row_deleted.then(|| self.event_id()),
            kind: self.kind.clone(),
            aggregate: format!("{AGGREGATE_TYPE}/{}", self.product),
            version: self.version,
            at: self.at,
            class,
            publish_or: self.publish_or(&publish, at),
            publish,
            consumers_or: ConsumerName::ALL
                .into_iter()
                .zip(&consumers)
                .map(|(name, verdict)| self.consumer_or(name, verdict))
                .collect(),
            consumers,
            flags: self.flags(),
            flags_or: self.flags_or(),
            traceless: !self.leaves_traces(),
            apart: self.torn().map(Apart::As),
            faults: self.faults.clone(),
        };
        self.as_far_as_matched(expected)
    }

    fn publish(&self, at: Micros) -> PublishVerdict {
        let copies = self.copies + self.resends();
        let was_in_outbox = self.outbox || self.row_deleted;
        if copies > 0 {
            // Without a copy to look at nobody can call it a phantom, unless a consumer has it whose
            // inbox speaks of events that are all stored.
            let unseen = self.expired && (self.rows_go || !self.is_in_some_inbox());
            return if self.stored || was_in_outbox || unseen {
                PublishVerdict::Published
            } else {
                PublishVerdict::Phantom
            };
        }
        if let Some(written) = self.open {
            if at.since(written) > TRANSACTION_TIMEOUT_MICROS {
                PublishVerdict::Stuck(StuckReason::OpenTransaction)
            } else {
                PublishVerdict::InOpenTransaction
            }
        } else if !was_in_outbox {
            PublishVerdict::MissingOutboxRow
        } else if self.sent {
            PublishVerdict::LostInPublish
        } else if self.gave_up {
            PublishVerdict::Stuck(StuckReason::AttemptsExhausted)
        } else {
            PublishVerdict::Stuck(StuckReason::RelayIdle)
        }
    }

    fn publish_or(&self, publish: &PublishVerdict, at: Micros) -> Vec<PublishVerdict> {
        let from_timeout = |written| at.since(written) - TRANSACTION_TIMEOUT_MICROS;
        if self
            .open
            .is_some_and(|written| from_timeout(written).abs() < LOOKED_MICROS)
        {
            return vec![
                PublishVerdict::InOpenTransaction,
                PublishVerdict::Stuck(StuckReason::OpenTransaction),
            ];
        }
        match publish {
            PublishVerdict::LostInPublish | PublishVerdict::MissingOutboxRow => {
                self.why_absence_is_unknown()
            }
            PublishVerdict::Stuck(_) => self.or_stuck(),
            // The inbox of a consumer tells that there was a copy.
            PublishVerdict::Published if self.expired && !self.is_consumed() => self.or_unseen(),
            // That there is no row means nothing where rows are deleted.
            PublishVerdict::Phantom if self.rows_go => vec![
                PublishVerdict::Published,
                PublishVerdict::Unknown(UnknownReason::OutboxCleaned),
            ],
            _ => Vec::new(),
        }
    }

    fn why_absence_is_unknown(&self) -> Vec<PublishVerdict> {
        let cleaned = (self.rows_go && !self.outbox).then_some(UnknownReason::OutboxCleaned);
        let reasons = self.blind.into_iter().chain(cleaned);
        reasons.map(PublishVerdict::Unknown).collect()
    }

    /// A row that waits and has no copy. A mark that is missing is the relay's own word. Without
    /// marks there is only that the row was not deleted: where somebody watches the destination
    /// and cannot say, a relay that died before it deleted the row looks the same.
    fn or_stuck(&self) -> Vec<PublishVerdict> {
        match self.blind {
            Some(why) if self.unmarked && why != UnknownReason::NoObserver => {
                vec![PublishVerdict::Unknown(why)]
            }
            _ => Vec::new(),
        }
    }

    /// There were copies, and nobody can see them. Of a row that still waits all that is left is
    /// what the outbox says; a copy that was eaten must not make it missing where the row itself
    /// says nothing.
    pub(super) fn or_unseen(&self) -> Vec<PublishVerdict> {
        let why = self.blind.unwrap_or(UnknownReason::RetentionPassed);
        let waits = self.outbox && !self.sent;
        if waits && (!self.unmarked || why == UnknownReason::NoObserver) {
            return vec![PublishVerdict::Stuck(StuckReason::RelayIdle)];
        }
        let mut or = vec![PublishVerdict::Unknown(why)];
        if self.rows_go && !self.outbox {
            or.push(PublishVerdict::Unknown(UnknownReason::OutboxCleaned));
        }
        or
    }

    fn consumer(&self, name: ConsumerName) -> ConsumerVerdict {
        let it = self.consumers[name.index()];
        if it.processed {
            ConsumerVerdict::Processed
        } else if it.dead_lettered {
            ConsumerVerdict::DeadLettered
        } else if it.not_expected {
            ConsumerVerdict::NotDue
        } else if it.waits {
            ConsumerVerdict::Lagging(LagReason::NeverConsumed)
        } else if it.skipped {
            ConsumerVerdict::LostByConsumer
        } else if self.copies + self.resends() == 0 {
            ConsumerVerdict::NotDue
        } else {
            ConsumerVerdict::InFlight
        }
    }

    fn consumer_or(&self, name: ConsumerName, verdict: &ConsumerVerdict) -> Vec<ConsumerVerdict> {
        if self.consumers[name.index()].blurred {
            // The copy's clock decides, and it is wrong.
            return vec![ConsumerVerdict::NotDue, ConsumerVerdict::LostByConsumer];
        }
        if self.expired && *verdict == ConsumerVerdict::NotDue {
            // When it was published nobody saw; others had it when this consumer was there already.
            return vec![ConsumerVerdict::Unknown(UnknownReason::NotCovered)];
        }
        if *verdict != ConsumerVerdict::LostByConsumer || !self.expired {
            return Vec::new();
        }
        // Where its copy lay is forgotten, so nobody can say whether the consumer passed it.
        let why = self.blind.unwrap_or(UnknownReason::RetentionPassed);
        let mut or = vec![
            ConsumerVerdict::Unknown(UnknownReason::NotCovered),
            ConsumerVerdict::Unknown(why),
        ];
        if !self.is_consumed() {
            or.push(ConsumerVerdict::NotDue);
        }
        if self.rows_go && why == UnknownReason::NoObserver {
            // With rows and copies gone, nothing shows that the ids of an inbox mean these events.
            or.push(ConsumerVerdict::Unknown(UnknownReason::NoMatchableId));
        }
        or
    }

    fn flags(&self) -> Flags {
        let mut flags = Flags::default();
        if !self.expired && !self.thinned {
            flags.set(Flags::DUPLICATE, self.copies > 1);
            let reordered = self.overtaken || self.faults.contains(&Fault::Reorder);
            flags.set(Flags::OUT_OF_ORDER, reordered && self.copies > 0);
            // Only a row that is still there can be younger than its copy.
            let early = self.copied_early && self.outbox;
            flags.set(Flags::SKEW, self.skewed || early);
        }
        let comparable = self.outbox && self.copies > 0 && !self.expired;
        flags.set(Flags::PAYLOAD_MISMATCH, self.changed && comparable);
        let resent = |it: &ConsumerEntry| it.resends + it.resends_alone > 0;
        flags.set(Flags::RESENT, self.consumers.iter().any(resent));
        flags
    }

    fn flags_or(&self) -> Flags {
        let mut flags = Flags::default();
        let clocks = [
            Fault::ClockSkew,
            Fault::ConsumerClockOff,
            Fault::RelayClockOff,
            Fault::Reorder,
        ];
        let may_be_skewed = clocks.iter().any(|fault| self.faults.contains(fault));
        flags.set(Flags::SKEW, may_be_skewed);
        flags.set(Flags::DUPLICATE, self.open.is_some());
        // Who looked before row or copies went has seen both.
        flags.set(Flags::PAYLOAD_MISMATCH, self.changed);
        flags.set(Flags::RECONSTRUCTED, !self.outbox);
        flags
    }

    /// The id under which it can be seen: its own, unless only its business row is left.
    fn seen_as(&self) -> EventId {
        if self.ids == MessageIds::Relay
            && !self.outbox
            && (self.has_copies() || self.is_consumed())
        {
            return EventId(written(self.ids.in_inbox(self.id)));
        }
        let has_id = self.outbox || self.has_copies() || self.is_consumed() || !self.stored;
        if has_id {
            return self.event_id();
        }
        reconstructed_id(AGGREGATE_TYPE, &self.product.to_string(), self.version)
    }

    /// Under what its business row is seen where nothing is left that leads from it to the inboxes:
    /// these know ids only, and it has none.
    fn torn(&self) -> Option<EventId> {
        let led = self.outbox || self.has_copies();
        let torn = self.rows_go && self.stored && !led && self.is_consumed();
        torn.then(|| reconstructed_id(AGGREGATE_TYPE, &self.product.to_string(), self.version))
    }

    pub(super) fn has_copies(&self) -> bool {
        self.open.is_some() || (self.copies > 0 && !self.expired) || self.resends() > 0
    }

    pub(super) fn is_consumed(&self) -> bool {
        let has_it = |it: &ConsumerEntry| it.processed || it.dead_lettered;
        self.consumers.iter().any(has_it)
    }

    fn leaves_traces(&self) -> bool {
        self.stored || self.outbox || self.has_copies() || self.is_consumed()
    }
}
