//! A few rows of an outbox as a mapping reads them, with the reader of a scan.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt as _;
use waybill_model::{
    Clock, Marks, Micros, NO_POSITION, NO_VERSION, Observation, OutboxSettings, PlaceId, Window,
};
use waybill_protocol::{MappedRow, MappedState};
use waybill_source::{Chunk, Database, Result, Row, RowKey, RowQuery};

use crate::session::outbox_columns;

/// Rows that are shown.
const SHOWN: u32 = 8;

/// Rows that are read to find those among them: others may have the same times.
const READ: usize = 2_000;

/// How much of a body is fetched, and shown.
const BODY: u64 = 4 * 1024;
const BODY_SHOWN: usize = 300;

/// Some rows of the table, where its key tells the youngest, as the mapping reads them.
pub(crate) async fn read_mapping(
    database: &Arc<dyn Database>,
    outbox: &OutboxSettings,
) -> Result<Vec<MappedRow>> {
    let sample = database.sample(&outbox.table, SHOWN).await?;
    let at = sample.columns.iter().position(|name| *name == outbox.key);
    let keys: Vec<RowKey> = sample
        .rows
        .iter()
        .filter_map(|row| row.get(at?)?.clone().map(RowKey))
        .collect();
    let columns = outbox_columns(outbox);
    let rows = database.rows(&columns, &keys, BODY).await?;
    let mut rows: Vec<Row> = rows.into_iter().flatten().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    let seen = observed(database, outbox, &rows).await?;
    let mapped = rows
        .iter()
        .map(|row| mapped(row, seen.get(&row.key), outbox));
    Ok(mapped.collect())
}

/// What a scan would see of these rows.
async fn observed(
    database: &Arc<dyn Database>,
    outbox: &OutboxSettings,
    rows: &[Row],
) -> Result<HashMap<RowKey, Observation>> {
    let times = || rows.iter().filter_map(|row| row.at);
    // Rows whose times cannot be read are yielded in any window.
    let from = times().min().unwrap_or(Micros(0));
    let last = times().max().unwrap_or(from);
    let mut chunks = database.read(RowQuery {
        place: PlaceId(0),
        clock: Clock::Database,
        columns: outbox_columns(outbox),
        window: Window {
            from,
            to: last.plus(1),
        },
        after: None,
        page_rows: READ as u32,
    });
    let mut seen = HashMap::new();
    let mut n = 0;
    while n < READ
        && let Some(chunk) = chunks.next().await
    {
        let Chunk::Evidence(batch) = chunk? else {
            continue;
        };
        n += batch.len();
        for idx in 0..batch.len() {
            let observation = batch.observation(idx);
            let key = match observation.position {
                NO_POSITION => observation.key.clone(),
                number => number.to_string(),
            };
            seen.insert(RowKey(key), observation);
        }
    }
    Ok(seen)
}

fn mapped(row: &Row, seen: Option<&Observation>, outbox: &OutboxSettings) -> MappedRow {
    let marks = seen.map_or(Marks::empty(), |seen| seen.marks);
    let body = row.payload.as_deref().map(String::from_utf8_lossy);
    let mut oddities = oddities(marks, outbox);
    if seen.is_none() {
        oddities.push("It was not among the rows that were read.".to_owned());
    }
    let text = |of: fn(&Observation) -> &String| seen.map(of).cloned().unwrap_or_default();
    MappedRow {
        key: row.key.0.clone(),
        id: text(|seen| &seen.id),
        aggregate: text(|seen| &seen.aggregate),
        version: seen.map(|seen| seen.version).filter(|v| *v != NO_VERSION),
        kind: text(|seen| &seen.kind),
        at: row.at,
        state: state(marks, outbox),
        oddities,
        body: body.map_or_else(String::new, |body| body.chars().take(BODY_SHOWN).collect()),
    }
}

fn state(marks: Marks, outbox: &OutboxSettings) -> MappedState {
    let is_told = outbox.sent_at.is_some()
        || outbox.deletes_after_send
        || outbox.status.is_some() && !outbox.sent_states.is_empty();
    if marks.contains(Marks::FAILED) {
        MappedState::GivenUp
    } else if marks.contains(Marks::SENT) {
        MappedState::Sent
    } else if is_told {
        MappedState::Unsent
    } else {
        MappedState::Untold
    }
}

fn oddities(marks: Marks, outbox: &OutboxSettings) -> Vec<String> {
    let all = [
        (Marks::NO_ID, format!("There is no id in {}.", outbox.id)),
        (
            Marks::NO_TIME,
            match &outbox.created_at {
                Some(column) => format!("There is no time in {column}."),
                None => "No column holds its time.".to_owned(),
            },
        ),
        (
            Marks::MALFORMED,
            "A column does not hold what its role needs.".to_owned(),
        ),
        (Marks::NOT_UTF8, "A text is not valid UTF-8.".to_owned()),
    ];
    let marked = all.into_iter().filter(|(mark, _)| marks.contains(*mark));
    marked.map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::propose::roles::unknown;

    #[test]
    fn a_state_is_told_by_what_the_mapping_names() {
        let bare = unknown(&waybill_layouts::FoundTable::default());
        let by_time = OutboxSettings {
            sent_at: Some("sent".to_owned()),
            ..bare.clone()
        };
        let by_word = OutboxSettings {
            status: Some("state".to_owned()),
            ..bare.clone()
        };
        for (outbox, marks, expected) in [
            (&bare, Marks::empty(), MappedState::Untold),
            (&by_time, Marks::empty(), MappedState::Unsent),
            (&by_time, Marks::SENT, MappedState::Sent),
            (&by_time, Marks::FAILED, MappedState::GivenUp),
            // Which word means sent is not said.
            (&by_word, Marks::empty(), MappedState::Untold),
        ] {
            assert_eq!(state(marks, outbox), expected, "{marks:?}");
        }
    }
}
