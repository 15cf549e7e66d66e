//! A profile: the saved target of an investigation. What stands in the TOML file, no more;
//! passwords never do (they come from the keychain or the environment).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Carrier, Carriers, CompareSettings, Micros, Wanted};

/// One investigation target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// Its name; also the file's.
    pub name: String,
    /// What a mistake would hit.
    #[serde(default)]
    pub environment: Environment,
    /// Whether anything may be sent.
    #[serde(default)]
    pub access: Access,
    /// The service's database, where business tables and outbox are.
    pub database: DatabaseSettings,
    /// Other databases by name, for inboxes of consumers that keep their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub databases: BTreeMap<String, DatabaseSettings>,
    /// The broker.
    pub broker: BrokerSettings,
    /// The outbox table; left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox: Option<OutboxSettings>,
    /// Business tables whose changes must have led to an event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub business: Vec<BusinessTable>,
    /// Where events go and who should receive them.
    #[serde(default, rename = "flow")]
    pub flows: Vec<Flow>,
    /// When an event is late, and when a suspicion is confirmed.
    #[serde(default)]
    pub grace: GraceSettings,
    /// How much is read at most.
    #[serde(default, skip_serializing_if = "ScanSettings::is_unlimited")]
    pub scan: ScanSettings,
    /// JSON pointers into payloads whose values are shown as `•••`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<String>,
}

impl Profile {
    /// All expected consumers, in order; a consumer's number is its index here.
    pub fn consumers(&self) -> impl Iterator<Item = (&Flow, &Consumer)> {
        self.flows
            .iter()
            .flat_map(|flow| flow.consumers.iter().map(move |consumer| (flow, consumer)))
    }
}

/// How much of each place is read at most; what lies beyond is a gap that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScanSettings {
    /// Messages of a topic, the newest. Left out: all of the window, and 200 000 where the messages
    /// carry no time that leads to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_messages: Option<u64>,
    /// Rows of a table, in the order in which they are read. Left out: all of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rows: Option<u64>,
}

impl ScanSettings {
    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

/// What a mistake would hit; decides colour and guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Somebody's own machine.
    #[default]
    Development,
    /// Shared, but not the customers'.
    Staging,
    /// The customers'.
    Production,
}

/// What the profile allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Look only; no credentials to send are loaded.
    #[default]
    ReadOnly,
    /// Resending is allowed.
    Resend,
}

/// How to reach a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DatabaseSettings {
    /// `postgres://user@host:port/db`, `mysql://…`, `sqlite:path`; without a password.
    pub url: String,
    /// Name of the secret that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// How to reach the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BrokerSettings {
    /// `kafka://host:port[,host:port]` or `amqp://user@host:port/vhost`; without a password.
    pub url: String,
    /// RabbitMQ: the management API, `http://user@host:15672`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_url: Option<String>,
    /// Name of the secret that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Client settings passed through, e.g. `security.protocol` for Kafka.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// The outbox table and what its columns mean. A role left out means: no such column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OutboxSettings {
    /// Table, `schema.table` allowed.
    pub table: String,
    /// Column that orders and identifies rows (primary key); defaults to `id`.
    pub key: String,
    /// Column with the event id; often the key itself. Where the id stands inside a JSON column:
    /// `column#/pointer`, with a JSON pointer (RFC 6901). So may the next two, the event type and the
    /// destination.
    pub id: String,
    /// Column with the aggregate's type.
    pub aggregate_type: Option<String>,
    /// Column with the aggregate's id.
    pub aggregate_id: Option<String>,
    /// Column with the aggregate's version.
    pub version: Option<String>,
    /// Column with the event type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Column with the topic or exchange that the row is to be sent to. One event may have a row for
    /// each: then each is judged by itself.
    pub destination: Option<String>,
    /// Column with the body.
    pub payload: Option<String>,
    /// Column with headers as JSON.
    pub headers: Option<String>,
    /// Column with the time of writing. Without one a row is of the time of its message, and of no
    /// known time where it has none.
    pub created_at: Option<String>,
    /// The offset from UTC of times that are written without one, as [`crate::Zone`] reads it:
    /// `UTC`, `-05:00`. Left out, it is found out at each look, or told to be unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Column that is filled when the row was sent: a time, or a flag.
    pub sent_at: Option<String>,
    /// Column with the time from which on the row is to be sent, where that is later than it was
    /// written; with `due-states` only of rows in one of those states. A row that was tried was due.
    pub due_at: Option<String>,
    /// Values of `status` that mean that the row is to be sent later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub due_states: Vec<String>,
    /// Column that is filled when the relay gave the row up: a time, or a flag.
    pub failed_at: Option<String>,
    /// Column with a state word or number, together with `sent-states` and `failed-states`.
    pub status: Option<String>,
    /// Values of `status` that mean sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent_states: Vec<String>,
    /// Values of `status` that mean given up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_states: Vec<String>,
    /// Column with the number of attempts.
    pub attempts: Option<String>,
    /// Column with the last error.
    pub error: Option<String>,
    /// Which rows count, by values of columns: the others are somebody else's.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Wanted>,
    /// The relay deletes a row as soon as it is sent: that one is absent says nothing, and that one
    /// is there says that it was not sent, unless another column says that.
    #[serde(default)]
    pub deletes_after_send: bool,
    /// The table of the rows that the relay has given up, where it moves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters: Option<DeadLetterTable>,
}

