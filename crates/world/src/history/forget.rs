//! What is lost when a past is over: rows, old records, transactions that nobody ends.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use waybill_model::{Micros, UnknownReason};

use super::order::{Lying, overtaken};
use super::write::Writer;
use crate::bus::{Bus, KafkaBus, Offsets, PARTITIONS};
use crate::{ConsumerName, Fault, Result, Situation};

/// Absence is asked for from a little before an event on, so that the gap which retention leaves
/// reaches a little further.
const MARGIN_MICROS: i64 = 5_000_000;

impl Writer<'_> {
    /// Kafka: all consumers pass all there is, then some of it goes.
    pub(super) async fn pass_topic(&mut self, bus: &KafkaBus) -> Result<()> {
        if self.faults.contains(&Fault::TransactionAborted) {
            // The marker that ends a transaction has an offset too.
            let ends = bus.ends(&bus.names().destination(), PARTITIONS).await?;
            self.ends = ends.into_iter().map(|(no, (_, end))| (no, end)).collect();
        }
        let idle = self.world.idle();
        let at_work = ConsumerName::ALL.into_iter();
        for consumer in at_work.filter(|consumer| Some(*consumer) != idle) {
            bus.commit(consumer, self.ends.clone()).await?;
        }
        self.expire(bus).await?;
        if self.faults.contains(&Fault::Compacted) {
            let left = bus.wait_until_compacted(self.lying.len()).await?;
            self.keep(|copy| copy.placed.is_some_and(|at| left.contains(&at)));
            self.blind_all(UnknownReason::Compacted);
        }
        let open = std::mem::take(&mut self.open);
        if !open.is_empty() {
            bus.publish_and_leave_open(&open).await?;
            self.blind_all(UnknownReason::OpenTransactions);
        }
        Ok(())
    }

    /// Deletes the records up to the chosen ones, and with them what lies before.
    async fn expire(&mut self, bus: &KafkaBus) -> Result<()> {
        let mut before = Offsets::new();
        for copy in &self.lying {
            if let (true, Some(placed)) = (self.expiring.contains(&copy.event), copy.placed) {
                let offset = before.entry(placed.partition).or_default();
                *offset = (*offset).max(placed.offset + 1);
            }
        }
        if before.is_empty() {
            return Ok(());
        }
        bus.delete_before(&before).await?;
        self.keep(|copy| {
            let gone = copy.placed.is_some_and(|at| {
                let offset = before.get(&at.partition);
                offset.is_some_and(|offset| at.offset < *offset)
            });
            !gone
        });
        let until = self.blind_until(&before);
        for entry in self.world.ledger().entries_mut() {
            if entry.at <= until.plus(MARGIN_MICROS) {
                entry.blind = Some(UnknownReason::RetentionPassed);
            }
        }
        Ok(())
    }

    /// Before this, a copy may have been there and be gone: what the first record that is left
    /// says, whatever clock it got that from.
    fn blind_until(&self, before: &Offsets) -> Micros {
        let mut first: BTreeMap<i32, Micros> = BTreeMap::new();
        for copy in &self.lying {
            if let Some(at) = copy.placed {
                first.entry(at.partition).or_insert(copy.at);
            }
        }
        let ends = before.keys().map(|partition| {
            first
                .get(partition)
                .copied()
                .unwrap_or(Micros(i64::MAX / 2))
        });
        ends.max().unwrap_or(Micros(i64::MIN / 2))
    }

    /// Notes which copies are left.
    fn keep(&mut self, stays: impl Fn(&Lying) -> bool) {
        let (left, gone): (Vec<Lying>, Vec<Lying>) =
            self.lying.drain(..).partition(|copy| stays(copy));
        let ids = |copies: &[Lying]| copies.iter().map(|it| it.event).collect::<BTreeSet<Uuid>>();
        let still = ids(&left);
        let mut ledger = self.world.ledger();
        for id in ids(&gone) {
            if let Some(entry) = ledger.entry_mut(id) {
                entry.thinned = still.contains(&id);
                entry.expired = !entry.thinned;
            }
        }
        drop(ledger);
        self.lying = left;
    }

    fn blind_all(&self, why: UnknownReason) {
        for entry in self.world.ledger().entries_mut() {
            entry.blind = Some(why);
        }
    }

    /// RabbitMQ: nobody can tell whether the stream was there before its first message.
    fn before_the_stream(&self) {
        let Bus::Rabbit(_) = &self.world.bus else {
            return;
        };
        let first = self.lying.first();
        let first = first.map_or(Micros(i64::MAX / 2), |first| first.at);
        for entry in self.world.ledger().entries_mut() {
            if entry.at <= first.plus(MARGIN_MICROS) && entry.blind.is_none() {
                entry.blind = Some(UnknownReason::NoObserver);
            }
        }
    }

    /// What is true of rows and of the order of copies once everything is over.
    pub(super) async fn forget(self) -> Result<()> {
        if self.faults.contains(&Fault::OutboxDeleted) {
            self.world.store.delete_sent().await?;
            self.world.delete_after_send();
        }
        let late = overtaken(self.lying.iter());
        let deletes = self.world.deletes_after_send();
        let unmarked = !self.world.store.marks_sent();
        let unwatched = self.world.is_unwatched();
        for entry in self.world.ledger().entries_mut() {
            entry.overtaken = late.contains(&entry.id);
            if !entry.overtaken {
                entry.faults.retain(|fault| *fault != Fault::Reorder);
            }
            if deletes {
                entry.row_deleted = entry.outbox && entry.sent;
                entry.outbox &= !entry.row_deleted;
                entry.rows_go = true;
                entry.unmarked = unmarked;
            }
            if unwatched {
                entry.expired = entry.copies > 0;
                entry.blind = Some(UnknownReason::NoObserver);
            }
        }
        self.before_the_stream();
        self.lose_sight().await
    }

    /// What lies where Waybill does not look, or lay where it looks now, nobody can see.
    async fn lose_sight(&self) -> Result<()> {
        match self.world.situation() {
            Some(Situation::TopicAnew) => self.world.bus.make_anew().await?,
            Some(Situation::WrongDestination) => {}
            Some(
                Situation::RelayDead
                | Situation::RelayMarks
                | Situation::ConsumerNeverStarted
                | Situation::FirstDay,
            )
            | None => return Ok(()),
        }
        // An empty stream does not tell since when it is there.
        let blind = match &self.world.bus {
            Bus::Kafka(_) => UnknownReason::NoControl,
            Bus::Rabbit(_) => UnknownReason::NoObserver,
        };
        for entry in self.world.ledger().entries_mut() {
            entry.expired = entry.copies > 0;
            entry.blind = Some(blind);
        }
        Ok(())
    }
}
