//! The proposal: whether a table is somebody's outbox or inbox, and what to ask about it.

use super::against::against;
use super::catalogue::take_over;
use super::columns::{about, guesses, in_order};
use super::ends::{leave_out_what_is_no_end, take_errors_for_ends};
use super::inbox::inbox;
use super::name::{is_word, words};
use super::names::Names;
use super::questions::about_outbox;
use super::shapes::fill;
use super::states::states;
use super::version::keep_if_it_grows;
use super::{Guess, Proposal, Role};
use crate::canon::fits;
use crate::{Confidence, FoundTable, TableRole, canon};

/// What a table is that is no library's; `None` when it looks like neither outbox nor inbox.
pub(crate) fn propose(table: &FoundTable) -> Option<Proposal> {
    outbox(table).or_else(|| inbox(table))
}

pub(super) fn is_called(table: &FoundTable, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| fits(pattern, &table.name))
}

/// How far its name says that a table is an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Called {
    /// Not at all.
    Otherwise,
    /// It may hold events or messages of any kind.
    Events,
    /// … that are sent.
    Sent,
    Outbox,
}

fn called(table: &FoundTable) -> Called {
    let names = Names::get();
    if is_called(table, &names.outbox_names) {
        return Called::Outbox;
    }
    let words = words(&table.name);
    let is_of = |all: &[String], word: &String| all.iter().any(|step| is_word(step, word));
    let Some(what) = words.iter().position(|word| is_of(&names.carried, word)) else {
        return Called::Otherwise;
    };
    let others = words.iter().enumerate().filter(|(at, _)| *at != what);
    let mut others = others.map(|(_, word)| word).peekable();
    let says_itself = words[what].len() > 8 || ["mq", "kafka"].contains(&words[what].as_str());
    let is_alone = others.peek().is_none();
    let others: Vec<&String> = others.collect();
    if says_itself || others.iter().any(|word| is_of(&names.carrying, word)) {
        Called::Sent
    } else if is_alone || others.iter().any(|word| is_of(&names.keeping, word)) {
        Called::Events
    } else {
        Called::Otherwise
    }
}

fn outbox(table: &FoundTable) -> Option<Proposal> {
    let names = Names::get();
    if is_called(table, &names.inbox_names) {
        return None;
    }
    let called = called(table);
    let guesses = outbox_guesses(table, called);
    let against = against(table, &guesses, called == Called::Outbox);
    let confidence = confidence(called, &guesses, !against.is_empty())?;
    let mut reasons = Vec::new();
    if called > Called::Events {
        reasons.push(format!("Its name is {}.", table.name));
    }
    reasons.push(said(&guesses));
    if !against.is_empty() {
        reasons.push(format!("Against it: {}", against.join(" ")));
    }
    let states = states(table, &guesses, TableRole::Outbox);
    let questions = about_outbox(table, &guesses, &states);
    Some(Proposal {
        role: TableRole::Outbox,
        confidence,
        reasons,
        guesses,
        sent_states: states.sent,
        failed_states: states.failed,
        questions,
    })
}

fn outbox_guesses(table: &FoundTable, called: Called) -> Vec<Guess> {
    let mut guesses = guesses(table, &Names::get().outbox());
    take_over(table, &mut guesses);
    if called == Called::Outbox {
        fill(table, &mut guesses);
    } else if called > Called::Otherwise {
        take_key(table, &mut guesses);
    }
    let has = |guesses: &[Guess], role: Role| guesses.iter().any(|guess| guess.role == role);
    if !has(&guesses, Role::AggregateId) && called > Called::Otherwise {
        guesses.extend(about(table, &guesses));
    }
    leave_out_what_is_no_end(table, &mut guesses);
    take_errors_for_ends(table, &mut guesses);
    leave_out_what_was_removed(&mut guesses);
    keep_if_it_grows(table, &mut guesses);
    in_order(&mut guesses);
    guesses
}

/// A key that is called like nothing identifies its rows all the same.
fn take_key(table: &FoundTable, guesses: &mut Vec<Guess>) {
    let mut keys = table.columns.iter().filter(|column| column.primary_key);
    let has_id = guesses.iter().any(|guess| guess.role == Role::Id);
    if let (Some(only), None, false) = (keys.next(), keys.next(), has_id) {
        guesses.retain(|guess| guess.column != only.name);
        guesses.push(Guess {
            role: Role::Id,
            column: only.name.clone(),
            confidence: Confidence::Possible,
            others: Vec::new(),
        });
    }
}

/// A row that is only hidden was not sent by that, where something else says what was.
fn leave_out_what_was_removed(guesses: &mut Vec<Guess>) {
    let has_status = guesses.iter().any(|guess| guess.role == Role::Status);
    let is_removed =
        |guess: &Guess| guess.role == Role::SentAt && canon(&guess.column).contains("delete");
    guesses.retain(|guess| !(has_status && is_removed(guess)));
}

/// A table that is called outbox is one, as soon as its rows can be read; another needs a body and
/// more that speaks for it.
fn confidence(called: Called, guesses: &[Guess], is_doubted: bool) -> Option<Confidence> {
    let has = |role: Role| guesses.iter().any(|guess| guess.role == role);
    let says_what = has(Role::Type) || has(Role::Destination);
    let tells_state = has(Role::SentAt) || has(Role::Status);
    let is_whole = has(Role::Id) && has(Role::Payload) && has(Role::CreatedAt);
    let is_about = has(Role::AggregateId);
    let is_tried = has(Role::Attempts) && has(Role::NextTry);
    let sent_at = guesses.iter().find(|guess| guess.role == Role::SentAt);
    let is_sent = sent_at.is_some_and(|guess| {
        let sends = ["dispatch", "publish", "relay"];
        sends
            .iter()
            .any(|word| canon(&guess.column).starts_with(word))
    });
    let is_sure = called == Called::Sent && is_whole && says_what && tells_state && is_about;
    match called {
        Called::Outbox if !is_doubted && has(Role::Id) => Some(Confidence::Likely),
        Called::Outbox => Some(Confidence::Possible),
        Called::Otherwise | Called::Events | Called::Sent if is_doubted => None,
        Called::Sent if is_sure => Some(Confidence::Likely),
        Called::Sent if has(Role::Id) && has(Role::Payload) => Some(Confidence::Possible),
        Called::Events if is_whole && tells_state && (says_what || is_tried) => {
            Some(Confidence::Possible)
        }
        Called::Events if has(Role::Id) && has(Role::Payload) && is_sent => {
            Some(Confidence::Possible)
        }
        Called::Otherwise if is_whole && says_what && tells_state && is_about => {
            has(Role::AggregateType).then_some(Confidence::Possible)
        }
        Called::Otherwise | Called::Events | Called::Sent => None,
    }
}

pub(super) fn said(guesses: &[Guess]) -> String {
    let said: Vec<String> = guesses
        .iter()
        .map(|guess| format!("{} in {}", guess.role, guess.column))
        .collect();
    format!("Its columns could be: {}.", said.join(", "))
}
