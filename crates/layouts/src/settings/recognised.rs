//! A library's table as settings.

use std::collections::BTreeMap;

use waybill_model::{DeadLetterTable, Inbox, OutboxSettings, Wanted, Zone};

use super::columns::{Take, real};
use super::given_up::failed_at;
use super::limits::{limits_of, local_time};
use super::{Mapped, Unmappable};
use crate::{
    Candidate, FoundTable, InboxRoles, Requeue, Roles, Spot, TableLayout, TableRole, TimeMeaning,
    Way,
};

impl Candidate {
    /// The table as the outbox of a profile.
    pub fn outbox_settings(
        &self,
        found: &FoundTable,
    ) -> Result<Mapped<OutboxSettings>, Unmappable> {
        let sends = matches!(
            self.role,
            TableRole::Outbox | TableRole::OutboxAndInbox | TableRole::EventStore | TableRole::Jobs
        );
        let Some(roles) = self.table.roles.as_ref().filter(|_| sends) else {
            return Err(Unmappable(format!("{} sends nothing.", found.name)));
        };
        outbox(self.table, roles, found)
    }

    /// The table as the dead letters of an outbox, where a row's way back leads to that outbox;
    /// `None` where it is none, or lacks a column.
    pub fn dead_letters(&self, found: &FoundTable, outbox: &str) -> Option<DeadLetterTable> {
        let leads_there = |way: &Requeue| way.to.as_deref() == Some(outbox);
        let roles = self.table.roles.as_ref()?;
        if self.role != TableRole::DeadLetters || !self.table.requeues.iter().any(leads_there) {
            return None;
        }
        let take = Take::of(found);
        Some(DeadLetterTable {
            table: found.full_name(),
            key: take.must(&roles.key, "the key").ok()?,
            id: take.may_somewhere(roles.id.as_ref())?,
            failed_at: roles.created_at.as_ref().and_then(|it| real(it, found))?,
            kind: take.may_somewhere(roles.kind.as_ref()),
            aggregate_type: take.may_somewhere(roles.aggregate_type.as_ref()),
            aggregate_id: take.may_somewhere(roles.aggregate_id.as_ref()),
        })
    }

    /// The table as the inbox of a consumer. `consumer` is that consumer's value where several
    /// share the table.
    pub fn inbox_settings(
        &self,
        found: &FoundTable,
        consumer: Option<&str>,
    ) -> Result<Mapped<Inbox>, Unmappable> {
        let receives = matches!(self.role, TableRole::Inbox | TableRole::OutboxAndInbox);
        let Some(roles) = self.table.inbox.as_ref().filter(|_| receives) else {
            return Err(Unmappable(format!(
                "{} keeps nothing that was received.",
                found.name
            )));
        };
        inbox(self.table, roles, found, consumer)
    }
}

fn outbox(
    shape: &TableLayout,
    roles: &Roles,
    found: &FoundTable,
) -> Result<Mapped<OutboxSettings>, Unmappable> {
    let mut take = Take::of(found);
    let key = take.must(&roles.key, "the key")?;
    let Some(id) = &roles.id else {
        return Err(Unmappable(
            "A row holds several messages, and their ids are inside of it.".to_owned(),
        ));
    };
    let id = take.must_somewhere(id, "the event's id")?;
    let created_at = roles.created_at.as_ref().and_then(|spot| real(spot, found));
    let only = only_rows(roles, found);
    let status = take.may(roles.status.as_ref(), "the state");
    let if_status = |states: &[String]| match status {
        Some(_) => states.to_vec(),
        None => Vec::new(),
    };
    let settings = OutboxSettings {
        table: found.full_name(),
        key,
        id,
        aggregate_type: take.may_somewhere(roles.aggregate_type.as_ref()),
        aggregate_id: take.may_somewhere(roles.aggregate_id.as_ref()),
        version: take.may(roles.version.as_ref(), "the aggregate's version"),
        kind: take.may_somewhere(roles.kind.as_ref()),
        destination: None,
        payload: roles.payload.as_ref().and_then(|spot| real(spot, found)),
        headers: take.may(roles.headers.as_ref(), "the headers"),
        zone: created_at.as_ref().and_then(|_| zone_of(shape, roles)),
        created_at,
        sent_at: take.may(roles.sent_at.as_ref(), "the mark of having been sent"),
        due_at: take.may(
            roles.due_at.as_ref(),
            "the time from which on it is to be sent",
        ),
        due_states: if_status(&roles.due_states),
        sent_states: if_status(&roles.sent_states),
        failed_states: if_status(&roles.failed_states),
        failed_at: failed_at(shape, found),
        only,
        status,
        attempts: take.may(roles.attempts.as_ref(), "the attempts"),
        error: take.may(roles.error.as_ref(), "the error"),
        deletes_after_send: deletes(shape, roles, found),
        dead_letters: None,
    };
    let mut limits = take.limits;
    limits.extend(super::limits::without_time(&settings));
    limits.extend(limits_of(shape, roles));
    limits.extend(shape.why_no_states(found));
    Ok(Mapped { settings, limits })
}

