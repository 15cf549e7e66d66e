//! How long the relay takes from outbox row to copy.

/// Steps per doubling.
const STEPS: usize = 8;

/// Delays counted in steps that grow with them, so that memory does not.
#[derive(Debug, Clone)]
pub(crate) struct Delays {
    counts: Vec<u64>,
    total: u64,
    longest: i64,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            counts: vec![0; 64 * STEPS],
            total: 0,
            longest: 0,
        }
    }
}

impl Delays {
    /// Takes in one delay in microseconds; a negative one (clocks apart) counts as none.
    pub(crate) fn add(&mut self, micros: i64) {
        let micros = micros.max(0);
        self.counts[step(micros)] += 1;
        self.total += 1;
        self.longest = self.longest.max(micros);
    }

    /// What 99 of 100 stay below, in microseconds.
    pub(crate) fn p99(&self) -> Option<i64> {
        let wanted = (self.total * 99).div_ceil(100);
        let mut seen = 0;
        for (idx, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && self.total > 0 {
                return Some(upper(idx).min(self.longest));
            }
        }
        None
    }
}

/// 0..8 one by one, then eight steps per doubling.
fn step(micros: i64) -> usize {
    let micros = micros.unsigned_abs();
    if micros < STEPS as u64 {
        return micros as usize;
    }
    let power = 63 - micros.leading_zeros() as usize;
    (power - 2) * STEPS + ((micros >> (power - 3)) as usize & (STEPS - 1))
}

fn upper(idx: usize) -> i64 {
    if idx < STEPS {
        return idx as i64;
    }
    let (power, part) = (idx / STEPS + 2, idx % STEPS);
    let above = (1_u64 << power) + ((part as u64 + 1) << (power - 3));
    i64::try_from(above - 1).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_of_a_hundred_is_told_within_an_eighth() {
        let mut delays = Delays::default();
        assert_eq!(delays.p99(), None);
        for nth in 1..=1000 {
            delays.add(nth * 1000);
        }
        let p99 = delays.p99().expect("there are some");
        assert!((990_000..=990_000 * 9 / 8).contains(&p99), "{p99}");
        assert_eq!(delays.longest, 1_000_000);
    }

    #[test]
    fn one_clock_that_is_off_does_not_change_what_most_stay_below() {
        let mut delays = Delays::default();
        (0..999).for_each(|_| delays.add(1000));
        delays.add(300_000_000);
        let p99 = delays.p99().expect("there are some");
        assert!(p99 < 2000, "{p99}");
    }

    #[test]
    fn every_delay_lies_at_or_below_the_upper_end_of_its_step() {
        for micros in [0, 1, 7, 8, 9, 15, 16, 17, 1000, 123_456_789, i64::MAX] {
            let idx = step(micros);
            assert!(micros <= upper(idx), "{micros}");
            assert!(idx == 0 || upper(idx - 1) < micros, "{micros}");
        }
    }
}
