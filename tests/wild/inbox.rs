//! Holds what an inbox is said to be against its labels.

use waybill_engine::tables::Tables;
use waybill_layouts::{TableRole, Verdict, find_table};
use waybill_model::Inbox;

use crate::corpus::{Labelled, State};
use crate::values::example;

/// What came of one inbox.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) is_found: bool,
    /// Its id is right, and what waits is told from what is done.
    pub(crate) is_right: bool,
    pub(crate) troubles: Vec<String>,
}

pub(crate) fn inbox(table: &Labelled, tables: &Tables) -> Outcome {
    let mut outcome = Outcome {
        name: table.name(),
        ..Outcome::default()
    };
    let recognised = tables.recognised().into_iter();
    let mut inboxes = recognised.filter(|explanation| match &explanation.verdict {
        Verdict::HandMade(proposal) => proposal.role == TableRole::Inbox,
        Verdict::Recognised => explanation
            .recognised()
            .is_some_and(|first| first.table.inbox.is_some()),
        Verdict::Nothing => false,
    });
    let Some(first) = inboxes.next() else {
        outcome.troubles.push("not found".to_owned());
        return outcome;
    };
    let Ok(found) = find_table(&tables.tables, &first.table) else {
        return outcome;
    };
    if found.name != table.table.rsplit('.').next().unwrap_or_default() {
        outcome.troubles.push(format!("{} instead", first.table));
        return outcome;
    }
    outcome.is_found = true;
    let mapped = match (&first.verdict, first.recognised()) {
        (Verdict::HandMade(proposal), _) => proposal.inbox_settings(found, None),
        (_, Some(candidate)) => candidate.inbox_settings(found, None),
        (_, None) => return outcome,
    };
    match mapped {
        Ok(mapped) => judge(table, &mapped.settings, &mut outcome),
        Err(why) => outcome.troubles.push(why.to_string()),
    }
    outcome
}

fn judge(table: &Labelled, inbox: &Inbox, outcome: &mut Outcome) {
    if !table.is_right("id", &inbox.id) {
        let label = table.role("id").unwrap_or("nothing");
        outcome
            .troubles
            .push(format!("id is {}, not {label}", inbox.id));
    }
    for (name, done) in [("received", false), ("processed", true)] {
        for state in table.states(name) {
            if is_done(table, inbox, state) != done {
                let is = if done { "waiting" } else { "done" };
                outcome.troubles.push(format!("{name} rows are {is}"));
            }
        }
    }
    outcome.is_right = outcome.troubles.is_empty();
}

/// Whether a row of a state counts as processed.
fn is_done(table: &Labelled, inbox: &Inbox, state: &State) -> bool {
    let cells = example(table, state);
    let cell = |column: &str| {
        let at = table.columns.iter().position(|it| it.name == column)?;
        cells[at].as_deref()
    };
    match &inbox.status {
        Some(status) => {
            let word = cell(status).unwrap_or_default();
            let mut done = inbox.processed_states.iter();
            done.any(|it| it.eq_ignore_ascii_case(word))
        }
        None => cell(&inbox.processed_at).is_some(),
    }
}
