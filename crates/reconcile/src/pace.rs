//! How long the youngest events took on one edge: what its grace is learnt from.

/// How many of the youngest events are kept.
const KEPT: usize = 500;

/// The youngest events that came all the way: when each set out, and how long it took.
///
/// Which events these are depends on their times alone, never on the order in which evidence
/// arrives, so that neither does what is learnt from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    /// Up to twice as many as are kept, in no order.
    ways: Vec<(i64, i64)>,
    /// Nothing below is among the youngest.
    floor: Option<(i64, i64)>,
}

impl Pace {
    /// Takes in one event that set out at `from` and arrived at `to`. Arriving before (clocks
    /// apart) counts as taking no time.
    pub(crate) fn add(&mut self, from: i64, to: i64) {
        let way = (from, to.saturating_sub(from).max(0));
        if self.floor.is_some_and(|floor| way < floor) {
            return;
        }
        self.ways.push(way);
        if self.ways.len() >= 2 * KEPT {
            self.forget_older(KEPT);
        }
    }

    /// What 99 of 100 of the `youngest` took no longer than, and how many there are.
    pub(crate) fn p99(&self, youngest: usize) -> Option<(i64, usize)> {
        let mut known = self.clone();
        known.forget_older(youngest.min(KEPT));
        let mut took: Vec<i64> = known.ways.iter().map(|&(_, took)| took).collect();
        took.sort_unstable();
        let rank = (took.len() * 99).div_ceil(100);
        let p99 = took.get(rank.checked_sub(1)?)?;
        Some((*p99, took.len()))
    }

    fn forget_older(&mut self, kept: usize) {
        if let Some(older) = self.ways.len().checked_sub(kept).filter(|&older| older > 0) {
            self.ways.select_nth_unstable(older);
            self.ways.drain(..older);
            self.floor = self.ways.iter().min().copied();
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.ways.capacity() * size_of::<(i64, i64)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_hundred_may_take_longer() {
        let mut pace = Pace::default();
        assert_eq!(pace.p99(500), None);
        (0..199).for_each(|nth| pace.add(nth, nth + 10));
        pace.add(50, 50_000);
        assert_eq!(pace.p99(500), Some((10, 200)));
        pace.add(60, 60_000);
        pace.add(60, 59);
        assert_eq!(pace.p99(500), Some((10, 202)));
        pace.add(60, 60_000);
        assert_eq!(pace.p99(500), Some((49_950, 203)), "two of 203 are more");
    }

    #[test]
    fn only_the_youngest_count_in_whatever_order_they_come() {
        let ways = |nth: i64| (nth, nth + if nth < 4000 { 9_000 } else { 7 });
        let mut pace = Pace::default();
        (0..5000)
            .map(ways)
            .for_each(|(from, to)| pace.add(from, to));
        assert_eq!(pace.p99(500), Some((7, 500)));
        let mut backwards = Pace::default();
        (0..5000)
            .rev()
            .map(ways)
            .for_each(|(from, to)| backwards.add(from, to));
        assert_eq!(backwards.p99(500), Some((7, 500)));
        assert_eq!(pace.p99(20), Some((7, 20)));
        assert!(pace.heap_bytes() <= 4 * KEPT * 16);
    }
}
