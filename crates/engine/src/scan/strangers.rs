//! Looks at what suspected phantoms carry, before anybody calls them that: where a message names
//! another publisher than every message that has a row, it may be another service's.
//!
//! Only the few that are suspected are fetched, and some that have a row beside them, so that a
//! scan need not keep what every message says.

use std::sync::Arc;

use waybill_model::{
    Batch, Carrier, Content, Coordinate, EventId, Marks, NO_VERSION, Observation, PlaceRole,
    PublishVerdict, Stage,
};
use waybill_reconcile::Seen;
use waybill_source::{Broker, History};

use crate::propose::Letter;
use crate::publishers::tells_publisher;
use crate::session::{Book, PlannedPlace, Session};

/// Messages that have a row, to be compared with.
const OWN: usize = 20;

/// Fewer of them say nothing about the others.
const ENOUGH: usize = 5;

/// Suspects that are looked at in one place at a time.
const MAX_SUSPECTS: usize = 200;

/// What tells a publisher stands in headers or near the beginning.
const MAX_BYTES: u64 = 64 * 1024;

/// Asks the messages of suspected phantoms who published them; whether any names another.
pub(super) async fn ask_publishers(session: &Arc<Session>) -> bool {
    let mut any = false;
    let destinations = session
        .layout
        .with_role(|role| role == PlaceRole::Destination);
    for planned in destinations {
        let flows = &session.profile.flows;
        let flow = planned.flow.and_then(|nth| flows.get(nth));
        // Whose messages count has been said.
        if flow.is_some_and(|flow| flow.only.is_empty()) {
            any |= ask(session, planned).await;
        }
    }
    any
}

async fn ask(session: &Session, planned: &PlannedPlace) -> bool {
    let suspects = suspects(session, planned);
    let Ok(broker) = session.sources.broker() else {
        return false;
    };
    if suspects.is_empty() {
        return false;
    }
    let own = own(session, planned);
    if own.len() < ENOUGH {
        return false;
    }
    let (Some(own), Some(letters)) = (
        letters(broker, planned, &own).await,
        letters(broker, planned, &suspects).await,
    ) else {
        return false;
    };
    let own: Vec<Letter> = own.into_iter().flatten().collect();
    if own.len() < ENOUGH {
        return false;
    }
    let publishers = publishers(&own);
    let mut any = false;
    for (seen, letter) in suspects.iter().zip(letters) {
        let names_another = |letter: &Letter| {
            let mut told = publishers.iter();
            told.any(|(place, own)| letter.text(place).is_some_and(|it| it != *own))
        };
        if letter.as_ref().is_some_and(names_another) {
            mark(session, seen);
            any = true;
        }
    }
    any
}

/// The places in which all of these say the same publisher.
fn publishers(own: &[Letter]) -> Vec<(Carrier, String)> {
    let Some((first, rest)) = own.split_first() else {
        return Vec::new();
    };
    let places = first.carriers().into_iter().filter(tells_publisher);
    let told = places.filter_map(|place| {
        let value = first.text(&place)?;
        let same = |letter: &Letter| letter.text(&place).as_ref() == Some(&value);
        rest.iter().all(same).then_some((place, value))
    });
    told.collect()
}

/// A message of an event that is known by this id alone.
struct Known {
    id: EventId,
    seen: Seen,
}

/// Messages of events that are suspected to be phantoms.
fn suspects(session: &Session, planned: &PlannedPlace) -> Vec<Known> {
    let book = session.book();
    let is_phantom = |no: &u32| {
        let verdict = book.index.verdict(*no);
        verdict.is_some_and(|it| it.publish == PublishVerdict::Phantom)
    };
    let suspected = book.index.suspected().into_iter().filter(is_phantom);
    let asked = Marks::OTHER_PUBLISHER | Marks::OWN_RESEND;
    let known = suspected.flat_map(|no| known(&book, planned, no));
    let known = known.filter(|it| !it.seen.marks.intersects(asked));
    known.take(MAX_SUSPECTS).collect()
}

/// Messages of events that have a row.
fn own(session: &Session, planned: &PlannedPlace) -> Vec<Known> {
    let book = session.book();
    let of_window = book.index.in_window(book.counted()).iter().copied();
    let has_row = |no: &u32| {
        let row = book.index.row(*no);
        row.is_some_and(|row| row.outbox.is_some() && row.published.is_some())
    };
    let known = of_window
        .filter(has_row)
        .flat_map(|no| known(&book, planned, no));
    known.take(OWN).collect()
}

/// The messages of an event at a place.
fn known(book: &Book, planned: &PlannedPlace, no: u32) -> Vec<Known> {
    let ids = book.index.ids(no);
    let [id] = ids.as_slice() else {
        return Vec::new();
    };
    let facts = book.index.facts(no).into_iter();
    let here =
        facts.filter(|seen| seen.stage == Stage::Published && seen.place == planned.place.id);
    let known = here.map(|seen| Known {
        id: id.clone(),
        seen,
    });
    known.collect()
}

/// They as they lie there, each `None` where it cannot be fetched; `None` where nothing can.
async fn letters(
    broker: &Arc<dyn Broker>,
    planned: &PlannedPlace,
    known: &[Known],
) -> Option<Vec<Option<Letter>>> {
    let at = |it: &Known| {
        let seen = &it.seen;
        planned.coordinate(seen.partition, seen.position, &seen.key)
    };
    let at: Vec<Coordinate> = known.iter().map(at).collect();
    let routed = broker.capabilities().history == History::ByStream;
    match broker.copies(&at, MAX_BYTES).await {
        Ok(copies) => {
            let copies = copies.into_iter();
            let letters = copies.map(|copy| copy.map(|copy| Letter::new(copy, routed)));
            Some(letters.collect())
        }
        Err(error) => {
            tracing::debug!(error = %error.chain(), "Suspects could not be looked at");
            None
        }
    }
}

/// Notes that a message names another publisher.
fn mark(session: &Session, known: &Known) {
    let seen = &known.seen;
    let nameless = seen.marks.contains(Marks::NO_ID);
    let mut batch = Batch::new(
        seen.place,
        seen.stamp.clock,
        seen.stamp.resolution_micros,
        1,
    );
    batch.push(&Observation {
        place: seen.place,
        id: if nameless {
            String::new()
        } else {
            known.id.0.clone()
        },
        kind: String::new(),
        aggregate: String::new(),
        version: NO_VERSION,
        stamp: seen.stamp,
        partition: seen.partition,
        position: seen.position,
        key: seen.key.clone(),
        marks: seen.marks | Marks::OTHER_PUBLISHER,
        content: Content::NONE,
    });
    session.book_mut().index.ingest(&batch);
}
