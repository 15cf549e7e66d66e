//! What the values of a status mean.

use super::name::words;
use super::names::Names;
use super::said::{default_of, explained, listed, waiting};
use super::{Guess, Role};
use crate::found::Family;
use crate::{FoundTable, TableRole, canon};

/// What a state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Pending,
    InFlight,
    Sent,
    Failed,
}

/// What is known of a status column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct States {
    /// Values that mean sent; of an inbox processed.
    pub(super) sent: Vec<String>,
    /// Values that mean given up.
    pub(super) failed: Vec<String>,
    /// All values that were seen or that the definition names.
    pub(super) values: Vec<String>,
    /// Some of them nobody can explain, or none that means sent was seen.
    pub(super) is_open: bool,
}

/// What a word means, if anything that is known.
pub(super) fn meaning(word: &str) -> Option<Meaning> {
    let states = &Names::get().states;
    let lists = [
        (&states.pending, Meaning::Pending),
        (&states.in_flight, Meaning::InFlight),
        (&states.failed, Meaning::Failed),
        (&states.sent, Meaning::Sent),
    ];
    let is_one = |all: &[String], word: &str| all.iter().any(|it| canon(it) == canon(word));
    if canon(word).is_empty() || word.trim().parse::<i64>().is_ok() {
        return None;
    }
    let whole = lists.iter().find(|(all, _)| is_one(all, word));
    let parts = words(word);
    let in_part = || {
        lists
            .iter()
            .find(|(all, _)| parts.iter().any(|part| is_one(all, part)))
    };
    whole.or_else(in_part).map(|(_, meaning)| *meaning)
}

/// What the values of the status column mean, by what they are called and by what else their rows
/// say; numbers only where a comment or the rows explain them.
pub(super) fn states(table: &FoundTable, guesses: &[Guess], of: TableRole) -> States {
    let find = |role: Role| guesses.iter().find(|guess| guess.role == role);
    let Some(status) = find(Role::Status) else {
        return States::default();
    };
    let column = status.column.as_str();
    let listed = listed(table, column);
    let default = default_of(table, column);
    let seen = distinct(table, column);
    let mut values = seen.clone();
    for value in listed.iter().chain(&default) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    let waits = waits(table, column);
    let explained = explained(table, column);
    let by_rows = by_rows(table, guesses, &seen);
    let told = |value: &String| {
        let is = |(known, _): &&(String, Meaning)| known == value;
        let comment = explained.iter().find(is);
        let of_rows = by_rows.iter().find(is);
        match (comment, meaning(value)) {
            (Some((_, meaning)), _) => Some(*meaning),
            _ if waits.contains(value) || default.as_ref() == Some(value) => Some(Meaning::Pending),
            (None, Some(meaning)) => Some(meaning),
            (None, None) => of_rows.map(|(_, meaning)| *meaning),
        }
    };
    let all = |wanted: Meaning| {
        let mut all: Vec<String> = values
            .iter()
            .filter(|v| told(v) == Some(wanted))
            .cloned()
            .collect();
        let commented = explained.iter().filter(|(_, meaning)| *meaning == wanted);
        for (value, _) in commented {
            if !all.contains(value) {
                all.push(value.clone());
            }
        }
        all
    };
    let mut states = States {
        sent: all(Meaning::Sent),
        failed: ends(all(Meaning::Failed)),
        is_open: values.iter().any(|value| told(value).is_none()),
        values: values.clone(),
    };
    let is_closed = !listed.is_empty();
    if may_hold_words(table, column, &values) && !is_closed {
        add_unseen(&mut states, of);
    }
    states.is_open |= all(Meaning::Sent).is_empty();
    states
}

/// Words that nobody has seen yet cost nothing, and failures are rare. Words for sent are taken so
/// only while none was seen and nothing contradicts them; of an inbox, whose row is proof, never.
fn add_unseen(states: &mut States, of: TableRole) {
    let words = &Names::get().states;
    let unseen =
        |known: &[String], word: &&String| known.iter().all(|seen| canon(seen) != canon(word));
    let more: Vec<String> = words
        .failed
        .iter()
        .filter(|word| unseen(&states.failed, word))
        .cloned()
        .collect();
    states.failed.extend(more);
    if states.sent.is_empty() && !states.is_open && of == TableRole::Outbox {
        states.sent.clone_from(&words.sent);
    }
}

