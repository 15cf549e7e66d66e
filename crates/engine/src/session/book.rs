//! What is known in a session right now: the index, how far each place is read, and the counts.

use waybill_model::{Accounts, ConsumerNo, Counted, Micros, PlaceId, PlaceRole, Progress, Window};
use waybill_protocol::{Failure, RunStatus, ScanState};
use waybill_reconcile::{Index, Judgement};
use waybill_source::{Chunk, ConsumerProgress, Cursor};

use super::Layout;
use crate::scan::Reach;
use crate::view::{Tally, of_index, tally};

/// Everything known; behind the session's lock.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) index: Index,
    /// Rises with every new window: event numbers of an earlier one mean nothing any more.
    pub(crate) epoch: u64,
    /// Rises with everything that may look different.
    pub(crate) generation: u64,
    pub(crate) state: ScanState,
    pub(crate) window: Window,
    /// How far beyond the window places are read; `None` before the first scan.
    pub(crate) reach: Option<Reach>,
    pub(crate) places: Vec<PlaceState>,
    /// Messages before each consumer, when known.
    pub(crate) lags: Vec<Option<u64>>,
    pub(crate) tally: Tally,
    /// What was there by then is part of the verdicts; `None` before the first whole look.
    pub(crate) seen_until: Option<Micros>,
    pub(crate) run: Option<RunStatus>,
}

/// How far one place is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlaceState {
    pub(crate) progress: Progress,
    /// What was read before the current read, which counts from zero.
    before: Progress,
    pub(crate) complete: bool,
    pub(crate) failure: Option<Failure>,
    pub(crate) cursor: Option<Cursor>,
    /// What is missing was looked for before where reading began.
    pub(crate) looked_before: bool,
    /// What became of a table's rows outside the window.
    pub(crate) accounts: Option<Accounts>,
}

impl PlaceState {
    /// How much of it is read, 0 to 1, as far as a total is known.
    pub(crate) fn share(&self) -> f32 {
        match self.progress.total {
            _ if self.complete => 1.0,
            Some(total) if total > 0 => (self.progress.done as f32 / total as f32).min(1.0),
            _ => 0.0,
        }
    }
}

impl Book {
    /// Nothing read yet.
    pub(crate) fn new(layout: &Layout) -> Self {
        let window = Window {
            from: Micros(0),
            to: Micros(0),
        };
        Self {
            index: index_of(layout),
            epoch: 0,
            generation: 0,
            state: ScanState::Idle,
            window,
            reach: None,
            places: vec![PlaceState::default(); layout.places.len()],
            lags: vec![None; layout.consumers.len()],
            tally: Tally::default(),
            seen_until: None,
            run: None,
        }
    }

    /// Forgets what was read; a new window begins.
    pub(crate) fn begin_window(&mut self, layout: &Layout, window: Window) {
        self.index = index_of(layout);
        self.epoch += 1;
        self.window = window;
        self.places = vec![PlaceState::default(); layout.places.len()];
        self.lags = vec![None; layout.consumers.len()];
        self.tally = Tally::default();
        self.seen_until = None;
        self.touch();
    }

    /// The time whose events are counted and shown. A window that ends now has no end: what carries
    /// a time ahead of the clock was seen all the same.
    pub(crate) fn counted(&self) -> Window {
        let open = self.reach.is_some_and(|reach| reach.open);
        let to = if open {
            Micros(i64::MAX)
        } else {
            self.window.to
        };
        Window { to, ..self.window }
    }

    /// Something may look different.
    pub(crate) fn touch(&mut self) {
        self.generation += 1;
    }

    /// Where the next read of a place goes on.
    pub(crate) fn cursor(&self, place: PlaceId) -> Option<Cursor> {
        self.places.get(usize::from(place.0))?.cursor.clone()
    }

    /// A round of reading begins. Places of `followed` are not read anew by it: what is known of
    /// their failures goes on to hold.
    pub(crate) fn begin_round(&mut self, at: Micros, followed: &[PlaceId]) {
        self.index.begin_scan(at);
        for place in followed {
            let state = self.places.get(usize::from(place.0));
            if let Some(failure) = state.and_then(|state| state.failure.as_ref()) {
                self.index.failed(*place, failure.message.clone());
            }
        }
    }

    /// Up to when nothing can have been missed at all of these places; `None` for none of them.
    pub(crate) fn covered_until(&self, places: &[PlaceId]) -> Option<Micros> {
        let coverage = self.index.coverage();
        let here = coverage
            .iter()
            .filter(|covered| places.contains(&covered.place));
        here.map(|covered| covered.window.to).min()
    }

    /// A read of this place begins.
    pub(crate) fn begin_read(&mut self, place: PlaceId) {
        if let Some(state) = self.places.get_mut(usize::from(place.0)) {
            state.before = state.progress;
            state.failure = None;
        }
    }

