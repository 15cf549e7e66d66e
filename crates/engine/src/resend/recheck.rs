//! The last look at an event, right before it is sent.

use std::sync::Arc;

use waybill_model::{Micros, PlaceRole};
use waybill_protocol::Failure;

use super::due::{Due, Still, still};
use super::runs::Item;
use crate::clock::now;
use crate::scan::{ask_for_rows, is_tap, refresh};
use crate::session::{PlannedPlace, Session};

/// A look this fresh is not repeated: reading everything anew takes about as long.
const FRESH_MICROS: i64 = 250_000;

/// When everything was last read to its end.
#[derive(Debug, Default)]
pub(super) struct LastLook(Option<Micros>);

/// Reads on everything the event's verdict rests on, and says whether it is still due.
pub(super) async fn recheck(session: &Arc<Session>, item: &Item, last: &mut LastLook) -> Still {
    if last.0.is_none_or(|at| now().since(at) > FRESH_MICROS) {
        let began = now();
        let Some(reach) = session.book().reach else {
            return Still::Unclear("nothing has been read in this session".to_owned());
        };
        let reading = session.reading.lock().await;
        refresh(session, &reach).await;
        drop(reading);
        last.0 = Some(began);
    }
    let names: Vec<String> = session
        .layout
        .consumers
        .iter()
        .map(|c| c.name.clone())
        .collect();
    let no = item.no(&session.book().index);
    let gone = item.due == Due::Publication && !ask_for_rows(session, &[no]).await.is_empty();
    let book = session.book();
    if let Some((name, failure)) = failed(session, &book.places, item) {
        return Still::Unclear(format!(
            "{name} could not be read again: {}",
            failure.message
        ));
    }
    if gone {
        return Still::Unclear(
            "its outbox row is gone by now, so its relay may have published it".to_owned(),
        );
    }
    match book.index.verdict(no) {
        Some(verdict) => still(item.due, &verdict, &names),
        None => Still::Unclear("it is no longer part of what was read".to_owned()),
    }
}

/// A place that this event's verdict rests on and that cannot be read.
fn failed<'a>(
    session: &'a Session,
    states: &'a [crate::session::PlaceState],
    item: &Item,
) -> Option<(&'a str, &'a Failure)> {
    let mut places = session.layout.places.iter().zip(states);
    places.find_map(|(planned, state)| {
        let failure = state.failure.as_ref()?;
        rests_on(planned, item).then_some((planned.place.name.as_str(), failure))
    })
}

fn rests_on(planned: &PlannedPlace, item: &Item) -> bool {
    match (item.due, planned.place.role) {
        (Due::Publication, PlaceRole::Outbox) => true,
        (Due::Publication, PlaceRole::Destination) => {
            !is_tap(planned) && planned.flow == Some(item.flow)
        }
        (Due::Consumers, PlaceRole::Inbox(_) | PlaceRole::DeadLetters(_)) => {
            planned.flow == Some(item.flow)
        }
        (Due::Consumer(due), PlaceRole::Inbox(no) | PlaceRole::DeadLetters(no)) => due == no,
        _ => false,
    }
}
