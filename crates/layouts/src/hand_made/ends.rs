//! Which column says that a row was given up, rather than that it is tried again.

use super::catalogue::is_the_end;
use super::{Guess, Role};
use crate::{Confidence, FoundTable, canon};

/// Where a row has a time of its next try, that it has failed says no more than that it is tried
/// again; only words for an end are believed, or an index that leaves such rows out.
pub(super) fn leave_out_what_is_no_end(table: &FoundTable, guesses: &mut Vec<Guess>) {
    let is_tried_again = guesses.iter().any(|guess| guess.role == Role::NextTry);
    let Some(failed) = guesses.iter().find(|guess| guess.role == Role::FailedAt) else {
        return;
    };
    let name = canon(&failed.column);
    let is_any_failure = name.starts_with("fail") || name == "isfailed";
    if is_tried_again && is_any_failure && !is_the_end(table, guesses, &failed.column) {
        guesses.retain(|guess| guess.role != Role::FailedAt);
    }
}

/// Where a row that could not be processed gets its time and its error, and no number of tries, the
/// error alone tells it from one that could.
pub(super) fn take_errors_for_ends(table: &FoundTable, guesses: &mut Vec<Guess>) {
    let find = |role: Role| guesses.iter().find(|guess| guess.role == role);
    let says_more = [Role::Status, Role::FailedAt, Role::Attempts, Role::NextTry];
    let (Some(sent), Some(error)) = (find(Role::SentAt), find(Role::Error)) else {
        return;
    };
    let is_plain = canon(&error.column) == "error" && canon(&sent.column).starts_with("processed");
    if !is_plain || says_more.into_iter().any(|role| find(role).is_some()) {
        return;
    }
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let (Some(sent), Some(at)) = (place(&sent.column), place(&error.column)) else {
        return;
    };
    let has = |row: &[Option<String>], at: usize| row.get(at).is_some_and(Option::is_some);
    let is_tried_again = table.rows.iter().any(|row| has(row, at) && !has(row, sent));
    if is_tried_again {
        return;
    }
    let column = error.column.clone();
    guesses.push(Guess {
        role: Role::FailedAt,
        column,
        confidence: Confidence::Possible,
        others: Vec::new(),
    });
}
