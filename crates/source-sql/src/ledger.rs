//! The gap ledger: numbers that were missing between rows, until no transaction can fill them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use waybill_model::Micros;

use crate::link::{Horizon, Oldest};
use crate::settle::has_ended;

/// How many gaps are kept apart; beyond, neighbours are merged and read again whole.
const MAX_GAPS: usize = 2000;

/// How many numbers before the first row of a window may belong to it.
const LEAD_IN: i64 = 1000;

/// How far a row's own time may be off when we judge by it who was around when its number was taken.
const TIME_TRUST_MICROS: i64 = 600_000_000;

/// A range of numbers, both ends included.
pub(crate) type Range = (i64, i64);

/// Ranges of numbers nobody has seen a row for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// By first number: last number and which of `noted` it is from.
    gaps: BTreeMap<i64, (i64, u32)>,
    /// The horizons at which gaps were noted.
    noted: BTreeMap<u32, Noted>,
}

/// A [`Horizon`] as it is kept in a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    now: Micros,
    begun_below: Option<i64>,
}

/// Watches the numbers of a read go by.
#[derive(Debug)]
pub(crate) struct Watch {
    last: Option<i64>,
    horizon: Horizon,
    /// Gaps below rows with a time before this are certainly closed.
    closed_before: Option<Micros>,
    found: Vec<Range>,
}

impl Watch {
    /// Begins after `last`. `first` is the horizon at the beginning of the whole read, `horizon`
    /// that of the page.
    pub(crate) fn new(last: Option<i64>, first: &Horizon, horizon: Horizon) -> Self {
        let oldest = match (first.oldest, first.ended_below, first.begun_below) {
            (Oldest::None, ..) => Some(first.now),
            (Oldest::Since(oldest), ..) => Some(oldest),
            (Oldest::Hidden, Some(ended), Some(begun)) if ended >= begun => Some(first.now),
            (Oldest::Hidden, ..) => None,
        };
        Self {
            last,
            horizon,
            closed_before: oldest.map(|oldest| oldest.plus(-TIME_TRUST_MICROS)),
            found: Vec::new(),
        }
    }

    /// A row goes by, in rising order of numbers; `at` is its time where it can be read.
    pub(crate) fn row(&mut self, number: i64, at: Option<Micros>) {
        let before = match self.last {
            Some(last) => last.saturating_add(1),
            None => number.saturating_sub(LEAD_IN),
        };
        // The number of this row was taken after the missing ones: who took those was there
        // before this row was written.
        let closed = matches!((at, self.closed_before), (Some(at), Some(limit)) if at < limit);
        if before < number && !closed {
            self.found.push((before, number - 1));
        }
        self.last = Some(self.last.map_or(number, |last| last.max(number)));
    }
}

impl Ledger {
    /// Enters what was watched.
    pub(crate) fn enter(&mut self, watch: Watch) {
        if watch.found.is_empty() {
            return;
        }
        let no = self.noted.last_key_value().map_or(0, |(no, _)| no + 1);
        self.noted.insert(
            no,
            Noted {
                now: watch.horizon.now,
                begun_below: watch.horizon.begun_below,
            },
        );
        for (from, to) in watch.found {
            self.gaps.insert(from, (to, no));
        }
        while self.gaps.len() > MAX_GAPS {
            self.merge_neighbours();
        }
    }

    /// All open gaps.
    pub(crate) fn open(&self) -> Vec<Range> {
        self.gaps
            .iter()
            .map(|(from, (to, _))| (*from, *to))
            .collect()
    }

    /// A row turned up in a gap.
    pub(crate) fn fill(&mut self, number: i64) {
        let Some((&from, &(to, no))) = self.gaps.range(..=number).next_back() else {
            return;
        };
        if number > to {
            return;
        }
        self.gaps.remove(&from);
        if from < number {
            self.gaps.insert(from, (number - 1, no));
        }
        if number < to {
            self.gaps.insert(number + 1, (to, no));
        }
    }

