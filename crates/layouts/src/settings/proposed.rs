//! A hand-made table as settings, as far as it was guessed.

use std::collections::BTreeMap;

use waybill_model::{Inbox, OutboxSettings};

use super::limits::without_time;
use super::{Mapped, Unmappable};
use crate::found::Family;
use crate::hand_made::is_time_of_receipt;
use crate::{FoundTable, Proposal, Role, TableRole};

impl Proposal {
    /// The table as the outbox of a profile, as far as it was guessed.
    pub fn outbox_settings(
        &self,
        found: &FoundTable,
    ) -> Result<Mapped<OutboxSettings>, Unmappable> {
        if self.role != TableRole::Outbox {
            return Err(Unmappable(format!("{} sends nothing.", found.name)));
        }
        let column = |role: Role| self.column(role).map(str::to_owned);
        let Some(id) = column(Role::Id) else {
            return Err(lacks("id", "id"));
        };
        let created_at = column(Role::CreatedAt);
        if created_at.is_none() && self.may_have_a_time(found) {
            return Err(lacks("time", "created-at"));
        }
        let key = found.columns.iter().find(|column| column.primary_key);
        let status = column(Role::Status);
        let sent_at = column(Role::SentAt);
        let has_state = status.is_some() || sent_at.is_some();
        // A state of which no value is known would call every row unsent, unless another column
        // says which are sent.
        let is_known =
            !self.sent_states.is_empty() || sent_at.is_some() && !self.failed_states.is_empty();
        let status = status.filter(|_| is_known);
        let if_status = |states: &[String]| match status {
            Some(_) => states.to_vec(),
            None => Vec::new(),
        };
        let settings = OutboxSettings {
            table: found.full_name(),
            key: key.map_or_else(|| id.clone(), |key| key.name.clone()),
            id,
            aggregate_type: column(Role::AggregateType),
            aggregate_id: column(Role::AggregateId),
            version: column(Role::Version),
            kind: column(Role::Type).or_else(|| column(Role::Destination)),
            destination: None,
            payload: column(Role::Payload),
            headers: column(Role::Headers),
            created_at,
            zone: None,
            sent_at,
            due_at: self.due_at(),
            due_states: Vec::new(),
            sent_states: if_status(&self.sent_states),
            failed_states: if_status(&self.failed_states),
            status,
            failed_at: column(Role::FailedAt),
            only: BTreeMap::new(),
            attempts: column(Role::Attempts),
            error: column(Role::Error),
            deletes_after_send: !has_state,
            dead_letters: None,
        };
        let limits = self.questions.iter().map(|question| question.text.clone());
        let limits = without_time(&settings).into_iter().chain(limits).collect();
        Ok(Mapped { settings, limits })
    }

    /// Whether a column that nothing else is said of may hold the time of a row.
    fn may_have_a_time(&self, found: &FoundTable) -> bool {
        let mut times = found.columns.iter();
        times.any(|column| {
            let is_explained = self.guesses.iter().any(|it| it.column == column.name);
            column.family() == Family::Time && !is_explained
        })
    }

    /// From when on a row is to be sent. A time of the next try says so of what was not tried yet,
    /// where the tries are counted.
    fn due_at(&self) -> Option<String> {
        let next_try = self.column(Role::NextTry);
        let next_try = next_try.filter(|_| self.column(Role::Attempts).is_some());
        let due = self.column(Role::DueAt).or(next_try);
        due.map(str::to_owned)
    }

    /// The table as the inbox of a consumer, as far as it was guessed.
    pub fn inbox_settings(
        &self,
        found: &FoundTable,
        consumer: Option<&str>,
    ) -> Result<Mapped<Inbox>, Unmappable> {
        let column = |role: Role| self.column(role).map(str::to_owned);
        let (Some(id), Some(processed_at)) = (column(Role::Id), column(Role::ProcessedAt)) else {
            return Err(Unmappable(format!(
                "{} keeps nothing that was received.",
                found.name
            )));
        };
        let (status, processed_states) = self.processed_states(found)?;
        let failed_states = match self.column(Role::Status) {
            column if column == status.as_deref() => self.failed_states.clone(),
            _ => Vec::new(),
        };
        let consumer_column = column(Role::Consumer).filter(|_| consumer.is_some());
        Ok(Mapped {
            settings: Inbox {
                id,
                processed_at,
                status,
                processed_states,
                failed_states,
                failed_at: column(Role::FailedAt),
                consumer_value: consumer
                    .filter(|_| consumer_column.is_some())
                    .map(str::to_owned),
                consumer_column,
                ..Inbox::unmapped(found.full_name())
            },
            limits: self
                .questions
                .iter()
                .filter(|question| consumer.is_none() || question.role != Role::Consumer)
                .map(|question| question.text.clone())
                .collect(),
        })
    }

    /// The column that says which rows are processed, with the values that mean it; none where a row
    /// is there, or has its time, only once it is processed.
    fn processed_states(
        &self,
        found: &FoundTable,
    ) -> Result<(Option<String>, Vec<String>), Unmappable> {
        let status = self.column(Role::Status);
        if let Some(column) = status.filter(|_| !self.sent_states.is_empty()) {
            return Ok((Some(column.to_owned()), self.sent_states.clone()));
        }
        if let Some(column) = self.column(Role::Done) {
            let yes = ["true", "1"].map(str::to_owned);
            return Ok((Some(column.to_owned()), yes.to_vec()));
        }
        let at = self.column(Role::ProcessedAt).unwrap_or_default();
        let time_tells =
            found.column(at).is_some_and(|column| column.nullable) && !is_time_of_receipt(at);
        match status {
            // Without it every row that was received would count as processed.
            Some(column) if !time_tells => Err(Unmappable(format!(
                "Column {column} says which rows of {} are processed, and its values do not say which of them mean that: name the table yourself, with status and processed-states.",
                found.name
            ))),
            _ => Ok((None, Vec::new())),
        }
    }
}

/// Without it no row can be read; whoever knows the service can name it.
fn lacks(what: &str, role: &str) -> Unmappable {
    Unmappable(format!(
        "Nothing says which column is its {what}: name the table, and --column {role}=COLUMN."
    ))
}
