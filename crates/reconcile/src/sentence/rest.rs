//! What a verdict rests on besides what was seen: the places whose reading without a gap it takes
//! for "it is not there".

use waybill_model::{ConsumerNo, EventVerdict, PlaceId, PlaceRole};

use super::{consumer, publish};
use crate::Shape;

/// A kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Outbox,
    Business,
    Destinations,
    /// The next three are the consumer's own.
    Inbox,
    Progress,
    DeadLetters,
}

/// The places that the verdict on an event, as a whole, rests on; each once, in order.
pub(crate) fn rests_on(verdict: &EventVerdict, shape: &Shape) -> Vec<PlaceId> {
    let of_publish = publish::rests_on(&verdict.publish);
    let consumers = (0..=u8::MAX).map(ConsumerNo).zip(&verdict.consumers);
    let of_consumers = consumers.flat_map(|(no, it)| {
        let rests = consumer::rests_on(it).iter();
        rests.map(move |rest| (*rest, Some(no)))
    });
    let rests = of_publish.iter().map(|rest| (*rest, None));
    let roles: Vec<PlaceRole> = rests
        .chain(of_consumers)
        .filter_map(|(rest, consumer)| role(rest, consumer))
        .collect();
    let places = shape.places.iter();
    places
        .filter(|place| roles.contains(&place.role))
        .map(|place| place.id)
        .collect()
}

fn role(rest: Rest, consumer: Option<ConsumerNo>) -> Option<PlaceRole> {
    Some(match rest {
        Rest::Outbox => PlaceRole::Outbox,
        Rest::Business => PlaceRole::Business,
        Rest::Destinations => PlaceRole::Destination,
        Rest::Inbox => PlaceRole::Inbox(consumer?),
        Rest::Progress => PlaceRole::Progress(consumer?),
        Rest::DeadLetters => PlaceRole::DeadLetters(consumer?),
    })
}
