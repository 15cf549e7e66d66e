//! Rows of a labelled table, as its labels say.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::corpus::{Column, Database, Kind, Labelled, State};

/// Rows a service has written.
const ROWS: usize = 40;

/// Aggregates they are about.
const AGGREGATES: usize = 11;

/// What a type's name says of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Text,
    Json,
    Uuid,
    Bytes,
    Number,
    Flag,
    Time,
    List,
}

/// A row in the making.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Text per column; `None` is NULL.
    pub(crate) cells: Vec<Option<String>>,
    pub(crate) at: Timestamp,
    /// Whether it is still there.
    pub(crate) is_kept: bool,
    pub(crate) is_sent: bool,
}

/// Which rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Sent, pending and failed ones
    Full,
    /// Only sent ones, and no message is left
    Steady,
    /// None, and no message
    Empty,
}

pub(crate) fn family(column: &Column) -> Family {
    let sql_type = column.sql_type.to_lowercase();
    let starts = |words: &[&str]| words.iter().any(|word| sql_type.starts_with(word));
    if sql_type.ends_with("[]") {
        Family::List
    } else if starts(&["json"]) {
        Family::Json
    } else if starts(&["uuid"]) {
        Family::Uuid
    } else if starts(&["bytea", "blob"]) {
        Family::Bytes
    } else if starts(&["bool", "tinyint(1)"]) {
        Family::Flag
    } else if starts(&["timestamp", "datetime", "date"]) {
        Family::Time
    } else if starts(&["int", "big", "small", "tiny", "serial", "numeric"]) {
        Family::Number
    } else {
        Family::Text
    }
}

/// The labels of an enum type.
pub(crate) fn labels(column: &Column) -> Vec<&str> {
    let listed = column.sql_type.strip_prefix("enum ");
    let listed = listed.and_then(|rest| rest.split_once('(')?.1.strip_suffix(')'));
    listed.map_or_else(Vec::new, |listed| listed.split('|').collect())
}

/// The rows of a table, oldest first.
pub(crate) fn rows(table: &Labelled, shape: Shape, topic: &str) -> Vec<Row> {
    let now = Timestamp::now();
    let mut rows = Vec::new();
    for nth in 0..ROWS {
        let Some((state, is_sent)) = state_of(table, nth) else {
            continue;
        };
        let minutes = i64::try_from(ROWS - nth).unwrap_or_default();
        let at = now - SignedDuration::from_mins(minutes);
        let cells = table
            .columns
            .iter()
            .map(|column| cell(table, column, state, nth, at, topic));
        rows.push(Row {
            cells: cells.collect(),
            at,
            is_kept: !(is_sent && table.is_emptied()),
            is_sent,
        });
    }
    match shape {
        Shape::Full => {}
        Shape::Steady => rows.retain(|row| row.is_sent),
        Shape::Empty => rows.clear(),
    }
    rows
}

/// The state of a row, and whether its message went out.
fn state_of(table: &Labelled, nth: usize) -> Option<(&State, bool)> {
    let (done, waiting) = match table.kind {
        Kind::Outbox => ("sent", "pending"),
        Kind::Inbox => ("processed", "received"),
    };
    let pick = |name: &str| {
        let states = table.states(name);
        (!states.is_empty()).then(|| states[nth % states.len()])
    };
    let first = || table.states.first();
    if nth % 12 == 11 && nth < 30 && pick("failed").is_some() {
        return Some((pick("failed")?, false));
    }
    if nth >= ROWS - 8 {
        return Some((pick(waiting).or_else(|| pick(done)).or_else(first)?, false));
    }
    Some((pick(done).or_else(|| pick("row")).or_else(first)?, true))
}

/// A row of a state by itself, to hold a verdict against.
pub(crate) fn example(table: &Labelled, state: &State) -> Vec<Option<String>> {
    let at = Timestamp::now();
    let columns = table.columns.iter();
    columns
        .map(|column| cell(table, column, state, 3, at, "orders"))
        .collect()
}

