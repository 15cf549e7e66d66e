//! Reads a stream once, up to the end it has when the read begins.

use std::sync::Arc;
use std::time::{Duration, Instant};

use waybill_model::{Coverage, Gap, GapReason, Micros, Progress, Window};
use waybill_source::{Chunk, ChunkStream, CopyQuery, CopyRole, Error, Result};

use crate::audit;
use crate::dead_letters;
use crate::extent::{Edge, Extent};
use crate::hub::Hub;
use crate::listener::Start;
use crate::position::Position;
use crate::pull::{Sink, pulled};
use crate::reading::{Entry, Reading, silent};

/// How long a message that is there may take.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// How long the first message after a time may take before we look from the other end.
const AFTER_TIME_LIMIT: Duration = Duration::from_secs(2);

/// Offsets a chunk of a stream holds at most: a busy stream is read no further than this beyond
/// the beginning of what was its last chunk.
const CHUNK_LEN: i64 = 8192;

const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// A scan of a stream; a tap has no past to scan.
pub(crate) fn scan(hub: &Arc<Hub>, query: CopyQuery) -> ChunkStream {
    let shared = Arc::clone(hub);
    pulled(&hub.closed, move |mut out| async move {
        match query.role {
            CopyRole::Tap => {
                shared.require_exchange(&query.channel).await?;
                out.put(Chunk::Covered(no_history(&query))).await;
                Ok(())
            }
            CopyRole::Destination | CopyRole::DeadLetters => {
                shared.require_stream(&query.channel).await?;
                Scan::run(shared, query, out).await
            }
        }
    })
}

/// Nothing was listening in the past: covered, with a gap that says so.
fn no_history(query: &CopyQuery) -> Coverage {
    Coverage {
        place: query.place,
        partition: None,
        window: query.window,
        positions: None,
        gaps: vec![Gap {
            window: query.window,
            reason: GapReason::TapClosed,
        }],
    }
}

struct Scan {
    query: CopyQuery,
    /// Why the stream may lack what should be in it, whatever is read.
    lacks: Option<GapReason>,
    extent: Extent,
    resume: Option<Position>,
    /// It began at a time, not at an offset.
    entered_by_time: bool,
    out: Sink<Chunk>,
    reported: Instant,
}

impl Scan {
    async fn run(hub: Arc<Hub>, query: CopyQuery, out: Sink<Chunk>) -> Result<()> {
        let lacks = audit::lacks(&hub, &query).await;
        let never_arrives = dead_letters::never_arrive(&hub, &query).await;
        let lacks = lacks.or(never_arrives.map(GapReason::NotReadable));
        let extent = Extent::find(&hub, &query).await?;
        let resume = query.after.as_ref().and_then(Position::of);
        let mut scan = Self {
            query,
            lacks,
            extent,
            resume,
            entered_by_time: false,
            out,
            reported: Instant::now(),
        };
        if scan.extent.edges.is_none() {
            scan.finish(None).await;
            return Ok(());
        }
        let (start, next) = scan.extent.start(scan.query.window, resume);
        scan.entered_by_time = matches!(start, Start::Second(_));
        let entry = Entry {
            start,
            next,
            oldest: scan.extent.edges.map(|(oldest, _)| oldest.offset),
            wanted_from: resume.map_or(0, |resume| resume.next),
            prefetch: scan.extent.prefetch(),
        };
        let mut reading = Reading::begin(hub, scan.query.clone(), entry).await?;
        let mut outcome = scan.read(&mut reading).await;
        if outcome.is_ok() && scan.is_another_stream(&reading) {
            scan.resume = None;
            reading.want_all();
            outcome = scan.read_again(&mut reading).await;
        }
        scan.hand_on(&mut reading).await;
        match outcome {
            Ok(()) => scan.finish(Some(&reading)).await,
            Err(error) => {
                scan.break_off(&reading, &error).await;
                return Err(error);
            }
        }
        reading.end().await;
        Ok(())
    }

    async fn read(&mut self, reading: &mut Reading) -> Result<()> {
        let Some((_, last)) = self.extent.edges else {
            return Ok(());
        };
        if reading.next.is_none() && !reading.next(AFTER_TIME_LIMIT).await? {
            // Nothing was written since that time, so the last chunk is older; its end is the end.
            reading.reenter(last.offset).await?;
        }
        while reading.next.is_none_or(|next| next <= last.offset) {
            if !reading.next(SILENCE_LIMIT).await? {
                return Err(silent(&self.query.channel, SILENCE_LIMIT));
            }
            reading.arrived().await?;
            self.report(reading).await;
        }
        // The last chunk has begun: the broker has sent all of it when it has nothing left to send.
        let limit = match self.extent.end_known {
            true => last.offset + CHUNK_LEN,
            false => i64::MAX,
        };
        while reading.settle().await? && reading.next.is_some_and(|next| next < limit) {
            self.report(reading).await;
        }
        Ok(())
    }