/// Where one of several words for a failure says that it is the end, the others are tried again.
fn ends(failed: Vec<String>) -> Vec<String> {
    let last = &Names::get().states.last;
    let is_last = |word: &&String| last.iter().any(|it| canon(it) == canon(word));
    let ends: Vec<String> = failed.iter().filter(is_last).cloned().collect();
    if ends.is_empty() { failed } else { ends }
}

/// Values of the rows an index holds that wait.
fn waits(table: &FoundTable, column: &str) -> Vec<String> {
    let all = waiting(table).into_iter().flatten();
    let here = all.filter(|waiting| waiting.column == column);
    let words = here.flat_map(|waiting| waiting.words);
    // An index may be over what is done, too.
    words
        .filter(|word| meaning(word) != Some(Meaning::Sent))
        .collect()
}

/// Whether a status may be a word: neither by its type nor by its values it is a number.
fn may_hold_words(table: &FoundTable, column: &str, values: &[String]) -> bool {
    let family = table.column(column).map(crate::FoundColumn::family);
    let is_number = |value: &String| value.trim().parse::<i64>().is_ok();
    matches!(family, Some(Family::Text | Family::Any))
        && (values.is_empty() || !values.iter().all(is_number))
}

/// What each value means by the other columns of its rows: all of them have the time of sending, or
/// none has and all have an error.
fn by_rows(table: &FoundTable, guesses: &[Guess], values: &[String]) -> Vec<(String, Meaning)> {
    let place = |role: Role| {
        let guess = guesses.iter().find(|guess| guess.role == role)?;
        table
            .columns
            .iter()
            .position(|column| column.name == guess.column)
    };
    let Some(status) = place(Role::Status) else {
        return Vec::new();
    };
    let marks = [Role::SentAt, Role::Error, Role::FailedAt, Role::Attempts].map(place);
    let share = |value: &String, at: Option<usize>| {
        let at = at?;
        let rows = table.rows.iter();
        let rows = rows.filter(|row| row.get(status).and_then(Option::as_ref) == Some(value));
        let filled: Vec<bool> = rows.map(|row| is_filled(row.get(at))).collect();
        let n = filled.iter().filter(|filled| **filled).count();
        Some((n, filled.len()))
    };
    let is_all = |share: Option<(usize, usize)>| share.is_some_and(|(n, of)| n == of && of > 0);
    let is_none = |share: Option<(usize, usize)>| share.is_none_or(|(n, _)| n == 0);
    let [sent, error, failed, attempts] = marks;
    let splits = |at: Option<usize>| {
        values.iter().any(|value| is_all(share(value, at)))
            && values.iter().any(|value| is_none(share(value, at)))
    };
    let mut told = Vec::new();
    for value in values {
        let has = |at: Option<usize>| splits(at) && is_all(share(value, at));
        if has(error) || has(failed) || has(attempts) && is_none(share(value, sent)) {
            told.push((value.clone(), Meaning::Failed));
        } else if has(sent) {
            told.push((value.clone(), Meaning::Sent));
        } else if splits(sent) && is_none(share(value, sent)) {
            told.push((value.clone(), Meaning::Pending));
        }
    }
    // Of several that were not sent nobody knows which of them wait.
    let waiting = told
        .iter()
        .filter(|(_, meaning)| *meaning == Meaning::Pending);
    if waiting.count() > 1 {
        told.retain(|(_, meaning)| *meaning != Meaning::Pending);
    }
    told
}

fn is_filled(cell: Option<&Option<String>>) -> bool {
    let Some(Some(text)) = cell else {
        return false;
    };
    !["", "0", "false", "f"].contains(&text.trim())
}

/// The values a column has in the rows there are.
pub(super) fn distinct(table: &FoundTable, column: &str) -> Vec<String> {
    let values = table.values(column).into_iter();
    let mut values: Vec<String> = values.map(str::to_owned).collect();
    values.sort();
    values.dedup();
    values
}