/// Where a relay moves the rows that it has given up. A row there is an event of the outbox that
/// needs somebody to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeadLetterTable {
    /// Table, `schema.table` allowed.
    pub table: String,
    /// Column that identifies rows.
    pub key: String,
    /// Column with the event's id, or `column#/pointer` as in the outbox.
    pub id: String,
    /// Column with the time at which the row was given up, or moved here.
    pub failed_at: String,
    /// Column with the event type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Column with the aggregate's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate_type: Option<String>,
    /// Column with the aggregate's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate_id: Option<String>,
}

/// A business table whose every version must have led to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BusinessTable {
    /// Table, `schema.table` allowed.
    pub table: String,
    /// Column that identifies a row, where that is not the aggregate's id: of a history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Column with the aggregate's id.
    pub id: String,
    /// Column with the aggregate's version.
    pub version: String,
    /// Column with the time of the change.
    pub changed_at: String,
    /// The offset from UTC of times that are written without one, as in [`OutboxSettings::zone`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The aggregate's type, as the outbox writes it.
    pub aggregate_type: String,
    /// It keeps a row of every version, and of what was deleted: a version without one was never
    /// stored. Otherwise a row shows the newest version only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub history: bool,
}

/// From the outbox to a destination and its expected consumers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flow {
    /// What people call it.
    pub name: String,
    /// Topic, or exchange.
    pub destination: String,
    /// RabbitMQ: the stream bound to the exchange that keeps history. Without it publication is
    /// only seen from the moment Waybill listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_stream: Option<String>,
    /// RabbitMQ: routing key of a resend, `{type}`, `{aggregate-type}`, `{aggregate}` filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<String>,
    /// Where the messages carry what.
    #[serde(default, rename = "match")]
    pub carriers: Carriers,
    /// Whose messages count where others publish there, too, by what stands at places of a message.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<Carrier, Wanted>,
    /// Whether outbox rows and copies are compared, and what of them; left out, no body is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareSettings>,
    /// How to rebuild a message that was never published, in place of what rows and messages show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
    /// Messages that consumers received, where Waybill cannot read any: they show how the relay
    /// makes a message of a row.
    #[serde(default, rename = "sample", skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<ShownMessage>,
    /// Who should receive it.
    #[serde(default, rename = "consumer")]
    pub consumers: Vec<Consumer>,
}

/// A message made from a business row; `{column}` in `body` is replaced by the JSON of the column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Template {
    /// The event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The body with placeholders.
    pub body: String,
}

/// A message as a consumer received it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ShownMessage {
    /// Kafka key, or AMQP routing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The body as it was received, byte for byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Headers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// AMQP properties by name, with dashes: `message-id`, `content-type`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// An expected consumer and what tells how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Consumer {
    /// What people call it.
    pub name: String,
    /// Kafka consumer group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// RabbitMQ queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Its inbox (processed-messages) table: the only proof of processing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<Inbox>,
    /// Dead-letter topic, or the stream that keeps a copy of what was dead-lettered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters: Option<String>,
    /// When it was registered: nothing that was published before is expected of it. Written as
    /// `2026-11-20T14:03:12Z`.
    #[serde(
        default,
        with = "written_time",
        skip_serializing_if = "Option::is_none"
    )]
    pub since: Option<Micros>,
}

/// A time as people write it.
mod written_time {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    use crate::Micros;

    pub(super) fn serialize<S: Serializer>(
        at: &Option<Micros>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.collect_str(at),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Micros>, D::Error> {
        let text = String::deserialize(deserializer)?;
        Micros::parse(&text).map(Some).map_err(de::Error::custom)
    }
}

/// An inbox table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Inbox {
    /// Which of `databases`; the service's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Table, `schema.table` allowed.
    pub table: String,
    /// Column that identifies rows; the one with the event id when left out. Needed where the id
    /// stands inside a JSON column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Column with the event id, or `column#/pointer` where it stands inside a JSON column.
    pub id: String,
    /// Column with the time of processing. A row in which it is empty was received and is not
    /// processed, unless `status` says otherwise.
    pub processed_at: String,
    /// The offset from UTC of times that are written without one, as in [`OutboxSettings::zone`].
    /// Left out, they are read as UTC: what is missing is asked for by its id, which no time hides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Column with a state word or number, together with `processed-states`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Values of `status` that mean processed; a row in any other state was received, no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processed_states: Vec<String>,
    /// Values of `status` that mean that processing failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_states: Vec<String>,
    /// Column that is filled when processing failed: a time, a flag or an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<String>,
    /// How long rows stay after their time, in seconds, where somebody deletes them: that one is not
    /// there says nothing about what was processed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_secs: Option<u32>,
    /// Column that says which consumer the row belongs to, where several share one table…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_column: Option<String>,
    /// … and this consumer's value in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_value: Option<String>,
}

/// When an event is late. Seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GraceSettings {
    /// From the outbox row to the copy; left out, it is learnt from how long the relay takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_secs: Option<u32>,
    /// From the copy to the consumer; left out, it is learnt from how long each consumer takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consume_secs: Option<u32>,
    /// Between the two scans that make a suspicion a confirmed verdict.
    pub confirm_secs: u32,
}

impl GraceSettings {
    /// What holds for publishing until enough has been seen to learn from.
    pub const COLD_PUBLISH_SECS: u32 = 120;

    /// What holds for consuming until enough has been seen to learn from.
    pub const COLD_CONSUME_SECS: u32 = 600;
}

impl Default for GraceSettings {
    fn default() -> Self {
        Self {
            publish_secs: None,
            consume_secs: None,
            confirm_secs: 2,
        }
    }
}
