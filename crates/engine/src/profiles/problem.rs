//! Making problems of a profile.

use waybill_protocol::ProfileProblem;

/// A problem at a line (0: the whole file), without a suggestion.
pub(super) fn problem(line: u32, message: impl Into<String>) -> ProfileProblem {
    ProfileProblem {
        line,
        message: message.into(),
        suggestion: String::new(),
    }
}

/// The problem with what it could have meant.
pub(super) fn suggesting(
    mut problem: ProfileProblem,
    suggestion: impl Into<String>,
) -> ProfileProblem {
    problem.suggestion = suggestion.into();
    problem
}

/// The closest of `known` to `word`, when one is close enough to have been meant.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).clamp(1, 3))
        .min()
        .map(|(_, name)| name)
}
