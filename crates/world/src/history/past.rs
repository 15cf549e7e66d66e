//! Imagines what happened to each event of a past. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;
use waybill_model::Micros;

use crate::event::{Body, ChangeKind, Letter, ProductEvent};
use crate::product::Catalogue;
use crate::schedule::{Faults, Schedule};
use crate::spelling::Spelling;
use crate::{ConsumerName, Fault, respell};

/// How far behind a consumer's clock is with [`Fault::ClockSkew`].
pub(crate) const SKEW_MICROS: i64 = 5_000_000;

/// How far off a clock is with [`Fault::ConsumerClockOff`] and [`Fault::RelayClockOff`].
pub(crate) const OFF_MICROS: i64 = 300_000_000;

/// How far apart two copies are at least, unless events come quicker than that.
const APART_MICROS: i64 = 1_000;

/// One event and everything that became of it.
#[derive(Debug, Clone)]
pub(super) struct Fate {
    pub(super) event: ProductEvent,
    pub(super) faults: Faults,
    /// When the relay marked the outbox row.
    pub(super) sent_at: Option<Micros>,
    /// When each copy was published; empty when none was.
    pub(super) published: Vec<Micros>,
    /// When each consumer processed it.
    pub(super) processed: [Option<Micros>; 3],
    /// The consumer that did not exist yet when its last copy went out.
    pub(super) too_early_for: Option<ConsumerName>,
    /// The late consumer, when a wrong clock on the copy makes that seem otherwise.
    pub(super) seems_otherwise_to: Option<ConsumerName>,
}

/// Some events in the order they were made, and their copies in the order they went out.
#[derive(Debug, Clone, Default)]
pub(super) struct Round {
    pub(super) fates: Vec<Fate>,
    pub(super) letters: Vec<Outgoing>,
}

/// A copy on its way.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) letter: Letter,
    pub(super) event: ProductEvent,
    /// The consumers that will choke on it.
    pub(super) poison: Vec<ConsumerName>,
    pub(super) way: Way,
}

/// How a copy goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As usual.
    Plain,
    /// No queue is bound for it.
    Unroutable,
    /// In a transaction that is aborted.
    Aborted,
    /// In a transaction that does not end.
    Open,
}

/// The imagination.
#[derive(Debug)]
pub(super) struct Past {
    rng: StdRng,
    last_published: Micros,
    /// How far apart two copies are at least: an eighth of what lies between two events, so
    /// that the relay of a full past keeps up, and no copy comes from the future.
    apart: i64,
    /// Copies that wait for the next change of the same product, which overtakes them.
    held: BTreeMap<i64, Outgoing>,
    /// What a second relay is about to send too.
    again: Vec<Outgoing>,
    /// The change before, whose body may be sent again.
    before: Option<ProductEvent>,
    /// Who is registered late, and when.
    late: Option<(ConsumerName, Micros)>,
    /// Who was never started.
    idle: Option<ConsumerName>,
    /// Ids are numbers, counted up from one.
    counts: bool,
}

impl Fate {
    pub(super) fn is(&self, fault: Fault) -> bool {
        self.faults.iter().any(|(it, _)| *it == fault)
    }

