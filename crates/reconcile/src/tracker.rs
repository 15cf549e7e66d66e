//! How far each consumer had moved by when: its looks, thinned out, and what it has processed.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use waybill_model::{LagReason, PlaceId};

use crate::ConsumerProgress;

/// How many looks are kept per partition before every second one is dropped.
const MAX_LOOKS: usize = 1024;

/// How long a consumer has to stand still before it counts as stalled rather than slow.
const STALLED_MICROS: i64 = 10_000_000;

/// What is known of one consumer's movement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Movement {
    partitions: BTreeMap<u32, PartitionMovement>,
    /// When the queue was seen empty, ascending.
    empty_at: Vec<i64>,
    depth: Option<(u64, u64)>,
    bound: bool,
    may_drop: bool,
    attached: Option<u32>,
    /// Since when the queue's depth is what it is.
    depth_since: i64,
    latest: Option<i64>,
    processed: HashMap<(PlaceId, u32), Processed>,
}

/// Offsets of one partition that were processed, and when; the finer, the fewer they are.
#[derive(Debug, Clone, Default)]
struct Processed {
    steps: Vec<(i64, i64)>,
    last: i64,
    apart: u64,
}

#[derive(Debug, Clone, Default)]
struct PartitionMovement {
    /// Time of the look and offset passed, both ascending.
    looks: Vec<(i64, i64)>,
    /// When it was looked at last and had a committed offset.
    latest: Option<i64>,
}

/// Whether a consumer has passed an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It had passed at this time, at the latest.
    By(i64),
    /// It had not when last looked at.
    NotYet(LagReason),
    /// It has no committed offset.
    NoOffset,
    /// Nobody has looked (there).
    NotLooked,
}

impl Movement {
    /// Takes in one look.
    pub(crate) fn look(&mut self, look: &ConsumerProgress) {
        let at = look.at.0;
        let newest = self.latest.is_none_or(|latest| at >= latest);
        for partition in &look.partitions {
            let known = self.partitions.entry(partition.partition).or_default();
            known.look(at, partition.passed);
        }
        if newest {
            self.latest = Some(at);
            self.attached = look
                .queue
                .as_ref()
                .map(|queue| queue.consumers)
                .or(look.members);
        }
        if let Some(queue) = &look.queue {
            if queue.ready == 0 && queue.unacked == 0 {
                let idx = self.empty_at.partition_point(|&known| known < at);
                self.empty_at.insert(idx, at);
                thin(&mut self.empty_at);
            }
            if newest {
                let depth = (queue.ready, queue.unacked);
                if self.depth != Some(depth) {
                    self.depth_since = at;
                }
                self.depth = Some(depth);
                self.bound = queue.bound;
                self.may_drop = queue.may_drop;
            }
        }
    }

    /// Notes that a copy was processed at a time.
    pub(crate) fn processed(&mut self, place: PlaceId, partition: u32, offset: i64, at: i64) {
        let known = self.processed.entry((place, partition)).or_default();
        if offset.abs_diff(known.last) < known.apart {
            return;
        }
        known.last = offset;
        known.steps.push((offset, at));
        if known.steps.len() > MAX_LOOKS {
            known.steps.sort_unstable();
            known.steps.dedup();
            thin(&mut known.steps);
            known.apart = known.apart.max(1) * 2;
        }
    }

    /// Whether a later copy of the same partition had been processed before `until`: then the
    /// consumer had passed this one by then.
    pub(crate) fn overtaken(
        &self,
        place: PlaceId,
        partition: u32,
        offset: i64,
        until: i64,
    ) -> bool {
        let known = self.processed.get(&(place, partition));
        known.is_some_and(|known| known.steps.iter().any(|&(o, at)| o > offset && at < until))
    }

    /// Whether a group has passed an offset.
    pub(crate) fn passed_offset(&self, partition: u32, offset: i64) -> Passage {
        let Some(known) = self.partitions.get(&partition) else {
            return Passage::NotLooked;
        };
        let idx = known.looks.partition_point(|&(_, passed)| passed <= offset);
        match known.looks.get(idx) {
            Some(&(at, _)) => Passage::By(at),
            None => match (known.looks.last(), known.latest) {
                (Some(&(since, _)), Some(latest)) => Passage::NotYet(self.lag(since, latest)),
                _ => Passage::NoOffset,
            },
        }
    }

    /// Whether a queue was seen empty after a copy had been routed to it.
    pub(crate) fn left_queue(&self, routed: i64) -> Passage {
        let idx = self.empty_at.partition_point(|&at| at < routed);
        match self.empty_at.get(idx) {
            Some(&at) => Passage::By(at),
            None => match (self.depth, self.latest) {
                (Some(_), Some(latest)) => Passage::NotYet(self.lag(self.depth_since, latest)),
                _ => Passage::NotLooked,
            },
        }
    }

