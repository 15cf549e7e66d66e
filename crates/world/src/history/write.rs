//! Writes an imagined past into database, broker and ledger.

use std::collections::{BTreeMap, BTreeSet};

use waybill_model::Micros;

use super::past::{Fate, Outgoing, Round};
use crate::bus::{Bus, KafkaBus, Offsets, Placed};
use crate::event::{Letter, ProductEvent};
use crate::ledger::Entry;
use crate::product::Product;
use crate::store::OutboxRow;
use crate::world::Inner;
use crate::{ConsumerName, Fault, Result};

/// What the relay notes when it gives up.
pub(crate) const GAVE_UP_BECAUSE: &str = "broker unreachable: connection refused";

/// How often the relay tries before it gives up.
pub(crate) const MAX_ATTEMPTS: i64 = 5;

/// What a consumer says about a message it cannot read.
pub(crate) const CHOKED_BECAUSE: &str = "cannot squeak: the name has too many syllables";

/// Writes round after round.
pub(super) struct Writer<'a> {
    world: &'a Inner,
    expires: bool,
    newest: BTreeMap<i64, ProductEvent>,
    known: [BTreeMap<i64, Product>; 3],
    /// Dead letters so far, by consumer.
    refused: [u32; 3],
    ends: Offsets,
    /// Events whose copies shall have been removed by retention, where they lie.
    expiring: Vec<(uuid::Uuid, Placed)>,
    /// Where every event's copy lies; only filled when something expires.
    placed: Vec<(uuid::Uuid, Placed)>,
}

impl<'a> Writer<'a> {
    /// `expires`: some copies shall be removed by retention in the end.
    pub(super) fn new(world: &'a Inner, expires: bool) -> Self {
        Self {
            world,
            expires,
            newest: BTreeMap::new(),
            known: [const { BTreeMap::new() }; 3],
            refused: [0; 3],
            ends: Offsets::new(),
            expiring: Vec::new(),
            placed: Vec::new(),
        }
    }

    /// Writes one round; how many copies went out.
    pub(super) async fn write(&mut self, round: Round) -> Result<usize> {
        let letters: Vec<Letter> = round.letters.iter().map(|it| it.letter.clone()).collect();
        // The database works while the broker does.
        let (stored, published) =
            tokio::join!(self.store(&round.fates), self.world.bus.publish(&letters));
        stored?;
        let placed: Vec<Option<Placed>> = published?.into_iter().collect::<Result<_>>()?;
        self.enter(&round);
        match &self.world.bus {
            Bus::Kafka(bus) => {
                let bus = bus.clone();
                self.after_kafka(&bus, &round, &placed).await?;
            }
            Bus::Rabbit(_) => self.pass_queues(&round.letters).await?,
        }
        Ok(letters.len())
    }

    /// What is written once, at the end.
    pub(super) async fn finish(self) -> Result<()> {
        self.world.store.put_products(&self.newest).await?;
        for consumer in ConsumerName::ALL {
            let known = &self.known[consumer.index()];
            self.world.store.put_known(consumer, known).await?;
        }
        match &self.world.bus {
            Bus::Kafka(bus) => {
                for consumer in ConsumerName::ALL {
                    bus.commit(consumer, self.ends.clone()).await?;
                }
                self.expire(bus).await?;
            }
            Bus::Rabbit(bus) => {
                for consumer in ConsumerName::ALL {
                    let refused = self.refused[consumer.index()];
                    bus.dead_lettered(consumer, refused).await?;
                }
            }
        }
        Ok(())
    }

    async fn store(&self, fates: &[Fate]) -> Result<()> {
        let changes: Vec<&ProductEvent> = fates
            .iter()
            .filter(|fate| fate.stored())
            .map(|fate| &fate.event)
            .collect();
        let outbox: Vec<OutboxRow<'_>> = fates
            .iter()
            .filter(|fate| fate.in_outbox())
            .map(outbox_row)
            .collect();
        let store = &self.world.store;
        store.fill_changes(&changes).await?;
        store.fill_outbox(&outbox).await?;
        for consumer in ConsumerName::ALL {
            let rows: Vec<(uuid::Uuid, Micros)> = fates
                .iter()
                .filter_map(|fate| Some((fate.event.id, fate.processed[consumer.index()]?)))
                .collect();
            store.fill_inbox(consumer, &rows).await?;
        }
        Ok(())
    }

