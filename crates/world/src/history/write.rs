//! Writes an imagined past into database, broker and ledger.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use waybill_model::Micros;

use super::entry::entry;
use super::order::Lying;
use super::past::{Fate, Outgoing, Round, Way};
use crate::bus::{Bus, KafkaBus, Offsets, Placed};
use crate::event::{Letter, ProductEvent};
use crate::product::Product;
use crate::spelling::{Spelling, written};
use crate::store::OutboxRow;
use crate::world::Inner;
use crate::{ConsumerName, DatabaseKind, Fault, Result};

/// What the relay notes when it gives up.
pub(crate) const GAVE_UP_BECAUSE: &str = "broker unreachable: connection refused";

/// How often the relay tries before it gives up.
pub(crate) const MAX_ATTEMPTS: i64 = 5;

/// What a consumer says about a message it cannot read.
pub(crate) const CHOKED_BECAUSE: &str = "cannot squeak: the name has too many syllables";

/// One message of the first round in so many is too many for a queue that overflows.
const TOO_MANY: usize = 100;

/// Which queue overflows.
const OVERFLOWS: ConsumerName = ConsumerName::Search;

/// Writes round after round.
pub(super) struct Writer<'a> {
    pub(super) world: &'a Inner,
    /// What goes wrong with all events.
    pub(super) faults: BTreeSet<Fault>,
    newest: BTreeMap<i64, ProductEvent>,
    known: [BTreeMap<i64, Product>; 3],
    /// Dead letters so far, by consumer.
    refused: [u32; 3],
    pub(super) ends: Offsets,
    /// Events whose copies shall have been removed by retention.
    pub(super) expiring: BTreeSet<Uuid>,
    /// Every copy that consumers can see.
    pub(super) lying: Vec<Lying>,
    /// Copies that will lie in a transaction that does not end.
    pub(super) open: Vec<Letter>,
    /// How many messages the queue that overflows may hold, once that is known.
    holds: Option<usize>,
}

impl<'a> Writer<'a> {
    /// `faults`: those that may occur.
    pub(super) fn new(world: &'a Inner, faults: BTreeSet<Fault>) -> Self {
        Self {
            world,
            faults,
            newest: BTreeMap::new(),
            known: [const { BTreeMap::new() }; 3],
            refused: [0; 3],
            ends: Offsets::new(),
            expiring: BTreeSet::new(),
            lying: Vec::new(),
            open: Vec::new(),
            holds: None,
        }
    }

    /// Writes one round; how many copies went out.
    pub(super) async fn write(&mut self, mut round: Round) -> Result<usize> {
        self.name_letters(&mut round);
        let overflowed = self.overflow(&mut round).await?;
        let letters = letters(&round, |way| matches!(way, Way::Plain | Way::Unroutable));
        let aborted = letters_of(&round, Way::Aborted);
        // The database works while the broker does.
        let (stored, published) =
            tokio::join!(self.store(&round.fates), self.world.bus.publish(&letters));
        stored?;
        self.delete_sent(&round.fates).await?;
        let placed: Vec<Option<Placed>> = published?.into_iter().collect::<Result<_>>()?;
        if let (Bus::Kafka(bus), false) = (&self.world.bus, aborted.is_empty()) {
            bus.publish_and_abort(&aborted).await?;
        }
        self.open.extend(letters_of(&round, Way::Open));
        self.note(&round, &placed);
        self.enter(&round);
        match &self.world.bus {
            Bus::Kafka(bus) => {
                let bus = bus.clone();
                self.after_kafka(&bus, &round, &placed).await?;
            }
            Bus::Rabbit(_) => self.pass_queues(&round.letters, overflowed).await?,
        }
        Ok(letters.len())
    }

    /// Gives the messages the ids that they carry here.
    fn name_letters(&self, round: &mut Round) {
        let ids = self.world.message_ids();
        for outgoing in &mut round.letters {
            let id = ids.in_message(outgoing.event.id);
            outgoing.letter.id = id.map(written).unwrap_or_default();
        }
    }

