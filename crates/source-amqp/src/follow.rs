//! Reads what arrives in a stream, until dropped.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use waybill_model::{Coverage, Gap, GapReason, Micros, Window};
use waybill_source::{Chunk, ChunkStream, CopyQuery, CopyRole, Result};

use crate::audit;
use crate::dead_letters;
use crate::extent::Extent;
use crate::hub::{Hub, now};
use crate::listener::Start;
use crate::position::Position;
use crate::pull::{Sink, pulled};
use crate::reading::{Entry, Reading};
use crate::tap;

/// How often coverage is told: what is suspected is confirmed the sooner for it.
const TOLD_EVERY: Duration = Duration::from_millis(400);

/// More than enough for the way from a stream's writer to its reader.
const WAY_MICROS: i64 = 1_000_000;

/// Messages under way while nobody knows their size.
const PREFETCH: u16 = 200;

/// A live read of a stream from the cursor on, or from now on; or a tap on an exchange.
pub(crate) fn follow(hub: &Arc<Hub>, query: CopyQuery) -> ChunkStream {
    let shared = Arc::clone(hub);
    pulled(&hub.closed, move |out| async move {
        match query.role {
            CopyRole::Tap => tap::follow(shared, query, out).await,
            CopyRole::Destination | CopyRole::DeadLetters => {
                shared.require_stream(&query.channel).await?;
                Follow::run(shared, query, out).await
            }
        }
    })
}

struct Follow {
    out: Sink<Chunk>,
    coverage: Coverage,
    /// When the broker was asked for a sign of life, as far as that is not long enough ago …
    asked: VecDeque<Micros>,
    /// … and the last time that is.
    long_ago: Micros,
    due: Instant,
}

impl Follow {
    async fn run(hub: Arc<Hub>, query: CopyQuery, out: Sink<Chunk>) -> Result<()> {
        let resume = query.after.as_ref().and_then(Position::of);
        let extent = match resume {
            Some(_) => Some(Extent::find(&hub, &query).await?),
            None => None,
        };
        let place = query.place;
        let lacks = audit::lacks(&hub, &query).await;
        let never_arrives = dead_letters::never_arrive(&hub, &query).await;
        let lacks = lacks.or(never_arrives.map(GapReason::NotReadable));
        let mut reading = Reading::begin(hub, query, entry(resume, extent)).await?;
        // The broker answered, so everything from now on comes to us.
        let from = resume.map_or_else(now, |resume| resume.at);
        let unseen = extent.and_then(|extent| extent.unseen(from, resume));
        let never = lacks.map(|reason| Gap {
            window: Window {
                from,
                to: Micros(i64::MAX),
            },
            reason,
        });
        let mut follow = Self {
            out,
            coverage: Coverage {
                place,
                partition: None,
                window: Window { from, to: from },
                positions: None,
                gaps: unseen.into_iter().chain(never).collect(),
            },
            asked: VecDeque::new(),
            long_ago: from,
            due: Instant::now() + TOLD_EVERY,
        };
        let failed = loop {
            if let Err(error) = follow.step(&mut reading).await {
                break error;
            }
        };
        follow.hand_on(&mut reading).await;
        follow.covered(&reading).await;
        Err(failed)
    }

    async fn step(&mut self, reading: &mut Reading) -> Result<()> {
        let wait = self.due.saturating_duration_since(Instant::now());
        if reading.next(wait).await? {
            reading.arrived().await?;
        }
        self.hand_on(reading).await;
        if Instant::now() >= self.due {
            let asking = now();
            let at_end = reading.at_end().await?;
            self.hand_on(reading).await;
            let before = |at: &mut Micros| asking.since(*at) >= WAY_MICROS;
            while let Some(at) = self.asked.pop_front_if(before) {
                self.long_ago = at;
            }
            self.asked.push_back(asking);
            if at_end {
                // All has come that was there when we asked long enough before.
                self.coverage.window.to = Ord::max(self.coverage.window.to, self.long_ago);
            }
            self.covered(reading).await;
            self.due = Instant::now() + TOLD_EVERY;
        }
        Ok(())
    }

    async fn hand_on(&mut self, reading: &mut Reading) {
        for batch in reading.batches.take() {
            self.out.put(batch).await;
        }
    }

    async fn covered(&mut self, reading: &Reading) {
        self.coverage.positions = reading.first.zip(reading.next);
        self.out.put(Chunk::Covered(self.coverage.clone())).await;
        if let Some(next) = reading.next {
            let at = self.coverage.window.to;
            self.out
                .put(Chunk::Resume(Position { next, at }.cursor()))
                .await;
        }
    }
}

fn entry(resume: Option<Position>, extent: Option<Extent>) -> Entry {
    let prefetch = extent.map_or(PREFETCH, |extent| extent.prefetch());
    match resume {
        Some(resume) => Entry {
            start: Start::Offset(resume.next),
            next: Some(resume.next),
            oldest: None,
            wanted_from: resume.next,
            prefetch,
        },
        None => Entry {
            start: Start::Next,
            next: None,
            oldest: None,
            wanted_from: 0,
            prefetch,
        },
    }
}
