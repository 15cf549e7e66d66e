//! Columns into roles: by name, as far as the type allows it.

use super::name::{is_named, words};
use super::names::Names;
use super::{Guess, Role};
use crate::found::Family;
use crate::{Confidence, FoundColumn, FoundTable};

/// In which order roles are told.
const TOLD: [Role; 20] = [
    Role::AggregateType,
    Role::AggregateId,
    Role::Id,
    Role::Version,
    Role::Type,
    Role::Destination,
    Role::Payload,
    Role::Headers,
    Role::CreatedAt,
    Role::Consumer,
    Role::ProcessedAt,
    Role::SentAt,
    Role::Status,
    Role::Done,
    Role::FailedAt,
    Role::Attempts,
    Role::Error,
    Role::DueAt,
    Role::NextTry,
    Role::Lock,
];

/// Gives each role the column with the plainest name that is still free.
pub(super) fn guesses(table: &FoundTable, roles: &[(Role, &[String])]) -> Vec<Guess> {
    let mut taken: Vec<&str> = Vec::new();
    let mut guesses = Vec::new();
    for (role, patterns) in roles {
        let mut found: Vec<(usize, &FoundColumn)> = Vec::new();
        for (nth, pattern) in patterns.iter().enumerate() {
            let fitting = table.columns.iter().filter(|column| {
                is_named(pattern, &column.name)
                    && allows(*role, column)
                    && !taken.contains(&column.name.as_str())
            });
            for column in fitting {
                if !found.iter().any(|(_, known)| known.name == column.name) {
                    found.push((nth, column));
                }
            }
        }
        let Some((nth, best)) = found.first() else {
            continue;
        };
        taken.push(&best.name);
        let plain = |nth: usize| !patterns[nth].contains(['*', '@']);
        // Beside an event's id a key is just the key; beside a key anything like an id may be it.
        let is_rival = |(nth, column): &&(usize, &FoundColumn)| match role {
            Role::Id => !column.primary_key && (best.primary_key || plain(*nth)),
            _ => plain(*nth),
        };
        let others = found[1..].iter().filter(is_rival);
        guesses.push(Guess {
            role: *role,
            column: best.name.clone(),
            confidence: confidence(*nth, patterns.len()),
            others: others.map(|(_, column)| column.name.clone()).collect(),
        });
    }
    guesses
}

/// In the order in which they are told.
pub(super) fn in_order(guesses: &mut [Guess]) {
    guesses.sort_by_key(|guess| TOLD.iter().position(|role| *role == guess.role));
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
fn allows(role: Role, column: &FoundColumn) -> bool {
    let family = column.family();
    match role {
        Role::CreatedAt | Role::ProcessedAt | Role::DueAt | Role::NextTry => !matches!(
            family,
            Family::Flag | Family::Json | Family::Bytes | Family::Uuid
        ),
        Role::SentAt | Role::FailedAt => {
            !matches!(family, Family::Json | Family::Bytes | Family::Uuid) && may_be_empty(column)
        }
        Role::Done => matches!(family, Family::Flag | Family::Number | Family::Any),
        Role::Attempts | Role::Version => {
            matches!(family, Family::Number | Family::Any | Family::Text) && !is_limit(column)
        }
        Role::Payload | Role::Headers => is_long(column),
        Role::Type if is_place(column) => false,
        Role::Type | Role::AggregateType | Role::Destination => {
            matches!(family, Family::Text | Family::Number | Family::Any) && !is_about_form(column)
        }
        Role::Status => !matches!(
            family,
            Family::Time | Family::Json | Family::Bytes | Family::Uuid
        ),
        Role::Error => matches!(family, Family::Text | Family::Json | Family::Any),
        Role::Id | Role::Consumer | Role::Lock => !matches!(family, Family::Json | Family::Flag),
        Role::AggregateId => !matches!(family, Family::Json | Family::Flag | Family::Bytes),
    }
}

/// A time that every row has says nothing about being sent; a flag does.
fn may_be_empty(column: &FoundColumn) -> bool {
    let is_time = words(&column.name)
        .last()
        .is_some_and(|last| is_named("@", last));
    !column.primary_key && (column.nullable || !is_time && column.family() != Family::Time)
}

/// How often may be tried is not how often was.
fn is_limit(column: &FoundColumn) -> bool {
    let limits = ["max", "maximum", "limit", "next", "last"];
    words(&column.name)
        .iter()
        .any(|word| limits.contains(&word.as_str()))
}

/// How a body is written, how it is delivered, and by whom, is no type of an event.
fn is_about_form(column: &FoundColumn) -> bool {
    let forms = [
        "content", "mime", "media", "delivery", "user", "host", "schema", "producer",
    ];
    words(&column.name)
        .iter()
        .any(|word| forms.contains(&word.as_str()))
}

/// Where an event goes, or who works on it, is no type of it.
fn is_place(column: &FoundColumn) -> bool {
    let places = [
        "topic",
        "queue",
        "exchange",
        "channel",
        "destination",
        "consumer",
        "handler",
        "listener",
        "table",
        "tenant",
        "worker",
        "server",
        "file",
        "subscriber",
        "service",
    ];
    words(&column.name)
        .iter()
        .any(|word| places.contains(&word.as_str()))
}

/// Whether a body has room in it.
pub(super) fn is_long(column: &FoundColumn) -> bool {
    const SHORT: usize = 100;
    let about = [
        "hash", "format", "version", "size", "length", "schema", "type", "error", "reason",
    ];
    if words(&column.name)
        .iter()
        .any(|word| about.contains(&word.as_str()))
    {
        return false;
    }
    match column.family() {
        Family::Json | Family::Bytes => true,
        Family::Text | Family::Any => {
            !column.sql_type.ends_with("[]")
                && column.length().is_none_or(|length| length > SHORT)
                && !column.sql_type.to_lowercase().starts_with("enum")
        }
        Family::Number | Family::Flag | Family::Time | Family::Uuid => false,
    }
}

/// Whatever a row could be about: `order_id`, `transfer_uuid`; the one the table is called after
/// where there are several.
pub(super) fn about(table: &FoundTable, taken: &[Guess]) -> Option<Guess> {
    let not_about = Names::get().not_about();
    let is_about = |column: &&FoundColumn| {
        let words = words(&column.name);
        let (last, before) = match words.split_last() {
            Some((last, before)) if !before.is_empty() => (last.as_str(), before),
            _ => return false,
        };
        ["id", "uuid", "guid"].contains(&last)
            && !before.iter().any(|word| not_about.contains(word))
            && allows(Role::AggregateId, column)
            && !column.primary_key
            && !taken.iter().any(|guess| guess.column == column.name)
    };
    let named = words(&table.name);
    let found: Vec<&FoundColumn> = table.columns.iter().filter(is_about).collect();
    let is_called_so = |column: &&&FoundColumn| {
        let first = words(&column.name);
        first.first().is_some_and(|first| named.contains(first))
    };
    let best = match found.as_slice() {
        [only] => *only,
        several => several.iter().find(is_called_so).copied()?,
    };
    Some(Guess {
        role: Role::AggregateId,
        column: best.name.clone(),
        confidence: Confidence::Possible,
        others: Vec::new(),
    })
}
