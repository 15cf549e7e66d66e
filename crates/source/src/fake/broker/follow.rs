//! Reads what arrives in a channel of the broker in memory.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::watch;
use tokio::time::Instant;
use waybill_model::{Accounts, Coverage, Micros, Window};

use super::log::{batch, now};
use super::scan::Mark;
use super::{FakeBroker, unreachable};
use crate::{Chunk, ChunkStream, CopyQuery, Result};

/// Coverage is promised every second.
const COVER_EVERY: Duration = Duration::from_millis(300);

/// A follow under way.
struct Follow {
    broker: FakeBroker,
    query: CopyQuery,
    changes: watch::Receiver<u64>,
    mark: Option<Mark>,
    from: Micros,
    due: Instant,
    ready: VecDeque<Result<Chunk>>,
    over: bool,
}

pub(super) fn stream(broker: FakeBroker, query: CopyQuery) -> ChunkStream {
    let follow = Follow {
        changes: broker.changes.subscribe(),
        broker,
        query,
        mark: None,
        from: now(),
        due: Instant::now(),
        ready: VecDeque::new(),
        over: false,
    };
    futures::stream::unfold(follow, |mut follow| async move {
        let chunk = follow.next().await?;
        Some((chunk, follow))
    })
    .boxed()
}

impl Follow {
    async fn next(&mut self) -> Option<Result<Chunk>> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Some(chunk);
            }
            if self.over {
                return None;
            }
            self.changes.borrow_and_update();
            if let Err(error) = self.read() {
                self.over = true;
                return Some(Err(error));
            }
            if self.ready.is_empty() {
                // Either something changes or coverage is due; both are looked at next.
                tokio::time::timeout_at(self.due, self.changes.changed())
                    .await
                    .ok();
            }
        }
    }

    /// Takes what has arrived, and the coverage when it is due.
    fn read(&mut self) -> Result<()> {
        let state = self.broker.state();
        if state.unreachable {
            return Err(unreachable());
        }
        let logs = state.logs(&self.query.channel)?;
        let to = now();
        let mark = match &mut self.mark {
            Some(mark) => mark,
            none => {
                let mark = match Mark::read(&self.query)? {
                    Some(mark) => mark,
                    None => Mark {
                        next: (0..).zip(logs).map(|(id, log)| (id, log.end())).collect(),
                        to,
                    },
                };
                self.from = mark.to;
                none.insert(mark)
            }
        };
        let mut observed = batch(&self.query);
        let mut accounts = Accounts::default();
        for (partition, log) in (0..).zip(logs) {
            let next = mark.next.entry(partition).or_insert(0);
            while *next < log.end() {
                log.observe(&self.query, partition, *next, &mut observed, &mut accounts);
                *next += 1;
            }
        }
        mark.to = to;
        if !observed.is_empty() {
            self.ready.push_back(Ok(Chunk::Evidence(observed)));
        }
        if accounts != Accounts::default() {
            self.ready.push_back(Ok(Chunk::Accounted(accounts)));
        }
        if Instant::now() >= self.due {
            self.due = Instant::now() + COVER_EVERY;
            for (partition, next) in &mark.next {
                self.ready.push_back(Ok(Chunk::Covered(Coverage {
                    place: self.query.place,
                    partition: Some(*partition),
                    window: Window {
                        from: self.from,
                        to,
                    },
                    positions: Some((0, *next)),
                    gaps: Vec::new(),
                })));
            }
            self.ready.push_back(Ok(Chunk::Resume(mark.cursor())));
        }
        Ok(())
    }
}
