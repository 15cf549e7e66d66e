//! What a table's definition says of its states: conditions of partial indexes, words of
//! enumerated types, checks, defaults, comments.

use super::name::words;
use super::names::Names;
use super::states::{Meaning, meaning};
use crate::canon::same;
use crate::{FoundColumn, FoundTable, SaidBy};

/// What the condition of a partial index says of the rows that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) column: String,
    /// Values they have; empty where the column is empty or false.
    pub(super) words: Vec<String>,
}

/// Of an index over some of the rows, which in an outbox are those that wait.
pub(super) fn waiting(table: &FoundTable) -> Vec<Vec<Waiting>> {
    let conditions = table.said.iter().filter(|said| said.by == SaidBy::Index);
    conditions
        .map(|said| {
            clauses(&said.text)
                .filter_map(|clause| waiting_by(table, &clause))
                .collect()
        })
        .collect()
}

fn waiting_by(table: &FoundTable, clause: &str) -> Option<Waiting> {
    let column = column_in(table, clause)?.name.clone();
    let lower = clause.to_lowercase();
    let is_denied = lower.contains(['<', '>', '!']) || lower.contains("not in");
    if lower.contains("is not null") || is_denied {
        return None;
    }
    let words = quoted(clause);
    let words = match words.is_empty() {
        true => number_in(clause).into_iter().collect(),
        false => words,
    };
    let is_empty = lower.contains("is null")
        || lower.contains("false")
        || lower.trim_start_matches(['(', ' ']).starts_with("not ");
    if words.is_empty() && !is_empty {
        return None;
    }
    Some(Waiting { column, words })
}

/// The words a column may hold, where the definition lists them.
pub(super) fn listed(table: &FoundTable, column: &str) -> Vec<String> {
    let mut listed: Vec<String> = Vec::new();
    for said in &table.said {
        match said.by {
            SaidBy::Label if said.column.as_deref() == Some(column) => {
                let words = quoted(&said.text);
                match words.is_empty() {
                    true => listed.push(said.text.clone()),
                    false => listed.extend(words),
                }
            }
            SaidBy::Check => {
                for clause in clauses(&said.text) {
                    let lower = clause.to_lowercase();
                    let lists = lower.contains(" in ") || lower.contains("any");
                    if lists && column_in(table, &clause).is_some_and(|it| it.name == column) {
                        listed.extend(quoted(&clause));
                    }
                }
            }
            SaidBy::Label | SaidBy::Default | SaidBy::Comment | SaidBy::Index => {}
        }
    }
    // MySQL has the list in the type.
    if let Some(column) = table.column(column)
        && column.sql_type.to_lowercase().starts_with("enum")
        && listed.is_empty()
    {
        listed.extend(quoted(&column.sql_type));
    }
    listed
}

/// The value a column has when none is given.
pub(super) fn default_of(table: &FoundTable, column: &str) -> Option<String> {
    let mut said = table.said.iter();
    let said =
        said.find(|said| said.by == SaidBy::Default && said.column.as_deref() == Some(column))?;
    let plain = || said.text.trim().to_owned();
    let text = quoted(&said.text).into_iter().next().unwrap_or_else(plain);
    let is_value = !text.contains('(') && !same(&text, "null") && !text.is_empty();
    is_value.then_some(text)
}

/// The values a comment explains: `0 pending, 1 sent`.
pub(super) fn explained(table: &FoundTable, column: &str) -> Vec<(String, Meaning)> {
    let comments = table
        .said
        .iter()
        .filter(|said| said.by == SaidBy::Comment && said.column.as_deref() == Some(column));
    let mut explained = Vec::new();
    for said in comments {
        let text = said.text.as_str();
        let mut numbers = numbers(text);
        numbers.push((text.len(), text.len()));
        for pair in numbers.windows(2) {
            let [(from, to), (next, _)] = pair else {
                continue;
            };
            if let Some(meaning) = in_comment(&text[*to..*next]) {
                explained.push((text[*from..*to].to_owned(), meaning));
            }
        }
    }
    explained
}

fn in_comment(text: &str) -> Option<Meaning> {
    let parts = &Names::get().comments;
    let says = |all: &[String]| {
        all.iter()
            .any(|part| text.to_lowercase().contains(part.as_str()))
    };
    // "Not sent" has "sent" in it.
    if says(&parts.pending) {
        Some(Meaning::Pending)
    } else if says(&parts.failed) {
        Some(Meaning::Failed)
    } else if says(&parts.sent) {
        Some(Meaning::Sent)
    } else {
        meaning(&words(text).join("_"))
    }
}

/// Where numbers stand in a text.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut numbers: Vec<(usize, usize)> = Vec::new();
    for (at, letter) in text.char_indices() {
        if !letter.is_ascii_digit() {
            continue;
        }
        match numbers.last_mut() {
            Some((_, to)) if *to == at => *to = at + 1,
            _ => numbers.push((at, at + 1)),
        }
    }
    numbers
}

fn number_in(clause: &str) -> Option<String> {
    let (_, value) = clause.split_once('=')?;
    let value = value.trim().trim_matches(['(', ')']).trim();
    value.parse::<i64>().is_ok().then(|| value.to_owned())
}

/// The parts of a condition that must all be so.
fn clauses(condition: &str) -> impl Iterator<Item = String> {
    let lower = condition.to_lowercase();
    let mut clauses = Vec::new();
    let mut from = 0;
    for (at, word) in lower.match_indices(" and ") {
        clauses.push(condition.get(from..at).unwrap_or_default().to_owned());
        from = at + word.len();
    }
    clauses.push(condition.get(from..).unwrap_or_default().to_owned());
    clauses.into_iter()
}

/// The column a condition is about.
fn column_in<'a>(table: &'a FoundTable, clause: &str) -> Option<&'a FoundColumn> {
    let outside: String = clause.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
    let names = outside.split(|c: char| !c.is_alphanumeric() && c != '_');
    let names: Vec<&str> = names.collect();
    table.columns.iter().find(|column| {
        names
            .iter()
            .any(|name| column.name.eq_ignore_ascii_case(name))
    })
}

/// Texts in single quotes.
fn quoted(text: &str) -> Vec<String> {
    let parts = text.split('\'').skip(1).step_by(2);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}
