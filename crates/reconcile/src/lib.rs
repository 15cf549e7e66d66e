//! Evidence and coverage in, verdicts out; the columnar event index. No IO, no clock.
//!
//! ```text
//! Shape ─► Index::new
//! begin_scan ─► ingest(Batch)… cover(Coverage)… progress(…) failed(…) resent(…)
//!            ─► judge(Judgement) ─► counts, rows, facts, lanes, sentences
//! ```
//!
//! Reading order: `index` says what there is to ask, `ingest` how evidence finds its event,
//! `judge` what a judgement does, `rules` what verdicts rest on, `store` how it fits into memory.

mod shape;
pub use shape::{ConsumerShape, ProgressKind, Shape};

mod grace;
pub use grace::{GraceRule, GraceRules, Learning};

mod progress;
pub use progress::{ConsumerProgress, PartitionProgress, QueueProgress};

mod judgement;
pub use judgement::{Judgement, ScanNo};

mod facts;
pub use facts::{OwnResend, Seen};

mod oddities;
pub use oddities::{Oddities, Oddity};

mod counts;
pub use counts::{ClassCount, ConsumerCounts, Counts, PublishCounts};

mod lanes;
pub use lanes::{Lane, LaneTimes};

mod index;
pub use index::Index;

mod ingest;
pub use ingest::Ingested;

mod basis;

mod join;
mod judge;
mod order;
mod row;
mod rules;

mod controls;
mod coverage;
mod delays;
mod pace;
mod paces;
mod suspicion;
mod timelines;
mod tracker;
mod verdicts;

mod store;

pub mod sentence;

#[cfg(test)]
mod tests;
