//! Whether a table is somebody's inbox.

use super::columns::{guesses, in_order};
use super::names::Names;
use super::propose::{is_called, said};
use super::questions::{about_status, which};
use super::states::{distinct, states};
use super::{Guess, Proposal, Question, Role};
use crate::{Confidence, FoundTable, TableRole, canon};

/// An id and a time it must have, and be called so or say whose row it is.
pub(super) fn inbox(table: &FoundTable) -> Option<Proposal> {
    let names = Names::get();
    let mut guesses = guesses(table, &names.inbox());
    let by_name = is_called(table, &names.inbox_names);
    if by_name {
        take_key(table, &mut guesses);
    }
    in_order(&mut guesses);
    let id = guesses.iter().find(|guess| guess.role == Role::Id)?;
    guesses
        .iter()
        .find(|guess| guess.role == Role::ProcessedAt)?;
    let consumer = guesses.iter().find(|guess| guess.role == Role::Consumer);
    let id_of_a_message = !["id", "uuid"].contains(&canon(&id.column).as_str());
    let keyed = |column: &str| {
        table
            .column(column)
            .is_some_and(|column| column.primary_key)
    };
    let by_key = id_of_a_message
        && keyed(&id.column)
        && consumer.is_some_and(|consumer| keyed(&consumer.column));
    if !by_name && !by_key {
        return None;
    }
    let mut reasons = Vec::new();
    if by_name {
        reasons.push(format!("Its name is {}.", table.name));
    }
    if by_key {
        reasons.push("Its key is a message and who has had it.".to_owned());
    }
    reasons.push(said(&guesses));
    let mut questions: Vec<Question> = which(&guesses).collect();
    questions.extend(consumer.map(|consumer| about_consumer(table, consumer)));
    let states = states(table, &guesses, TableRole::Inbox);
    if let Some(status) = guesses.iter().find(|guess| guess.role == Role::Status) {
        let what = "processed, and which failed";
        questions.extend(about_status(&status.column, &states, what));
    }
    questions.extend(about_receipt(&guesses));
    Some(Proposal {
        role: TableRole::Inbox,
        confidence: if by_name {
            Confidence::Likely
        } else {
            Confidence::Possible
        },
        reasons,
        guesses,
        sent_states: states.sent,
        failed_states: states.failed,
        questions,
    })
}

fn about_consumer(table: &FoundTable, consumer: &Guess) -> Question {
    Question {
        role: Role::Consumer,
        text: format!(
            "Which values of {} stand for which consumer?",
            consumer.column
        ),
        choices: distinct(table, &consumer.column),
    }
}

/// A table that is called inbox has its messages as keys, whatever they are called.
fn take_key(table: &FoundTable, guesses: &mut Vec<Guess>) {
    if guesses.iter().any(|guess| guess.role == Role::Id) {
        return;
    }
    let is_free = |name: &str| !guesses.iter().any(|guess| guess.column == name);
    let keys = table.columns.iter();
    let mut keys = keys.filter(|column| column.primary_key && is_free(&column.name));
    if let (Some(only), None) = (keys.next(), keys.next()) {
        guesses.push(Guess {
            role: Role::Id,
            column: only.name.clone(),
            confidence: Confidence::Possible,
            others: Vec::new(),
        });
    }
}

/// Whether a column tells when a row was written, rather than when its event was processed.
pub(crate) fn is_time_of_receipt(column: &str) -> bool {
    let canon = canon(column);
    let words = ["receiv", "creat", "insert", "timestamp", "updat", "occur"];
    words.iter().any(|word| canon.starts_with(word))
}

/// Asks what a row proves where nothing in it speaks of processing.
fn about_receipt(guesses: &[Guess]) -> Option<Question> {
    let find = |role: Role| guesses.iter().find(|guess| guess.role == role);
    let at = &find(Role::ProcessedAt)?.column;
    let says_more = find(Role::Status).or(find(Role::Done)).is_some();
    if says_more || !is_time_of_receipt(at) {
        return None;
    }
    Some(Question {
        role: Role::ProcessedAt,
        text: format!(
            "{at} tells when a row was written: is that in the transaction that processes the event? Every row counts as processed."
        ),
        choices: Vec::new(),
    })
}