fn cell(
    table: &Labelled,
    column: &Column,
    state: &State,
    nth: usize,
    at: Timestamp,
    topic: &str,
) -> Option<String> {
    let is = |role: &str| table.role(role) == Some(column.name.as_str());
    let family = family(column);
    if let Some(set) = state.set.get(&column.name)
        && !(is("created_at") || is("next_try"))
    {
        return Some(match set.as_str() {
            "@t" => time(at + SignedDuration::from_secs(2), column, family),
            "@e" => "connection refused".to_owned(),
            "@id" => id(family, nth),
            set => set.to_owned(),
        });
    }
    let is_counted = column.sql_type.contains("serial");
    if is("id") || is("key") || column.key || is_counted {
        return Some(id(family, nth));
    }
    let is_written = table.sent_by == "row" || !column.null;
    if is("created_at") || is("processed_at") && is_written {
        return Some(time(at, column, family));
    }
    said(table, column, nth, topic).or_else(|| idle(column, family, nth, at))
}

/// What a column says of the event.
fn said(table: &Labelled, column: &Column, nth: usize, topic: &str) -> Option<String> {
    let is = |role: &str| table.role(role) == Some(column.name.as_str());
    let family = family(column);
    let about = nth % AGGREGATES;
    if is("destination") && labels(column).is_empty() {
        Some(topic.to_owned())
    } else if is("type") {
        let kinds = ["OrderPlaced", "OrderPaid", "OrderShipped"];
        Some(match (labels(column), family) {
            (_, Family::Number) => "1".to_owned(),
            (labels, _) if !labels.is_empty() => labels[nth % labels.len()].to_owned(),
            _ => kinds[nth % kinds.len()].to_owned(),
        })
    } else if is("aggregate_type") {
        Some("Order".to_owned())
    } else if is("aggregate_id") || is("partition_key") {
        Some(match family {
            Family::Uuid => format!("7d0c5e9a-0000-4000-8000-{about:012}"),
            Family::Number => (4100 + about).to_string(),
            _ => format!("order-{about}"),
        })
    } else if is("payload") {
        Some(body(nth).to_string())
    } else if is("headers") {
        Some("{}".to_owned())
    } else if is("routing_key") {
        Some("orders.placed".to_owned())
    } else if is("consumer") {
        Some("search".to_owned())
    } else if is("version") {
        Some((nth / AGGREGATES + 1).to_string())
    } else {
        None
    }
}

/// What a column holds that says nothing.
fn idle(column: &Column, family: Family, nth: usize, at: Timestamp) -> Option<String> {
    if let Some(default) = &column.default {
        return Some(default.clone());
    }
    if column.null {
        return None;
    }
    Some(match family {
        Family::Text => labels(column)
            .first()
            .map_or("x", |first| *first)
            .to_owned(),
        Family::Json | Family::Bytes | Family::List => "{}".to_owned(),
        Family::Uuid => id(family, nth),
        Family::Number => "0".to_owned(),
        Family::Flag => "false".to_owned(),
        Family::Time => time(at, column, family),
    })
}

/// The body of an event.
pub(crate) fn body(nth: usize) -> serde_json::Value {
    let about = nth % AGGREGATES;
    serde_json::json!({"order": format!("order-{about}"), "state": "placed", "amount": about % 5})
}

/// An id that is as unique as its type allows.
fn id(family: Family, nth: usize) -> String {
    match family {
        Family::Number => (nth + 1).to_string(),
        _ => Uuid::new_v4().to_string(),
    }
}

fn time(at: Timestamp, column: &Column, family: Family) -> String {
    if family == Family::Number {
        return match column.sql_type.starts_with("bigint") {
            true => at.as_millisecond().to_string(),
            false => at.as_second().to_string(),
        };
    }
    at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// A cell as a statement writes it.
pub(crate) fn literal(database: Database, column: &Column, cell: Option<&str>) -> String {
    let Some(text) = cell else {
        return "NULL".to_owned();
    };
    let quoted = format!("'{}'", text.replace('\'', "''"));
    match (family(column), database) {
        (Family::Number, _) => text.to_owned(),
        (Family::Flag, Database::Postgres) => quoted,
        (Family::Flag, _) => i32::from(["true", "1"].contains(&text)).to_string(),
        (Family::Bytes, Database::Postgres) => format!("convert_to({quoted}, 'UTF8')"),
        (Family::Time, Database::Postgres) => format!("'{text}+00'"),
        _ => quoted,
    }
}
