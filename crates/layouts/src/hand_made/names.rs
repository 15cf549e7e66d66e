//! What people call things, read from `data/hand-made.toml`.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Role;

/// What people call the tables, columns and states of an outbox or inbox of their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Names {
    /// Tables that are outboxes by their name.
    pub(super) outbox_names: Vec<String>,
    /// Words of which a name of an outbox has one …
    pub(super) carried: Vec<String>,
    /// … with one that says that it is sent,
    pub(super) carrying: Vec<String>,
    /// … or one that says little.
    pub(super) keeping: Vec<String>,
    /// Tables that are inboxes by their name.
    pub(super) inbox_names: Vec<String>,
    pub(super) against: Against,
    outbox: OutboxNames,
    inbox: InboxNames,
    pub(super) states: States,
    pub(super) comments: Comments,
    not_about: NotAbout,
}

/// What an outbox for other services does not have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Against {
    /// Names of tables.
    pub(super) names: Vec<String>,
    /// Columns.
    pub(super) columns: Vec<String>,
    /// Columns of letters to people: a mail program has an outbox, too.
    pub(super) letters: Vec<String>,
    /// Values of a status.
    pub(super) values: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OutboxNames {
    id: Vec<String>,
    aggregate_type: Vec<String>,
    aggregate_id: Vec<String>,
    version: Vec<String>,
    #[serde(rename = "type")]
    kind: Vec<String>,
    destination: Vec<String>,
    payload: Vec<String>,
    headers: Vec<String>,
    created_at: Vec<String>,
    sent_at: Vec<String>,
    status: Vec<String>,
    attempts: Vec<String>,
    failed_at: Vec<String>,
    error: Vec<String>,
    due_at: Vec<String>,
    next_try: Vec<String>,
    lock: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct InboxNames {
    id: Vec<String>,
    consumer: Vec<String>,
    processed_at: Vec<String>,
    status: Vec<String>,
    done: Vec<String>,
    failed_at: Vec<String>,
}

/// Words for states.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct States {
    pub(super) pending: Vec<String>,
    pub(super) in_flight: Vec<String>,
    pub(super) sent: Vec<String>,
    pub(super) failed: Vec<String>,
    /// Of several words for a failure the end.
    pub(super) last: Vec<String>,
}

/// Parts of comments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Comments {
    pub(super) pending: Vec<String>,
    pub(super) sent: Vec<String>,
    pub(super) failed: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NotAbout {
    words: Vec<String>,
}

impl Names {
    /// The names.
    pub(super) fn get() -> &'static Self {
        static NAMES: OnceLock<Names> = OnceLock::new();
        NAMES.get_or_init(|| {
            toml::from_str(include_str!("../../data/hand-made.toml"))
                .unwrap_or_else(|error| panic!("data/hand-made.toml: {error}"))
        })
    }

    /// Words before `id` that are not what an event is about.
    pub(super) fn not_about(&self) -> &[String] {
        &self.not_about.words
    }

    /// Roles of an outbox with the names of their columns. A column that fits two roles goes to
    /// the first.
    pub(super) fn outbox(&self) -> [(Role, &[String]); 17] {
        let names = &self.outbox;
        [
            (Role::AggregateType, &names.aggregate_type),
            (Role::AggregateId, &names.aggregate_id),
            (Role::Id, &names.id),
            (Role::Version, &names.version),
            // What is said of failing, trying and locking is said in words that others use, too.
            (Role::Status, &names.status),
            (Role::FailedAt, &names.failed_at),
            (Role::Attempts, &names.attempts),
            (Role::Error, &names.error),
            (Role::CreatedAt, &names.created_at),
            (Role::SentAt, &names.sent_at),
            (Role::DueAt, &names.due_at),
            (Role::NextTry, &names.next_try),
            (Role::Lock, &names.lock),
            (Role::Payload, &names.payload),
            (Role::Headers, &names.headers),
            (Role::Type, &names.kind),
            (Role::Destination, &names.destination),
        ]
    }

    /// Roles of an inbox.
    pub(super) fn inbox(&self) -> [(Role, &[String]); 6] {
        let names = &self.inbox;
        [
            (Role::Id, &names.id),
            (Role::Consumer, &names.consumer),
            (Role::ProcessedAt, &names.processed_at),
            (Role::Status, &names.status),
            (Role::Done, &names.done),
            (Role::FailedAt, &names.failed_at),
        ]
    }
}
