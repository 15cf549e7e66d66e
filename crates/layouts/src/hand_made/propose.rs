//! The proposal: whether a table is somebody's outbox or inbox, and what to ask about it.

use super::columns::guesses;
use super::names::Names;
use super::{Guess, Proposal, Question, Role};
use crate::canon::fits;
use crate::found::Family;
use crate::{Attached, Confidence, FoundColumn, FoundTable, TableRole, canon};

/// What a table is that is no library's; `None` when it looks like neither outbox nor inbox.
pub(crate) fn propose(table: &FoundTable) -> Option<Proposal> {
    outbox(table).or_else(|| inbox(table))
}

fn is_called(table: &FoundTable, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| fits(pattern, &table.name))
}

/// Payload, id, time, and type or destination it must have; the rest speaks for it more or less.
fn outbox(table: &FoundTable) -> Option<Proposal> {
    let names = Names::get();
    if is_called(table, &names.inbox_names) {
        return None;
    }
    let mut guesses = guesses(table, &names.outbox());
    leave_out_what_is_tried_again(&mut guesses);
    let has = |role: Role| guesses.iter().any(|guess| guess.role == role);
    let says_what = has(Role::Type) || has(Role::Destination);
    if !says_what
        || ![Role::Id, Role::Payload, Role::CreatedAt]
            .into_iter()
            .all(has)
    {
        return None;
    }
    let tells_state = has(Role::SentAt) || has(Role::Status);
    let by_name = is_called(table, &names.outbox_names);
    let by_likely_name = is_called(table, &names.likely_names);
    let about_something = has(Role::AggregateId);
    let confidence = match (by_name, by_likely_name, tells_state && about_something) {
        (true, _, _) | (_, true, true) => Confidence::Likely,
        (_, true, _) if tells_state => Confidence::Possible,
        (_, _, true) if has(Role::AggregateType) => Confidence::Possible,
        _ => return None,
    };
    let mut reasons = Vec::new();
    if by_name || by_likely_name {
        reasons.push(format!("Its name is {}.", table.name));
    }
    reasons.push(said(&guesses));
    let (sent_states, failed_states) = states(table, &guesses);
    let mut questions = Vec::new();
    questions.extend(ask_which(&guesses));
    questions.extend(ask_about_sending(table, &guesses, &sent_states));
    Some(Proposal {
        role: TableRole::Outbox,
        confidence,
        reasons,
        guesses,
        sent_states,
        failed_states,
        questions,
    })
}

/// Where a row has a time of its next try, that it has failed says no more than that it is tried
/// again; only words for an end are believed.
fn leave_out_what_is_tried_again(guesses: &mut Vec<Guess>) {
    let is_tried_again = guesses
        .iter()
        .any(|guess| matches!(guess.role, Role::NextTry));
    let is_any_failure = |guess: &Guess| {
        let name = canon(&guess.column);
        guess.role == Role::FailedAt && (name.starts_with("failed") || name == "isfailed")
    };
    if is_tried_again {
        guesses.retain(|guess| !is_any_failure(guess));
    }
}

/// An id and a time it must have, and be called so or say whose row it is.
fn inbox(table: &FoundTable) -> Option<Proposal> {
    let names = Names::get();
    let guesses = guesses(table, &names.inbox());
    let id = guesses.iter().find(|guess| guess.role == Role::Id)?;
    guesses
        .iter()
        .find(|guess| guess.role == Role::ProcessedAt)?;
    let consumer = guesses.iter().find(|guess| guess.role == Role::Consumer);
    let by_name = is_called(table, &names.inbox_names);
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
    let mut questions: Vec<Question> = ask_which(&guesses).collect();
    if let Some(consumer) = consumer {
        questions.push(Question {
            role: Role::Consumer,
            text: format!(
                "Which values of {} stand for which consumer?",
                consumer.column
            ),
            choices: distinct(table, &consumer.column),
        });
    }
    let (sent_states, failed_states) = states(table, &guesses);
    if let Some(status) = guesses.iter().find(|guess| guess.role == Role::Status) {
        let what = "processed, and which failed";
        questions.extend(ask_about_status(table, &status.column, &sent_states, what));
    }
    questions.extend(ask_about_receipt(&guesses));
    Some(Proposal {
        role: TableRole::Inbox,
        confidence: if by_name {
            Confidence::Likely
        } else {
            Confidence::Possible
        },
        reasons,
        guesses,
        sent_states,
        failed_states,
        questions,
    })
}

