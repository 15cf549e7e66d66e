//! Holds what was proposed against the labels.

use serde_json::Value;
use waybill_engine::propose::{Question, Subject};

use crate::corpus::{Labelled, State};
use crate::look::Said;
use crate::values::{Row, Shape, example, rows};

/// What came of one outbox.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// The first table that was proposed, saved or asked about is the right one.
    pub(crate) is_found: bool,
    /// … and it is another one.
    pub(crate) is_wrong: bool,
    pub(crate) is_chosen: bool,
    pub(crate) sent: bool,
    pub(crate) core: bool,
    pub(crate) all: bool,
    /// `None` where the label has no such state.
    pub(crate) failed: Option<bool>,
    pub(crate) is_open: bool,
    pub(crate) is_destination_right: bool,
    pub(crate) is_matched: bool,
    /// What is not right, and why.
    pub(crate) troubles: Vec<String>,
}

pub(crate) fn outbox(table: &Labelled, said: &Said, shape: Shape) -> Outcome {
    let mut outcome = Outcome {
        name: table.name(),
        failed: (!table.states("failed").is_empty()).then_some(false),
        is_chosen: said.is_chosen,
        ..Outcome::default()
    };
    let Some(taken) = said
        .outbox
        .as_ref()
        .and_then(|outbox| outbox["table"].as_str())
    else {
        outcome.is_found = said.failure.contains(&table.table);
        let what = if outcome.is_found {
            "only asked about"
        } else {
            "not found"
        };
        outcome.troubles.push(format!("{what}: {}", said.failure));
        return outcome;
    };
    let is_it = taken == table.table || taken.rsplit('.').next() == table.table.rsplit('.').next();
    if !is_it {
        outcome.is_wrong = true;
        outcome.troubles.push(format!("{taken} instead"));
        return outcome;
    }
    outcome.is_found = true;
    outcome.is_open = !said.questions.is_empty();
    outcome.is_destination_right = said.destinations == [crate::topic::TOPIC];
    outcome.is_matched = table
        .id_on_message
        .as_ref()
        .is_some_and(|place| said.carriers.contains(place));
    let outbox = said.outbox.as_ref().unwrap_or(&Value::Null);
    let held = Held {
        table,
        outbox,
        questions: &said.questions,
        rows: rows(table, shape, crate::topic::TOPIC),
    };
    held.judge(&mut outcome);
    if !said.failure.is_empty() {
        outcome.troubles.push(format!("refused: {}", said.failure));
    }
    outcome
}

/// A proposal beside its labels.
struct Held<'a> {
    table: &'a Labelled,
    outbox: &'a Value,
    questions: &'a [Question],
    /// The rows there were.
    rows: Vec<Row>,
}

