//! Looks up strays: copies and inbox entries whose outbox row lies outside the window.
//!
//! A relay that was down for an hour publishes old rows now. Their rows were not read, so each
//! such event is asked for by its id before anybody calls it never stored.

use std::sync::Arc;

use uuid::Uuid;
use waybill_model::{
    Batch, Clock, Content, EventId, InColumn, Marks, Micros, NO_DESTINATION, NO_DUE, NO_POSITION,
    NO_VERSION, Observation, PlaceId, PlaceRole, Stamp, canonical_id, is_same_state,
};
use waybill_reconcile::Seen;
use waybill_source::{Database, Row, RowColumns, RowKey};

use crate::clock::now;
use crate::session::{Reading, Session};

/// Events asked for at most; beyond that the window is mostly strays, and a wider one is due.
const MAX_STRAYS: usize = 20_000;

/// A longer body is not compared: as many as there are ids in a question are held at once.
const MAX_BODY_BYTES: u64 = 256 * 1024;

/// Ids per question: databases limit the values of one statement.
pub(super) const PER_QUESTION: usize = 200;

/// Asks the outbox for every event of the window that no table has shown, and takes in what it says.
pub(super) async fn look_up_strays(session: &Arc<Session>) {
    let Some(planned) = session
        .layout
        .with_role(|role| role == PlaceRole::Outbox)
        .next()
    else {
        return;
    };
    let Reading::Rows { columns, clock } = &planned.reading else {
        return;
    };
    let Ok(database) = session.sources.database(&planned.place.source) else {
        return;
    };
    let strays = strays(session);
    if strays.is_empty() || !can_be_asked(columns) {
        return;
    }
    tracing::debug!(source = %planned.place.source, op = "look-up", rows = strays.len(), "Looking up strays");
    for some in strays.chunks(PER_QUESTION) {
        match found(database, columns, some).await {
            Ok(rows) => {
                let batch = batch(planned.place.id, *clock, columns, &rows);
                let mut book = session.book_mut();
                book.index.ingest(&batch);
                book.index.asked_for_rows(some);
            }
            Err(error) => {
                let failure = crate::failure::of_source(&planned.place.source, &error);
                session.book_mut().fail(planned.place.id, failure);
                return;
            }
        }
    }
}

/// Whether a table can be asked for an id: inside a body no database finds it without reading every
/// one.
pub(super) fn can_be_asked(columns: &RowColumns) -> bool {
    let id = columns.id.as_deref();
    id.is_some_and(|id| InColumn::of(id).pointer.is_none())
}

fn strays(session: &Session) -> Vec<EventId> {
    let book = session.book();
    let of_window = book.index.in_window(book.counted()).iter();
    of_window
        .filter_map(|no| book.index.row(*no))
        .filter(|row| row.stored.is_none() && row.outbox.is_none())
        .map(|row| row.id)
        .filter(|id| !id.0.is_empty())
        .take(MAX_STRAYS)
        .collect()
}

/// The outbox rows that carry these ids.
pub(crate) async fn found(
    database: &Arc<dyn Database>,
    columns: &RowColumns,
    ids: &[EventId],
) -> waybill_source::Result<Vec<Row>> {
    let Some(id) = columns.id.as_ref().filter(|_| can_be_asked(columns)) else {
        return Ok(Vec::new());
    };
    let by_id = RowColumns {
        key: id.clone(),
        ..columns.clone()
    };
    let keys: Vec<RowKey> = ids.iter().flat_map(spellings).map(RowKey).collect();
    let body = columns.compare.as_ref().map_or(0, |_| MAX_BODY_BYTES);
    let rows = database.rows(&by_id, &keys, body).await?;
    Ok(rows.into_iter().flatten().collect())
}

/// The ways an id may be written in a column of text; ours is only one of them.
fn spellings(id: &EventId) -> Vec<String> {
    let mut spellings = vec![id.0.clone()];
    if let Ok(uuid) = Uuid::try_parse(&id.0) {
        spellings.push(uuid.hyphenated().to_string().to_uppercase());
        spellings.push(uuid.simple().to_string());
        spellings.push(uuid.simple().to_string().to_uppercase());
        spellings.push(uuid.braced().to_string());
        spellings.push(uuid.urn().to_string());
        spellings.push(format!("\"{}\"", uuid.hyphenated()));
    }
    spellings
}

