//! Asks for inbox rows that are not processed: one that was since, or is gone, must not stand there
//! as failed or waiting.
//!
//! Reading on renews the state of rows that are still there. Many libraries delete what is processed,
//! and a row that went between two looks is never met again.

use std::sync::Arc;

use waybill_model::{ConsumerNo, InColumn, Observation, PlaceRole, canonical_id};
use waybill_reconcile::Seen;
use waybill_source::{Row, RowColumns, RowKey, text_at};

use super::lookup::{observation, row_key, value};
use super::vanished::in_turn;
use crate::session::{PlannedPlace, Reading, Session};

/// A row that is known, and whose it is.
struct Known {
    no: u32,
    seen: Seen,
}

/// What became of a row.
enum Fate {
    /// It is there, in this state.
    There(Box<Observation>),
    /// It is there, and cannot be understood.
    Unread,
    Gone,
}

/// Asks for the inbox rows of events that are late or failed by what those rows say, in turn where
/// there are many; whether any says something else by now.
pub(super) async fn ask_for_unprocessed(session: &Arc<Session>) -> bool {
    let mut any = false;
    for planned in &session.layout.places {
        if let PlaceRole::Inbox(consumer) = planned.place.role {
            any |= ask(session, planned, consumer).await;
        }
    }
    any
}

async fn ask(session: &Session, planned: &PlannedPlace, consumer: ConsumerNo) -> bool {
    let Reading::Rows { columns, .. } = &planned.reading else {
        return false;
    };
    let known = known(session, planned, consumer);
    let Ok(database) = session.sources.database(&planned.place.source) else {
        // It is said where the table is read.
        return false;
    };
    if known.is_empty() {
        return false;
    }
    let keys: Vec<RowKey> = known.iter().map(|known| row_key(&known.seen)).collect();
    match database.rows(columns, &keys, 0).await {
        Ok(rows) => take_in(session, planned, consumer, &known, &rows),
        Err(error) => {
            let failure = crate::failure::of_source(&planned.place.source, &error);
            session.book_mut().fail(planned.place.id, failure);
            true
        }
    }
}

fn known(session: &Session, planned: &PlannedPlace, consumer: ConsumerNo) -> Vec<Known> {
    let book = session.book();
    let events = book.index.unprocessed(consumer);
    let mut known = Vec::new();
    for no in in_turn(&events, book.index.scan().0) {
        let facts = book.index.facts(no).into_iter();
        let here = facts.filter(|seen| seen.place == planned.place.id);
        known.extend(here.map(|seen| Known { no, seen }));
    }
    known
}

/// Notes each row's state, and of which events no row is left.
fn take_in(
    session: &Session,
    planned: &PlannedPlace,
    consumer: ConsumerNo,
    known: &[Known],
    rows: &[Option<Row>],
) -> bool {
    let mut book = session.book_mut();
    let mut any = false;
    let mut there: Vec<u32> = Vec::new();
    for (known, row) in known.iter().zip(rows) {
        let ids = book.index.ids(known.no);
        let is_its = |id: &str| ids.iter().any(|own| own.0 == id);
        match fate(planned, known, row.as_ref(), &is_its) {
            Fate::There(now) => {
                there.push(known.no);
                any |= now.marks != known.seen.marks;
                let mut batch = waybill_model::Batch::new(planned.place.id, now.stamp.clock, 1, 1);
                batch.push(&now);
                book.index.ingest(&batch);
            }
            Fate::Unread => there.push(known.no),
            Fate::Gone => {}
        }
    }
    for known in known.iter().filter(|known| !there.contains(&known.no)) {
        book.index.inbox_row_gone(known.no, consumer);
        any = true;
    }
    any
}

fn fate(
    planned: &PlannedPlace,
    known: &Known,
    row: Option<&Row>,
    is_its: &dyn Fn(&str) -> bool,
) -> Fate {
    let (Reading::Rows { columns, clock }, Some(row)) = (&planned.reading, row) else {
        return Fate::Gone;
    };
    let Some(id) = id_of(columns, row) else {
        return Fate::Unread;
    };
    if !is_its(&id) {
        // A number may have been given again.
        return Fate::Gone;
    }
    let seen = &known.seen;
    Fate::There(Box::new(Observation {
        id,
        // As the reader tells the row, so that it is the same one.
        partition: seen.partition,
        position: seen.position,
        key: seen.key.clone(),
        ..observation(planned.place.id, *clock, columns, row)
    }))
}

fn id_of(columns: &RowColumns, row: &Row) -> Option<String> {
    let place = InColumn::of(columns.id.as_deref()?);
    let text = value(row, place.column)?;
    let id = match place.pointer {
        Some(pointer) => text_at(text.as_bytes(), pointer)?,
        None => text.to_owned(),
    };
    Some(canonical_id(&id).into_owned())
}
