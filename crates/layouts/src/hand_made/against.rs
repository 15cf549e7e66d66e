//! What speaks against a table being an outbox of events for other services.

use super::name::is_named;
use super::names::Names;
use super::states::distinct;
use super::{Guess, Role};
use crate::canon::fits;
use crate::{FoundTable, canon};

/// Why a table is hardly an outbox, as sentences; of one that is called outbox only that it is full
/// of letters to people.
pub(super) fn against(table: &FoundTable, guesses: &[Guess], by_name: bool) -> Vec<String> {
    let against = &Names::get().against;
    let mut why = Vec::new();
    let patterns: Vec<&String> = match by_name {
        true => against.letters.iter().collect(),
        false => against.columns.iter().chain(&against.letters).collect(),
    };
    let columns = table.columns.iter().filter(|column| {
        patterns
            .iter()
            .any(|pattern| is_named(pattern, &column.name))
    });
    let columns: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
    if !columns.is_empty() {
        why.push(format!("It has {}.", columns.join(", ")));
    }
    if by_name {
        return why;
    }
    if against
        .names
        .iter()
        .any(|pattern| fits(pattern, &table.name))
    {
        why.push(format!("It is called {}.", table.name));
    }
    let status = guesses.iter().find(|guess| guess.role == Role::Status);
    let values = status.map_or_else(Vec::new, |status| distinct(table, &status.column));
    let is_against = |value: &&String| against.values.iter().any(|it| canon(it) == canon(value));
    let values: Vec<&str> = values
        .iter()
        .filter(is_against)
        .map(String::as_str)
        .collect();
    if !values.is_empty() {
        why.push(format!("Its rows are {}.", values.join(", ")));
    }
    why
}
