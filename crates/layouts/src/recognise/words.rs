//! The reasons of a judgement in the order in which a person would give them.

use super::signals::Signals;
use super::{Reason, Strength};
use crate::TableLayout;

/// Why, and why not.
pub(super) fn reasons(shape: &TableLayout, signals: &Signals) -> Vec<Reason> {
    let recognise = &shape.recognise;
    let mut reasons = vec![Reason::For(format!(
        "All {} columns it must have are there: {}.",
        recognise.required.len(),
        recognise.required.join(", ")
    ))];
    if !recognise.forbid.is_empty() {
        reasons.push(Reason::For(format!(
            "None of the {} columns that would speak against it is there.",
            recognise.forbid.len()
        )));
    }
    if let Some(version) = &signals.version {
        reasons.push(Reason::For(format!(
            "Its columns are exactly those of: {version}."
        )));
    }
    if recognise.strength == Strength::ColumnsAlone {
        reasons.push(Reason::For(
            "Nobody else has these columns: they settle it.".to_owned(),
        ));
    }
    for (_, sentence) in &signals.found {
        reasons.push(Reason::For(sentence.clone()));
    }
    for sentence in &signals.against {
        reasons.push(Reason::Against(sentence.clone()));
    }
    if recognise.strength == Strength::NeedsSecondSignal && signals.found.is_empty() {
        reasons.push(Reason::Missing(format!(
            "Columns like these are common; it would need {}.",
            signals.missing.join(", or ")
        )));
    }
    reasons
}