    fn hits(&self, fault: Fault, consumer: ConsumerName) -> bool {
        self.faults.contains(&(fault, consumer))
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

    /// How its copies go out.
    pub(super) fn way(&self) -> Way {
        if self.is(Fault::Unroutable) {
            Way::Unroutable
        } else if self.is(Fault::TransactionAborted) {
            Way::Aborted
        } else if self.is(Fault::TransactionOpen) {
            Way::Open
        } else {
            Way::Plain
        }
    }

    /// The time its first copy carries.
    pub(super) fn copied(&self) -> Option<Micros> {
        let off = self.clock_off();
        self.published.first().map(|at| at.plus(off))
    }

    /// When the last copy was published, as that copy says.
    pub(super) fn written_last(&self) -> Option<Micros> {
        let off = self.clock_off();
        self.published.last().map(|at| at.plus(off))
    }

    /// How far off the clock was that its copies carry.
    fn clock_off(&self) -> i64 {
        if self.is(Fault::RelayClockOff) {
            off(&self.event)
        } else {
            0
        }
    }

    /// Whether copies reach consumers.
    pub(super) fn arrives(&self) -> bool {
        !self.published.is_empty() && self.way() == Way::Plain
    }

    /// Whether consumers get copies before these expire.
    pub(super) fn is_delivered(&self) -> bool {
        self.arrives() && !self.is(Fault::QueueTtl)
    }

    /// Whether this consumer gets it and cannot process it.
    pub(super) fn chokes(&self, consumer: ConsumerName) -> bool {
        self.is_delivered()
            && self.too_early_for != Some(consumer)
            && self.hits(Fault::ConsumerPoison, consumer)
    }

    /// How one place writes its id.
    pub(super) fn spelling(&self, place: usize, choose: fn(u8) -> Spelling) -> Spelling {
        if self.is(Fault::OddSpelling) {
            choose(self.event.id.as_bytes()[place])
        } else {
            Spelling::Plain
        }
    }

    /// Takes out the faults that cannot be, given the others: what the service never wrote to the
    /// outbox cannot go wrong in the relay.
    fn settle(&mut self) {
        if self.in_outbox() {
            return;
        }
        let sending = [
            Fault::PublishFailsAfterCommit,
            Fault::RelayDead,
            Fault::SentButLost,
            Fault::Unroutable,
            Fault::TransactionAborted,
            Fault::TransactionOpen,
            Fault::Reorder,
            Fault::TwoRelays,
            Fault::PayloadChanged,
            Fault::DiedBeforeMark,
        ];
        self.faults.retain(|(it, _)| !sending.contains(it));
    }
}

impl Past {
    pub(super) fn new(seed: u64, times: &[Micros]) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed ^ 0xfa7e),
            last_published: Micros(i64::MIN),
            apart: apart(times),
            held: BTreeMap::new(),
            again: Vec::new(),
            before: None,
            late: None,
            idle: None,
            counts: false,
        }
    }

    /// The same with ids that are counted.
    pub(super) fn counting(self) -> Self {
        Self {
            counts: true,
            ..self
        }
    }

    /// The same with a consumer that was never started.
    pub(super) fn without(self, consumer: ConsumerName) -> Self {
        Self {
            idle: Some(consumer),
            ..self
        }
    }

    /// The same with a consumer that is registered late.
    pub(super) fn with_late(self, consumer: ConsumerName, since: Micros) -> Self {
        Self {
            late: Some((consumer, since)),
            ..self
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
            let mut faults = schedule.faults.get(&no).cloned().unwrap_or_default();
            // One product waits to be overtaken at a time.
            if !self.held.is_empty() {
                faults.retain(|(it, _)| *it != Fault::Reorder);
            }
            let fate = self.fate(catalogue, schedule, no, faults);
            let overtaken = self.send(&fate, &mut round.letters);
            round.fates.push(fate);
            if let Some((product, by)) = overtaken {
                self.delay(&mut round.fates, product, by);
            }
        }
        self.rest(&mut round.letters);
        round
    }

    /// Copies that are still held when a round ends go out as they are.
    fn rest(&mut self, letters: &mut Vec<Outgoing>) {
        self.send_again(letters);
        let held = std::mem::take(&mut self.held);
        letters.extend(held.into_values());
    }

    fn fate(
        &mut self,
        catalogue: &mut Catalogue,
        schedule: &Schedule,
        no: usize,
        faults: Faults,
    ) -> Fate {
        let has = |fault: Fault| faults.iter().any(|(it, _)| *it == fault);
        let mut event = self.next_event(catalogue, schedule.times[no], &has);
        if self.counts {
            // Also a transaction that is rolled back uses a number up.
            event.id = Uuid::from_u128(no as u128 + 1);
        }
        let mut fate = Fate {
            event,
            faults,
            sent_at: None,
            published: Vec::new(),
            processed: [None; 3],
            too_early_for: None,
            seems_otherwise_to: None,
        };
        fate.settle();
        // Its copy goes out behind the next one.
        let next = schedule.times.get(no + 1);
        let ready = match next {
            Some(next) if fate.is(Fault::Reorder) => *next,
            _ => fate.event.at,
        };
        fate.published = self.published(ready, &fate);
        fate.sent_at = self.marked(&fate);
        self.register(&mut fate);
        if let Some(first) = fate.published.first()
            && fate.is_delivered()
        {
            fate.processed = self.processed(*first, &fate);
        }
        if fate.in_outbox() {
            self.before = Some(fate.event.clone());
        }
        fate
    }

    /// Notes whether a late consumer was there when the last copy went out.
    fn register(&self, fate: &mut Fate) {
        let (Some((late, since)), Some(last)) = (self.late, fate.published.last()) else {
            return;
        };
        let off = fate.clock_off();
        let missed = *last < since;
        fate.too_early_for = missed.then_some(late);
        let seems_missed = last.plus(off) < since;
        fate.seems_otherwise_to = (seems_missed != missed).then_some(late);
    }

    fn next_event(
        &self,
        catalogue: &mut Catalogue,
        at: Micros,
        has: &impl Fn(Fault) -> bool,
    ) -> ProductEvent {
        let mut event = if has(Fault::RolledBackAfterPublish) {
            catalogue.create_and_forget(at)
        } else if has(Fault::Reorder) {
            // It will be overtaken by the next change of the same product, which must come.
            catalogue.change_and_keep(at)
        } else if let Some(product) = self.held.keys().next() {
            catalogue.change_again(*product, at)
        } else if let (true, Some(before)) = (has(Fault::EqualPayload), &self.before) {
            catalogue.change_again(before.product.id, at)
        } else {
            catalogue.change(at)
        };
        if has(Fault::Unroutable) && !has(Fault::RolledBackAfterPublish) {
            event.kind = ChangeKind::Relabelled;
        }
        if has(Fault::NewSchema) {
            event.body = Body::Nested;
        }
        if let (true, Some(before)) = (has(Fault::EqualPayload), &self.before)
            && before.product.id == event.product.id
        {
            event.body = Body::Copied(before.payload());
        }
        event
    }

    /// When the relay marks the row, if it does.
    fn marked(&mut self, fate: &Fate) -> Option<Micros> {
        let never = [
            Fault::PublishFailsAfterCommit,
            Fault::RelayDead,
            Fault::TransactionOpen,
            Fault::DiedBeforeMark,
        ];
        if !fate.in_outbox() || never.into_iter().any(|fault| fate.is(fault)) {
            return None;
        }
        let base = fate.published.last().copied();
        let base = base.unwrap_or(fate.event.at.plus(60_000));
        Some(base.plus(self.rng.random_range(1_000..4_000)))
    }

    /// The relay looks every tenth of a second and sends in order.
    fn published(&mut self, ready: Micros, fate: &Fate) -> Vec<Micros> {
        let never = [
            Fault::PublishFailsAfterCommit,
            Fault::RelayDead,
            Fault::SentButLost,
            Fault::DualWriteWithoutOutbox,
        ];
        if never.into_iter().any(|fault| fate.is(fault)) {
            return Vec::new();
        }
        let soon = ready.plus(self.rng.random_range(8_000..110_000));
        let first = soon.max(self.last_published.plus(self.apart));
        self.last_published = first;
        let mut copies = vec![first];
        if fate.is(Fault::Duplicate) || fate.is(Fault::TwoRelays) {
            let again = first.plus(self.rng.random_range(40..90) * self.apart);
            self.last_published = again;
            copies.push(again);
        }
        copies
    }

    /// Whether a consumer processes what reaches it.
    fn takes(&self, consumer: ConsumerName, fate: &Fate) -> bool {
        let never = [
            Fault::ConsumerSkips,
            Fault::ConsumerPoison,
            Fault::GroupReset,
            Fault::CommitBeforeProcessing,
        ];
        let passed_by = never.into_iter().any(|fault| fate.hits(fault, consumer));
        !passed_by && fate.too_early_for != Some(consumer) && self.idle != Some(consumer)
    }

    fn processed(&mut self, published: Micros, fate: &Fate) -> [Option<Micros>; 3] {
        ConsumerName::ALL.map(|consumer| {
            let took = match consumer {
                ConsumerName::Inventory => self.rng.random_range(3_000..30_000),
                ConsumerName::Search => self.rng.random_range(20_000..350_000),
                ConsumerName::Storefront => self.rng.random_range(5_000..80_000),
            };
            if !self.takes(consumer, fate) {
                return None;
            }
            let off = if fate.hits(Fault::ClockSkew, consumer) {
                -SKEW_MICROS
            } else if fate.hits(Fault::ConsumerClockOff, consumer) {
                off(&fate.event)
            } else {
                0
            };
            Some(published.plus(took + off))
        })
    }

    /// Puts the copies in line, a held one after the change that overtook it; of which product one
    /// was let go then, and how much later than it was to go out.
    fn send(&mut self, fate: &Fate, letters: &mut Vec<Outgoing>) -> Option<(i64, i64)> {
        let mut overtaken = None;
        if !fate.is(Fault::TwoRelays) {
            self.send_again(letters);
        }
        for (nth, at) in fate.published.iter().enumerate() {
            let outgoing = self.outgoing(fate, *at);
            if fate.is(Fault::Reorder) {
                self.held.insert(fate.event.product.id, outgoing);
            } else if nth > 0 && fate.is(Fault::TwoRelays) {
                self.again.push(outgoing);
            } else {
                letters.push(outgoing);
                overtaken = overtaken.or(self.release(fate.event.product.id, letters));
            }
        }
        overtaken
    }

    fn release(&mut self, product: i64, letters: &mut Vec<Outgoing>) -> Option<(i64, i64)> {
        let mut late = self.held.remove(&product)?;
        let off = late.letter.at.since(late.event.at).abs() > OFF_MICROS / 2;
        let mut by = 0;
        if !off {
            let at = self.last_published.plus(5 * self.apart);
            by = at.since(late.letter.at);
            late.letter.at = at;
            self.last_published = at;
        }
        letters.push(late);
        Some((product, by))
    }

    /// What happens to a copy that was held happens after it went out.
    fn delay(&self, fates: &mut [Fate], product: i64, by: i64) {
        let held = |fate: &&mut Fate| fate.is(Fault::Reorder) && fate.event.product.id == product;
        let Some(fate) = fates.iter_mut().rev().find(held) else {
            return;
        };
        let later = |at: &mut Micros| *at = at.plus(by);
        fate.published.iter_mut().for_each(later);
        fate.sent_at.iter_mut().for_each(later);
        fate.processed.iter_mut().flatten().for_each(later);
        self.register(fate);
        // Who was not there yet when it was to go out may be when it goes.
        let soon = fate.published.first().map(|at| at.plus(SOON_MICROS));
        let soon = soon.filter(|_| fate.is_delivered());
        let takes = ConsumerName::ALL.map(|consumer| self.takes(consumer, fate));
        for (processed, takes) in fate.processed.iter_mut().zip(takes) {
            *processed = if takes { processed.or(soon) } else { None };
        }
    }

    /// The second relay sends what the first has sent.
    fn send_again(&mut self, letters: &mut Vec<Outgoing>) {
        letters.append(&mut self.again);
    }

    fn outgoing(&self, fate: &Fate, at: Micros) -> Outgoing {
        let mut letter = fate.event.letter(at.plus(fate.clock_off()));
        letter.spelling = fate.spelling(0, Spelling::odd);
        letter.expires = fate.is(Fault::QueueTtl);
        if fate.is(Fault::PayloadChanged) {
            letter.payload = respell::changed(&letter.payload);
        } else if fate.is(Fault::OddSpelling) {
            letter.payload = respell::respelled(&letter.payload);
        }
        Outgoing {
            letter,
            event: fate.event.clone(),
            poison: ConsumerName::ALL
                .into_iter()
                .filter(|consumer| fate.chokes(*consumer))
                .collect(),
            way: fate.way(),
        }
    }
}

