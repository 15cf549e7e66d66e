//! Order and partition of the copies of each aggregate.

use waybill_model::{Flags, Marks, NO_VERSION, PlaceId};

use crate::index::Index;
use crate::ingest::is_own_copy;
use crate::store::{CopyRef, State};

/// The flags that depend on an event's neighbours.
pub(crate) const ORDER_FLAGS: Flags = Flags::OUT_OF_ORDER.union(Flags::KEY_MOVED);

/// The first copy of an event at one destination, as far as order is concerned.
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
            let members = &members[span[0] as usize..span[1] as usize];
            steps.clear();
            for &no in members {
                self.set_order_flags(no, Flags::empty());
                self.add_steps(no, &mut steps);
            }
            self.flag_order(&mut steps);
        }
    }

    /// The events with copies of every aggregate that has an unsettled event, grouped by
    /// aggregate, or that one has `left`: where each group begins, and the members of all.
    fn touched_members(&self, left: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let events = &self.events;
        let n_aggregates = events.aggregates.len() as usize;
        // A copy may carry the bare id where business rows know the type as well.
        let group = |aggregate: u32| self.business.aggregate_of(aggregate) as usize;
        let mut touched = vec![false; n_aggregates];
        for no in 0..events.len() {
            if !events.is(no, State::SETTLED) {
                touched[group(events.aggregate(no))] = true;
            }
        }
        for &aggregate in left {
            touched[group(aggregate)] = true;
        }
        // Number 0 is no aggregate.
        touched[0] = false;
        let member = |no: u32| {
            let aggregate = group(events.aggregate(no));
            let counts = touched[aggregate] && events.visible(no) && events.has_copy(no);
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

    /// The first copy of an event at each destination. Retries and resends are late on purpose.
    fn add_steps(&self, no: u32, steps: &mut Vec<Step>) {
        let from = steps.len();
        let resends = self.resends(no);
        let counts =
            |copy: &CopyRef| !copy.marks.contains(Marks::RETRY) && !is_own_copy(copy, resends);
        steps.extend(self.events.copies(no).filter(counts).map(|copy| Step {
            place: copy.place,
            partition: copy.partition,
            position: copy.position,
            at: copy.at,
            version: self.events.version(no),
            no,
        }));
        if steps.len() - from > 1 {
            let mut own = steps.split_off(from);
            own.sort_unstable_by_key(|step| (step.place, step.at, step.partition, step.position));
            own.dedup_by_key(|step| step.place);
            steps.append(&mut own);
        }
    }

    fn flag_order(&mut self, steps: &mut [Step]) {
        steps.sort_unstable_by_key(|step| (step.place, step.partition, step.position));
        let mut newest: Option<Step> = None;
        for step in steps.iter().filter(|step| step.version != NO_VERSION) {
            let same_partition =
                newest.filter(|n| (n.place, n.partition) == (step.place, step.partition));
            if same_partition.is_some_and(|newest| step.version < newest.version) {
                self.add_order_flag(step.no, Flags::OUT_OF_ORDER);
            } else {
                newest = Some(*step);
            }
        }
        steps.sort_unstable_by_key(|step| (step.place, step.at, step.position, step.partition));
        let mut before: Option<Step> = None;
        for step in steps.iter() {
            let moved = before.is_some_and(|before| {
                before.place == step.place && before.partition != step.partition
            });
            if moved {
                self.add_order_flag(step.no, Flags::KEY_MOVED);
            }
            before = Some(*step);
        }
    }

    fn add_order_flag(&mut self, no: u32, flag: Flags) {
        let flags = self.verdicts.flags(no).intersection(ORDER_FLAGS);
        self.set_order_flags(no, flags | flag);
    }

    fn set_order_flags(&mut self, no: u32, order: Flags) {
        let flags = self.verdicts.flags(no);
        let wanted = flags.difference(ORDER_FLAGS) | order;
        if flags != wanted {
            self.verdicts.set_flags(no, wanted);
        }
    }
}
