//! What was recognised, as the settings of a profile: with the real spelling of every column, and
//! with what a profile cannot say.

use std::fmt;

mod recognised;

mod columns;

mod given_up;

mod limits;

mod proposed;

#[cfg(test)]
mod tests;

/// Settings, and what they do not express, as sentences for the person who saves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped<T> {
    /// The settings.
    pub settings: T,
    /// What is so all the same.
    pub limits: Vec<String>,
}

/// Why a table cannot be an outbox or inbox of a profile, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmappable(pub String);

impl fmt::Display for Unmappable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unmappable {}