/// How long a consumer takes that has nothing else to do.
const SOON_MICROS: i64 = 30_000;

/// How far apart copies are at least, where events happen at these times.
fn apart(times: &[Micros]) -> i64 {
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return APART_MICROS;
    };
    let n = i64::try_from(times.len()).unwrap_or(i64::MAX);
    (last.since(*first) / n / 8).clamp(1, APART_MICROS)
}

/// Ahead for one half of the events, behind for the other.
fn off(event: &ProductEvent) -> i64 {
    if event.id.as_bytes()[15].is_multiple_of(2) {
        OFF_MICROS
    } else {
        -OFF_MICROS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Chance, Plan, schedule};

    /// How long a copy takes at most, when so many events fill a past of 45 minutes.
    fn slowest_of_the_last(n: usize, part: i64) -> i64 {
        let faults = [Fault::Duplicate, Fault::TwoRelays, Fault::Reorder];
        let chance = Chance {
            faults: &faults,
            one_in: 100,
        };
        let span = 2_700_000_000 / part;
        let schedule = schedule(3, n, span, Micros(span), &Plan::Chance(chance)).expect("it works");
        let mut past = Past::new(3, &schedule.times);
        let mut catalogue = Catalogue::new(3);
        let round = past.round(&mut catalogue, &schedule, 0..n);
        let late = round
            .fates
            .iter()
            .skip(n / 2)
            .flat_map(|fate| fate.published.iter().map(|at| at.since(fate.event.at)));
        late.max().expect("something was published")
    }

    /// A thousandth of a past, as full as one of 50 thousand, 4 million and 20 million events: a
    /// relay that falls behind would publish in the future, where nobody looks.
    #[test]
    fn the_relay_of_a_full_past_keeps_up() {
        for n in [500, 4_000, 20_000] {
            let slowest = slowest_of_the_last(n, 1000);
            assert!(slowest < 400_000, "{n}: {slowest} µs");
        }
    }
}
