//! Imagines what happened to each event of a past. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use waybill_model::Micros;

use crate::event::{ChangeKind, Letter, ProductEvent};
use crate::product::Catalogue;
use crate::schedule::Schedule;
use crate::{ConsumerName, Fault};

/// How far behind a consumer's clock is with [`Fault::ClockSkew`].
pub(crate) const SKEW_MICROS: i64 = 5_000_000;

/// One event and everything that became of it.
#[derive(Debug, Clone)]
pub(super) struct Fate {
    pub(super) event: ProductEvent,
    pub(super) fault: Option<(Fault, ConsumerName)>,
    /// When the relay marked the outbox row.
    pub(super) sent_at: Option<Micros>,
    /// When each copy was published; empty when none was.
    pub(super) published: Vec<Micros>,
    /// When each consumer processed it.
    pub(super) processed: [Option<Micros>; 3],
}

/// Some events in the order they were made, and their copies in the order they went out.
#[derive(Debug, Clone, Default)]
pub(super) struct Round {
    pub(super) fates: Vec<Fate>,
    /// With the index of the fate each belongs to; `None` when it was made in an earlier round.
    pub(super) letters: Vec<Outgoing>,
}

/// A copy on its way.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) letter: Letter,
    pub(super) event: ProductEvent,
    /// The consumer that will choke on it.
    pub(super) poison: Option<ConsumerName>,
    /// No queue is bound for it.
    pub(super) unroutable: bool,
}

/// The imagination.
#[derive(Debug)]
pub(super) struct Past {
    rng: StdRng,
    last_published: Micros,
    /// Copies that wait for the next change of the same product, which overtakes them.
    held: BTreeMap<i64, Outgoing>,
}

impl Fate {
    pub(super) fn is(&self, fault: Fault) -> bool {
        self.fault.is_some_and(|(it, _)| it == fault)
    }

    /// The business row was written and not rolled back.
    pub(super) fn stored(&self) -> bool {
        !self.is(Fault::RolledBackAfterPublish)
    }

    pub(super) fn in_outbox(&self) -> bool {
        self.stored() && !self.is(Fault::DualWriteWithoutOutbox)
    }

    pub(super) fn sent(&self) -> bool {
        self.sent_at.is_some()
    }
}

impl Past {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed ^ 0xfa7e),
            last_published: Micros(i64::MIN),
            held: BTreeMap::new(),
        }
    }

    /// The events of these numbers.
    pub(super) fn round(
        &mut self,
        catalogue: &mut Catalogue,
        schedule: &Schedule,
        numbers: Range<usize>,
    ) -> Round {
        let mut round = Round::default();
        for no in numbers {
            let fault = schedule.faults.get(&no).copied();
            let event = self.next_event(catalogue, schedule, no, fault.map(|(it, _)| it));
            let fate = self.fate(event, fault);
            self.send(&fate, &mut round.letters);
            round.fates.push(fate);
        }
        round
    }

    /// Copies that are still held when the past ends.
    pub(super) fn rest(&mut self) -> Round {
        let held = std::mem::take(&mut self.held);
        Round {
            fates: Vec::new(),
            letters: held.into_values().collect(),
        }
    }

    fn next_event(
        &self,
        catalogue: &mut Catalogue,
        schedule: &Schedule,
        no: usize,
        fault: Option<Fault>,
    ) -> ProductEvent {
        let at = schedule.times[no];
        match fault {
            Some(Fault::RolledBackAfterPublish) => catalogue.create_and_forget(at),
            // It will be overtaken by the next change of the same product, which must come.
            Some(Fault::Reorder) => catalogue.change_and_keep(at),
            Some(Fault::Unroutable) => {
                let mut event = catalogue.change(at);
                event.kind = ChangeKind::Relabelled;
                event
            }
            _ => match self.held.keys().next() {
                Some(product) => catalogue.change_again(*product, at),
                None => catalogue.change(at),
            },
        }
    }

    fn fate(&mut self, event: ProductEvent, fault: Option<(Fault, ConsumerName)>) -> Fate {
        let published = self.published(event.at, fault.map(|(it, _)| it));
        let marked = match fault.map(|(it, _)| it) {
            Some(
                Fault::PublishFailsAfterCommit
                | Fault::RelayDead
                | Fault::DualWriteWithoutOutbox
                | Fault::RolledBackAfterPublish,
            ) => None,
            _ => {
                let base = published.last().copied().unwrap_or(event.at.plus(60_000));
                Some(base.plus(self.rng.random_range(1_000..4_000)))
            }
        };
        let unroutable = fault.is_some_and(|(it, _)| it == Fault::Unroutable);
        let processed = match published.first() {
            Some(first) if !unroutable => self.processed(*first, fault),
            _ => [None; 3],
        };
        Fate {
            event,
            fault,
            sent_at: marked,
            published,
            processed,
        }
    }

    /// The relay looks every tenth of a second and sends in order.
    fn published(&mut self, made: Micros, fault: Option<Fault>) -> Vec<Micros> {
        if let Some(
            Fault::PublishFailsAfterCommit
            | Fault::RelayDead
            | Fault::SentButLost
            | Fault::DualWriteWithoutOutbox,
        ) = fault
        {
            return Vec::new();
        }
        let soon = made.plus(self.rng.random_range(8_000..110_000));
        let first = soon.max(self.last_published.plus(1_000));
        self.last_published = first;
        let mut copies = vec![first];
        if fault == Some(Fault::Duplicate) {
            let again = first.plus(self.rng.random_range(40_000..90_000));
            self.last_published = again;
            copies.push(again);
        }
        copies
    }

    fn processed(
        &mut self,
        published: Micros,
        fault: Option<(Fault, ConsumerName)>,
    ) -> [Option<Micros>; 3] {
        ConsumerName::ALL.map(|consumer| {
            let took = match consumer {
                ConsumerName::Inventory => self.rng.random_range(3_000..30_000),
                ConsumerName::Search => self.rng.random_range(20_000..350_000),
                ConsumerName::Storefront => self.rng.random_range(5_000..80_000),
            };
            match fault {
                Some((Fault::ConsumerSkips | Fault::ConsumerPoison, target))
                    if target == consumer =>
                {
                    None
                }
                Some((Fault::ClockSkew, target)) if target == consumer => {
                    Some(published.plus(took - SKEW_MICROS))
                }
                _ => Some(published.plus(took)),
            }
        })
    }

    /// Puts the copies in line, a held one after the change that overtook it.
    fn send(&mut self, fate: &Fate, letters: &mut Vec<Outgoing>) {
        let product = fate.event.product.id;
        for at in &fate.published {
            let outgoing = Outgoing {
                letter: fate.event.letter(*at),
                event: fate.event.clone(),
                poison: match fate.fault {
                    Some((Fault::ConsumerPoison, consumer)) => Some(consumer),
                    _ => None,
                },
                unroutable: fate.is(Fault::Unroutable),
            };
            if fate.is(Fault::Reorder) {
                self.held.insert(product, outgoing);
                continue;
            }
            letters.push(outgoing);
            if let Some(mut late) = self.held.remove(&product) {
                late.letter.at = self.last_published.plus(5_000);
                self.last_published = late.letter.at;
                letters.push(late);
            }
        }
    }
}
