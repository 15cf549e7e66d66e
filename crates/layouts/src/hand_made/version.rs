//! Whether a column that is called version is the aggregate's.

use std::collections::HashMap;

use super::{Guess, Role};
use crate::{FoundTable, canon};

/// A counter of a lock, a number of a broker or of a schema is called so, too. An aggregate's
/// version is never missing, and no two of its rows have the same.
pub(super) fn keep_if_it_grows(table: &FoundTable, guesses: &mut Vec<Guess>) {
    let find = |role: Role| guesses.iter().find(|guess| guess.role == role);
    let Some(version) = find(Role::Version) else {
        return;
    };
    let says_whose = ["aggregate", "stream", "entity"];
    if says_whose
        .iter()
        .any(|word| canon(&version.column).starts_with(word))
    {
        return;
    }
    let is_kept = match find(Role::AggregateId) {
        Some(aggregate) => may_grow(table, &version.column, &aggregate.column),
        None => false,
    };
    if !is_kept {
        guesses.retain(|guess| guess.role != Role::Version);
    }
}

fn may_grow(table: &FoundTable, version: &str, aggregate: &str) -> bool {
    if super::said::default_of(table, version).as_deref() == Some("0") {
        return false;
    }
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let (Some(version), Some(aggregate)) = (place(version), place(aggregate)) else {
        return false;
    };
    let mut seen: HashMap<&String, Vec<&String>> = HashMap::new();
    let mut is_counted = false;
    for row in &table.rows {
        let Some(Some(version)) = row.get(version) else {
            return false;
        };
        is_counted |= version != "0";
        if let Some(Some(aggregate)) = row.get(aggregate) {
            let versions = seen.entry(aggregate).or_default();
            if versions.contains(&version) {
                return false;
            }
            versions.push(version);
        }
    }
    table.rows.is_empty() || is_counted
}
