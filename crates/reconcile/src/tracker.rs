//! How far each consumer had moved by when: its looks, thinned out, and what it has processed.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use waybill_model::{LagReason, PlaceId};

use crate::ConsumerProgress;

/// How many looks are kept per partition before every second one is dropped.
const MAX_LOOKS: usize = 1024;

/// Up to so many looks are kept as they are.
const FEW_LOOKS: usize = 64;

/// How long a consumer has to stand still before it counts as stalled rather than slow.
const STALLED_MICROS: i64 = 10_000_000;

/// What is known of one consumer's movement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Movement {
    partitions: BTreeMap<u32, PartitionMovement>,
    /// Looks at the queue, ascending.
    queue: Vec<QueueLook>,
    /// Since when the queue's depth is what it was seen to be last.
    depth_since: i64,
    attached: Option<u32>,
    latest: Option<i64>,
    processed: HashMap<(PlaceId, u32), Processed>,
}

#[derive(Debug, Clone, Copy)]
struct QueueLook {
    at: i64,
    depth: (u64, u64),
    bound: bool,
    may_drop: bool,
}

/// Offsets of one partition that were processed, when, and the event; the finer, the fewer they
/// are.
#[derive(Debug, Clone, Default)]
struct Processed {
    steps: Vec<(i64, i64, u32)>,
    last: i64,
    apart: u64,
}

#[derive(Debug, Clone, Default)]
struct PartitionMovement {
    /// Looks at which it had a committed offset, by time.
    told: Vec<Told>,
    /// Time of the look and offset passed, both ascending: of what was told, whatever no later look
    /// takes back.
    looks: Vec<(i64, i64)>,
    /// When it was looked at last and had a committed offset.
    latest: Option<i64>,
}

/// What one look found in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    at: i64,
    passed: i64,
    end: i64,
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
    /// Its committed offset lies beyond the end: it is of another life of the topic.
    Beyond,
    /// Nobody has looked (there).
    NotLooked,
}

