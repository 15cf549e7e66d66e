//! The controls behind a verdict, for whoever wants to see them.

use waybill_model::{ConsumerVerdict, Control, EventVerdict, Marks, PlaceRole, PublishVerdict};

use super::Alike;
use crate::index::Index;
use crate::rules::Summary;

/// The controls of all that a verdict calls absent.
pub(crate) fn behind(index: &Index, no: u32, verdict: &EventVerdict) -> Vec<Control> {
    let mut controls = of_publication(index, no, &verdict.publish);
    for (consumer, verdict) in verdict.consumers.iter().enumerate() {
        if *verdict == ConsumerVerdict::LostByConsumer {
            let heard = index.heard_by(consumer);
            let from = copied_at(index, no).saturating_sub(index.slack());
            controls.extend(heard.and_then(|heard| heard.of_inbox(from)));
        }
    }
    controls
}

fn of_publication(index: &Index, no: u32, verdict: &PublishVerdict) -> Vec<Control> {
    let event = Summary::new(index, no);
    match verdict {
        PublishVerdict::LostInPublish => {
            let each = Summary::each(index, no);
            let missing = each.iter().filter(|part| !part.reached_broker());
            let controls = missing.filter_map(|part| {
                let written = part.outbox?;
                let span = (written.from, written.at);
                index
                    .control_of_copy(no, span, part.destination, Alike::Untold)
                    .ok()
            });
            controls.flatten().collect()
        }
        PublishVerdict::Phantom => Vec::from_iter(of_phantom(index, no, &event)),
        PublishVerdict::MissingOutboxRow => {
            let Some(changed) = event.stored else {
                return Vec::new();
            };
            if index.shape.has_outbox {
                return Vec::from_iter(index.heard().of_record(changed.from));
            }
            let span = (changed.from, changed.at);
            let control = index.control_of_copy(no, span, None, Alike::Untold);
            control.unwrap_or_default()
        }
        PublishVerdict::NotChecked(_)
        | PublishVerdict::Published
        | PublishVerdict::Unroutable
        | PublishVerdict::InOpenTransaction
        | PublishVerdict::Pending
        | PublishVerdict::Stuck(_)
        | PublishVerdict::Unknown(_) => Vec::new(),
    }
}

fn of_phantom(index: &Index, no: u32, event: &Summary<'_>) -> Option<Control> {
    if let Some(copy) = event.first_foreign {
        return index.heard().of_row(copy.place, copy.at);
    }
    let at = event.consumed?;
    let mut places = index.shape.places.iter();
    places.find_map(|place| match place.role {
        PlaceRole::Inbox(consumer) if index.events.inbox_at(no, consumer).is_some() => {
            index.heard_by(usize::from(consumer.0))?.of_row(at)
        }
        _ => None,
    })
}

fn copied_at(index: &Index, no: u32) -> i64 {
    let copies = index.events.copies(no);
    let seen = copies.filter(|copy| !copy.marks.contains(Marks::OPEN_TRANSACTION));
    seen.map(|copy| copy.at).min().unwrap_or(i64::MAX)
}
