//! Whether the tap may have lost something: decided from what can be counted. Pure.

use waybill_model::{Gap, GapReason, Micros, Window};

/// Messages the tap's queue holds before it drops the oldest.
pub(crate) const MAX_LENGTH: u32 = 20_000;

/// Bytes it holds before it drops the oldest.
pub(crate) const MAX_BYTES: i64 = 32 * 1024 * 1024;

/// How long it keeps a message.
pub(crate) const TTL_MILLIS: i64 = 60_000;

/// Samples of the depth of a tap's queue, and counts of what went in and came out.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The last time the queue was empty.
    empty_at: Micros,
    /// The last two times the counts were compared. The broker's count is some seconds old, so the
    /// last comparison vouches for what came before the one before it.
    compared_at: [Micros; 2],
    /// Messages known to be lost.
    n_lost: u64,
    /// The largest body seen, in bytes.
    max_bytes: usize,
}

impl Watch {
    pub(crate) fn new(opened: Micros) -> Self {
        Self {
            empty_at: opened,
            compared_at: [opened; 2],
            n_lost: 0,
            max_bytes: 0,
        }
    }

    /// A message of so many bytes came.
    pub(crate) fn saw(&mut self, bytes: usize) {
        self.max_bytes = Ord::max(self.max_bytes, bytes);
    }

    /// So many messages wait. A gap when the limits are so near that something may have been
    /// dropped between two samples, or has waited for half its life.
    pub(crate) fn sample(&mut self, at: Micros, depth: u32) -> Option<Gap> {
        if depth == 0 {
            self.empty_at = at;
            return None;
        }
        let bytes =
            i64::from(depth).saturating_mul(i64::try_from(self.max_bytes).unwrap_or(i64::MAX));
        let near_limit = depth >= MAX_LENGTH / 2 || bytes >= MAX_BYTES / 2;
        let old = at.since(self.empty_at) >= TTL_MILLIS * 1000 / 2;
        (near_limit || old).then_some(overflow(self.empty_at, at))
    }

    /// Up to when the counts vouch for every message.
    pub(crate) fn vouched_to(&self) -> Micros {
        self.compared_at[0]
    }

    /// The broker counted `n_routed` into the queue some seconds ago, if it counts at all;
    /// `n_taken` have come out by now. A gap when fewer came out.
    pub(crate) fn counted(
        &mut self,
        at: Micros,
        n_routed: Option<u64>,
        n_taken: u64,
    ) -> Option<Gap> {
        let n_lost = n_routed.map_or(0, |n_routed| n_routed.saturating_sub(n_taken));
        let gap = (n_lost > self.n_lost).then(|| overflow(self.vouched_to(), at));
        self.n_lost = Ord::max(n_lost, self.n_lost);
        self.compared_at = [self.compared_at[1], at];
        gap
    }
}

fn overflow(from: Micros, to: Micros) -> Gap {
    Gap {
        window: Window { from, to },
        reason: GapReason::TapOverflow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Micros {
        Micros(second * 1_000_000)
    }

    #[test]
    fn a_tap_that_keeps_up_has_no_gap() {
        let mut watch = Watch::new(at(0));
        watch.saw(200);
        for (second, depth) in [(1, 0), (2, 300), (3, 0), (25, 9000)] {
            assert_eq!(watch.sample(at(second), depth), None, "second {second}");
        }
        assert_eq!(watch.counted(at(5), Some(100), 120), None);
        assert_eq!(watch.counted(at(10), None, 120), None);
        assert_eq!(watch.vouched_to(), at(5));
    }

    #[test]
    fn a_deep_an_old_or_a_heavy_queue_may_have_dropped_something() {
        let mut watch = Watch::new(at(0));
        assert_eq!(watch.sample(at(2), 10_000), Some(overflow(at(0), at(2))));
        watch.sample(at(3), 0);
        assert_eq!(watch.sample(at(40), 1), Some(overflow(at(3), at(40))));
        watch.sample(at(41), 0);
        watch.saw(20_000_000);
        assert_eq!(watch.sample(at(42), 1), Some(overflow(at(41), at(42))));
    }

    #[test]
    fn what_went_in_and_never_came_out_is_lost_once() {
        let mut watch = Watch::new(at(0));
        for (second, n_routed, n_taken, expected) in [
            (5, 100, 100, None),
            (10, 200, 200, None),
            (15, 300, 250, Some(overflow(at(5), at(15)))),
            (20, 400, 350, None),
            (25, 500, 440, Some(overflow(at(15), at(25)))),
        ] {
            let gap = watch.counted(at(second), Some(n_routed), n_taken);
            assert_eq!(gap, expected, "second {second}");
        }
    }
}
