//! Inbox tables whose rows are about this outbox's events.

use std::collections::HashSet;
use std::sync::Arc;

use waybill_layouts::{
    Explanation, FoundTable, Role, TableRole, Unmappable, Verdict, canon, find_table,
};
use waybill_model::{Inbox, Window};
use waybill_source::Database;

use super::rows::{Ids, ids};
use crate::session::inbox_columns;
use crate::tables::Tables;

/// Consumers that may share one table.
const MAX_SHARING: usize = 20;

/// A database and its tables.
#[derive(Debug)]
pub(super) struct Base {
    /// Its name in the profile; `None` for the service's own.
    pub(super) name: Option<String>,
    pub(super) url: String,
    pub(super) database: Arc<dyn Database>,
    pub(super) tables: Tables,
}

/// An inbox, and whose it seems to be.
#[derive(Debug, Clone)]
pub(super) struct FoundInbox {
    pub(super) inbox: Inbox,
    pub(super) label: String,
    pub(super) why: Vec<String>,
}

/// What was found, and what was not taken and why.
#[derive(Debug, Default)]
pub(super) struct Inboxes {
    pub(super) found: Vec<FoundInbox>,
    pub(super) left_out: Vec<String>,
}

/// The inboxes of one database that hold some of `events`. An empty one in a database that was
/// named as a consumer's is taken, too: its consumer has done nothing yet.
pub(super) async fn of_base(
    base: &Base,
    events: &HashSet<String>,
    window: Window,
    into: &mut Inboxes,
) {
    let tables = base.tables.of_address(&base.url);
    for explanation in tables.recognised() {
        let Ok(table) = find_table(&tables.tables, &explanation.table) else {
            continue;
        };
        if !is_inbox(&explanation) {
            continue;
        }
        match consumers(&explanation, table) {
            Ok(inboxes) => {
                for (mut inbox, why) in inboxes {
                    inbox.database.clone_from(&base.name);
                    judge(base, inbox, &explanation, why, events, window, into).await;
                }
            }
            Err(Unmappable(why)) => into.left_out.push(format!("{}: {why}", explanation.table)),
        }
    }
}

/// The ids that each inbox of a database holds, whosever they are.
pub(super) async fn held(base: &Base, window: Window) -> Vec<(String, Ids)> {
    let tables = base.tables.of_address(&base.url);
    let mut held = Vec::new();
    for explanation in tables.recognised().iter().filter(|it| is_inbox(it)) {
        let Ok(table) = find_table(&tables.tables, &explanation.table) else {
            continue;
        };
        for (inbox, _) in consumers(explanation, table).into_iter().flatten() {
            // What cannot be read is told where consumers are looked for.
            if let Ok(read) = ids(&base.database, inbox_columns(&inbox), window).await {
                held.push((inbox.table, read));
            }
        }
    }
    held
}

async fn judge(
    base: &Base,
    inbox: Inbox,
    explanation: &Explanation,
    limits: Vec<String>,
    events: &HashSet<String>,
    window: Window,
    into: &mut Inboxes,
) {
    let read = ids(&base.database, inbox_columns(&inbox), window).await;
    let held = match read {
        Ok(held) => held,
        Err(error) => {
            let why = format!("{} could not be read: {}.", inbox.table, error.chain());
            into.left_out.push(why);
            return;
        }
    };
    let hits = held.keys.keys().filter(|id| events.contains(*id)).count();
    let n = held.keys.len();
    if hits == 0 && (base.name.is_none() || n > 0) {
        into.left_out.push(format!(
            "{} is an inbox, but none of its {n} rows is about an event of this outbox.",
            inbox.table
        ));
        return;
    }
    let whose = explanation.recognised().map_or_else(
        || "somebody's own inbox".to_owned(),
        |first| format!("the inbox of {}", first.layout.title),
    );
    let mut why = vec![format!(
        "{} is {whose}; {hits} of its {n} rows are about events of this outbox.",
        inbox.table
    )];
    why.extend(limits);
    into.found.push(FoundInbox {
        label: label(base, &inbox),
        inbox,
        why,
    });
}

fn is_inbox(explanation: &Explanation) -> bool {
    match (&explanation.verdict, explanation.recognised()) {
        (Verdict::HandMade(proposal), _) => proposal.role == TableRole::Inbox,
        (_, Some(first)) => {
            first.table.inbox.is_some()
                && matches!(first.role, TableRole::Inbox | TableRole::OutboxAndInbox)
        }
        _ => false,
    }
}

/// One inbox, or one for each consumer that shares the table.
fn consumers(
    explanation: &Explanation,
    table: &FoundTable,
) -> Result<Vec<(Inbox, Vec<String>)>, Unmappable> {
    let column = match (&explanation.verdict, explanation.recognised()) {
        (Verdict::HandMade(proposal), _) => proposal.column(Role::Consumer).map(str::to_owned),
        (_, Some(first)) => first.table.inbox.as_ref().and_then(|inbox| {
            let spot = inbox
                .consumer
                .as_ref()
                .filter(|spot| spot.pointer.is_none())?;
            spot.columns.first().cloned()
        }),
        _ => None,
    };
    let mut values: Vec<&str> = column.iter().flat_map(|c| table.values(c)).collect();
    values.sort_unstable();
    values.dedup();
    values.truncate(MAX_SHARING);
    let mapped = |consumer: Option<&str>| {
        let mapped = match (&explanation.verdict, explanation.recognised()) {
            (Verdict::HandMade(proposal), _) => proposal.inbox_settings(table, consumer)?,
            (_, Some(first)) => first.inbox_settings(table, consumer)?,
            _ => return Err(Unmappable("It is no inbox.".to_owned())),
        };
        Ok((mapped.settings, mapped.limits))
    };
    match values.as_slice() {
        [] => Ok(vec![mapped(None)?]),
        values => values.iter().map(|value| mapped(Some(value))).collect(),
    }
}

/// Whose it seems to be: whom its rows or its name speak of, else the database.
fn label(base: &Base, inbox: &Inbox) -> String {
    if let Some(value) = &inbox.consumer_value {
        return value.clone();
    }
    const COMMON: [&str; 12] = [
        "inbox",
        "processed",
        "received",
        "consumed",
        "handled",
        "message",
        "messages",
        "event",
        "events",
        "state",
        "dedup",
        "deduplication",
    ];
    let name = inbox.table.rsplit('.').next().unwrap_or(&inbox.table);
    let words: Vec<&str> = name
        .split(['_', '-', ' '])
        .filter(|word| !COMMON.contains(&canon(word).as_str()) && !word.is_empty())
        .filter(|word| !canon(word).starts_with("inbox"))
        .collect();
    match (words.as_slice(), &base.name) {
        ([], Some(database)) => database.clone(),
        ([], None) => name.to_owned(),
        (words, _) => words.join("-"),
    }
}
