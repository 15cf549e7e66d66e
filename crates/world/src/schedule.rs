//! When things happen in a past, and which of them go wrong. Pure.

mod chance;
pub(crate) use chance::Chance;

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use waybill_model::Micros;

use crate::history::ROUND;
use crate::{ConsumerName, Error, Fault, Planted, Result};

/// The last events lie this long before the end (or a tenth of the span), so that whatever is
/// late is late beyond any short grace.
const QUIET_MICROS: i64 = 30_000_000;

/// What goes wrong with one event, and at which consumer where that matters.
pub(crate) type Faults = Vec<(Fault, ConsumerName)>;

/// When each event happens and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Times in order; an event's number is its index.
    pub(crate) times: Vec<Micros>,
    /// What goes wrong, by event number.
    pub(crate) faults: BTreeMap<usize, Faults>,
}

/// Which events go wrong.
#[derive(Debug, Clone)]
pub(crate) enum Plan<'a> {
    /// So many of each fault, and no event twice.
    Planted(&'a [Planted]),
    /// Whom it hits.
    Chance(Chance<'a>),
    /// This one hits every event, if any.
    Every(Option<Fault>),
}

/// Spreads `n` events over the span, in bursts as they come in an office, and chooses which
/// go wrong.
pub(crate) fn schedule(
    seed: u64,
    n: usize,
    span_micros: i64,
    end: Micros,
    plan: &Plan<'_>,
) -> Result<Schedule> {
    // Another stream of chance than the catalogue's, which has the same seed.
    let mut rng = StdRng::seed_from_u64(seed ^ 0x5c4e_d01e);
    let quiet = QUIET_MICROS.min(span_micros / 10);
    let last = end.plus(-quiet);
    let first = end.plus(-span_micros);
    let times = times(&mut rng, n, first, last);
    let faults = match plan {
        Plan::Planted(planted) => Planting::new(&mut rng, n).plant(planted)?,
        Plan::Chance(chance) => chance::scatter(&mut rng, n, chance),
        Plan::Every(fault) => every(n, *fault),
    };
    Ok(Schedule { times, faults })
}

fn every(n: usize, fault: Option<Fault>) -> BTreeMap<usize, Faults> {
    let faults: Faults = fault
        .into_iter()
        .map(|it| (it, ConsumerName::Search))
        .collect();
    (0..n).map(|no| (no, faults.clone())).collect()
}

fn times(rng: &mut StdRng, n: usize, first: Micros, last: Micros) -> Vec<Micros> {
    let mut in_burst = 0_u32;
    let mut at = 0.0;
    let mut points = Vec::with_capacity(n);
    for _ in 0..n {
        if in_burst == 0 && rng.random_bool(0.01) {
            in_burst = rng.random_range(10..60);
        }
        let dice: f64 = rng.random();
        let gap = -(1.0 - dice).ln();
        at += if in_burst > 0 { gap * 0.03 } else { gap };
        in_burst = in_burst.saturating_sub(1);
        points.push(at);
    }
    let scale = last.since(first).max(0) as f64 / at.max(f64::MIN_POSITIVE);
    points
        .into_iter()
        .map(|point| first.plus((point * scale) as i64))
        .collect()
}

/// Chooses events for faults, no event twice.
struct Planting<'a> {
    rng: &'a mut StdRng,
    n: usize,
    faults: BTreeMap<usize, (Fault, ConsumerName)>,
}

impl<'a> Planting<'a> {
    fn new(rng: &'a mut StdRng, n: usize) -> Self {
        Self {
            rng,
            n,
            faults: BTreeMap::new(),
        }
    }

    fn plant(mut self, planted: &[Planted]) -> Result<BTreeMap<usize, Faults>> {
        let aimed = planted.iter().copied().filter(|it| !it.fault.is_unaimed());
        let aimed: Vec<Planted> = aimed.collect();
        // Three events per fault leave a free pair somewhere, which a reordering needs.
        let wanted: usize = aimed.iter().map(|it| it.events as usize * 3).sum();
        if wanted > self.n {
            return Err(Error::Config(format!(
                "{} events are too few for that many faults; there must be at least {wanted}",
                self.n
            )));
        }
        // A dead relay sends nothing any more: it takes the last events, before others do.
        let (dead, others): (Vec<_>, Vec<_>) = aimed
            .iter()
            .partition(|it| matches!(it.fault, Fault::RelayDead | Fault::TransactionOpen));
        for planted in dead {
            self.at_the_end(planted);
        }
        for planted in others {
            if planted.fault.comes_in_a_row() {
                self.in_a_row(planted);
            } else {
                self.scattered(planted);
            }
        }
        let alone = self.faults.into_iter().map(|(no, it)| (no, vec![it]));
        Ok(alone.collect())
    }