impl Passage {
    /// What holds for two copies of one event together: the one that is further from done.
    pub(crate) fn together(self, other: Self) -> Self {
        let rank = |passage: Self| match passage {
            Self::By(at) => (0, at),
            Self::NotLooked => (1, 0),
            Self::NoOffset => (2, 0),
            Self::Beyond => (3, 0),
            Self::NotYet(reason) => (4, i64::from(reason == LagReason::Stalled)),
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

impl Movement {
    /// Takes in one look. Answers whether something that was said to be passed may not be: it is
    /// older than one that was known, or takes back what an earlier one told.
    pub(crate) fn look(&mut self, look: &ConsumerProgress) -> bool {
        let at = look.at.0;
        let newest = self.latest.is_none_or(|latest| at >= latest);
        let mut taken_back = false;
        for partition in &look.partitions {
            let known = self.partitions.entry(partition.partition).or_default();
            taken_back |= known.look(at, partition.passed, partition.end);
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
            let idx = self.queue.partition_point(|known| known.at <= at);
            let look = QueueLook {
                at,
                depth: (queue.ready, queue.unacked),
                bound: queue.bound,
                may_drop: queue.may_drop,
            };
            self.queue.insert(idx, look);
            self.thin_queue();
            let depth = self.queue.last().map(|last| last.depth);
            let same = self
                .queue
                .iter()
                .rev()
                .take_while(|known| Some(known.depth) == depth);
            self.depth_since = same.last().map_or(at, |first| first.at);
        }
        !newest || taken_back
    }

    /// Whether it was looked at and had no committed offset anywhere.
    pub(crate) fn never_committed(&self) -> bool {
        let mut partitions = self.partitions.values();
        !self.partitions.is_empty() && partitions.all(|known| known.latest.is_none())
    }

    /// Notes that an event, all of whose copies lie in one partition and the first of them at
    /// `offset`, was processed at a time.
    pub(crate) fn processed(
        &mut self,
        no: u32,
        (place, partition, offset): (PlaceId, u32, i64),
        at: i64,
    ) {
        let known = self.processed.entry((place, partition)).or_default();
        if offset.abs_diff(known.last) < known.apart {
            return;
        }
        known.last = offset;
        known.steps.push((offset, at, no));
        if known.steps.len() > MAX_LOOKS {
            known.steps.sort_unstable();
            known.steps.dedup();
            thin(&mut known.steps);
            known.apart = known.apart.max(1) * 2;
        }
    }

    /// Forgets that an event was processed: it turned out to have further copies.
    pub(crate) fn forget_processed(&mut self, no: u32, place: PlaceId, partition: u32) {
        if let Some(known) = self.processed.get_mut(&(place, partition)) {
            known.steps.retain(|&(_, _, of)| of != no);
        }
    }

    /// When a later copy of the same partition was processed, at the earliest: the consumer had
    /// passed this one by then.
    pub(crate) fn overtaken(&self, place: PlaceId, partition: u32, offset: i64) -> Option<i64> {
        let known = self.processed.get(&(place, partition))?;
        let later = known.steps.iter().filter(|&&(o, ..)| o > offset);
        later.map(|&(_, at, _)| at).min()
    }

    /// Whether a group has passed an offset, which has been there `since` then.
    pub(crate) fn passed_offset(&self, partition: u32, offset: i64, since: i64) -> Passage {
        let Some(known) = self.partitions.get(&partition) else {
            return Passage::NotLooked;
        };
        let idx = known.looks.partition_point(|&(_, passed)| passed <= offset);
        match known.looks.get(idx) {
            Some(&(at, _)) => Passage::By(at),
            None if known.is_beyond() => Passage::Beyond,
            None => match (known.looks.last(), known.latest) {
                (Some(&(reached, _)), Some(latest)) => {
                    Passage::NotYet(self.lag(reached.max(since), latest))
                }
                _ => Passage::NoOffset,
            },
        }
    }

    /// Whether a queue was seen empty after a copy had been routed to it.
    pub(crate) fn left_queue(&self, routed: i64) -> Passage {
        let idx = self.queue.partition_point(|look| look.at < routed);
        let empty = self.queue[idx..].iter().find(|look| look.depth == (0, 0));
        match (empty, self.latest) {
            (Some(look), _) => Passage::By(look.at),
            (None, Some(latest)) if !self.queue.is_empty() => {
                Passage::NotYet(self.lag(self.depth_since.max(routed), latest))
            }
            _ => Passage::NotLooked,
        }
    }

    /// Whether nothing led to the queue when a copy was routed: as the first look after that says,
    /// or else the last one before. `false` when nobody has looked.
    pub(crate) fn unbound(&self, routed: i64) -> bool {
        let idx = self.queue.partition_point(|look| look.at < routed);
        let look = self.queue.get(idx).or(self.queue.last());
        look.is_some_and(|look| !look.bound)
    }

    /// Whether the queue may have dropped what was routed then, rather than delivered it, before it
    /// was seen empty at `by`. What may happen to it since says nothing about that.
    pub(crate) fn may_have_dropped(&self, routed: i64, by: i64) -> bool {
        let idx = self.queue.partition_point(|look| look.at < routed);
        let mut until = self.queue[idx..].iter().take_while(|look| look.at <= by);
        until.any(|look| look.may_drop)
    }

    /// What a look that goes has seen of dropping, the next one keeps.
    fn thin_queue(&mut self) {
        if self.queue.len() > MAX_LOOKS {
            for pair in self.queue.rchunks_exact_mut(2) {
                pair[1].may_drop |= pair[0].may_drop;
            }
        }
        thin(&mut self.queue);
    }

    /// Why it is behind, given since when it stands where it does with work before it.
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
            .map(|known| known.looks.capacity() * pair + known.told.capacity() * size_of::<Told>())
            .sum();
        let processed: usize = self
            .processed
            .values()
            .map(|known| known.steps.capacity())
            .sum();
        looks
            + processed * size_of::<(i64, i64, u32)>()
            + self.queue.capacity() * size_of::<QueueLook>()
    }
}

impl PartitionMovement {
    /// Takes in a look; whether it takes back what was told before.
    fn look(&mut self, at: i64, passed: Option<i64>, end: i64) -> bool {
        let Some(passed) = passed else {
            return false;
        };
        self.latest = self.latest.max(Some(at));
        let told = Told { at, passed, end };
        let idx = self.told.partition_point(|known| *known <= told);
        self.told.insert(idx, told);
        if self.told.len() > FEW_LOOKS {
            self.leave_out_repetitions();
        }
        thin(&mut self.told);
        let before = self.looks.last().copied();
        self.looks = standing(&self.told);
        before.is_some_and(|(_, reached)| {
            self.looks
                .last()
                .is_none_or(|&(_, passed)| passed < reached)
        })
    }

    /// Of many looks with the same answer in a row the first and the last say it all.
    fn leave_out_repetitions(&mut self) {
        let same = |one: &Told, other: &Told| (one.passed, one.end) == (other.passed, other.end);
        let told = std::mem::take(&mut self.told);
        for (idx, look) in told.iter().enumerate() {
            let before = idx.checked_sub(1).is_some_and(|idx| same(&told[idx], look));
            let after = told.get(idx + 1).is_some_and(|next| same(next, look));
            if !(before && after) {
                self.told.push(*look);
            }
        }
    }

    /// Whether the newest committed offset is none of this partition.
    fn is_beyond(&self) -> bool {
        self.told
            .last()
            .is_some_and(|newest| newest.passed > newest.end)
    }
}

/// Time and offset of the looks that still stand, both ascending. A group that is set back has what
/// lies behind that before it again; an end that lies before what was passed, or an offset beyond
/// the end, is that of a topic which was made anew, and says that all before is void.
fn standing(told: &[Told]) -> Vec<(i64, i64)> {
    let mut bound = i64::MAX;
    let mut looks: Vec<(i64, i64)> = Vec::new();
    for look in told.iter().rev() {
        if look.passed > look.end {
            break;
        }
        if look.passed <= bound {
            looks.push((look.at, look.passed));
        }
        bound = bound.min(look.passed).min(look.end);
    }
    looks.reverse();
    let mut furthest = i64::MIN;
    looks.retain(|&(_, passed)| {
        let further = passed > furthest;
        furthest = furthest.max(passed);
        further
    });
    looks
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
                end: 5000,
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
            group(15, Some(5)),
            group(20, Some(9)),
            group(20 + STALLED_MICROS, Some(9)),
        ];
        let movement = movement(&looks);
        assert_eq!(movement.passed_offset(2, 4, 0), Passage::By(10));
        assert_eq!(movement.passed_offset(2, 5, 0), Passage::By(20));
        assert_eq!(
            movement.passed_offset(2, 9, 0),
            Passage::NotYet(LagReason::Stalled)
        );
        assert_eq!(movement.passed_offset(3, 0, 0), Passage::NotLooked);
    }