    /// Whether nothing leads to the queue. `false` when nobody has looked.
    pub(crate) fn unbound(&self) -> bool {
        self.depth.is_some() && !self.bound
    }

    pub(crate) fn may_drop(&self) -> bool {
        self.may_drop
    }

    /// Why it is behind, given since when it stands where it does.
    fn lag(&self, since: i64, latest: i64) -> LagReason {
        if self.attached == Some(0) {
            LagReason::NoConsumers
        } else if latest.saturating_sub(since) >= STALLED_MICROS {
            LagReason::Stalled
        } else {
            LagReason::Behind
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let pair = size_of::<(i64, i64)>();
        let looks: usize = self
            .partitions
            .values()
            .map(|known| known.looks.capacity())
            .sum();
        let processed: usize = self
            .processed
            .values()
            .map(|known| known.steps.capacity())
            .sum();
        (looks + processed) * pair + self.empty_at.capacity() * 8
    }
}

impl PartitionMovement {
    fn look(&mut self, at: i64, passed: Option<i64>) {
        let Some(passed) = passed else {
            return;
        };
        self.latest = self.latest.max(Some(at));
        self.looks.push((at, passed));
        // What was passed stays passed, whatever a rewind says later.
        self.looks.sort_unstable();
        let mut furthest = i64::MIN;
        self.looks.retain(|&(_, passed)| {
            let further = passed > furthest;
            furthest = furthest.max(passed);
            further
        });
        thin(&mut self.looks);
    }
}

/// Drops every second entry of a full list, never the last: answers become later, never earlier.
fn thin<T>(list: &mut Vec<T>) {
    if list.len() > MAX_LOOKS {
        let len = list.len();
        let mut idx = 0;
        list.retain(|_| {
            idx += 1;
            (len - idx).is_multiple_of(2)
        });
    }
}

#[cfg(test)]
mod tests {
    use waybill_model::{ConsumerNo, Micros};

    use super::*;
    use crate::{PartitionProgress, QueueProgress};

    fn group(at: i64, passed: Option<i64>) -> ConsumerProgress {
        ConsumerProgress {
            consumer: ConsumerNo(0),
            at: Micros(at),
            partitions: vec![PartitionProgress {
                partition: 2,
                passed,
                end: 100,
            }],
            queue: None,
            members: None,
        }
    }

    fn queue(at: i64, ready: u64, consumers: u32) -> ConsumerProgress {
        ConsumerProgress {
            consumer: ConsumerNo(0),
            at: Micros(at),
            partitions: Vec::new(),
            queue: Some(QueueProgress {
                ready,
                unacked: 0,
                consumers,
                bound: true,
                may_drop: false,
            }),
            members: None,
        }
    }

    fn movement(looks: &[ConsumerProgress]) -> Movement {
        let mut movement = Movement::default();
        for look in looks {
            movement.look(look);
        }
        movement
    }

    #[test]
    fn an_offset_is_passed_by_the_first_look_beyond_it() {
        let looks = [
            group(10, Some(5)),
            group(30, Some(5)),
            group(20, Some(9)),
            group(20 + STALLED_MICROS, Some(9)),
        ];
        let movement = movement(&looks);
        assert_eq!(movement.passed_offset(2, 4), Passage::By(10));
        assert_eq!(movement.passed_offset(2, 5), Passage::By(20));
        assert_eq!(
            movement.passed_offset(2, 9),
            Passage::NotYet(LagReason::Stalled)
        );
        assert_eq!(movement.passed_offset(3, 0), Passage::NotLooked);
    }

    #[test]
    fn no_offset_is_not_the_same_as_an_offset_of_nothing() {
        assert_eq!(
            movement(&[group(10, None)]).passed_offset(2, 0),
            Passage::NoOffset
        );
        let begun = movement(&[group(10, None), group(20, Some(0))]);
        assert_eq!(
            begun.passed_offset(2, 0),
            Passage::NotYet(LagReason::Behind)
        );
    }

    #[test]
    fn an_empty_queue_has_been_left_by_all_that_was_routed_before() {
        let movement = movement(&[queue(10, 3, 1), queue(20, 0, 1), queue(30, 2, 0)]);
        assert_eq!(movement.left_queue(15), Passage::By(20));
        assert_eq!(
            movement.left_queue(25),
            Passage::NotYet(LagReason::NoConsumers)
        );
    }

    #[test]
    fn thousands_of_looks_are_thinned_and_never_claim_too_early() {
        let looks: Vec<_> = (0..5000).map(|nth| group(nth, Some(nth))).collect();
        let movement = movement(&looks);
        for offset in [0, 17, 2500, 4998] {
            match movement.passed_offset(2, offset) {
                Passage::By(at) => assert!(at > offset, "{offset} passed by {at}"),
                other => panic!("{offset}: {other:?}"),
            }
        }
        assert_eq!(
            movement.passed_offset(2, 4999),
            Passage::NotYet(LagReason::Behind)
        );
    }
}
