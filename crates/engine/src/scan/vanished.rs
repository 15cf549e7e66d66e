//! Asks for outbox rows that wait, where the relay deletes what it has sent: one that is gone was
//! sent, and no read of the table ever says so.

use std::collections::HashMap;
use std::sync::Arc;

use waybill_model::{InColumn, PlaceRole, canonical_id};
use waybill_source::{Row, RowColumns, RowKey};

use super::lookup::{row_key, value};
use crate::session::{PlannedPlace, Reading, Session};

/// Suspects that are asked for at once: all there ever are, unless a relay has been dead for long.
const MAX_SUSPECTS: usize = 20_000;

/// Of the confirmed ones so many are asked for at each look, in turn.
const MAX_CONFIRMED: usize = 500;

/// Asks for what has been found stuck, before anything is confirmed; whether any row is gone.
pub(super) async fn ask_for_waiting(session: &Arc<Session>) -> bool {
    if !deletes(session) {
        return false;
    }
    let waiting = {
        let book = session.book();
        let suspected = book.index.suspected();
        let is_suspected = |no: &u32| suspected.binary_search(no).is_ok();
        let (suspects, confirmed): (Vec<u32>, Vec<u32>) =
            book.index.stuck().into_iter().partition(is_suspected);
        let in_turn = in_turn(&confirmed, book.index.scan().0);
        let suspects = suspects.into_iter().take(MAX_SUSPECTS);
        suspects.chain(in_turn).collect::<Vec<u32>>()
    };
    !ask(session, &waiting).await.is_empty()
}

/// Asks for the rows of these events; those of which none is there any more.
pub(crate) async fn ask(session: &Session, events: &[u32]) -> Vec<u32> {
    let mut outbox = session.layout.with_role(|role| role == PlaceRole::Outbox);
    let Some(planned) = outbox.next() else {
        return Vec::new();
    };
    let Reading::Rows { columns, .. } = &planned.reading else {
        return Vec::new();
    };
    if !deletes(session) || events.is_empty() {
        return Vec::new();
    }
    let asked = keys(session, planned, events);
    let wanted: Vec<RowKey> = asked.iter().map(|(_, key)| key.clone()).collect();
    let found = match session.sources.database(&planned.place.source) {
        Ok(database) => database.rows(columns, &wanted, 0).await,
        // It is said where the table is read.
        Err(_) => return Vec::new(),
    };
    let rows = match found {
        Ok(rows) => rows,
        Err(error) => {
            let failure = crate::failure::of_source(&planned.place.source, &error);
            session.book_mut().fail(planned.place.id, failure);
            return Vec::new();
        }
    };
    take_in(session, columns, &asked, &rows)
}

/// Whether a row that is gone was sent.
fn deletes(session: &Session) -> bool {
    let outbox = session.profile.outbox.as_ref();
    outbox.is_some_and(|outbox| outbox.deletes_after_send)
}

/// So many of those that are asked for at each look that all are asked for in a few.
pub(super) fn in_turn(confirmed: &[u32], look: u32) -> impl Iterator<Item = u32> {
    let turns = confirmed.len().div_ceil(MAX_CONFIRMED).max(1);
    let from = look as usize % turns * MAX_CONFIRMED;
    confirmed.iter().skip(from).take(MAX_CONFIRMED).copied()
}

/// The keys of the outbox rows of each event.
fn keys(session: &Session, planned: &PlannedPlace, events: &[u32]) -> Vec<(u32, RowKey)> {
    let book = session.book();
    let mut keys = Vec::new();
    for &no in events {
        let facts = book.index.facts(no).into_iter();
        let rows = facts.filter(|seen| seen.place == planned.place.id);
        keys.extend(rows.map(|seen| (no, row_key(&seen))));
    }
    keys
}

fn take_in(
    session: &Session,
    columns: &RowColumns,
    asked: &[(u32, RowKey)],
    rows: &[Option<Row>],
) -> Vec<u32> {
    let mut book = session.book_mut();
    let mut there: HashMap<u32, bool> = HashMap::new();
    for ((no, _), row) in asked.iter().zip(rows) {
        let ids = || book.index.ids(*no);
        let is_there = row.as_ref().is_some_and(|row| {
            let id = id_of(columns, row);
            // A number may have been given again.
            id.is_none_or(|id| ids().iter().any(|known| known.0 == id))
        });
        *there.entry(*no).or_default() |= is_there;
    }
    let mut gone: Vec<u32> = there
        .into_iter()
        .filter(|(_, is_there)| !is_there)
        .map(|(no, _)| no)
        .collect();
    gone.sort_unstable();
    for &no in &gone {
        book.index.row_gone(no);
    }
    gone
}

/// The event of a row; `None` where only its body says that.
fn id_of(columns: &RowColumns, row: &Row) -> Option<String> {
    let column = columns.id.as_ref()?;
    if InColumn::of(column).pointer.is_some() {
        return None;
    }
    let id = value(row, column)?;
    Some(canonical_id(id).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_confirmed_are_asked_for_in_turn() {
        let confirmed: Vec<u32> = (0..1200).collect();
        let asked = |look| in_turn(&confirmed, look).collect::<Vec<u32>>();
        assert_eq!(asked(0), confirmed[..500]);
        assert_eq!(asked(2), confirmed[1000..]);
        assert_eq!(asked(3), confirmed[..500]);
        assert_eq!(in_turn(&[], 7).count(), 0);
        assert_eq!(in_turn(&[4], 7).collect::<Vec<u32>>(), [4]);
    }
}