impl Held<'_> {
    fn judge(&self, outcome: &mut Outcome) {
        let mut troubles = Vec::new();
        let mut right = |role: &str, setting: &str| {
            let is_right = self.is_right(role, setting) || self.is_asked(role, setting);
            if !is_right {
                let is = self.outbox[setting].as_str().unwrap_or("nothing");
                let label = self.table.role(role).unwrap_or("nothing");
                troubles.push(format!("{setting} is {is}, not {label}"));
            }
            is_right
        };
        let id = right("id", "id");
        let time = right("created_at", "created-at");
        let kind = right("type", "type");
        let payload = right("payload", "payload");
        let aggregate = right("aggregate_id", "aggregate-id");
        let is_open = self.table.is_emptied() && self.is_sending_asked();
        let pending = is_open || self.are("pending", &["unsent"], &mut troubles);
        let sent = match self.table.tells_nothing() {
            true => self.is_untold(&mut troubles),
            false if self.table.is_emptied() => self.is_emptied(&mut troubles),
            false => self.are("sent", &["sent"], &mut troubles),
        };
        let failed = self.are("failed", &["given-up"], &mut troubles);
        outcome.failed = outcome.failed.map(|_| failed);
        outcome.sent = pending && sent;
        outcome.core = id && time && pending && sent;
        outcome.all = outcome.core && failed && kind && payload && aggregate;
        outcome.troubles = troubles;
    }

    fn is_right(&self, role: &str, setting: &str) -> bool {
        let is = self.outbox[setting].as_str().filter(|is| !is.is_empty());
        match (is, self.table.role(role)) {
            (Some(is), Some(_)) => self.table.is_right(role, is),
            (Some(_), None) | (None, Some(_)) => false,
            (None, None) => true,
        }
    }

    /// Whether a question names the right column.
    fn is_asked(&self, role: &str, setting: &str) -> bool {
        let Some(column) = self.table.role(role) else {
            return false;
        };
        self.questions.iter().any(|question| {
            question.about == Subject::Role(setting.to_owned())
                && question.choices.iter().any(|choice| choice == column)
        })
    }

    /// Whether rows of a state are told to be in one of these.
    fn are(&self, state: &str, expected: &[&str], troubles: &mut Vec<String>) -> bool {
        let wrong = self.table.states(state).into_iter().find_map(|state| {
            let told = self.told(state);
            let is_right = expected.contains(&told) || self.is_state_asked(state);
            (!is_right).then_some(told)
        });
        if let Some(told) = wrong {
            troubles.push(format!("{state} rows are {told}"));
        }
        wrong.is_none()
    }

    /// Whether a question names the status and this state's value of it, as far as a row has it.
    fn is_state_asked(&self, state: &State) -> bool {
        let Some(status) = self.table.role("status") else {
            return false;
        };
        let Some(value) = state.set.get(status) else {
            return false;
        };
        let names = |question: &&Question| {
            let all = question.choices.join(",");
            let words = format!("{} {all}", question.text);
            let mut words = words.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word == value)
        };
        let at = self
            .table
            .columns
            .iter()
            .position(|column| column.name == status);
        let is_seen = at.is_some_and(|at| {
            let mut kept = self.rows.iter().filter(|row| row.is_kept);
            kept.any(|row| row.cells[at].as_ref() == Some(value))
        });
        let about = ["sent-states", "failed-states"].map(|role| Subject::Role(role.to_owned()));
        let mut asked = self.questions.iter().filter(|q| about.contains(&q.about));
        asked.any(|question| question.text.contains(status) && (!is_seen || names(&question)))
    }

    fn is_emptied(&self, troubles: &mut Vec<String>) -> bool {
        let says = self.outbox["deletes-after-send"].as_bool() == Some(true);
        if !says && !self.is_sending_asked() {
            troubles.push("sent rows are said to stay".to_owned());
        }
        says || self.is_sending_asked()
    }

    /// Whether rows are told to say nothing.
    fn is_untold(&self, troubles: &mut Vec<String>) -> bool {
        let has = |setting: &str| !self.outbox[setting].is_null();
        let says = self.outbox["deletes-after-send"].as_bool() == Some(true)
            || has("sent-at")
            || has("status");
        if says && !self.is_sending_asked() {
            troubles.push("what was sent is said to be told by the table".to_owned());
        }
        !says || self.is_sending_asked()
    }

    fn is_sending_asked(&self) -> bool {
        let about = Subject::Role("deletes-after-send".to_owned());
        self.questions
            .iter()
            .any(|question| question.about == about)
    }

    /// What a row of a state would be told to be: the reader's own rule.
    fn told(&self, state: &State) -> &'static str {
        let cells = example(self.table, state);
        let cell = |setting: &str| {
            let column = self.outbox[setting].as_str()?;
            let at = self.table.columns.iter().position(|it| it.name == column)?;
            cells[at].as_deref()
        };
        let says_yes = |setting: &str| cell(setting).is_some_and(says_yes);
        let is_in = |states: &str| {
            let word = cell("status").unwrap_or_default();
            let states = self.outbox[states].as_array();
            let mut states = states.into_iter().flatten().filter_map(Value::as_str);
            !word.is_empty() && states.any(|it| is_same(it, word))
        };
        let is_told = !self.outbox["sent-at"].is_null()
            || !self.outbox["status"].is_null()
            || self.outbox["deletes-after-send"].as_bool() == Some(true);
        let sent = says_yes("sent-at") || is_in("sent-states");
        if says_yes("failed-at") || !is_in("sent-states") && is_in("failed-states") {
            "given-up"
        } else if sent {
            "sent"
        } else if is_told || self.table.tells_nothing() {
            "unsent"
        } else {
            "untold"
        }
    }
}

fn says_yes(text: &str) -> bool {
    let no = ["", "0", "f", "false", "n", "no"];
    !no.contains(&text.trim().to_lowercase().as_str())
}

fn is_same(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    a == b || plain(a) == plain(b) && a.contains(|c: char| c.is_alphabetic())
}
