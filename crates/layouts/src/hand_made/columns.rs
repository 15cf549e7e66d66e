//! Columns into roles: by name, as far as the type allows it.

use super::{Guess, Role};
use crate::canon::same;
use crate::found::Family;
use crate::{Confidence, FoundColumn, FoundTable};

/// Gives each role the column with the plainest name that is still free.
pub(super) fn guesses(table: &FoundTable, roles: &[(Role, &[String])]) -> Vec<Guess> {
    let mut taken: Vec<&str> = Vec::new();
    let mut guesses = Vec::new();
    for (role, names) in roles {
        let found: Vec<(usize, &FoundColumn)> = names
            .iter()
            .enumerate()
            .filter_map(|(nth, name)| Some((nth, named(table, name)?)))
            .filter(|(_, column)| allows(*role, column.family()))
            .filter(|(_, column)| !taken.contains(&column.name.as_str()))
            .collect();
        let Some((nth, best)) = found.first() else {
            continue;
        };
        taken.push(&best.name);
        // Beside an event's id a key is just the key.
        let is_rival = |column: &FoundColumn| *role != Role::Id || !column.primary_key;
        let others = found[1..].iter().map(|(_, column)| *column);
        let others = others
            .filter(|column| is_rival(column))
            .map(|column| column.name.clone());
        guesses.push(Guess {
            role: *role,
            column: best.name.clone(),
            confidence: confidence(*nth, names.len()),
            others: others.collect(),
        });
    }
    guesses
}

fn named<'a>(table: &'a FoundTable, name: &str) -> Option<&'a FoundColumn> {
    table.columns.iter().find(|column| same(&column.name, name))
}

/// Names further down a role's list mean other things as well.
fn confidence(nth: usize, n_names: usize) -> Confidence {
    if nth == 0 {
        Confidence::Certain
    } else if nth * 2 <= n_names {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

/// Whether a column with such values can play the role.
fn allows(role: Role, family: Family) -> bool {
    match role {
        Role::CreatedAt | Role::ProcessedAt | Role::DueAt | Role::NextTry => !matches!(
            family,
            Family::Flag | Family::Json | Family::Bytes | Family::Uuid
        ),
        Role::SentAt | Role::FailedAt => {
            !matches!(family, Family::Json | Family::Bytes | Family::Uuid)
        }
        Role::Done => matches!(family, Family::Flag | Family::Number | Family::Any),
        Role::Attempts | Role::Version => {
            matches!(family, Family::Number | Family::Any | Family::Text)
        }
        Role::Payload | Role::Headers => {
            matches!(
                family,
                Family::Text | Family::Json | Family::Bytes | Family::Any
            )
        }
        Role::Type | Role::AggregateType | Role::Destination => {
            matches!(family, Family::Text | Family::Number | Family::Any)
        }
        Role::Status => !matches!(
            family,
            Family::Time | Family::Json | Family::Bytes | Family::Uuid
        ),
        Role::Error => matches!(family, Family::Text | Family::Json | Family::Any),
        Role::Id | Role::AggregateId | Role::Consumer | Role::Lock => {
            !matches!(family, Family::Json | Family::Flag)
        }
    }
}