    /// Into the ledger, and into what everybody knows in the end.
    fn enter(&mut self, round: &Round) {
        let mut ledger = self.world.ledger();
        for fate in &round.fates {
            ledger.push(entry(fate));
            let event = &fate.event;
            if fate.stored() {
                self.newest.insert(event.product.id, event.clone());
            }
            for consumer in ConsumerName::ALL {
                if fate.processed[consumer.index()].is_some() {
                    let known = &mut self.known[consumer.index()];
                    known.insert(event.product.id, event.product.clone());
                }
            }
        }
    }

    /// Kafka: notes how far the topic goes, and writes dead letters.
    async fn after_kafka(
        &mut self,
        bus: &KafkaBus,
        round: &Round,
        placed: &[Option<Placed>],
    ) -> Result<()> {
        let expiring: BTreeSet<uuid::Uuid> = round
            .fates
            .iter()
            .filter(|fate| fate.is(Fault::RetentionPassed))
            .map(|fate| fate.event.id)
            .collect();
        let mut refusals: BTreeMap<ConsumerName, Vec<(Letter, Placed)>> = BTreeMap::new();
        for (outgoing, placed) in round.letters.iter().zip(placed) {
            let Some(placed) = *placed else { continue };
            let end = self.ends.entry(placed.partition).or_default();
            *end = (*end).max(placed.offset + 1);
            if let Some(consumer) = outgoing.poison {
                let refused = (outgoing.letter.clone(), placed);
                refusals.entry(consumer).or_default().push(refused);
            }
            if self.expires {
                self.placed.push((outgoing.event.id, placed));
            }
            if expiring.contains(&outgoing.event.id) {
                self.expiring.push((outgoing.event.id, placed));
            }
        }
        for (consumer, refused) in refusals {
            bus.refuse(consumer, &refused, CHOKED_BECAUSE).await?;
        }
        Ok(())
    }

    /// RabbitMQ: every consumer takes what is in its queue.
    async fn pass_queues(&mut self, letters: &[Outgoing]) -> Result<()> {
        let Bus::Rabbit(bus) = &self.world.bus else {
            return Ok(());
        };
        let arrived = letters.iter().filter(|it| !it.unroutable).count();
        let mut passing = Vec::new();
        for consumer in ConsumerName::ALL {
            let poisoned: BTreeSet<String> = letters
                .iter()
                .filter(|it| it.poison == Some(consumer))
                .map(|it| it.letter.id.clone())
                .collect();
            let refused = &mut self.refused[consumer.index()];
            *refused += u32::try_from(poisoned.len()).unwrap_or(u32::MAX);
            passing.push(async move { bus.pass(consumer, arrived, &poisoned).await });
        }
        futures::future::try_join_all(passing).await?;
        Ok(())
    }

    /// Kafka: deletes the records up to the chosen ones, and with them what lies before.
    async fn expire(&self, bus: &KafkaBus) -> Result<()> {
        let mut before = Offsets::new();
        for (_, placed) in &self.expiring {
            let offset = before.entry(placed.partition).or_default();
            *offset = (*offset).max(placed.offset + 1);
        }
        if before.is_empty() {
            return Ok(());
        }
        bus.delete_before(&before).await?;
        let mut ledger = self.world.ledger();
        for (id, placed) in &self.placed {
            let gone = before
                .get(&placed.partition)
                .is_some_and(|offset| placed.offset < *offset);
            if gone && let Some(entry) = ledger.entry_mut(*id) {
                entry.expired = true;
            }
        }
        Ok(())
    }
}

fn outbox_row(fate: &Fate) -> OutboxRow<'_> {
    let gave_up = fate.is(Fault::PublishFailsAfterCommit);
    OutboxRow {
        event: &fate.event,
        sent_at: fate.sent_at,
        attempts: if gave_up { MAX_ATTEMPTS } else { 0 },
        error: gave_up.then_some(GAVE_UP_BECAUSE),
    }
}

fn entry(fate: &Fate) -> Entry {
    let mut entry = Entry::new(&fate.event, fate.stored(), fate.in_outbox());
    entry.sent = fate.sent();
    entry.gave_up = fate.is(Fault::PublishFailsAfterCommit);
    entry.faults.extend(fate.fault.map(|(fault, _)| fault));
    if fate.is(Fault::Unroutable) {
        return entry;
    }
    entry.copies = u32::try_from(fate.published.len()).unwrap_or(u32::MAX);
    for consumer in ConsumerName::ALL {
        let it = &mut entry.consumers[consumer.index()];
        it.received = entry.copies;
        it.processed = fate.processed[consumer.index()].is_some();
        if let Some((fault, target)) = fate.fault
            && target == consumer
        {
            it.skipped = fault == Fault::ConsumerSkips;
            it.dead_lettered = fault == Fault::ConsumerPoison;
        }
    }
    entry
}
