//! Roles that a table's definition gives away, whatever its columns are called: an index over the
//! rows that wait names the mark of those that were sent.

use super::said::{Waiting, waiting};
use super::{Guess, Role};
use crate::found::Family;
use crate::{Confidence, FoundTable, canon};

/// Takes over what partial indexes say.
pub(super) fn take_over(table: &FoundTable, guesses: &mut Vec<Guess>) {
    for waiting in waiting(table).iter().flatten() {
        let is_taken = |guess: &&Guess| guess.column == waiting.column;
        let role = guesses.iter().find(is_taken).map(|guess| guess.role);
        let marks = |role: Role| guesses.iter().any(|guess| guess.role == role);
        match (waiting.words.is_empty(), role) {
            (true, None) if is_mark(table, waiting, marks(Role::SentAt)) => {
                set(guesses, Role::SentAt, &waiting.column);
            }
            (false, None) if !marks(Role::Status) => set(guesses, Role::Status, &waiting.column),
            (true | false, _) => {}
        }
    }
}

/// Whether an index holds only rows for which nothing is said by this column: given up for good.
pub(super) fn is_the_end(table: &FoundTable, guesses: &[Guess], column: &str) -> bool {
    let sent = guesses.iter().find(|guess| guess.role == Role::SentAt);
    waiting(table).iter().any(|clauses| {
        let names = |name: &str| clauses.iter().any(|clause| clause.column == name);
        names(column) && sent.is_some_and(|sent| names(&sent.column))
    })
}

fn is_mark(table: &FoundTable, waiting: &Waiting, has_another: bool) -> bool {
    let Some(column) = table.column(&waiting.column) else {
        return false;
    };
    let is_removed = canon(&column.name).contains("delet");
    let may = column.nullable || column.family() == Family::Flag;
    may && !(has_another && is_removed)
}

fn set(guesses: &mut Vec<Guess>, role: Role, column: &str) {
    guesses.retain(|guess| guess.role != role);
    guesses.push(Guess {
        role,
        column: column.to_owned(),
        confidence: Confidence::Likely,
        others: Vec::new(),
    });
}
