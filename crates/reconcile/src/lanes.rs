//! The times of each timeline lane, sorted and small.

use waybill_model::{ConsumerNo, Micros, PlaceId};

/// Times per block: each block costs 16 bytes, each time in it two.
const BLOCK: usize = 64;

/// How many times may wait uncompressed at least before a lane is built anew.
const MIN_FRESH: usize = 4096;

/// A lane of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Events that need somebody to act.
    Missing,
    /// Business rows.
    Stored,
    /// Outbox rows.
    Outbox,
    /// Copies at one destination.
    Published(PlaceId),
    /// What one consumer processed (or moved past, where it has no inbox).
    Consumer(ConsumerNo),
}

/// The times of one lane in ascending order.
///
/// Not a slice: ten million events in seven lanes of `i64` would be half a gigabyte. A lane keeps
/// little more than two bytes per time and answers the one question that a density asks. Where 64
/// neighbours span more than 65 ms a time may be told early, by less than the 65 536th part of
/// their span; a column of a timeline is far wider than that.
#[derive(Debug, Clone, Default)]
pub struct LaneTimes {
    packed: Packed,
    /// What came since, ascending.
    fresh: Vec<i64>,
    /// `fresh` was full, or a time has changed: build anew.
    stale: bool,
}

impl LaneTimes {
    /// How many times.
    pub fn len(&self) -> usize {
        self.packed.len + self.fresh.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many times are before `at`. Quick when `near`, an earlier answer, is close by.
    pub fn rank(&self, at: Micros, near: usize) -> usize {
        let fresh = self.fresh.partition_point(|&time| time < at.0);
        self.packed.rank(at.0, near) + fresh
    }

    /// The first and the last time.
    pub fn span(&self) -> Option<(Micros, Micros)> {
        let packed = self.packed.ends();
        let fresh = self.fresh.first().copied().zip(self.fresh.last().copied());
        let (first, last) = match (packed, fresh) {
            (Some(a), Some(b)) => (a.0.min(b.0), a.1.max(b.1)),
            (a, b) => a.or(b)?,
        };
        Some((Micros(first), Micros(last)))
    }

    /// Takes one time in; [`LaneTimes::settle`] puts it in its place.
    pub(crate) fn add(&mut self, at: i64) {
        if self.fresh.len() >= MIN_FRESH.max(self.packed.len / 16) {
            self.stale = true;
            self.fresh = Vec::new();
        } else if !self.stale {
            self.fresh.push(at);
        }
    }

    /// Says that a time has changed or gone.
    pub(crate) fn spoil(&mut self) {
        self.stale = true;
    }

    /// Makes the lane ready to answer; `all` is asked for when it has to be built anew.
    pub(crate) fn settle(&mut self, all: impl FnOnce() -> Vec<i64>) {
        if self.stale {
            self.replace(all());
        } else if self.packed.len == 0 && self.fresh.len() > BLOCK {
            let fresh = std::mem::take(&mut self.fresh);
            self.replace(fresh);
        } else {
            self.fresh.sort();
        }
    }

    /// Holds exactly these times from now on.
    pub(crate) fn replace(&mut self, mut times: Vec<i64>) {
        // Times come nearly in order; the stable sort is linear then.
        times.sort();
        self.packed = Packed::new(&times);
        self.fresh = Vec::new();
        self.stale = false;
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.packed.blocks.capacity() * size_of::<Block>()
            + self.packed.steps.capacity() * 2
            + self.fresh.capacity() * 8
    }
}

/// Ascending times in blocks of 64: the first in full, all as steps from it.
#[derive(Debug, Clone, Default)]
struct Packed {
    blocks: Vec<Block>,
    steps: Vec<u16>,
    len: usize,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    first: i64,
    /// A step is two to this power of microseconds.
    shift: u8,
}

impl Packed {
    fn new(times: &[i64]) -> Self {
        let mut blocks = Vec::with_capacity(times.len().div_ceil(BLOCK));
        let mut steps = Vec::with_capacity(times.len());
        for chunk in times.chunks(BLOCK) {
            let first = chunk[0];
            let span = chunk[chunk.len() - 1].wrapping_sub(first) as u64;
            let shift = (64 - span.leading_zeros()).saturating_sub(16) as u8;
            blocks.push(Block { first, shift });
            steps.extend(
                chunk
                    .iter()
                    .map(|time| (time.wrapping_sub(first) as u64 >> shift) as u16),
            );
        }
        Self {
            blocks,
            steps,
            len: times.len(),
        }
    }

