//! Which columns of a table are read for what, as a profile names them. Pure.

use std::collections::BTreeMap;

use waybill_model::{BusinessTable, DeadLetterTable, InColumn, Inbox, OutboxSettings};
use waybill_source::{DueColumns, RowColumns, Zoning};

fn no_columns(table: &str, key: &str, at: Option<&str>) -> RowColumns {
    RowColumns {
        table: table.to_owned(),
        key: key.to_owned(),
        id: None,
        aggregate_type: None,
        fixed_aggregate_type: None,
        aggregate_id: None,
        version: None,
        kind: None,
        at: at.map(str::to_owned),
        zone: Zoning::default(),
        sent_at: None,
        failed_at: None,
        status: None,
        attempts: None,
        destination: None,
        due: None,
        wanted: BTreeMap::new(),
        only: None,
        payload: None,
        compare: None,
    }
}

/// The columns of an outbox, for reading it.
pub(crate) fn outbox_columns(outbox: &OutboxSettings) -> RowColumns {
    let status = outbox.status.as_ref().map(|column| {
        (
            column.clone(),
            outbox.sent_states.clone(),
            outbox.failed_states.clone(),
        )
    });
    let says_due = outbox.due_at.is_some() || !outbox.due_states.is_empty();
    RowColumns {
        due: says_due.then(|| DueColumns {
            at: outbox.due_at.clone(),
            states: outbox.due_states.clone(),
        }),
        wanted: outbox.only.clone(),
        id: Some(outbox.id.clone()),
        aggregate_type: outbox.aggregate_type.clone(),
        aggregate_id: outbox.aggregate_id.clone(),
        version: outbox.version.clone(),
        kind: outbox.kind.clone(),
        sent_at: outbox.sent_at.clone(),
        failed_at: outbox.failed_at.clone(),
        status,
        attempts: outbox.attempts.clone(),
        payload: outbox.payload.clone(),
        zone: zone(outbox.zone.as_deref()),
        ..no_columns(&outbox.table, &outbox.key, outbox.created_at.as_deref())
    }
}

/// The zone that is written down; a profile whose zone cannot be read is refused before.
fn zone(written: Option<&str>) -> Zoning {
    let read = written.and_then(|zone| zone.parse().ok());
    read.map_or_else(Zoning::default, Zoning::Known)
}

/// The columns of an outbox's dead letters: that a row is there says that it was given up.
pub(super) fn dead_letter_columns(
    letters: &DeadLetterTable,
    outbox: &OutboxSettings,
) -> RowColumns {
    RowColumns {
        id: Some(letters.id.clone()),
        kind: letters.kind.clone(),
        aggregate_type: letters.aggregate_type.clone(),
        aggregate_id: letters.aggregate_id.clone(),
        failed_at: Some(letters.failed_at.clone()),
        zone: zone(outbox.zone.as_deref()),
        ..no_columns(&letters.table, &letters.key, Some(&letters.failed_at))
    }
}

/// The columns of a business table, for reading it.
pub(crate) fn business_columns(table: &BusinessTable) -> RowColumns {
    RowColumns {
        fixed_aggregate_type: Some(table.aggregate_type.clone()),
        aggregate_id: Some(table.id.clone()),
        version: Some(table.version.clone()),
        zone: zone(table.zone.as_deref()),
        ..no_columns(
            &table.table,
            table.key.as_ref().unwrap_or(&table.id),
            Some(&table.changed_at),
        )
    }
}

/// The columns of an inbox, for reading it: *sent* is what was processed.
pub fn inbox_columns(inbox: &Inbox) -> RowColumns {
    let only = inbox
        .consumer_column
        .clone()
        .zip(inbox.consumer_value.clone());
    let status = inbox.status.as_ref().map(|column| {
        (
            column.clone(),
            inbox.processed_states.clone(),
            inbox.failed_states.clone(),
        )
    });
    // Without a state, the time of processing says that there was processing.
    let sent_at = status.is_none().then(|| inbox.processed_at.clone());
    let key = inbox.key.as_deref();
    let key = key.unwrap_or_else(|| InColumn::of(&inbox.id).column);
    RowColumns {
        id: Some(inbox.id.clone()),
        sent_at,
        failed_at: inbox.failed_at.clone(),
        status,
        only,
        zone: zone(inbox.zone.as_deref()),
        ..no_columns(&inbox.table, key, Some(&inbox.processed_at))
    }
}