/// The column of a state, with the values that mean sent and failed.
type States = (String, Vec<String>, Vec<String>);

/// Whole rows as observations, as a read of the table would have yielded them.
pub(super) fn batch(place: PlaceId, clock: Clock, columns: &RowColumns, rows: &[Row]) -> Batch {
    let mut batch = Batch::new(place, clock, 1, rows.len());
    for row in rows {
        let seen = observation(place, clock, columns, row);
        batch.push(&seen);
        batch.set_due(due(columns, row, seen.marks));
    }
    batch
}

pub(super) fn observation(
    place: PlaceId,
    clock: Clock,
    columns: &RowColumns,
    row: &Row,
) -> Observation {
    let text = |column: &Option<String>| value(row, column.as_deref()?);
    let mut marks = state(columns, row);
    let key = value(row, &columns.key).unwrap_or_default();
    let position = key.parse().unwrap_or(NO_POSITION);
    let fixed = columns.fixed_aggregate_type.as_deref();
    let kind = text(&columns.aggregate_type).or(fixed);
    let aggregate = match (kind, text(&columns.aggregate_id)) {
        (Some(kind), Some(id)) => format!("{kind}/{id}"),
        (None, Some(id)) => id.to_owned(),
        (_, None) => String::new(),
    };
    let at = row.at.unwrap_or_else(|| {
        marks |= Marks::NO_TIME;
        now()
    });
    Observation {
        place,
        id: canonical_id(text(&columns.id).unwrap_or_default()).into_owned(),
        kind: text(&columns.kind).unwrap_or_default().to_owned(),
        aggregate,
        version: text(&columns.version)
            .and_then(|v| v.trim().parse().ok())
            .unwrap_or(NO_VERSION),
        stamp: Stamp {
            at: Micros(at.0),
            clock,
            resolution_micros: 1,
        },
        partition: columns
            .destination
            .as_ref()
            .map_or(NO_DESTINATION, |known| {
                known.number(value(row, &known.column))
            }),
        position,
        key: if position == NO_POSITION {
            key.to_owned()
        } else {
            String::new()
        },
        marks,
        content: content(columns, row),
    }
}

fn content(columns: &RowColumns, row: &Row) -> Content {
    match &columns.compare {
        Some(compare) if row.payload_len <= MAX_BODY_BYTES => {
            compare.content(row.payload.as_deref())
        }
        _ => Content::NONE,
    }
}

/// The marks that say in which state a row is, as a read of the table would have set them.
pub(super) fn state(columns: &RowColumns, row: &Row) -> Marks {
    let filled = |column: &Option<String>| {
        let text = column.as_deref().and_then(|column| value(row, column));
        text.is_some_and(|text| !matches!(text.trim(), "" | "0" | "f" | "false"))
    };
    let in_state = |of: fn(&States) -> &Vec<String>| {
        columns.status.as_ref().is_some_and(|status| {
            let word = value(row, &status.0).map_or("", str::trim);
            of(status).iter().any(|it| is_same_state(it, word))
        })
    };
    let sent = filled(&columns.sent_at) || in_state(|status| &status.1);
    let failed = filled(&columns.failed_at) || !sent && in_state(|status| &status.2);
    let mut marks = Marks::default();
    marks.set(Marks::SENT, sent);
    marks.set(Marks::FAILED, failed);
    marks
}

/// From when on a row is to be sent, as a read of the table would have said it.
fn due(columns: &RowColumns, row: &Row, marks: Marks) -> i64 {
    let was_tried = || {
        let attempts = columns.attempts.as_deref().and_then(|it| value(row, it));
        attempts.is_some_and(|it| it.trim().parse().is_ok_and(|n: i64| n > 0))
    };
    match &columns.due {
        Some(due) if !marks.intersects(Marks::SENT | Marks::FAILED) && !was_tried() => {
            let state = columns.status.as_ref();
            let state = state.and_then(|(column, ..)| value(row, column));
            due.due(state, row.due_at)
        }
        _ => NO_DUE,
    }
}

/// The key of the row that was seen.
pub(super) fn row_key(seen: &Seen) -> RowKey {
    RowKey(match seen.position {
        NO_POSITION => seen.key.clone(),
        position => position.to_string(),
    })
}

/// A column of a row, when it is there and not NULL.
pub(crate) fn value<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    let (_, value) = row.columns.iter().find(|(name, _)| name == column)?;
    value.as_deref()
}