    fn at_the_end(&mut self, planted: Planted) {
        let mut left = planted.events as usize;
        for no in (0..self.n).rev() {
            if left == 0 {
                return;
            }
            if self.free(no, Fault::RelayDead) {
                self.take(no, planted);
                left -= 1;
            }
        }
    }

    /// An outage, or a bad release: one event after the other.
    fn in_a_row(&mut self, planted: Planted) {
        let mut left = planted.events as usize;
        let mut no = self.rng.random_range(0..self.n);
        while left > 0 {
            if self.free(no, planted.fault) {
                self.take(no, planted);
                left -= 1;
            }
            no = (no + 1) % self.n;
        }
    }

    fn scattered(&mut self, planted: Planted) {
        for _ in 0..planted.events {
            let mut no = self.rng.random_range(0..self.n);
            while !self.free(no, planted.fault) {
                no = (no + 1) % self.n;
            }
            self.take(no, planted);
        }
    }

    /// Whether nothing happens to the event yet. A reordered one needs the next one too, and the
    /// first few of all stay clean: whoever looks sees that everything worked at first.
    fn free(&self, no: usize, fault: Fault) -> bool {
        let ends_round = (no + 1).is_multiple_of(ROUND);
        let next_is_free =
            || !ends_round && no + 1 < self.n && !self.faults.contains_key(&(no + 1));
        let taken_before = no > 0
            && self
                .faults
                .get(&(no - 1))
                .is_some_and(|(it, _)| *it == Fault::Reorder);
        no >= self.n / 50
            && !self.faults.contains_key(&no)
            && !taken_before
            && (fault != Fault::Reorder || next_is_free())
    }

    fn take(&mut self, no: usize, planted: Planted) {
        let consumer = planted.consumer.unwrap_or(ConsumerName::Search);
        self.faults.insert(no, (planted.fault, consumer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plant(fault: Fault, events: u32) -> Planted {
        Planted {
            fault,
            events,
            consumer: None,
        }
    }

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn times_fill_the_span_in_order_and_leave_the_end_quiet() {
        let end = Micros(10 * HOUR);
        let schedule = schedule(1, 500, HOUR, end, &Plan::Planted(&[])).expect("it is possible");
        assert!(schedule.times.is_sorted());
        assert_eq!(schedule.times.last(), Some(&end.plus(-QUIET_MICROS)));
        assert!(schedule.times[0] >= end.plus(-HOUR));
    }

    #[test]
    fn every_fault_gets_its_events_and_no_event_two() {
        let planted: Vec<Planted> = Fault::ALL
            .into_iter()
            .filter(|fault| fault.works_in_history() && !fault.is_unaimed())
            .map(|fault| plant(fault, 5))
            .collect();
        for seed in 0..50 {
            let schedule = schedule(seed, 450, HOUR, Micros(HOUR), &Plan::Planted(&planted));
            let faults = schedule.expect("it is possible").faults;
            for it in &planted {
                let n = faults.values().filter(|at| at[0].0 == it.fault);
                assert_eq!(n.count(), 5, "{} with seed {seed}", it.fault);
            }
            for (no, at) in &faults {
                assert_eq!(at.len(), 1, "seed {seed}");
                let next = faults.get(&(no + 1));
                assert!(at[0].0 != Fault::Reorder || next.is_none(), "seed {seed}");
            }
        }
    }

    #[test]
    fn a_dead_relay_takes_the_last_events() {
        let planted = [plant(Fault::Duplicate, 20), plant(Fault::RelayDead, 10)];
        let schedule =
            schedule(3, 100, HOUR, Micros(HOUR), &Plan::Planted(&planted)).expect("it is possible");
        for no in 90..100 {
            assert_eq!(schedule.faults[&no][0].0, Fault::RelayDead);
        }
    }

    #[test]
    fn more_faults_than_events_are_refused() {
        let planted = [plant(Fault::Duplicate, 4)];
        let refused = schedule(1, 10, HOUR, Micros(HOUR), &Plan::Planted(&planted));
        let error = refused.expect_err("four need twelve").to_string();
        assert!(error.contains("at least 12"), "{error}");
    }
}