    /// Takes in a piece of a read.
    pub(crate) fn apply(&mut self, place: PlaceId, chunk: Chunk) {
        let Some(state) = self.places.get_mut(usize::from(place.0)) else {
            return;
        };
        match chunk {
            Chunk::Evidence(batch) => {
                self.index.ingest(&batch);
            }
            Chunk::Progress(progress) => {
                state.progress = Progress {
                    done: state.before.done + progress.done,
                    total: progress.total.map(|total| state.before.done + total),
                    bytes: state.before.bytes + progress.bytes,
                };
            }
            Chunk::Covered(coverage) => self.index.cover(coverage),
            Chunk::Accounted(accounts) => {
                let first = accounts.before == Counted::Exactly(0);
                match &mut state.accounts {
                    Some(before) => before.add(accounts),
                    None => state.accounts = Some(accounts),
                }
                if first && let Some(from) = self.read_from(place) {
                    self.index.begins(place, from);
                }
            }
            Chunk::Resume(cursor) => state.cursor = Some(cursor),
        }
    }

    /// From when on a table that tells what was stored is read; `None` for any other place.
    fn read_from(&self, place: PlaceId) -> Option<Micros> {
        let places = &self.index.shape().places;
        let role = places.iter().find(|it| it.id == place)?.role;
        let tells = matches!(role, PlaceRole::Outbox | PlaceRole::Business);
        let reach = self.reach.filter(|_| tells)?;
        Some(reach.of_role(role, self.window.to).from)
    }

    /// A read has come to its end.
    pub(crate) fn complete(&mut self, place: PlaceId) {
        if let Some(state) = self.places.get_mut(usize::from(place.0)) {
            state.complete = true;
            state.failure = None;
        }
    }

    /// A place that could not be read is being read again.
    pub(crate) fn recovered(&mut self, place: PlaceId) {
        if let Some(state) = self.places.get_mut(usize::from(place.0))
            && state.failure.take().is_some()
        {
            state.complete = true;
        }
    }

    /// A place could not be read, or not to its end.
    pub(crate) fn fail(&mut self, place: PlaceId, failure: Failure) {
        let why = if failure.detail.is_empty() {
            failure.message.clone()
        } else {
            failure.detail.clone()
        };
        self.index.failed(place, why);
        if let Some(state) = self.places.get_mut(usize::from(place.0)) {
            state.complete = false;
            state.failure = Some(failure);
        }
    }

    /// Takes in how far the consumers have moved.
    pub(crate) fn progress(&mut self, progress: &ConsumerProgress) {
        let of_partitions = progress
            .partitions
            .iter()
            .filter_map(|p| p.committed.map(|committed| (p.end - committed).max(0)))
            .map(|lag| u64::try_from(lag).unwrap_or(0))
            .reduce(|a, b| a + b);
        let of_queue = progress
            .queue
            .as_ref()
            .map(|queue| queue.ready + queue.unacked);
        if let Some(lag) = self.lags.get_mut(usize::from(progress.consumer.0)) {
            *lag = of_queue.or(of_partitions);
        }
        self.index.progress(&for_index(progress));
    }

    /// Reaches verdicts and counts them. Whoever polls is told to ask again only when something
    /// looks different: a live tail judges several times a second, mostly to the same end.
    pub(crate) fn judge(&mut self, layout: &Layout, judgement: &Judgement) {
        let before = self.looks(layout);
        self.index.judge(judgement);
        if judgement.scan_at == self.index.scan_began() {
            self.seen_until = Some(judgement.scan_at);
        }
        self.tally = tally(&self.index, layout, self.counted());
        if self.looks(layout) != before {
            self.touch();
        }
    }

    /// What rows, tiles and counts depend on, in short: any change of a verdict changes the
    /// counts, any new evidence the length of a lane.
    fn looks(&self, layout: &Layout) -> (waybill_reconcile::Counts, Vec<usize>) {
        let lanes = layout
            .lanes
            .iter()
            .map(|lane| self.index.lane(of_index(lane.kind)).len());
        (self.index.counts().clone(), lanes.collect())
    }

    /// The first failure of a place, if any.
    pub(crate) fn first_failure(&self) -> Option<&Failure> {
        self.places.iter().find_map(|state| state.failure.as_ref())
    }
}

/// The same look at a consumer in the words of the pure crate, which knows no source.
fn for_index(seen: &ConsumerProgress) -> waybill_reconcile::ConsumerProgress {
    waybill_reconcile::ConsumerProgress {
        consumer: seen.consumer,
        at: seen.at,
        partitions: seen
            .partitions
            .iter()
            .map(|p| waybill_reconcile::PartitionProgress {
                partition: p.partition,
                passed: p.committed,
                end: p.end,
            })
            .collect(),
        queue: seen
            .queue
            .as_ref()
            .map(|q| waybill_reconcile::QueueProgress {
                ready: q.ready,
                unacked: q.unacked,
                consumers: q.consumers,
                bound: q.bound,
                may_drop: q.may_drop.is_some(),
            }),
        members: seen.members,
    }
}

/// An empty index that knows who is expected to receive what.
fn index_of(layout: &Layout) -> Index {
    let mut index = Index::new(layout.shape.clone());
    for (no, consumer) in (0..=u8::MAX).zip(&layout.consumers) {
        if let Some(since) = consumer.since {
            index.expect_since(ConsumerNo(no), since);
        }
    }
    index
}