    /// What is written once, at the end.
    pub(super) async fn finish(mut self) -> Result<()> {
        self.world.store.put_products(&self.newest).await?;
        for consumer in ConsumerName::ALL {
            let known = &self.known[consumer.index()];
            self.world.store.put_known(consumer, known).await?;
        }
        match &self.world.bus {
            Bus::Kafka(bus) => {
                let bus = bus.clone();
                self.pass_topic(&bus).await?;
            }
            Bus::Rabbit(bus) => {
                for consumer in ConsumerName::ALL {
                    let refused = self.refused[consumer.index()];
                    bus.dead_lettered(consumer, refused).await?;
                }
            }
        }
        self.forget().await
    }

    async fn store(&self, fates: &[Fate]) -> Result<()> {
        let changes: Vec<&ProductEvent> = fates
            .iter()
            .filter(|fate| fate.stored())
            .map(|fate| &fate.event)
            .collect();
        let choose = column_spelling(&self.world.config.database);
        let outbox: Vec<OutboxRow<'_>> = fates
            .iter()
            .filter(|fate| fate.in_outbox())
            .map(|fate| outbox_row(fate, choose))
            .collect();
        let (store, ids) = (&self.world.store, self.world.message_ids());
        store.fill_changes(&changes).await?;
        store.fill_outbox(&outbox).await?;
        for consumer in ConsumerName::ALL {
            let rows: Vec<(Uuid, Spelling, Micros)> = fates
                .iter()
                .filter_map(|fate| {
                    let at = fate.processed[consumer.index()]?;
                    let spelling = fate.spelling(2 + consumer.index(), choose);
                    Some((ids.in_inbox(fate.event.id), spelling, at))
                })
                .collect();
            store.fill_inbox(consumer, &rows).await?;
        }
        Ok(())
    }

    /// The relay of an outbox without marks deletes what the broker has confirmed.
    async fn delete_sent(&self, fates: &[Fate]) -> Result<()> {
        if self.world.store.marks_sent() {
            return Ok(());
        }
        let choose = column_spelling(&self.world.config.database);
        let sent: Vec<OutboxRow<'_>> = fates
            .iter()
            .filter(|fate| fate.in_outbox() && fate.sent())
            .map(|fate| outbox_row(fate, choose))
            .collect();
        let sent: Vec<&OutboxRow<'_>> = sent.iter().collect();
        self.world.store.delete_outbox(&sent).await
    }

    /// RabbitMQ: a queue that overflows drops the oldest messages of each round; how many. Those
    /// are not processed.
    async fn overflow(&mut self, round: &mut Round) -> Result<usize> {
        let Bus::Rabbit(bus) = &self.world.bus else {
            return Ok(0);
        };
        if !self.faults.contains(&Fault::QueueOverflow) {
            return Ok(0);
        }
        let arriving: Vec<Uuid> = round
            .letters
            .iter()
            .filter(|it| it.way == Way::Plain)
            .map(|it| it.event.id)
            .collect();
        let holds = match self.holds {
            Some(holds) => holds,
            None => {
                let holds = arriving.len() - arriving.len() / TOO_MANY;
                bus.limit_queue(OVERFLOWS, holds).await?;
                self.holds = Some(holds);
                holds
            }
        };
        let dropped = arriving.len().saturating_sub(holds);
        let kept: BTreeSet<Uuid> = arriving[dropped..].iter().copied().collect();
        let gone: BTreeSet<Uuid> = arriving[..dropped]
            .iter()
            .copied()
            .filter(|id| !kept.contains(id))
            .collect();
        for fate in &mut round.fates {
            if gone.contains(&fate.event.id) {
                fate.processed[OVERFLOWS.index()] = None;
                let poison = (Fault::ConsumerPoison, OVERFLOWS);
                fate.faults.retain(|it| *it != poison);
                fate.faults.push((Fault::QueueOverflow, OVERFLOWS));
            }
        }
        for outgoing in &mut round.letters {
            if gone.contains(&outgoing.event.id) {
                outgoing.poison.retain(|it| *it != OVERFLOWS);
            }
        }
        Ok(dropped)
    }

