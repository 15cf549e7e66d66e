//! What is wrong with a filter, and where.

use std::ops::Range;

/// A filter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What is wrong, a sentence.
    pub message: String,
    /// What it could have meant; `""` when nobody knows.
    pub suggestion: String,
}

impl FilterError {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            suggestion: String::new(),
        }
    }

    /// Adds the closest of `known` to `word`, when one is close enough to have been meant.
    pub(crate) fn suggest<'a>(mut self, word: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let closest = known
            .map(|name| (strsim::damerau_levenshtein(word, name), name))
            .filter(|(distance, name)| *distance <= (name.len() / 3).clamp(1, 3))
            .min();
        if let Some((_, name)) = closest {
            name.clone_into(&mut self.suggestion);
        }
        self
    }
}