    /// Whether the stream ends before the offset that was read last time: it was deleted and made anew.
    fn is_another_stream(&self, reading: &Reading) -> bool {
        let next = reading.next.unwrap_or(0);
        self.resume.is_some_and(|resume| next < resume.next)
    }

    async fn read_again(&mut self, reading: &mut Reading) -> Result<()> {
        if let Some((first, _)) = self.extent.edges {
            reading.reenter(first.offset).await?;
        }
        self.read(reading).await
    }

    /// Hands on full batches, and says now and then how far it is.
    async fn report(&mut self, reading: &mut Reading) {
        let due = self.reported.elapsed() >= PROGRESS_EVERY;
        if !due && !reading.batches.full() {
            return;
        }
        self.hand_on(reading).await;
        if due {
            self.reported = Instant::now();
            let progress = self.progress(reading);
            self.out.put(Chunk::Progress(progress)).await;
        }
    }

    async fn hand_on(&mut self, reading: &mut Reading) {
        for batch in reading.batches.take() {
            self.out.put(batch).await;
        }
    }

    fn progress(&self, reading: &Reading) -> Progress {
        let span = self.extent.edges.zip(reading.first);
        let total = span.map(|((_, last), first)| last.offset - first + 1);
        Progress {
            done: reading.n_done,
            total: total
                .and_then(|total| u64::try_from(total).ok())
                .map(|total| Ord::max(total, reading.n_done)),
            bytes: reading.n_bytes,
        }
    }

    /// Everything was read.
    async fn finish(&mut self, reading: Option<&Reading>) {
        if let Some(reading) = reading {
            let progress = self.progress(reading);
            self.out.put(Chunk::Progress(progress)).await;
        }
        let coverage = self.coverage(reading);
        self.out.put(Chunk::Covered(coverage)).await;
        let resume = Position {
            next: self.next(reading),
            at: self.extent.at,
        };
        self.out.put(Chunk::Resume(resume.cursor())).await;
    }

    /// The read failed: what came after the last message is a gap.
    async fn break_off(&mut self, reading: &Reading, error: &Error) {
        let mut coverage = self.coverage(Some(reading));
        let from = reading.last_time.unwrap_or(coverage.window.from);
        let lost = Window {
            from: Ord::max(from, coverage.window.from),
            to: coverage.window.to,
        };
        if lost.len_micros() > 0 {
            coverage.gaps.push(Gap {
                window: lost,
                reason: GapReason::Failed(error.chain()),
            });
        }
        self.out.put(Chunk::Covered(coverage)).await;
        if let (Some(next), Some(at)) = (reading.next, reading.last_time) {
            self.out
                .put(Chunk::Resume(Position { next, at }.cursor()))
                .await;
        }
    }

    fn coverage(&self, reading: Option<&Reading>) -> Coverage {
        let from = match self.resume {
            Some(resume) => resume.at,
            None => self.query.window.from,
        };
        let unseen = self.unseen(from, reading);
        let next = self.next(reading);
        let first = reading.and_then(|reading| reading.first).unwrap_or(next);
        let window = Window {
            from: Ord::min(from, self.extent.at),
            to: self.extent.at,
        };
        let never = self.lacks.clone().map(|reason| Gap { window, reason });
        Coverage {
            place: self.query.place,
            partition: None,
            window,
            positions: Some((first, next)),
            gaps: unseen.into_iter().chain(never).collect(),
        }
    }

    /// The span before what was read.
    ///
    /// A stream of dead letters that has lost nothing is taken to be as old as what it watches:
    /// most are empty, so that nothing else tells their age, and where one is younger the consumer
    /// still lacks the event, only for another cause.
    fn unseen(&self, from: Micros, reading: Option<&Reading>) -> Option<Gap> {
        let whole = self.extent.edges.is_none_or(|(first, _)| first.offset == 0);
        if whole && self.resume.is_none() && self.query.role == CopyRole::DeadLetters {
            return None;
        }
        let (Some((oldest, last)), Some(reading), None) = (self.extent.edges, reading, self.resume)
        else {
            return self.extent.unseen(from, self.resume);
        };
        match reading.first {
            // It asked for a time before the window and did not get the oldest message: that one is
            // older, even when it carries no time.
            Some(first) if first > oldest.offset && self.entered_by_time => None,
            // Retention was quicker than we.
            Some(first) if first > oldest.offset => {
                let oldest = Edge {
                    offset: first,
                    time: reading.first_time,
                    ..oldest
                };
                let extent = Extent {
                    edges: Some((oldest, last)),
                    ..self.extent
                };
                extent.unseen(from, None)
            }
            _ => self.extent.unseen(from, None),
        }
    }

    /// One past the last offset that was read, now or before.
    fn next(&self, reading: Option<&Reading>) -> i64 {
        let before = self.resume.map_or(0, |resume| resume.next);
        Ord::max(
            before,
            reading.and_then(|reading| reading.next).unwrap_or(0),
        )
    }
}
