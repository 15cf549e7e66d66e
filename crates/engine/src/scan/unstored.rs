//! Asks business tables by aggregate before anybody calls a message never stored.
//!
//! Tables are read by the time of the change, and a row that was changed long before its message,
//! or since the window ended, was not read.

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
    let aggregates = aggregates(session);
    let mut any = false;
    for planned in session.layout.with_role(|role| role == PlaceRole::Business) {
        if !aggregates.is_empty() {
            any |= ask(session, planned, &aggregates).await;
        }
    }
    any
}

/// The ids of the aggregates of messages without a row, each once.
fn aggregates(session: &Session) -> Vec<String> {
    let book = session.book();
    let is_asked_for = |verdict: &PublishVerdict| {
        matches!(
            verdict,
            PublishVerdict::Phantom | PublishVerdict::Unknown(UnknownReason::RowGone)
        )
    };
    let of_window = book.index.in_window(book.window).iter();
    let mut aggregates: Vec<String> = of_window
        .filter_map(|no| book.index.row(*no))
        .filter(|row| row.stored.is_none() && is_asked_for(&row.verdict.publish))
        .map(|row| match row.aggregate.split_once('/') {
            Some((_, id)) => id.to_owned(),
            None => row.aggregate,
        })
        .filter(|id| !id.is_empty())
        .take(MAX_AGGREGATES)
        .collect();
    aggregates.sort_unstable();
    aggregates.dedup();
    aggregates
}

async fn ask(session: &Session, planned: &PlannedPlace, aggregates: &[String]) -> bool {
    let Reading::Rows { columns, clock } = &planned.reading else {
        return false;
    };
    let Ok(database) = session.sources.database(&planned.place.source) else {
        return false;
    };
    let Some(id) = &columns.aggregate_id else {
        return false;
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
                return true;
            }
        }
    }
    any
}