    fn rank(&self, at: i64, near: usize) -> usize {
        let block = self.block_before(at, near / BLOCK);
        let Some(idx) = block else {
            return 0;
        };
        let Block { first, shift } = self.blocks[idx];
        let wanted = at.wrapping_sub(first) as u64;
        let from = idx * BLOCK;
        let steps = &self.steps[from..self.len.min(from + BLOCK)];
        from + steps.partition_point(|&step| u64::from(step) << shift < wanted)
    }

    /// The last block that begins before `at`, looked for from `near` outwards.
    fn block_before(&self, at: i64, near: usize) -> Option<usize> {
        let near = near.min(self.blocks.len());
        let (mut low, mut high, mut step) = (near, near, 1);
        if self.blocks.get(near).is_some_and(|block| block.first < at) {
            while self.blocks.get(high).is_some_and(|block| block.first < at) {
                low = high + 1;
                high = (high + step).min(self.blocks.len());
                step *= 2;
            }
        } else {
            while low > 0 && self.blocks[low - 1].first >= at {
                high = low - 1;
                low = low.saturating_sub(step);
                step *= 2;
            }
        }
        let beginning = self.blocks[low..high].partition_point(|block| block.first < at);
        (low + beginning).checked_sub(1)
    }

    fn ends(&self) -> Option<(i64, i64)> {
        let first = self.blocks.first()?.first;
        let Block { first: base, shift } = *self.blocks.last()?;
        let last = u64::from(*self.steps.last()?) << shift;
        Some((first, base.wrapping_add(last as i64)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lane(times: &[i64]) -> LaneTimes {
        let mut lane = LaneTimes::default();
        for &time in times {
            lane.add(time);
        }
        let all = times.to_vec();
        lane.settle(|| all);
        lane
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn close_times_are_ranked_exactly_from_any_hint(
            mut times in prop::collection::vec(-30_000_i64..30_000, 0..400),
            at in -31_000_i64..31_000,
            near in 0_usize..500,
        ) {
            let lane = lane(&times);
            times.sort_unstable();
            let expected = times.partition_point(|&time| time < at);
            prop_assert_eq!(lane.rank(Micros(at), near), expected);
        }

        #[test]
        fn distant_times_are_off_by_a_65536th_of_their_neighbourhood_at_most(
            times in prop::collection::vec(any::<i64>(), 65..300),
            at in any::<i64>(),
        ) {
            let lane = lane(&times);
            // A block may span the whole of time, so its 65 536th part is 2^48 µs.
            let exact = |at: i64| times.iter().filter(|&&time| time < at).count();
            let rank = lane.rank(Micros(at), 0);
            prop_assert!(rank >= exact(at));
            prop_assert!(rank <= exact(at.saturating_add(1 << 48)));
        }
    }

    #[test]
    fn a_lane_of_many_takes_little_more_than_two_bytes_each() {
        let times: Vec<i64> = (0..200_000).map(|nth| nth * 18_000).collect();
        let lane = lane(&times);
        assert_eq!(lane.len(), 200_000);
        assert!(
            lane.heap_bytes() < 200_000 * 23 / 10,
            "{}",
            lane.heap_bytes()
        );
        let (first, last) = lane.span().expect("it is not empty");
        let early = times[199_999] - last.0;
        assert!(first == Micros(0) && (0..32).contains(&early), "{early}");
    }

    #[test]
    fn what_comes_later_counts_at_once() {
        let mut lane = lane(&(0..1000).collect::<Vec<_>>());
        lane.add(-5);
        lane.add(2000);
        lane.settle(|| unreachable!("two more are no reason to build anew"));
        assert_eq!([lane.rank(Micros(-5), 0), lane.rank(Micros(0), 0)], [0, 1]);
        assert_eq!((lane.len(), lane.rank(Micros(5000), 3)), (1002, 1002));
    }
}
