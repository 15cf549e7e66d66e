//! What a rule has to say about a file.

use std::fmt;

/// One violation: where, which rule, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the workspace, with a line number where there is one.
    pub(crate) place: String,
    /// The rule, in words.
    pub(crate) rule: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl Finding {
    pub(crate) fn new(
        place: impl Into<String>,
        rule: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            rule: rule.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.rule, self.remedy)
    }
}