    #[test]
    fn a_group_that_was_set_back_has_it_before_it_again() {
        let back = [group(10, Some(9)), group(20, Some(3)), group(30, Some(6))];
        let movement = movement(&back);
        assert_eq!(movement.passed_offset(2, 2, 0), Passage::By(20));
        assert_eq!(movement.passed_offset(2, 5, 0), Passage::By(30));
        assert_eq!(
            movement.passed_offset(2, 8, 0),
            Passage::NotYet(LagReason::Behind)
        );
    }

    #[test]
    fn an_offset_beyond_the_end_is_of_another_life() {
        let look = |at, passed, end| {
            let mut look = group(at, Some(passed));
            look.partitions[0].end = end;
            look
        };
        // Made anew: first the old offset, then the consumer begins again.
        let beyond = [look(10, 100, 200), look(20, 100, 30)];
        let passage =
            |looks: &[ConsumerProgress], offset| movement(looks).passed_offset(2, offset, 0);
        assert_eq!(passage(&beyond, 5), Passage::Beyond);
        let again = [beyond[0].clone(), beyond[1].clone(), look(30, 6, 30)];
        assert_eq!(passage(&again, 5), Passage::By(30));
        assert_eq!(passage(&again, 6), Passage::NotYet(LagReason::Behind));
        // All caught up is not beyond.
        assert_eq!(passage(&[look(10, 30, 30)], 29), Passage::By(10));
        // Nobody looked in between: what was passed lies behind the end that there is now.
        assert_eq!(
            passage(&[look(10, 100, 200), look(30, 6, 30)], 20),
            Passage::NotYet(LagReason::Behind)
        );
    }

    #[test]
    fn no_offset_is_not_the_same_as_an_offset_of_nothing() {
        assert_eq!(
            movement(&[group(10, None)]).passed_offset(2, 0, 0),
            Passage::NoOffset
        );
        let begun = movement(&[group(10, None), group(20, Some(0))]);
        assert_eq!(
            begun.passed_offset(2, 0, 0),
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
            match movement.passed_offset(2, offset, 0) {
                Passage::By(at) => assert!(at > offset, "{offset} passed by {at}"),
                other => panic!("{offset}: {other:?}"),
            }
        }
        assert_eq!(
            movement.passed_offset(2, 4999, 0),
            Passage::NotYet(LagReason::Behind)
        );
    }
}
