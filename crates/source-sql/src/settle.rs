//! The settled horizon: the time before which every committed row has been seen.
//!
//! Neither ids nor times are in commit order: a row appears when its transaction ends, with an id
//! and a time from when it was written. So a read proves completeness only up to the moment when
//! the oldest transaction that was open at its start had begun.

use serde::{Deserialize, Serialize};
use waybill_model::{Coverage, Micros};

use crate::link::{Horizon, Oldest};

/// A row's time may be read from a clock that is this far behind the server's: what is read in the
/// order of time is read again that far back. Nothing is proven by it; who needs to be sure asks
/// for the row by its id.
pub(crate) const CLOCKS_MICROS: i64 = 10_000_000;

/// How long a transaction may have taken an id from a sequence before it has a number of its own.
const UNNUMBERED_MICROS: i64 = 5_000_000;

/// How long a transaction is given to end where nothing shows which are open.
pub(crate) const WAIT_MICROS: i64 = 60_000_000;

/// How long a transaction that is hidden from us may last.
const HIDDEN_MICROS: i64 = 3_600_000_000;

/// How long one may only read before it writes, where those that write have numbers.
const READER_MICROS: i64 = 300_000_000;

/// How many moments are remembered.
const MAX_MOMENTS: usize = 64;

/// Moments of the server's clock and the transaction numbers not yet begun then: once all below
/// such a number have ended, everything up to the moment is settled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Moments(Vec<(Micros, i64)>);

/// How far a read that began at a horizon is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Complete before this; `None` when nothing is known.
    pub(crate) upto: Option<Micros>,
    /// Whether open transactions hold it back.
    pub(crate) held_back: bool,
    /// Where some transactions were hidden, it rests on how long they usually last: what is younger
    /// than so much is not proven by not being there.
    pub(crate) hidden_micros: i64,
}

impl Moments {
    /// How far a read is complete that begins now.
    pub(crate) fn settled(&self, horizon: &Horizon) -> Settled {
        match (horizon.oldest, horizon.ended_below, horizon.begun_below) {
            (Oldest::None, ..) => settled(horizon.now.plus(-Coverage::ROW_LEAD_MICROS), false),
            (Oldest::Since(oldest), ..) => settled(
                Ord::min(oldest, horizon.now).plus(-Coverage::ROW_LEAD_MICROS),
                oldest < horizon.now.plus(-Coverage::ROW_LEAD_MICROS),
            ),
            (Oldest::Hidden, Some(ended), Some(begun)) if ended >= begun => Settled {
                hidden_micros: READER_MICROS,
                ..settled(horizon.now.plus(-UNNUMBERED_MICROS), false)
            },
            (Oldest::Hidden, Some(ended), Some(_)) => Settled {
                upto: self
                    .0
                    .iter()
                    .rev()
                    .find(|(_, begun)| *begun <= ended)
                    .map(|(at, _)| at.plus(-UNNUMBERED_MICROS)),
                held_back: true,
                hidden_micros: READER_MICROS,
            },
            (Oldest::Hidden, ..) => Settled {
                hidden_micros: HIDDEN_MICROS,
                ..settled(horizon.now.plus(-WAIT_MICROS), true)
            },
        }
    }

    /// Remembers a horizon for later.
    pub(crate) fn note(&mut self, horizon: &Horizon) {
        if let Some(begun) = horizon.begun_below {
            self.0.push((horizon.now, begun));
            if self.0.len() > MAX_MOMENTS {
                // Every second one goes: old ones get coarser, new ones stay.
                let mut keep = false;
                self.0.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
        }
    }
}

/// Whether every transaction that was open at `noted` has certainly ended.
pub(crate) fn has_ended(noted: &Horizon, now: &Horizon) -> bool {
    let numbers = match (now.ended_below, noted.begun_below) {
        (Some(ended), Some(begun)) => Some(ended >= begun),
        _ => None,
    };
    match (numbers, now.oldest) {
        (Some(false), _) => false,
        (Some(true), Oldest::Hidden) => now.now.since(noted.now) >= UNNUMBERED_MICROS,
        (None, Oldest::Hidden) => now.now.since(noted.now) >= WAIT_MICROS,
        (_, Oldest::None) => true,
        (_, Oldest::Since(oldest)) => oldest > noted.now,
    }
}

fn settled(upto: Micros, held_back: bool) -> Settled {
    Settled {
        upto: Some(upto),
        held_back,
        hidden_micros: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds, and the numbers of the oldest running and the next transaction.
    fn at(secs: i64, running: i64, next: i64, oldest: Oldest) -> Horizon {
        Horizon {
            now: Micros(secs * 1_000_000),
            ended_below: Some(running),
            begun_below: Some(next),
            oldest,
        }
    }

    fn since(secs: i64) -> Oldest {
        Oldest::Since(Micros(secs * 1_000_000))
    }

    fn upto(moments: &Moments, horizon: &Horizon) -> Option<i64> {
        moments.settled(horizon).upto.map(|at| at.0 / 1_000_000)
    }

    #[test]
    fn an_open_transaction_holds_the_horizon_at_its_beginning() {
        let moments = Moments::default();
        assert_eq!(upto(&moments, &at(100, 7, 7, Oldest::None)), Some(98));
        let held = at(100, 5, 7, since(40));
        assert_eq!(upto(&moments, &held), Some(38));
        assert!(moments.settled(&held).held_back);
    }

    #[test]
    fn without_the_right_to_see_others_the_numbers_decide() {
        let mut moments = Moments::default();
        let first = at(100, 5, 7, Oldest::Hidden);
        assert_eq!(upto(&moments, &first), None, "number 5 began at any time");
        moments.note(&first);
        let second = at(160, 8, 12, Oldest::Hidden);
        assert_eq!(upto(&moments, &second), Some(95), "all before 7 have ended");
        assert_eq!(upto(&moments, &at(170, 12, 12, Oldest::Hidden)), Some(165));
    }

    #[test]
    fn where_nothing_is_known_a_minute_passes() {
        let blind = |secs| Horizon {
            ended_below: None,
            begun_below: None,
            ..at(secs, 0, 0, Oldest::Hidden)
        };
        assert_eq!(upto(&Moments::default(), &blind(100)), Some(40));
        assert!(!has_ended(&blind(100), &blind(159)));
        assert!(has_ended(&blind(100), &blind(160)));
    }

    #[test]
    fn a_transaction_has_ended_when_numbers_and_times_agree() {
        let noted = at(100, 5, 7, since(40));
        assert!(
            !has_ended(&noted, &at(110, 6, 9, since(105))),
            "6 still runs"
        );
        assert!(
            !has_ended(&noted, &at(110, 8, 9, since(90))),
            "one has no number yet"
        );
        assert!(has_ended(&noted, &at(110, 8, 9, since(101))));
        assert!(has_ended(&noted, &at(101, 7, 9, Oldest::None)));
        let blind = at(104, 8, 9, Oldest::Hidden);
        assert!(
            !has_ended(&noted, &blind),
            "a sequence may be ahead of the number"
        );
        assert!(has_ended(&noted, &at(105, 8, 9, Oldest::Hidden)));
    }

    #[test]
    fn old_moments_get_coarser_but_never_too_many() {
        let mut moments = Moments::default();
        for secs in 0..1000 {
            moments.note(&at(secs, secs, secs, Oldest::Hidden));
        }
        assert!(moments.0.len() <= MAX_MOMENTS);
        assert_eq!(moments.0.last().map(|(_, begun)| *begun), Some(999));
    }
}
