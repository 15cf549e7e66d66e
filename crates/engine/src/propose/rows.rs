//! Rows of the outbox, to hold messages against.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt as _;
use waybill_model::{Clock, InColumn, Marks, Micros, NO_POSITION, OutboxSettings, PlaceId, Window};
use waybill_source::{Chunk, Database, Result, Row, RowColumns, RowKey, RowQuery, text_at};

/// Rows that are read at most. The ids of so many weigh some ten megabytes.
const MAX_ROWS: usize = 200_000;

const PAGE_ROWS: u32 = 2_000;

/// A body is looked into so far.
pub(super) const MAX_BODY: u64 = 256 * 1024;

/// Ids that stand in a table, with the keys of their rows and their times.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    pub(super) keys: HashMap<String, RowKey>,
    /// Keys by time, oldest first as they were read.
    pub(super) times: Vec<(Micros, RowKey)>,
    /// Keys of the rows that do not say that they were sent.
    pub(super) unsent: HashSet<RowKey>,
    /// Keys of the rows that carry no time: theirs is when they were read.
    pub(super) untimed: HashSet<RowKey>,
}

/// Reads the ids of a window; the oldest ones where there are too many.
pub(super) async fn ids(
    database: &Arc<dyn Database>,
    columns: RowColumns,
    window: Window,
) -> Result<Ids> {
    let mut chunks = database.read(RowQuery {
        place: PlaceId(0),
        clock: Clock::Database,
        columns,
        window,
        after: None,
        page_rows: PAGE_ROWS,
    });
    let mut ids = Ids::default();
    while let Some(chunk) = chunks.next().await {
        let Chunk::Evidence(batch) = chunk? else {
            continue;
        };
        for idx in 0..batch.len() {
            let seen = batch.observation(idx);
            let key = RowKey(match seen.position {
                NO_POSITION => seen.key,
                number => number.to_string(),
            });
            ids.times.push((seen.stamp.at, key.clone()));
            if seen.marks.contains(Marks::NO_TIME) {
                ids.untimed.insert(key.clone());
            }
            if !seen.marks.contains(Marks::SENT) {
                ids.unsent.insert(key.clone());
            }
            if !seen.id.is_empty() {
                ids.keys.insert(seen.id, key);
            }
        }
        if ids.times.len() >= MAX_ROWS {
            break;
        }
    }
    Ok(ids)
}

/// Whole rows by key; those that are gone are left out.
pub(super) async fn whole(
    database: &Arc<dyn Database>,
    columns: &RowColumns,
    keys: &[RowKey],
) -> Result<HashMap<RowKey, Row>> {
    let rows = database.rows(columns, keys, MAX_BODY).await?;
    let rows = rows.into_iter().flatten();
    Ok(rows.map(|row| (row.key.clone(), row)).collect())
}

/// What stands in a row at a place: a column, or inside its JSON.
pub(super) fn value(row: &Row, outbox: &OutboxSettings, place: &str) -> Option<String> {
    let place = InColumn::of(place);
    let is_body = outbox.payload.as_deref() == Some(place.column);
    let text = if is_body {
        row.payload.clone()
    } else {
        let mut columns = row.columns.iter();
        let (_, value) = columns.find(|(name, _)| name == place.column)?;
        value.clone().map(String::into_bytes)
    }?;
    match place.pointer {
        Some(pointer) => text_at(&text, pointer),
        None => String::from_utf8(text).ok(),
    }
}
