//! Events in order of time, and the times of every lane.

use std::collections::BTreeMap;

use waybill_model::{ConsumerNo, PlaceRole};

use crate::store::{Business, Events, State};
use crate::{Lane, LaneTimes, Shape};

/// The time order of events and the lanes of the timeline, brought up to date by a judgement.
#[derive(Debug, Clone)]
pub(crate) struct Timelines {
    order: Vec<u32>,
    order_stale: bool,
    /// Events with numbers from here on are not in the order yet.
    ordered_below: u32,
    lanes: BTreeMap<Lane, LaneTimes>,
    none: LaneTimes,
}

impl Timelines {
    pub(crate) fn new(shape: &Shape) -> Self {
        let consumers = (0..=u8::MAX).take(shape.consumers.len()).map(ConsumerNo);
        let destinations = shape
            .places
            .iter()
            .filter(|place| place.role == PlaceRole::Destination);
        let lanes = [Lane::Missing, Lane::Stored, Lane::Outbox]
            .into_iter()
            .chain(destinations.map(|place| Lane::Published(place.id)))
            .chain(consumers.map(Lane::Consumer));
        Self {
            order: Vec::new(),
            order_stale: false,
            ordered_below: 0,
            lanes: lanes.map(|lane| (lane, LaneTimes::default())).collect(),
            none: LaneTimes::default(),
        }
    }

    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    pub(crate) fn lane(&self, lane: Lane) -> &LaneTimes {
        self.lanes.get(&lane).unwrap_or(&self.none)
    }

    /// The lane to add times to; `None` for one that is not shown.
    pub(crate) fn lane_mut(&mut self, lane: Lane) -> Option<&mut LaneTimes> {
        self.lanes.get_mut(&lane)
    }

    pub(crate) fn add(&mut self, lane: Lane, at: i64) {
        if let Some(times) = self.lanes.get_mut(&lane) {
            times.add(at);
        }
    }

    /// Says that a time of a lane has changed.
    pub(crate) fn spoil(&mut self, lane: Lane) {
        if let Some(times) = self.lanes.get_mut(&lane) {
            times.spoil();
        }
    }

    /// Says that the time of an event in the order has changed.
    pub(crate) fn spoil_order(&mut self) {
        self.order_stale = true;
    }

    /// Says that an event which had left the order may be back.
    pub(crate) fn forget_order(&mut self) {
        self.order.clear();
        self.ordered_below = 0;
    }

    /// Says that what consumers had may be told of other events.
    pub(crate) fn spoil_consumers(&mut self) {
        for (lane, times) in &mut self.lanes {
            if matches!(lane, Lane::Consumer(_)) {
                times.spoil();
            }
        }
    }

    pub(crate) fn replace(&mut self, lane: Lane, times: Vec<i64>) {
        if let Some(known) = self.lanes.get_mut(&lane) {
            known.replace(times);
        }
    }

    /// Puts every event into the order.
    pub(crate) fn settle_order(&mut self, events: &mut Events, business: &Business) {
        let at = |events: &Events, no: u32| (crate::row::at(events, business, no), no);
        let len = events.len();
        let mut fresh: Vec<u32> = (self.ordered_below..len)
            .filter(|&no| events.visible(no))
            .collect();
        for &no in &fresh {
            events.mark(no, State::ORDERED);
        }
        self.ordered_below = len;
        if self.order_stale {
            self.order.retain(|&no| events.visible(no));
            reserve(&mut self.order, fresh.len());
            self.order.append(&mut fresh);
            // Mostly in order already, which the stable sort notices.
            self.order.sort_by_key(|&no| at(events, no));
            self.order_stale = false;
            return;
        }
        fresh.sort_by_key(|&no| at(events, no));
        merge_sorted(&mut self.order, &fresh, |&no| at(events, no));
    }

    /// Makes all lanes ready, `all` yields the times of one that has to be built anew.
    pub(crate) fn settle_lanes(&mut self, all: impl Fn(Lane) -> Vec<i64>) {
        for (&lane, times) in &mut self.lanes {
            times.settle(|| all(lane));
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let lanes: usize = self.lanes.values().map(LaneTimes::heap_bytes).sum();
        self.order.capacity() * size_of::<u32>() + lanes
    }
}

/// Merges sorted `fresh` into sorted `order` from the back, where what is new mostly belongs.
fn merge_sorted<K: Ord>(order: &mut Vec<u32>, fresh: &[u32], key: impl Fn(&u32) -> K) {
    reserve(order, fresh.len());
    let mut from = order.len();
    order.resize(order.len() + fresh.len(), 0);
    let mut left = fresh.len();
    let mut to = order.len();
    while left > 0 {
        to -= 1;
        if from > 0 && key(&order[from - 1]) > key(&fresh[left - 1]) {
            from -= 1;
            order[to] = order[from];
        } else {
            left -= 1;
            order[to] = fresh[left];
        }
    }
}

/// Grows by an eighth at a time: the order is the largest single allocation of the index.
fn reserve(order: &mut Vec<u32>, more: usize) {
    if order.capacity() - order.len() < more {
        order.reserve_exact(more.max(order.len() / 8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_numbers_find_their_place_among_the_old() {
        let mut order = vec![2, 4, 6];
        merge_sorted(&mut order, &[1, 5, 7, 8], |&no| no);
        assert_eq!(order, [1, 2, 4, 5, 6, 7, 8]);
        merge_sorted(&mut order, &[], |&no| no);
        assert_eq!(order.len(), 7);
    }
}
