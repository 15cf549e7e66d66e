//! What columns of a table that is called outbox are by their shape, whatever they are called.

use super::columns::is_long;
use super::name::words;
use super::{Guess, Role};
use crate::found::Family;
use crate::{Confidence, FoundColumn, FoundTable, SaidBy};

/// Whether a column of a table has a shape.
type Shape = fn(&FoundTable, &FoundColumn) -> bool;

/// Fills in the roles that no name told, where only one column could play each.
pub(super) fn fill(table: &FoundTable, guesses: &mut Vec<Guess>) {
    let shapes: [(Role, Shape); 4] = [
        (Role::Id, |_, column| column.primary_key),
        (Role::Id, |_, column| {
            !column.nullable && column.family() == Family::Uuid
        }),
        (Role::CreatedAt, |_, column| {
            !column.nullable && column.family() == Family::Time
        }),
        (Role::Payload, |_, column| {
            is_long(column) && is_roomy(column)
        }),
    ];
    for (role, is_so) in shapes {
        take(table, guesses, role, |column| is_so(table, column));
    }
    take_uuid(table, guesses);
    let has = |role: Role| guesses.iter().any(|guess| guess.role == role);
    if !has(Role::SentAt) && !has(Role::Status) {
        take(table, guesses, Role::SentAt, |column| {
            column.family() == Family::Flag && is_no_by_default(table, column)
        });
    }
    if !has_mark(guesses) {
        let created = guesses.iter().find(|guess| guess.role == Role::CreatedAt);
        let created = created.and_then(|guess| table.column(&guess.column));
        take(table, guesses, Role::SentAt, |column| {
            behaves_as_sent(table, column, created)
        });
    }
}

fn has_mark(guesses: &[Guess]) -> bool {
    let marks = [Role::SentAt, Role::Status];
    guesses.iter().any(|guess| marks.contains(&guess.role))
}

fn take(
    table: &FoundTable,
    guesses: &mut Vec<Guess>,
    role: Role,
    is_so: impl Fn(&FoundColumn) -> bool,
) {
    if guesses.iter().any(|guess| guess.role == role) {
        return;
    }
    let is_free = |column: &&FoundColumn| !guesses.iter().any(|guess| guess.column == column.name);
    let mut fitting = table
        .columns
        .iter()
        .filter(is_free)
        .filter(|column| is_so(column));
    if let (Some(only), None) = (fitting.next(), fitting.next()) {
        let guess = Guess {
            role,
            column: only.name.clone(),
            confidence: Confidence::Possible,
            others: Vec::new(),
        };
        guesses.push(guess);
    }
}

/// Beside a key that counts rows an id that is made at random is the event's.
fn take_uuid(table: &FoundTable, guesses: &mut [Guess]) {
    let Some(id) = guesses.iter().position(|guess| guess.role == Role::Id) else {
        return;
    };
    let counts = |name: &str| {
        table
            .column(name)
            .is_some_and(|column| column.primary_key && column.family() == Family::Number)
    };
    if !counts(&guesses[id].column) {
        return;
    }
    let is_random = |column: &&FoundColumn| {
        let words = words(&column.name);
        let of_row = [
            "event", "message", "msg", "outbox", "public", "external", "unique",
        ];
        let is_called_so = words.split_last().is_some_and(|(last, before)| {
            let is_id = ["uuid", "guid"].contains(&last.as_str());
            let is_its_own = before.iter().all(|word| of_row.contains(&word.as_str()));
            is_id && is_its_own || words.iter().any(|word| word.starts_with("idempoten"))
        });
        let is_short = column.length().is_none_or(|length| length <= 64);
        let is_made_so = column.family() == Family::Uuid
            || is_short && matches!(column.family(), Family::Text | Family::Any) && !is_key(&words);
        !column.nullable && is_called_so && is_made_so
    };
    let is_free = |column: &&FoundColumn| !guesses.iter().any(|guess| guess.column == column.name);
    let mut random = table.columns.iter().filter(is_free).filter(is_random);
    if let (Some(only), None) = (random.next(), random.next()) {
        let others = vec![guesses[id].column.clone()];
        guesses[id] = Guess {
            role: Role::Id,
            column: only.name.clone(),
            confidence: Confidence::Possible,
            others,
        };
    }
}

/// A key of text need not be made at random.
fn is_key(words: &[String]) -> bool {
    words.last().is_some_and(|last| last == "key")
}

/// Text that nothing but a body needs.
fn is_roomy(column: &FoundColumn) -> bool {
    const ROOMY: usize = 1000;
    column.length().is_none_or(|length| length >= ROOMY)
}

fn is_no_by_default(table: &FoundTable, column: &FoundColumn) -> bool {
    let no = ["false", "0", "b'0'", "'0'", "'f'"];
    let mut said = table.said.iter();
    said.any(|said| {
        said.by == SaidBy::Default
            && said.column.as_deref() == Some(column.name.as_str())
            && no.contains(&said.text.trim().to_lowercase().as_str())
    })
}

/// Empty in the newest rows and filled in older ones, as a mark of what was sent is.
fn behaves_as_sent(table: &FoundTable, column: &FoundColumn, time: Option<&FoundColumn>) -> bool {
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let is_mark = matches!(column.family(), Family::Flag | Family::Time)
        && (column.nullable || column.family() == Family::Flag);
    let (Some(time), Some(at)) = (time.and_then(|time| place(&time.name)), place(&column.name))
    else {
        return false;
    };
    if !is_mark {
        return false;
    }
    let mut filled = Vec::new();
    let mut empty = Vec::new();
    for row in &table.rows {
        let (Some(Some(when)), Some(cell)) = (row.get(time), row.get(at)) else {
            continue;
        };
        match cell.as_deref() {
            None | Some("false" | "f" | "0" | "") => empty.push(when),
            Some(_) => filled.push(when),
        }
    }
    filled.sort();
    empty.sort();
    let middle = |times: &[&String]| times.get(times.len() / 2).map(|when| (*when).clone());
    filled.len() > 2 && !empty.is_empty() && middle(&filled) < middle(&empty)
}
