//! Exit codes.

use std::process::ExitCode;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Nothing is missing, and everything was looked at; what was asked for is done.
    Fine = 0,
    /// Something is missing, or waits for somebody who does nothing; something was not sent.
    Findings = 1,
    /// Cannot know, or could not look.
    Unknown = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
