//! What only somebody who knows the service can answer about a table.

use super::columns::is_long;
use super::states::States;
use super::{Guess, Question, Role};
use crate::{Attached, FoundTable};

/// What is asked about an outbox.
pub(super) fn about_outbox(
    table: &FoundTable,
    guesses: &[Guess],
    states: &States,
) -> Vec<Question> {
    let mut questions: Vec<Question> = which(guesses).collect();
    questions.extend(about_sending(table, guesses, states));
    questions.extend(about_payload(table, guesses));
    questions
}

/// Where two columns could play a role that matters.
pub(super) fn which(guesses: &[Guess]) -> impl Iterator<Item = Question> {
    let matters = |role: Role| {
        matches!(
            role,
            Role::Id
                | Role::AggregateId
                | Role::Type
                | Role::Payload
                | Role::CreatedAt
                | Role::SentAt
        )
    };
    let unsure = guesses
        .iter()
        .filter(move |guess| matters(guess.role) && !guess.others.is_empty());
    unsure.map(|guess| Question {
        role: guess.role,
        text: format!("Which column is the {}?", guess.role),
        choices: std::iter::once(&guess.column)
            .chain(&guess.others)
            .cloned()
            .collect(),
    })
}

/// Where a row without a body may have one under another name.
fn about_payload(table: &FoundTable, guesses: &[Guess]) -> Option<Question> {
    if guesses.iter().any(|guess| guess.role == Role::Payload) {
        return None;
    }
    let is_free = |name: &str| !guesses.iter().any(|guess| guess.column == name);
    let free = table.columns.iter();
    let free = free.filter(|column| is_long(column) && is_free(&column.name));
    let choices: Vec<String> = free.map(|column| column.name.clone()).collect();
    (!choices.is_empty()).then(|| Question {
        role: Role::Payload,
        text: "Which column is the payload?".to_owned(),
        choices,
    })
}

fn about_sending(table: &FoundTable, guesses: &[Guess], states: &States) -> Option<Question> {
    let find = |role: Role| guesses.iter().find(|guess| guess.role == role);
    let read_from_log = table
        .attached
        .iter()
        .any(|thing| thing.kind == Attached::Publication);
    match (find(Role::SentAt), find(Role::Status)) {
        (None, None) => Some(Question {
            role: Role::SentAt,
            text: if read_from_log {
                "Nothing says that a row was sent, and a publication hands it to a reader of the log: is it Debezium, or something like it?"
            } else {
                "Nothing says that a row was sent: are rows deleted after sending, or read from the database's log?"
            }
            .to_owned(),
            choices: vec!["deleted after sending".to_owned(), "read from the log".to_owned()],
        }),
        (_, Some(status)) => {
            about_status(&status.column, states, "sent, and which given up")
        }
        (Some(_), None) => None,
    }
}

/// Asks where a number, an unknown word or no row at all leaves open what a status means.
pub(super) fn about_status(column: &str, states: &States, what: &str) -> Option<Question> {
    states.is_open.then(|| Question {
        role: Role::Status,
        text: format!("Which values of {column} mean {what}?"),
        choices: states.values.clone(),
    })
}
