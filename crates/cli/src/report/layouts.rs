//! Layouts as text and as JSON: those that are known, and whose a table is.

pub(crate) mod explained;
pub(crate) mod known;
mod ways_back;
