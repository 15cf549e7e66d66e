//! The state of a session, as the page polls it.

use serde::{Deserialize, Serialize};
use waybill_model::{
    Accounts, Attempt, ConsumerNo, FlowBasis, Gap, GapReason, Grace, Micros, Place, PlaceId,
    Progress, ResendId, SilentFlow, VerdictClass, Window,
};

use crate::Failure;

/// Everything that changes while a session is open; small, asked for several times a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Rises whenever rows, tiles or counts may look different: ask for them again.
    pub generation: u64,
    /// What the engine is doing.
    pub scan: ScanState,
    /// The window that is being looked at.
    pub window: Window,
    /// Each place: progress, coverage, trouble.
    pub places: Vec<PlaceStatus>,
    /// How many events, by class.
    pub counts: Counts,
    /// How each consumer stands.
    pub consumers: Vec<ConsumerCounts>,
    /// Flows of which nothing was ever seen where it should be.
    #[serde(default)]
    pub silent: Vec<SilentFlow>,
    /// The tabs over the grid, worst first; `all` last.
    pub groups: Vec<Group>,
    /// When the oldest unsent outbox row was written.
    pub oldest_unsent: Option<Micros>,
    /// 99th percentile from outbox row to copy, in microseconds.
    pub relay_p99_micros: Option<i64>,
    /// When an event is late on each edge; empty before the first judgement.
    pub graces: Vec<EdgeGrace>,
    /// Measured clocks.
    pub clocks: Vec<ClockOffset>,
    /// The latest resend, running or ended.
    pub run: Option<RunStatus>,
    /// Copies seen on the broker.
    pub copies: u64,
    /// Rows or messages that could not be understood, marked in the grid.
    pub oddities: u64,
    /// What was there by then is part of the verdicts, as far as places could be read; `None`
    /// before the first look at all of them has ended.
    pub seen_until: Option<Micros>,
    /// The core's clock now.
    pub now: Micros,
}

/// What the engine is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ScanState {
    /// Nothing has been read yet.
    Idle,
    /// Opening connections.
    Connecting,
    /// Reading the window.
    Scanning {
        /// First or second scan.
        pass: u32,
        /// 0 to 1, as far as totals are known.
        share: f32,
        /// Since when.
        since: Micros,
    },
    /// Everything is read.
    Done {
        /// How long it took, in microseconds.
        took_micros: u64,
    },
    /// Everything is read, and what arrives is added.
    Live,
    /// Stopped by the user; what was read is shown.
    Stopped,
    /// A source failed; what was read is shown.
    Failed {
        /// The first failure.
        failure: Failure,
    },
}

/// One place of the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceStatus {
    /// Which.
    pub place: Place,
    /// How far the read is.
    pub progress: Progress,
    /// Whether it has been read to its end.
    pub complete: bool,
    /// Share of the window that was read without a gap, 0 to 1.
    pub covered: f32,
    /// Where something may have been missed.
    pub gaps: Vec<Gap>,
    /// What is covered.
    pub window: Option<Window>,
    /// Why it could not be read.
    pub failure: Option<Failure>,
    /// By what its messages are matched; `None` where that is not asked, or not known yet.
    pub basis: Option<FlowBasis>,
    /// That in words, `matched by id (198 of 200 sampled)`; empty where there is nothing to say.
    pub matched: String,
    /// Of a table: what became of its rows outside the window, and of those without a time.
    #[serde(default)]
    pub accounts: Option<Accounts>,
}

impl PlaceStatus {
    /// The first reason why it is not covered as a whole.
    pub fn first_gap(&self) -> Option<&GapReason> {
        self.gaps.first().map(|gap| &gap.reason)
    }
}

/// Events by class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All events in the window.
    pub total: u64,
    /// In the order of [`VerdictClass::ALL`].
    pub by_class: [u64; 7],
    /// Of those that need action: confirmed by a second scan.
    pub confirmed: u64,
}

impl Counts {
    /// How many are of this class.
    pub fn of(&self, class: VerdictClass) -> u64 {
        let idx = VerdictClass::ALL.iter().position(|c| *c == class);
        idx.map_or(0, |idx| self.by_class[idx])
    }
}

/// How one consumer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerCounts {
    /// Which.
    pub consumer: ConsumerNo,
    /// Its name.
    pub name: String,
    /// Processed, proven.
    pub processed: u64,
    /// Moved past, unproven.
    pub passed: u64,
    /// Lost.
    pub lost: u64,
    /// Dead-lettered, or failed as its inbox says.
    pub dead_lettered: u64,
    /// Late.
    pub late: u64,
    /// Of these, those that wait for a consumer that does nothing: nobody is attached, it stands
    /// still, or it has never consumed.
    pub standing: u64,
    /// On its way.
    pub in_flight: u64,
    /// No verdict.
    pub unknown: u64,
    /// Messages before it in its group or queue, when known.
    pub lag: Option<u64>,
}

/// When an event is late on one edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeGrace {
    /// From the copy to this consumer; `None`: from the outbox row to the copy.
    pub consumer: Option<ConsumerNo>,
    /// How long it may take.
    pub grace: Grace,
    /// The same in words: `A row that is not published is late after 32 s: …`.
    pub sentence: String,
}

/// A tab over the grid: a saved filter with its count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What stands on the tab: `Lost by search`.
    pub title: String,
    /// The filter it stands for: `verdict:lost-by-consumer and consumer:search`; `""` for all.
    pub filter: String,
    /// The class that gives it its colour; `None` for all.
    pub class: Option<VerdictClass>,
    /// How many events.
    pub count: u64,
    /// The sentence for the count: `12 events are stuck in the outbox`.
    pub sentence: String,
}

/// A lane of the timeline, top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// What stands before it.
    pub title: String,
    /// What it shows.
    pub kind: LaneKind,
}

/// What a lane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "lane")]
pub enum LaneKind {
    /// Events that need action.
    Missing,
    /// Business rows.
    Stored,
    /// Outbox rows.
    Outbox,
    /// Copies at one destination.
    Published {
        /// Which.
        place: PlaceId,
    },
    /// What one consumer has processed.
    Consumer {
        /// Which.
        consumer: ConsumerNo,
    },
}

/// A measured clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockOffset {
    /// The connection's name.
    pub source: String,
    /// Its clock minus ours, in microseconds.
    pub offset_micros: i64,
    /// No better known than this, in microseconds.
    pub error_micros: i64,
}

/// A running or ended resend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatus {
    /// Which.
    pub id: ResendId,
    /// Whether it is still sending or watching.
    pub running: bool,
    /// What it is doing, a sentence: `Sending 5 of 12`, `Watching until 12 events arrive`.
    pub doing: String,
    /// Each event of the run.
    pub attempts: Vec<Attempt>,
}

/// A window as the user writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "window")]
pub enum TimeSpec {
    /// The last so many seconds up to now.
    Last {
        /// Seconds.
        secs: u64,
    },
    /// From here to there.
    Fixed(Window),
}
