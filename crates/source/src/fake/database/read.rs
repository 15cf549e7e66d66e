//! Reads a table of the database in memory, by time.

use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use waybill_model::{Batch, Coverage, Gap, GapReason, Micros, Observation, Progress, Window};

use super::{FakeDatabase, State, now, unreachable};
use crate::{Chunk, ChunkStream, Cursor, Error, Result, RowQuery};

/// Where a read stopped: everything committed up to then is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Mark {
    commits: u64,
}

/// The read: it looks when the stream is first pulled, and hands out piece by piece.
pub(super) fn stream(database: FakeDatabase, query: RowQuery) -> ChunkStream {
    futures::stream::once(async move {
        let under_way = UnderWay::begin(&database);
        let chunks = match read(&database.state(), &query) {
            Ok(chunks) => chunks,
            Err(error) => vec![Err(error)],
        };
        let held = database.held.subscribe();
        futures::stream::unfold(
            (chunks.into_iter(), held, under_way),
            |mut read| async move {
                // The sender lives in the database that `under_way` holds.
                read.1.wait_for(|held| !held).await.ok();
                let chunk = read.0.next()?;
                Some((chunk, read))
            },
        )
    })
    .flatten()
    .boxed()
}

/// Counts a read while it lives.
struct UnderWay(FakeDatabase);

impl UnderWay {
    fn begin(database: &FakeDatabase) -> Self {
        database.state().reading += 1;
        Self(database.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.state().reading -= 1;
    }
}

fn read(state: &State, query: &RowQuery) -> Result<Vec<Result<Chunk>>> {
    if state.unreachable {
        return Err(unreachable());
    }
    let given = match &query.after {
        Some(cursor) => mark(cursor, query)?.commits,
        None => 0,
    };
    let table = state.table(&query.columns.table)?;
    table.check(&query.columns)?;
    let seen_at = now();
    let mut rows = Vec::new();
    for line in table.committed() {
        let observation = table.observation(line, query, seen_at)?;
        let untimed = observation.marks.contains(waybill_model::Marks::NO_TIME);
        let inside = untimed || query.window.contains(observation.stamp.at);
        if inside && line.commit > Some(given) && table.belongs(line, &query.columns)? {
            rows.push(observation);
        }
    }
    rows.sort_by_key(|row| row.stamp.at);
    let total = rows.len() as u64;
    let settled = table.open_since().unwrap_or(seen_at);
    let broken = state.die_after.is_some_and(|n| n < total);
    if let Some(n) = state.die_after {
        rows.truncate(usize::try_from(n).unwrap_or(usize::MAX));
    }
    let reached = rows.last().map_or(query.window.from, |row| row.stamp.at);
    let mut chunks: Vec<Result<Chunk>> = batches(query, &rows)
        .map(|batch| Ok(Chunk::Evidence(batch)))
        .collect();
    chunks.push(Ok(Chunk::Progress(Progress {
        done: rows.len() as u64,
        total: Some(total),
        bytes: 0,
    })));
    let coverage = coverage(query, settled, seen_at, broken.then_some(reached));
    chunks.push(Ok(Chunk::Covered(coverage)));
    if broken {
        chunks.push(Err(Error::Read {
            name: format!("table {}", query.columns.table),
            source: Box::new(unreachable()),
        }));
    } else {
        let mark = Mark {
            commits: state.commits,
        };
        let text = serde_json::to_string(&mark).expect("a number is always JSON");
        chunks.push(Ok(Chunk::Resume(Cursor(text))));
    }
    Ok(chunks)
}

fn mark(cursor: &Cursor, query: &RowQuery) -> Result<Mark> {
    serde_json::from_str(&cursor.0).map_err(|error| Error::Read {
        name: format!("the cursor of table {}", query.columns.table),
        source: Box::new(error),
    })
}

fn batches<'a>(query: &RowQuery, rows: &'a [Observation]) -> impl Iterator<Item = Batch> + use<'a> {
    let (place, clock) = (query.place, query.clock);
    rows.chunks(query.page_rows.max(1) as usize)
        .map(move |page| {
            let mut batch = Batch::new(place, clock, 1, page.len());
            for row in page {
                batch.push(row);
            }
            batch
        })
}

/// `broken_at`: the time of the last row before the read broke off.
fn coverage(
    query: &RowQuery,
    settled: Micros,
    seen_at: Micros,
    broken_at: Option<Micros>,
) -> Coverage {
    let asked = query.window;
    let to = settled.clamp(asked.from, Ord::max(asked.from, asked.to));
    let mut gaps = Vec::new();
    if settled < seen_at {
        gaps.push(Gap {
            window: Window {
                from: to,
                to: Ord::max(to, Ord::min(asked.to, seen_at)),
            },
            reason: GapReason::OpenTransactions,
        });
    }
    if let Some(reached) = broken_at {
        gaps.push(Gap {
            window: Window {
                from: reached,
                to: asked.to,
            },
            reason: GapReason::Failed(unreachable().chain()),
        });
    }
    Coverage {
        place: query.place,
        partition: None,
        window: Window {
            from: asked.from,
            to,
        },
        positions: None,
        gaps,
    }
}
