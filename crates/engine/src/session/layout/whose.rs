//! Whose dead letters a place holds for a consumer: those that name its group or queue.

use waybill_model::{Consumer, PlaceRole, Profile};
use waybill_source::Whose;

/// What tells the letters of a place's consumer from those of the profile's other ones.
pub(super) fn of(role: PlaceRole, profile: &Profile) -> Whose {
    let PlaceRole::DeadLetters(no) = role else {
        return Whose::default();
    };
    let all: Vec<&Consumer> = profile
        .flows
        .iter()
        .flat_map(|flow| &flow.consumers)
        .collect();
    let Some(own) = all.get(usize::from(no.0)) else {
        return Whose::default();
    };
    let mut whose = Whose {
        own: names(own),
        ..Whose::default()
    };
    for (idx, other) in all.iter().enumerate() {
        if idx == usize::from(no.0) {
            continue;
        }
        // One group may read several flows.
        let others = names(other)
            .into_iter()
            .filter(|name| !whose.own.contains(name));
        let strangers: Vec<String> = others.collect();
        whose.shared |= other.dead_letters == own.dead_letters && !strangers.is_empty();
        whose.others.extend(strangers);
    }
    whose
}

fn names(consumer: &Consumer) -> Vec<String> {
    consumer
        .group
        .iter()
        .chain(&consumer.queue)
        .cloned()
        .collect()
}
