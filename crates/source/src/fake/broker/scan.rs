//! Reads what lies in a channel of the broker in memory.

use std::collections::{BTreeMap, VecDeque};

use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use waybill_model::{Accounts, Coverage, Gap, GapReason, Micros, Progress, Window};

use super::log::{Log, batch, now};
use super::{FakeBroker, State, unreachable};
use crate::{Chunk, ChunkStream, CopyQuery, Cursor, Error, Result};

/// Small, so that tests see several.
const BATCH: usize = 100;

/// Where a read stopped: the next offset per partition, and until when all is seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) next: BTreeMap<u32, i64>,
    pub(super) to: Micros,
}

impl Mark {
    pub(super) fn read(query: &CopyQuery) -> Result<Option<Self>> {
        let parse = |cursor: &Cursor| {
            serde_json::from_str(&cursor.0).map_err(|error| Error::Read {
                name: format!("the reading position of {}", query.channel),
                source: Box::new(error),
            })
        };
        query.after.as_ref().map(parse).transpose()
    }

    pub(super) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_string(self).expect("numbers are always JSON"))
    }
}

/// The scan: everything is read when the stream is first pulled, and handed out piece by piece.
pub(super) fn stream(broker: FakeBroker, query: CopyQuery) -> ChunkStream {
    futures::stream::once(async move {
        let chunks = match read(&broker.state(), &query) {
            Ok(chunks) => chunks,
            Err(error) => VecDeque::from([Err(error)]),
        };
        futures::stream::iter(chunks)
    })
    .flatten()
    .boxed()
}

/// A scan under way.
struct Scan<'a> {
    query: &'a CopyQuery,
    given: Option<Mark>,
    to: Micros,
    /// Messages until the scripted death.
    n_left: u64,
    n_read: u64,
    accounts: Accounts,
    chunks: VecDeque<Result<Chunk>>,
    coverages: Vec<Coverage>,
    next: BTreeMap<u32, i64>,
}

fn read(state: &State, query: &CopyQuery) -> Result<VecDeque<Result<Chunk>>> {
    if state.unreachable {
        return Err(unreachable());
    }
    let mut scan = Scan {
        query,
        given: Mark::read(query)?,
        to: now(),
        n_left: state.die_after.unwrap_or(u64::MAX),
        n_read: 0,
        accounts: Accounts::default(),
        chunks: VecDeque::new(),
        coverages: Vec::new(),
        next: BTreeMap::new(),
    };
    let logs = state.logs(&query.channel)?;
    let mut broken = false;
    for (partition, log) in (0..).zip(logs) {
        broken |= !scan.partition(partition, log);
    }
    let mut chunks = scan.chunks;
    if scan.accounts != Accounts::default() {
        chunks.push_back(Ok(Chunk::Accounted(scan.accounts)));
    }
    chunks.push_back(Ok(Chunk::Progress(Progress {
        done: scan.n_read,
        total: Some(logs.iter().map(Log::depth).sum()),
        bytes: 0,
    })));
    let covered = scan.coverages.into_iter();
    chunks.extend(covered.map(|covered| Ok(Chunk::Covered(covered))));
    let mark = Mark {
        next: scan.next,
        to: scan.to,
    };
    chunks.push_back(Ok(Chunk::Resume(mark.cursor())));
    if broken {
        chunks.push_back(Err(unreachable()));
    }
    Ok(chunks)
}

impl Scan<'_> {
    /// Reads one partition; false when the scripted death came before its end.
    fn partition(&mut self, partition: u32, log: &Log) -> bool {
        let resumed = self
            .given
            .as_ref()
            .and_then(|given| Some((*given.next.get(&partition)?, given.to)));
        let from = resumed.map_or(Micros(i64::MIN), |(_, to)| to);
        let wanted = resumed.map_or(0, |(next, _)| next);
        let start = Ord::max(wanted, log.low());
        let next = self.observe(partition, log, start);
        let mut gaps = Vec::new();
        let mut gap = |to: Micros, reason: GapReason| {
            gaps.push(Gap {
                window: Window { from, to },
                reason,
            });
        };
        if wanted < log.low() {
            gap(
                log.get(start).map_or(self.to, |(at, _)| *at),
                GapReason::Retention,
            );
        }
        let whole = next == log.end();
        if whole {
            self.next.insert(partition, next);
        } else {
            gap(self.to, GapReason::Failed("scripted".to_owned()));
        }
        self.coverages.push(Coverage {
            place: self.query.place,
            partition: Some(partition),
            window: Window { from, to: self.to },
            positions: Some((start, next)),
            gaps,
        });
        whole
    }

    /// Turns messages into batches; returns the next offset.
    fn observe(&mut self, partition: u32, log: &Log, start: i64) -> i64 {
        let mut next = start;
        let mut observed = batch(self.query);
        while next < log.end() && self.n_left > 0 {
            let accounts = &mut self.accounts;
            log.observe(self.query, partition, next, &mut observed, accounts);
            next += 1;
            self.n_left -= 1;
            self.n_read += 1;
            if observed.len() == BATCH {
                let full = std::mem::replace(&mut observed, batch(self.query));
                self.chunks.push_back(Ok(Chunk::Evidence(full)));
            }
        }
        if !observed.is_empty() {
            self.chunks.push_back(Ok(Chunk::Evidence(observed)));
        }
        next
    }
}
