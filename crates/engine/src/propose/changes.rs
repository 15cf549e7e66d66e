//! Rows of a business table, to hold messages against.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt as _;
use waybill_model::{
    BusinessTable, Clock, Micros, NO_POSITION, NO_VERSION, PlaceId, Window, canonical_id,
};
use waybill_source::{Chunk, Database, Result, RowKey, RowQuery};

use crate::session::business_columns;

/// Rows that are read at most of one table.
const MAX_ROWS: usize = 50_000;

const PAGE_ROWS: u32 = 2_000;

/// What a table says of its aggregates.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    /// Aggregate and version, with the time of the change and its row.
    pub(super) rows: HashMap<(String, i64), (Micros, RowKey)>,
    /// The newest version of each aggregate.
    pub(super) newest: HashMap<String, i64>,
    /// The times of all changes, in order.
    pub(super) times: Vec<Micros>,
}

impl Changes {
    /// When each row was changed, in microseconds since 1970.
    pub(super) fn times_by_key(&self) -> HashMap<&RowKey, i64> {
        self.rows.values().map(|(at, key)| (key, at.0)).collect()
    }
}

/// Reads the changes of a window; the oldest ones where there are too many.
pub(super) async fn changes(
    database: &Arc<dyn Database>,
    table: &BusinessTable,
    window: Window,
) -> Result<Changes> {
    let mut chunks = database.read(RowQuery {
        place: PlaceId(0),
        clock: Clock::Database,
        columns: business_columns(table),
        window,
        after: None,
        page_rows: PAGE_ROWS,
    });
    let prefix = format!("{}/", table.aggregate_type);
    let mut found = Changes::default();
    while let Some(chunk) = chunks.next().await {
        let Chunk::Evidence(batch) = chunk? else {
            continue;
        };
        for idx in 0..batch.len() {
            let seen = batch.observation(idx);
            let bare = seen.aggregate.strip_prefix(&prefix);
            let bare = canonical_id(bare.unwrap_or(&seen.aggregate)).into_owned();
            if bare.is_empty() || seen.version == NO_VERSION {
                continue;
            }
            let key = RowKey(match seen.position {
                NO_POSITION => seen.key,
                number => number.to_string(),
            });
            let newest = found.newest.entry(bare.clone()).or_insert(seen.version);
            *newest = seen.version.max(*newest);
            found.times.push(seen.stamp.at);
            found
                .rows
                .insert((bare, seen.version), (seen.stamp.at, key));
        }
        if found.times.len() >= MAX_ROWS {
            break;
        }
    }
    found.times.sort_unstable();
    Ok(found)
}
