//! What is so of a table and a profile has no words for.

use waybill_model::OutboxSettings;

use super::given_up::given_up_at;
use crate::{Publication, Roles, Spot, StateName, TableLayout, TimeMeaning, Way};

/// What it costs that no column holds the time of a row.
pub(super) fn without_time(settings: &OutboxSettings) -> Option<String> {
    settings.created_at.is_none().then(|| {
        "No column says when a row was written: it is of the time of its message, and how long it has waited without one is only known from when it was first seen.".to_owned()
    })
}

pub(super) fn limits_of(shape: &TableLayout, roles: &Roles) -> Vec<String> {
    let mut limits = Vec::new();
    limits.extend(shape.published.iter().flat_map(limits_of_publication));
    limits.extend(failing(shape, roles));
    limits.extend(
        roles
            .created_at
            .iter()
            .filter_map(|spot| local_time(shape, spot)),
    );
    if let Some(envelope) = &shape.envelope {
        let inside = match &envelope.body {
            Some(pointer) => {
                format!("The payload is an envelope; the body itself is at {pointer}.")
            }
            None => "The payload is in a format of the library's own.".to_owned(),
        };
        limits.push(inside);
        limits.extend(envelope.note.clone());
    }
    limits
}

/// That a row was given up, where something else than a state says so.
fn failing(shape: &TableLayout, roles: &Roles) -> Option<String> {
    let mut states = shape.states.iter();
    let failed = states.find(|state| state.name == StateName::Failed)?;
    let is_said_by = |role: &Option<Spot>| {
        let mut columns = role.iter().flat_map(|spot| &spot.columns);
        columns.any(|name| failed.when.iter().any(|said| said.column == *name))
    };
    if is_said_by(&roles.status) || given_up_at(shape).is_some() {
        return None;
    }
    let column = &failed.when.last()?.column;
    let counted = if is_said_by(&roles.sent_at) {
        "sent"
    } else {
        "unsent"
    };
    Some(format!(
        "{column} says that a row was given up, and a profile has no word for it: such a row counts as {counted}."
    ))
}

fn limits_of_publication(published: &Publication) -> Vec<String> {
    let mut limits: Vec<String> = published
        .by
        .iter()
        .filter_map(|way| match way {
            Way::PositionTable => Some("Another table says up to which row was read, which a profile cannot name: what was published is judged by the broker."),
            Way::LogPosition => Some("It is read from the database's log: what was published is judged by the broker."),
            Way::RowPerListener => Some("There is a row per listener, so one event has several."),
            Way::BatchHeader => Some("A batch is sent as a whole, and another row says so."),
            Way::Nothing => Some("Nothing says whether an event was published: the broker decides."),
            Way::FilledTime | Way::Flag | Way::StatusWord | Way::StatusNumber | Way::RowDeleted | Way::DeletedAtOnce => None,
        })
        .map(str::to_owned)
        .collect();
    limits.extend(published.note.clone());
    limits
}

pub(super) fn local_time(shape: &TableLayout, spot: &Spot) -> Option<String> {
    let mut columns = spot.columns.iter().filter_map(|name| shape.column(name));
    let local = columns.find(|column| column.time == Some(TimeMeaning::ApplicationLocal))?;
    Some(format!(
        "{} is the application's local time: zone says how far that is from UTC.",
        local.name
    ))
}
