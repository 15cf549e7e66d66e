//! How a check ends, and why: exit code and reasons from what was seen. Pure.
//!
//! Nothing is missing only where everything was looked at and nothing waits in vain. What is
//! certainly wrong outranks what cannot be known, and both outrank what is merely late.

mod places;

use serde::Serialize;
use waybill_model::{LagReason, Micros, VerdictClass, span_in_words};
use waybill_protocol::{Counts, Status};

use crate::exit::Exit;
use crate::failures::failures;

/// What a check saw, as far as its end depends on it.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) status: &'a Status,
    /// Of what the filter lets through.
    pub(super) counts: &'a Counts,
    /// Events that need action and are as sure as was asked for.
    pub(super) wrong: u64,
    /// Consumers that do nothing while events wait, as sure as was asked for.
    pub(super) waiting: &'a [Waiting],
    /// What is suspected counts as what is known.
    pub(super) suspected: bool,
}

/// Events that wait for a consumer which does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) consumer: String,
    /// Why it does nothing.
    pub(super) why: LagReason,
    pub(super) events: u64,
    /// When the oldest of them was written.
    pub(super) since: Micros,
}

/// How a check ends, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) exit: Exit,
    /// All that keeps it from being fine, worst first; one alone where it is.
    pub(super) reasons: Vec<Reason>,
}

/// One thing that a check has to say at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Reason {
    pub(crate) code: Code,
    /// The exit code that it asks for.
    pub(crate) exit: u8,
    pub(crate) sentence: String,
}

/// What kind of thing that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Code {
    /// Something is not where it should be.
    Missing,
    /// A consumer does nothing while events wait for it.
    Waiting,
    /// Nothing of a flow was ever seen where it should be.
    Silent,
    /// A place could not be read.
    Failed,
    /// Events without a verdict.
    Unknown,
    /// A place was not read without a gap.
    Gap,
    /// Events are late.
    Late,
    /// Rows from before the window wait unsent.
    Outside,
    /// Events are on their way.
    Pending,
    /// There was nothing to judge.
    Empty,
    /// Everything is where it should be.
    Fine,
}

impl Ending {
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        let mut reasons: Vec<Reason> = wrong(seen.wrong).into_iter().collect();
        reasons.extend(seen.waiting.iter().map(Waiting::reason));
        reasons.extend(silent(seen.status, seen.suspected));
        reasons.extend(failed(seen.status));
        reasons.extend(unknown(seen.counts.of(VerdictClass::Unknown)));
        reasons.extend(places::gaps(seen.status));
        reasons.extend(late(seen.counts.of(VerdictClass::Late), seen.waiting));
        reasons.extend(outside(seen.status));
        let exit = [Exit::Findings, Exit::Unknown]
            .into_iter()
            .find(|exit| reasons.iter().any(|reason| reason.exit == *exit as u8));
        if reasons.is_empty() {
            reasons.push(nothing_wrong(seen.counts, seen.status));
        }
        Self {
            exit: exit.unwrap_or(Exit::Fine),
            reasons,
        }
    }

    /// What decides, as one text.
    pub(super) fn because(&self) -> String {
        let deciding = self.reasons.iter().filter(|it| it.exit == self.exit as u8);
        let sentences: Vec<&str> = deciding.map(|it| it.sentence.as_str()).collect();
        sentences.join(" ")
    }
}

fn reason(exit: Exit, code: Code, sentence: impl Into<String>) -> Reason {
    Reason {
        code,
        exit: exit as u8,
        sentence: sentence.into(),
    }
}

fn wrong(events: u64) -> Option<Reason> {
    let sentence = match events {
        0 => return None,
        1 => "1 event is not where it should be.".to_owned(),
        n => format!("{n} events are not where they should be."),
    };
    Some(reason(Exit::Findings, Code::Missing, sentence))
}

