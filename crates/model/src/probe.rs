//! A connection test, step by step.

use serde::{Deserialize, Serialize};

/// One step of a connection test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeStep {
    /// What was tried, as `Look up db.example`.
    pub what: String,
    /// What came of it.
    pub outcome: ProbeOutcome,
    /// How long it took, in microseconds.
    pub took_micros: u64,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "text")]
pub enum ProbeOutcome {
    /// Worked; what was learnt (`PostgreSQL 15.18`).
    Fine(String),
    /// Works, but the user should know something.
    Warn(String),
    /// Failed: why, and what to do.
    Failed(String),
}
