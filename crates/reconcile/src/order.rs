//! Order and partition of the copies of each aggregate.

use waybill_model::{Flags, NO_VERSION, PlaceId};

use crate::index::Index;
use crate::ingest::is_own;
use crate::store::State;

/// The flags that depend on an event's neighbours.
pub(crate) const ORDER_FLAGS: Flags = Flags::OUT_OF_ORDER.union(Flags::KEY_MOVED);

/// The first copy of an event, as far as order is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    place: PlaceId,
    partition: u32,
    position: i64,
    at: i64,
    version: i64,
    no: u32,
}

impl Index {
    /// Looks through the aggregates that have new copies for copies out of order.
    ///
    /// Order is the broker's order within one partition, never a clock's; a partition that differs
    /// from the aggregate's copy before is a key that moved.
    pub(crate) fn judge_order(&mut self) {
        if !std::mem::take(&mut self.new_copies) {
            return;
        }
        let left = std::mem::take(&mut self.left_aggregates);
        let (starts, members) = self.touched_members(&left);
        let mut steps = Vec::new();
        for span in starts.windows(2) {
            let (from, to) = (span[0] as usize, span[1] as usize);
            steps.clear();
            steps.extend(members[from..to].iter().filter_map(|&no| self.step(no)));
            self.flag_order(&mut steps);
        }
    }

    /// The events with copies of every aggregate that has an unsettled event, grouped by
    /// aggregate, or that one has `left`: where each group begins, and the members of all.
    fn touched_members(&self, left: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let events = &self.events;
        let n_aggregates = events.aggregates.len() as usize;
        let mut touched = vec![false; n_aggregates];
        for no in 0..events.len() {
            if !events.is(no, State::SETTLED) {
                touched[events.aggregate(no) as usize] = true;
            }
        }
        for &aggregate in left {
            touched[aggregate as usize] = true;
        }
        // Number 0 is no aggregate.
        touched[0] = false;
        let member = |no: u32| {
            let aggregate = events.aggregate(no) as usize;
            let counts = touched[aggregate] && events.copy.has(no) && events.visible(no);
            counts.then_some(aggregate)
        };
        let mut starts = vec![0_u32; n_aggregates + 1];
        for aggregate in (0..events.len()).filter_map(member) {
            starts[aggregate + 1] += 1;
        }
        for idx in 1..starts.len() {
            starts[idx] += starts[idx - 1];
        }
        let mut members = vec![0_u32; starts[n_aggregates] as usize];
        let mut next = starts.clone();
        for no in 0..events.len() {
            if let Some(aggregate) = member(no) {
                members[next[aggregate] as usize] = no;
                next[aggregate] += 1;
            }
        }
        (starts, members)
    }

    fn step(&self, no: u32) -> Option<Step> {
        let copies = self.events.copies(no).filter(|copy| !is_own(copy.marks));
        let first = copies.min_by_key(|copy| (copy.at, copy.partition, copy.position))?;
        Some(Step {
            place: first.place,
            partition: first.partition,
            position: first.position,
            at: first.at,
            version: self.events.version(no),
            no,
        })
    }

    fn flag_order(&mut self, steps: &mut [Step]) {
        steps.sort_unstable_by_key(|step| (step.place, step.partition, step.position));
        let mut newest: Option<Step> = None;
        for step in steps.iter() {
            let same_partition =
                newest.filter(|n| (n.place, n.partition) == (step.place, step.partition));
            let late = same_partition
                .is_some_and(|newest| step.version != NO_VERSION && step.version < newest.version);
            self.set_order_flag(step.no, Flags::OUT_OF_ORDER, late);
            if !late {
                newest = Some(*step);
            }
        }
        steps.sort_unstable_by_key(|step| (step.place, step.at, step.position, step.no));
        let mut before: Option<Step> = None;
        for step in steps.iter() {
            let moved = before.is_some_and(|before| {
                before.place == step.place && before.partition != step.partition
            });
            self.set_order_flag(step.no, Flags::KEY_MOVED, moved);
            before = Some(*step);
        }
    }

    fn set_order_flag(&mut self, no: u32, flag: Flags, on: bool) {
        let mut flags = self.verdicts.flags(no);
        if flags.contains(flag) != on {
            flags.set(flag, on);
            self.verdicts.set_flags(no, flags);
        }
    }
}