/// The zone of its times, where the library writes them in one whatever the type says.
fn zone_of(shape: &TableLayout, roles: &Roles) -> Option<String> {
    let spots = roles.created_at.iter();
    let names = spots.flat_map(|spot| &spot.columns);
    let mut columns = names.filter_map(|name| shape.column(name));
    let is_utc = columns.any(|column| column.time == Some(TimeMeaning::Utc));
    is_utc.then(|| Zone::UTC.to_string())
}

/// Which rows count. Where rows were seen and none of them is such a one, nobody knows which do.
fn only_rows(roles: &Roles, found: &FoundTable) -> BTreeMap<String, Wanted> {
    let Some(only) = &roles.only else {
        return BTreeMap::new();
    };
    let Some(column) = found.column(&only.column) else {
        return BTreeMap::new();
    };
    let values = found.values(&column.name);
    let counts = |value: &&str| value.starts_with(&only.starts_with);
    if !values.is_empty() && !values.iter().any(counts) {
        return BTreeMap::new();
    }
    let wanted = Wanted(vec![format!("{}*", only.starts_with)]);
    BTreeMap::from([(column.name.clone(), wanted)])
}

fn inbox(
    shape: &TableLayout,
    roles: &InboxRoles,
    found: &FoundTable,
    consumer: Option<&str>,
) -> Result<Mapped<Inbox>, Unmappable> {
    let mut take = Take::of(found);
    let id = take.must_somewhere(&roles.id, "the event's id")?;
    let processed_at = take.must(&roles.processed_at, "the time of processing")?;
    let status = take.may(roles.status.as_ref(), "the state");
    let if_status = |states: &[String]| match status {
        Some(_) => states.to_vec(),
        None => Vec::new(),
    };
    let (processed_states, failed_states) = (
        if_status(&roles.processed_states),
        if_status(&roles.failed_states),
    );
    let key = take.may(roles.key.as_ref(), "the key");
    let failed_at = take.may(roles.failed_at.as_ref(), "the failure");
    let consumer_column = take.may(roles.consumer.as_ref(), "the consumer");
    let mut limits = take.limits;
    limits.push(roles.proves.clone());
    limits.extend(local_time(shape, &roles.processed_at));
    Ok(Mapped {
        settings: Inbox {
            key,
            id,
            processed_at,
            status,
            processed_states,
            failed_states,
            failed_at,
            kept_secs: roles.kept_secs,
            consumer_value: consumer
                .filter(|_| consumer_column.is_some())
                .map(str::to_owned),
            consumer_column: consumer_column.filter(|_| consumer.is_some()),
            ..Inbox::unmapped(found.full_name())
        },
        limits,
    })
}

/// Whether a row that is gone has to be expected. Where it depends on a setting of the library,
/// rows that were sent and are still there tell.
fn deletes(shape: &TableLayout, roles: &Roles, found: &FoundTable) -> bool {
    let Some(published) = &shape.published else {
        return false;
    };
    if !published.deletes_after_send() || keeps_sent_rows(roles, found) {
        return false;
    }
    match published.by.first() {
        Some(Way::RowDeleted | Way::DeletedAtOnce) => true,
        Some(Way::LogPosition) => found.rows.is_empty(),
        _ => false,
    }
}

fn keeps_sent_rows(roles: &Roles, found: &FoundTable) -> bool {
    let values = |spot: &Option<Spot>| -> Vec<String> {
        let spot = spot.iter().flat_map(|spot| &spot.columns);
        let values = spot.flat_map(|name| found.values(name));
        values.map(str::to_lowercase).collect()
    };
    let unsent = |value: &String| ["", "0", "f", "false"].contains(&value.as_str());
    let is_sent = |value: &String| {
        roles
            .sent_states
            .iter()
            .any(|state| state.to_lowercase() == *value)
    };
    values(&roles.sent_at).iter().any(|value| !unsent(value))
        || values(&roles.status).iter().any(is_sent)
}
