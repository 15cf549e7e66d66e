//! Failures as the page sees them. The page branches on the code, never on the text.

use serde::{Deserialize, Serialize};

/// Something did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What the page may branch on.
    pub code: Code,
    /// What happened, a sentence.
    pub message: String,
    /// The chain of reasons, for "copy details"; `""` when there is none.
    pub detail: String,
    /// What to do next, a sentence; `""` when there is nothing.
    pub hint: String,
}

/// What the page does differently. A code exists only because somebody branches on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The profile is read-only.
    ReadOnly,
    /// No session is open.
    NotOpen,
    /// The profile is wrong; the form shows where.
    BadProfile,
    /// No table can be the outbox by itself: offer to map one by hand.
    NoOutbox,
    /// Nothing tells where events go: ask for topic or exchange.
    NoDestination,
    /// The filter is wrong; the filter bar shows where.
    BadFilter,
    /// A server cannot be reached or does not let us in: offer to retry.
    Unreachable,
    /// What the user looked at has changed since: make a new plan.
    Stale,
    /// What was typed to confirm is not what was asked for.
    NotConfirmed,
    /// A bug, or page and core of different versions.
    Internal,
}

impl Failure {
    /// A failure without detail or hint.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            detail: String::new(),
            hint: String::new(),
        }
    }

    /// Adds the chain of reasons.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}