    /// Removes gaps nobody can fill any more. Call it after the gaps were probed at `now`, or
    /// later than that.
    pub(crate) fn close(&mut self, now: &Horizon) {
        self.noted.retain(|_, noted| {
            let noted = Horizon {
                now: noted.now,
                ended_below: None,
                begun_below: noted.begun_below,
                oldest: Oldest::Hidden,
            };
            !has_ended(&noted, now)
        });
        let noted = &self.noted;
        self.gaps.retain(|_, (_, no)| noted.contains_key(no));
        let used: std::collections::BTreeSet<u32> = self.gaps.values().map(|(_, no)| *no).collect();
        self.noted.retain(|no, _| used.contains(no));
    }

    /// Every two gaps become one, with what lies between; the later note holds for both.
    fn merge_neighbours(&mut self) {
        let gaps: Vec<_> = std::mem::take(&mut self.gaps).into_iter().collect();
        for pair in gaps.chunks(2) {
            let (from, first) = pair[0];
            let (to, no) = pair
                .last()
                .map_or(first, |(_, (to, no))| (*to, first.1.max(*no)));
            self.gaps.insert(from, (to, no));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn horizon(secs: i64, running: i64, next: i64) -> Horizon {
        Horizon {
            now: Micros(secs * 1_000_000),
            ended_below: Some(running),
            begun_below: Some(next),
            oldest: if running < next {
                Oldest::Since(Micros((secs - 50) * 1_000_000))
            } else {
                Oldest::None
            },
        }
    }

    fn watched(numbers: &[i64], last: Option<i64>, horizon: Horizon) -> Ledger {
        let mut watch = Watch::new(last, &horizon, horizon);
        for number in numbers {
            watch.row(*number, Some(horizon.now));
        }
        let mut ledger = Ledger::default();
        ledger.enter(watch);
        ledger
    }

    #[test]
    fn what_is_missing_between_rows_is_open_until_its_transactions_end() {
        let mut ledger = watched(&[2, 4, 9], Some(0), horizon(100, 5, 7));
        assert_eq!(ledger.open(), [(1, 1), (3, 3), (5, 8)]);
        ledger.fill(6);
        assert_eq!(ledger.open(), [(1, 1), (3, 3), (5, 5), (7, 8)]);
        ledger.close(&horizon(110, 6, 9));
        assert_eq!(ledger.open().len(), 4, "transaction 6 still runs");
        ledger.close(&horizon(120, 9, 9));
        assert_eq!(ledger.open(), []);
    }

    #[test]
    fn the_first_row_of_a_window_has_a_lead_in() {
        let ledger = watched(&[5000], None, horizon(100, 7, 7));
        assert_eq!(ledger.open(), [(4000, 4999)]);
    }

    #[test]
    fn gaps_below_old_rows_are_closed_from_the_start() {
        let now = horizon(1000, 7, 7);
        let mut watch = Watch::new(Some(0), &now, now);
        watch.row(3, Some(Micros(300_000_000)));
        watch.row(6, Some(Micros(500_000_000)));
        let mut ledger = Ledger::default();
        ledger.enter(watch);
        assert_eq!(
            ledger.open(),
            [(4, 5)],
            "only the row of second 500 is recent"
        );
    }

    #[test]
    fn too_many_gaps_are_merged_and_none_is_lost() {
        let numbers: Vec<i64> = (0..5000).map(|n| n * 2).collect();
        let ledger = watched(&numbers, Some(-1), horizon(100, 5, 7));
        let open = ledger.open();
        assert!(open.len() <= MAX_GAPS, "{}", open.len());
        for missing in (1..9998).step_by(2) {
            assert!(
                open.iter()
                    .any(|(from, to)| (*from..=*to).contains(&missing)),
                "{missing}"
            );
        }
    }
}
