//! The layouts there are.

use serde::Serialize;
use waybill_layouts::{Dbms, Layout, Strength, TableLayout, TableRole, layouts};

use crate::output;

/// All layouts, for scripts.
#[derive(Debug, Serialize)]
pub(crate) struct LayoutsDocument {
    layouts: Vec<LayoutDocument>,
}

#[derive(Debug, Serialize)]
struct LayoutDocument {
    name: &'static str,
    title: &'static str,
    language: &'static str,
    seen: &'static str,
    sources: &'static [String],
    relay: &'static str,
    dangers: &'static [String],
    tables: Vec<TableDocument>,
}

#[derive(Debug, Serialize)]
struct TableDocument {
    id: &'static str,
    role: &'static str,
    names: &'static [String],
    databases: Vec<&'static str>,
    required_columns: &'static [String],
    needs_second_signal: bool,
    requeue: Vec<&'static str>,
    no_requeue: Option<&'static str>,
}

pub(crate) fn document() -> LayoutsDocument {
    LayoutsDocument {
        layouts: layouts().iter().map(of_layout).collect(),
    }
}

fn of_layout(layout: &'static Layout) -> LayoutDocument {
    LayoutDocument {
        name: &layout.name,
        title: &layout.title,
        language: &layout.language,
        seen: &layout.seen,
        sources: &layout.sources,
        relay: &layout.relay,
        dangers: &layout.dangers,
        tables: layout.tables.iter().map(of_table).collect(),
    }
}

fn of_table(table: &'static TableLayout) -> TableDocument {
    let on = Dbms::ALL.into_iter().filter(|dbms| table.is_on(*dbms));
    TableDocument {
        id: &table.id,
        role: role(table.role),
        names: &table.names,
        databases: on.map(database).collect(),
        required_columns: &table.recognise.required,
        needs_second_signal: table.recognise.strength == Strength::NeedsSecondSignal,
        requeue: table
            .requeues
            .iter()
            .map(|requeue| requeue.by.words())
            .collect(),
        no_requeue: table.no_requeue.as_deref(),
    }
}

/// A library and, under it, its tables.
pub(crate) fn text() {
    for layout in layouts() {
        output::line(&format!(
            "{}  {} ({})",
            layout.name, layout.title, layout.language
        ));
        for table in &layout.tables {
            output::line(&format!(
                "  {:<34} {:<16} by {:<26} re-queue: {}",
                names(table),
                role(table.role),
                recognised_by(table),
                requeue(table),
            ));
        }
    }
    let n_tables: usize = layouts().iter().map(|layout| layout.tables.len()).sum();
    output::aside(&format!(
        "{} libraries, {n_tables} tables. Whose a table is: waybill layouts explain TABLE --database URL",
        layouts().len()
    ));
}

fn names(table: &TableLayout) -> String {
    match table.names.as_slice() {
        [] => "(any name)".to_owned(),
        names => names.first().cloned().unwrap_or_default(),
    }
}

fn recognised_by(table: &TableLayout) -> &'static str {
    match table.recognise.strength {
        Strength::ColumnsAlone => "columns",
        Strength::NeedsSecondSignal => "columns and a second sign",
    }
}

fn requeue(table: &TableLayout) -> String {
    let ways: Vec<&str> = table
        .requeues
        .iter()
        .map(|requeue| requeue.by.words())
        .collect();
    if ways.is_empty() {
        "none".to_owned()
    } else {
        ways.join(", ")
    }
}

/// What a table is for, in a word.
pub(crate) fn role(role: TableRole) -> &'static str {
    match role {
        TableRole::Outbox => "outbox",
        TableRole::OutboxAndInbox => "outbox and inbox",
        TableRole::EventStore => "event store",
        TableRole::Jobs => "jobs",
        TableRole::Inbox => "inbox",
        TableRole::DeadLetters => "dead letters",
        TableRole::State => "state",
        TableRole::Locks => "locks",
        TableRole::History => "history",
    }
}

/// A database's name.
pub(crate) fn database(dbms: Dbms) -> &'static str {
    match dbms {
        Dbms::Postgres => "PostgreSQL",
        Dbms::MySql => "MySQL",
        Dbms::Sqlite => "SQLite",
    }
}
