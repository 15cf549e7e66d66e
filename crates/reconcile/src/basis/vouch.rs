//! Consumers vouch for the ids of a flow most of whose messages are gone.

use waybill_model::{ConsumerNo, PlaceId, PlaceRole};

use super::Bases;
use super::measure::Processed;
use crate::index::Index;
use crate::store::State;

impl Index {
    /// Whether what some consumer of a destination has processed vouches for its ids.
    pub(super) fn is_vouched_for(&self, destination: PlaceId, bases: &Bases) -> bool {
        let consumers = (0..=u8::MAX).map(ConsumerNo).zip(&self.shape.consumers);
        let mut here = consumers.filter(|(_, consumer)| {
            consumer
                .destination
                .is_none_or(|place| place == destination)
        });
        here.any(|(no, _)| self.processed_by(no, bases).vouches())
    }

    /// What a consumer has processed, from when rows are known.
    fn processed_by(&self, no: ConsumerNo, bases: &Bases) -> Processed {
        let mut processed = Processed::default();
        let places = self.shape.places.iter();
        for place in places.filter(|place| place.role == PlaceRole::Inbox(no)) {
            let sample = bases.samples.get(&place.id);
            for drawn in sample.map(|sample| sample.in_order()).unwrap_or_default() {
                let event = self.events.resolve(drawn.no);
                let at = self.events.own_inbox_at(event, no);
                if !at.is_some_and(|at| bases.span.contains(at)) {
                    continue;
                }
                let known = self.events.outbox.has(event) && !self.events.is(event, State::SHARED);
                processed.sampled += 1;
                processed.known += u32::from(known);
                processed.gone += u32::from(self.events.own_copies(event).next().is_none());
            }
        }
        processed
    }
}