/// Whether a column tells when a row was written, rather than when its event was processed.
pub(crate) fn is_time_of_receipt(column: &str) -> bool {
    let canon = canon(column);
    let words = ["received", "created", "inserted", "timestamp"];
    words.iter().any(|word| canon.starts_with(word))
}

/// Asks what a row proves where nothing in it speaks of processing.
fn ask_about_receipt(guesses: &[Guess]) -> Option<Question> {
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

fn said(guesses: &[Guess]) -> String {
    let said: Vec<String> = guesses
        .iter()
        .map(|guess| format!("{} in {}", guess.role, guess.column))
        .collect();
    format!("Its columns could be: {}.", said.join(", "))
}

/// Where two columns could play a role that matters.
fn ask_which(guesses: &[Guess]) -> impl Iterator<Item = Question> {
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

/// What words of the status column mean; numbers are left to the person.
fn states(table: &FoundTable, guesses: &[Guess]) -> (Vec<String>, Vec<String>) {
    let Some(status) = guesses.iter().find(|guess| guess.role == Role::Status) else {
        return (Vec::new(), Vec::new());
    };
    let words = &Names::get().states;
    let values = distinct(table, &status.column);
    let meaning = |vocabulary: &[String]| -> Vec<String> {
        let known = |value: &&String| vocabulary.iter().any(|word| canon(word) == canon(value));
        values.iter().filter(known).cloned().collect()
    };
    let mut failed = meaning(&words.failed);
    if may_hold_words(table, &status.column, &values) {
        // Failures are rare: that none is among a few rows does not say that there is none.
        let unseen = |word: &&String| failed.iter().all(|seen| canon(seen) != canon(word));
        let unseen: Vec<String> = words.failed.iter().filter(unseen).cloned().collect();
        failed.extend(unseen);
    }
    (meaning(&words.sent), failed)
}

/// Whether a status may be a word: neither by its type nor by its values it is a number.
fn may_hold_words(table: &FoundTable, column: &str, values: &[String]) -> bool {
    let family = table.column(column).map(FoundColumn::family);
    let is_number = |value: &String| value.trim().parse::<i64>().is_ok();
    matches!(family, Some(Family::Text | Family::Any))
        && (values.is_empty() || !values.iter().all(is_number))
}

fn ask_about_sending(
    table: &FoundTable,
    guesses: &[Guess],
    sent_states: &[String],
) -> Vec<Question> {
    let find = |role: Role| guesses.iter().find(|guess| guess.role == role);
    let mut questions = Vec::new();
    let read_from_log = table
        .attached
        .iter()
        .any(|thing| thing.kind == Attached::Publication);
    match (find(Role::SentAt), find(Role::Status)) {
        (None, None) => questions.push(Question {
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
            let what = "sent, and which given up";
            questions.extend(ask_about_status(table, &status.column, sent_states, what));
        }
        (Some(_), None) => {}
    }
    questions
}

/// Asks where a number, an unknown word or no row at all leaves open what a status means.
fn ask_about_status(
    table: &FoundTable,
    column: &str,
    sent_states: &[String],
    what: &str,
) -> Option<Question> {
    let values = distinct(table, column);
    let is_number = table
        .column(column)
        .is_some_and(|found| found.family() == Family::Number);
    let words = &Names::get().states;
    let all = [&words.pending, &words.in_flight, &words.sent, &words.failed];
    let known = |value: &String| {
        all.iter()
            .any(|vocabulary| vocabulary.iter().any(|word| canon(word) == canon(value)))
    };
    if !is_number && !sent_states.is_empty() && values.iter().all(known) {
        return None;
    }
    Some(Question {
        role: Role::Status,
        text: format!("Which values of {column} mean {what}?"),
        choices: values,
    })
}

fn distinct(table: &FoundTable, column: &str) -> Vec<String> {
    let mut values: Vec<String> = table
        .values(column)
        .into_iter()
        .map(str::to_owned)
        .collect();
    values.sort();
    values.dedup();
    values
}
