//! Faults by chance: each event has its own dice for each fault, so that faults meet. Pure.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::Faults;
use crate::fault::About;
use crate::{ConsumerName, Fault};

/// A run of events has this many at most.
const LONGEST_RUN: usize = 12;

/// So many events at the end lie in a transaction that does not end, or wait for a dead relay.
const AT_THE_END: usize = 5;

/// Retention takes no more than this part of a past.
const OLD_PART: usize = 20;

/// Which faults, and how rare.
#[derive(Debug, Clone)]
pub(crate) struct Chance<'a> {
    pub(crate) faults: &'a [Fault],
    /// One event in so many is hit by each fault.
    pub(crate) one_in: u32,
}

/// Throws the dice for `n` events.
pub(crate) fn scatter(rng: &mut StdRng, n: usize, chance: &Chance<'_>) -> BTreeMap<usize, Faults> {
    let mut hits: BTreeMap<usize, Faults> = BTreeMap::new();
    for fault in chance.faults {
        for no in numbers(rng, n, *fault, chance.one_in) {
            let consumer = ConsumerName::ALL[rng.random_range(0..ConsumerName::ALL.len())];
            add(hits.entry(no).or_default(), *fault, consumer);
        }
    }
    hits
}

/// The events that a fault may hit.
fn numbers(rng: &mut StdRng, n: usize, fault: Fault, one_in: u32) -> Vec<usize> {
    let odds = 1.0 / f64::from(one_in.max(1));
    match fault {
        Fault::RelayDead | Fault::TransactionOpen => (n.saturating_sub(AT_THE_END)..n).collect(),
        // What lies before the record that is named here goes with it.
        Fault::RetentionPassed => vec![rng.random_range(0..(n / OLD_PART).max(1))],
        // These hit whom they hit.
        _ if fault.is_unaimed() => Vec::new(),
        // Nobody can tell a clock that is ahead from a message that has just come.
        Fault::RelayClockOff => (0..n * 4 / 5).filter(|_| rng.random_bool(odds)).collect(),
        _ if fault.comes_in_a_row() => {
            let mut hit = Vec::new();
            let starts = (0..n).filter(|_| rng.random_bool(odds / (LONGEST_RUN / 2) as f64));
            let starts: Vec<usize> = starts.collect();
            for start in starts {
                let len = rng.random_range(1..=LONGEST_RUN);
                hit.extend(start..n.min(start + len));
            }
            hit.dedup();
            hit
        }
        _ => (0..n).filter(|_| rng.random_bool(odds)).collect(),
    }
}

/// Adds a fault to an event unless another one is about the same thing.
fn add(faults: &mut Faults, fault: Fault, consumer: ConsumerName) {
    let clashes = faults.iter().any(|(other, at)| {
        other.about() == fault.about() && (fault.about() != About::Consumer || *at == consumer)
    });
    if !clashes {
        faults.push((fault, consumer));
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn hits(seed: u64, n: usize) -> BTreeMap<usize, Faults> {
        let faults: Vec<Fault> = Fault::ALL
            .into_iter()
            .filter(|fault| fault.works_in_history())
            .collect();
        let chance = Chance {
            faults: &faults,
            one_in: 50,
        };
        scatter(&mut StdRng::seed_from_u64(seed), n, &chance)
    }

    #[test]
    fn faults_meet_at_the_same_event_and_never_about_the_same_thing() {
        let hits = hits(1, 20_000);
        assert!(hits.values().any(|faults| faults.len() >= 3));
        for (no, faults) in &hits {
            for (idx, (one, at)) in faults.iter().enumerate() {
                for (other, elsewhere) in &faults[idx + 1..] {
                    let same = one.about() == other.about();
                    let apart = one.about() == About::Consumer && at != elsewhere;
                    assert!(!same || apart, "{no}: {one} and {other}");
                }
            }
        }
    }

    #[test]
    fn the_same_seed_throws_the_same_dice() {
        assert_eq!(hits(7, 5000), hits(7, 5000));
        assert_ne!(hits(7, 5000), hits(8, 5000));
    }
}