impl Waiting {
    fn reason(&self) -> Reason {
        let name = &self.consumer;
        let does = match self.why {
            LagReason::NoConsumers => format!("nobody is attached for {name}"),
            LagReason::NeverConsumed => format!("{name} has never consumed"),
            LagReason::Stalled => format!("{name} stands still"),
            LagReason::Behind | LagReason::Unprocessed => {
                format!("{name} has finished nothing of this window")
            }
        };
        let waits = match self.events {
            1 => "1 event waits".to_owned(),
            n => format!("{n} events wait"),
        };
        let sentence = format!("{waits} since {}: {does}.", self.since);
        reason(Exit::Findings, Code::Waiting, sentence)
    }
}

/// What was never heard is suspected to be missing; nobody can say.
fn silent(status: &Status, suspected: bool) -> Vec<Reason> {
    let exit = || {
        if suspected {
            Exit::Findings
        } else {
            Exit::Unknown
        }
    };
    let flows = status.silent.iter();
    let told = flows.map(|flow| reason(exit(), Code::Silent, format!("{}.", flow.sentence)));
    told.collect()
}

/// Places of one connection fail for one reason.
fn failed(status: &Status) -> Vec<Reason> {
    let mut told: Vec<&str> = Vec::new();
    for failure in failures(status) {
        if !told.contains(&failure.message.as_str()) {
            told.push(&failure.message);
        }
    }
    told.into_iter()
        .map(|message| reason(Exit::Unknown, Code::Failed, message))
        .collect()
}

fn unknown(events: u64) -> Option<Reason> {
    let sentence = match events {
        0 => return None,
        1 => "Of 1 event nobody can say what became of it.".to_owned(),
        n => format!("Of {n} events nobody can say what became of them."),
    };
    Some(reason(Exit::Unknown, Code::Unknown, sentence))
}

fn late(events: u64, waiting: &[Waiting]) -> Option<Reason> {
    let waiting: u64 = waiting.iter().map(|waiting| waiting.events).sum();
    let sentence = match events.saturating_sub(waiting) {
        0 => return None,
        1 => "Nothing is lost as far as known, but 1 event is late.".to_owned(),
        n => format!("Nothing is lost as far as known, but {n} events are late."),
    };
    Some(reason(Exit::Fine, Code::Late, sentence))
}

/// What nobody asked about, and nobody who reads that nothing is missing should have to guess.
fn outside(status: &Status) -> Vec<Reason> {
    let mut told = Vec::new();
    for place in &status.places {
        let accounts = place.accounts.as_ref();
        let Some(older) = accounts.and_then(|accounts| accounts.unsent_before) else {
            continue;
        };
        if older.rows.any() {
            let oldest = older.since.map(|at| format!(", the oldest of {at}"));
            let sentence = format!(
                "Unsent rows of {} from before this window: {}{}.",
                place.place.name,
                older.rows.in_words(),
                oldest.unwrap_or_default()
            );
            told.push(reason(Exit::Fine, Code::Outside, sentence));
        }
    }
    told
}

fn nothing_wrong(counts: &Counts, status: &Status) -> Reason {
    let (code, sentence) = match (counts.total, counts.of(VerdictClass::Pending)) {
        (0, _) => (Code::Empty, nothing_written(status)),
        (_, 0) => (Code::Fine, "Nothing is missing.".to_owned()),
        (_, 1) => (
            Code::Pending,
            "Nothing is missing; 1 event is on its way and not late.".to_owned(),
        ),
        (_, n) => (
            Code::Pending,
            format!("Nothing is missing; {n} events are on their way and not late."),
        ),
    };
    reason(Exit::Fine, code, sentence)
}

/// An empty window, and when something was written before it.
fn nothing_written(status: &Status) -> String {
    let accounts = status.places.iter().filter_map(|it| it.accounts.as_ref());
    let last = accounts.filter_map(|accounts| accounts.last_before).max();
    let last = last.map(|at| {
        format!(
            "; the last event is {} old",
            span_in_words(status.now.since(at))
        )
    });
    format!(
        "Nothing was written in this window{}.",
        last.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests;
