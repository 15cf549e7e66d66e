//! By what a flow's messages are matched, and what to do where nothing matches.

use waybill_model::{ConsumerNo, FlowBasis, PlaceRole, Recognised, UnknownReason};

use super::silent;
use crate::Shape;
use crate::basis::bearable;
use crate::index::Index;

/// By what the messages of a place are matched: `matched by id (198 of 200 sampled)`. Empty where
/// there is nothing to say.
pub fn basis(found: &FlowBasis, shape: &Shape) -> String {
    let place = shape.places.iter().find(|place| place.id == found.place);
    let at_destination = place.is_some_and(|place| place.role == PlaceRole::Destination);
    let n = found.sampled;
    match found.recognised {
        Recognised::ById if at_destination && n > 0 => {
            let told = format!("matched by id ({} of {n} sampled)", found.by_id);
            let strange = u64::from(n.saturating_sub(found.by_id));
            if strange <= bearable(n.into()) {
                return told;
            }
            format!("{told}; if the others carry another id, check `match.id` of their flow")
        }
        Recognised::ById => String::new(),
        Recognised::ByVersion => format!(
            "matched by aggregate and version ({} of {n} sampled; {} by id)",
            found.by_version, found.by_id
        ),
        Recognised::Ambiguously | Recognised::Not => {
            format!("cannot be matched: {}", doubt(found, shape))
        }
    }
}

/// Why an event of that place cannot be judged, as a clause, and what to look at.
fn doubt(found: &FlowBasis, shape: &Shape) -> String {
    let mut places = shape.places.iter();
    let place = places.find(|place| place.id == found.place);
    let (name, role) = place.map_or(("?", PlaceRole::Destination), |place| {
        (place.name.as_str(), place.role)
    });
    let (n, by_id) = (found.sampled, found.by_id);
    match (role, found.recognised) {
        (PlaceRole::Inbox(_), _) => format!(
            "of {n} sampled rows of {name} {by_id} carry an id that was seen anywhere else; check the inbox's `id`"
        ),
        (PlaceRole::DeadLetters(_), _) => format!(
            "of {n} sampled messages of {name} {by_id} carry an id that was seen anywhere else; check `match.id` of their flow"
        ),
        (_, Recognised::Ambiguously) => format!(
            "of {n} sampled messages of {name} most fit several outbox rows; check `match.id` of their flow and the outbox's `id`"
        ),
        _ => format!(
            "of {n} sampled messages of {name} {by_id} carry an id that is in the outbox; check `match.id` of their flow, or say with `where` whose messages count"
        ),
    }
}

/// Why nobody can say anything about a publication, or about one consumer: what is known of the
/// flow says more than the reason alone.
pub(super) fn reason(index: &Index, why: UnknownReason, consumer: Option<ConsumerNo>) -> String {
    if why == UnknownReason::NoControl {
        return match consumer {
            None => silent::no_copy(index),
            Some(no) => silent::no_inbox_row(index, no),
        };
    }
    let role_counts = |role: PlaceRole| match consumer {
        None => role == PlaceRole::Destination,
        Some(no) => role == PlaceRole::Inbox(no) || role == PlaceRole::DeadLetters(no),
    };
    let mut places = index.shape.places.iter();
    let told = places.find_map(|place| {
        let found = index.basis(place.id)?;
        let in_doubt = index.bases.is_in_doubt(place.id) && why == UnknownReason::NoMatchableId;
        let says_why = found.recognised.doubt() == Some(why) || in_doubt;
        (says_why && role_counts(place.role)).then(|| doubt(&found, &index.shape))
    });
    told.unwrap_or_else(|| why.clause().to_owned())
}