    /// Notes where visible copies lie.
    fn note(&mut self, round: &Round, placed: &[Option<Placed>]) {
        let sent = round
            .letters
            .iter()
            .filter(|it| matches!(it.way, Way::Plain | Way::Unroutable));
        for (outgoing, placed) in sent.zip(placed) {
            if outgoing.way == Way::Plain {
                self.lying.push(Lying {
                    event: outgoing.event.id,
                    product: outgoing.event.product.id,
                    version: outgoing.event.product.version,
                    placed: *placed,
                    at: outgoing.letter.at,
                });
            }
        }
        let expiring = round
            .fates
            .iter()
            .filter(|fate| fate.is(Fault::RetentionPassed));
        self.expiring.extend(expiring.map(|fate| fate.event.id));
    }

    /// Into the ledger, and into what everybody knows in the end.
    fn enter(&mut self, round: &Round) {
        let mut ledger = self.world.ledger();
        for fate in &round.fates {
            ledger.push(entry(fate, self.world.message_ids(), self.world.idle()));
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
        let mut refusals: BTreeMap<ConsumerName, Vec<(Letter, Placed)>> = BTreeMap::new();
        let sent = round.letters.iter().filter(|it| it.way == Way::Plain);
        for (outgoing, placed) in sent.zip(placed) {
            let Some(placed) = *placed else { continue };
            let end = self.ends.entry(placed.partition).or_default();
            *end = (*end).max(placed.offset + 1);
            for consumer in &outgoing.poison {
                let refused = (outgoing.letter.clone(), placed);
                refusals.entry(*consumer).or_default().push(refused);
            }
        }
        for (consumer, refused) in refusals {
            bus.refuse(consumer, &refused, CHOKED_BECAUSE).await?;
        }
        Ok(())
    }

    /// RabbitMQ: every consumer takes what is in its queue; the one that overflows has fewer.
    async fn pass_queues(&mut self, letters: &[Outgoing], overflowed: usize) -> Result<()> {
        let Bus::Rabbit(bus) = &self.world.bus else {
            return Ok(());
        };
        let arrives = |it: &&Outgoing| it.way == Way::Plain && !it.letter.expires;
        let arrived = letters.iter().filter(arrives).count();
        let mut passing = Vec::new();
        let idle = self.world.idle();
        let at_work = ConsumerName::ALL.into_iter();
        for consumer in at_work.filter(|consumer| Some(*consumer) != idle) {
            let poisoned: BTreeSet<String> = letters
                .iter()
                .filter(|it| it.poison.contains(&consumer))
                .map(|it| it.letter.spelled_id())
                .collect();
            let refused = &mut self.refused[consumer.index()];
            *refused += u32::try_from(poisoned.len()).unwrap_or(u32::MAX);
            let fewer = if consumer == OVERFLOWS { overflowed } else { 0 };
            passing.push(async move { bus.pass(consumer, arrived - fewer, &poisoned).await });
        }
        futures::future::try_join_all(passing).await?;
        Ok(())
    }
}

fn letters(round: &Round, goes: impl Fn(Way) -> bool) -> Vec<Letter> {
    let going = round.letters.iter().filter(|it| goes(it.way));
    going.map(|it| it.letter.clone()).collect()
}

fn letters_of(round: &Round, way: Way) -> Vec<Letter> {
    letters(round, |it| it == way)
}

/// How a column of this database may write ids: PostgreSQL's has a type of its own, MySQL's has 36
/// characters, SQLite's takes anything.
fn column_spelling(database: &DatabaseKind) -> fn(u8) -> Spelling {
    match database {
        DatabaseKind::Sqlite { .. } => Spelling::odd,
        DatabaseKind::MySql { .. } => Spelling::short,
        DatabaseKind::Postgres { .. } => |_| Spelling::Plain,
    }
}

fn outbox_row(fate: &Fate, choose: fn(u8) -> Spelling) -> OutboxRow<'_> {
    let gave_up = fate.is(Fault::PublishFailsAfterCommit);
    OutboxRow {
        event: &fate.event,
        sent_at: fate.sent_at,
        attempts: if gave_up { MAX_ATTEMPTS } else { 0 },
        error: gave_up.then_some(GAVE_UP_BECAUSE),
        spelling: fate.spelling(1, choose),
    }
}
