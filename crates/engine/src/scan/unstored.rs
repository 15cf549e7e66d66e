//! Asks business tables by aggregate before anybody calls a message never stored.
//!
//! Tables are read by the time of the change, and a row that was changed long before its message,
//! or since the window ended, was not read.

use std::collections::BTreeSet;
use std::sync::Arc;

use waybill_model::{PlaceRole, PublishVerdict, UnknownReason};
use waybill_source::{RowColumns, RowKey};

use super::lookup::{PER_QUESTION, batch};
use crate::session::{PlannedPlace, Reading, Session};

/// Aggregates that are asked for at once; the rest stays unknown.
const MAX_AGGREGATES: usize = 4000;

/// Asks for the newest rows of the aggregates whose messages have none, where there is no outbox;
/// whether any is there.
pub(super) async fn ask_for_unstored(session: &Arc<Session>) -> bool {
    if session.profile.outbox.is_some() || session.profile.business.is_empty() {
        return false;
    }
    let rowless = rowless(session);
    if rowless.is_empty() {
        return false;
    }
    let mut aggregates: Vec<String> = rowless.iter().map(|(_, id)| id.clone()).collect();
    aggregates.sort_unstable();
    aggregates.dedup();
    let mut any = false;
    for planned in session.layout.with_role(|role| role == PlaceRole::Business) {
        match ask(session, planned, &aggregates).await {
            Some(found) => any |= found,
            None => return true,
        }
    }
    let mut book = session.book_mut();
    for (no, _) in rowless {
        book.index.asked_for_row(no);
    }
    any
}

/// The messages without a row that the tables are to be asked for, each with its aggregate's id:
/// suspected phantoms at each look, and once those whose row is not there.
fn rowless(session: &Session) -> Vec<(u32, String)> {
    let book = session.book();
    let counted = &book.tally.publish;
    if counted.phantom + counted.unknown == 0 {
        // Most looks: nothing is walked for nothing.
        return Vec::new();
    }
    let suspected: BTreeSet<u32> = book.index.suspected().into_iter().collect();
    let is_asked_for = |no: &u32| match book.index.verdict(*no).map(|it| it.publish) {
        Some(PublishVerdict::Phantom) => suspected.contains(no),
        Some(PublishVerdict::Unknown(UnknownReason::RowGone)) => !book.index.was_asked_for(*no),
        Some(_) | None => false,
    };
    let of_window = book.index.in_window(book.counted()).iter().copied();
    let rows = of_window
        .filter(is_asked_for)
        .filter_map(|no| Some((no, book.index.row(no)?)));
    rows.filter(|(_, row)| row.stored.is_none())
        .map(|(no, row)| match row.aggregate.split_once('/') {
            Some((_, id)) => (no, id.to_owned()),
            None => (no, row.aggregate),
        })
        .filter(|(_, id)| !id.is_empty())
        .take(MAX_AGGREGATES)
        .collect()
}

/// Whether any is there; `None` where the table could not be asked.
async fn ask(session: &Session, planned: &PlannedPlace, aggregates: &[String]) -> Option<bool> {
    let Reading::Rows { columns, clock } = &planned.reading else {
        return Some(false);
    };
    let Ok(database) = session.sources.database(&planned.place.source) else {
        return Some(false);
    };
    let Some(id) = &columns.aggregate_id else {
        return Some(false);
    };
    let by_aggregate = RowColumns {
        key: id.clone(),
        ..(**columns).clone()
    };
    let keys: Vec<RowKey> = aggregates.iter().cloned().map(RowKey).collect();
    let mut any = false;
    for some in keys.chunks(PER_QUESTION) {
        match database.rows(&by_aggregate, some, 0).await {
            Ok(rows) => {
                let rows: Vec<_> = rows.into_iter().flatten().collect();
                any |= !rows.is_empty();
                // As the table's own key names them.
                let batch = batch(planned.place.id, *clock, columns, &rows);
                session.book_mut().index.ingest(&batch);
            }
            Err(error) => {
                let failure = crate::failure::of_source(&planned.place.source, &error);
                session.book_mut().fail(planned.place.id, failure);
                return None;
            }
        }
    }
    Some(any)
}
