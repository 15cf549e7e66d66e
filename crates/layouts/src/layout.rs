//! A layout: everything known about one library's tables and messages, as its data file says it.

use serde::Deserialize;
use waybill_model::Carrier;

use crate::{IdShape, TableLayout};

/// One library.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layout {
    /// Stable name, the data file's too: `spring-modulith`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The language, or the platform, services that use it are written in.
    pub language: String,
    /// The version, or the date, of what was read.
    pub seen: String,
    /// Where each fact was read: repository and file, or page.
    pub sources: Vec<String>,
    /// How an event gets from the table to the broker, in a few sentences.
    pub relay: String,
    /// Databases it also supports and Waybill does not.
    #[serde(default)]
    pub elsewhere: Vec<String>,
    /// What is easily got wrong, looking and acting.
    pub dangers: Vec<String>,
    /// What one event that cannot be sent holds up.
    pub head_of_line: HeadOfLine,
    /// Its messages on RabbitMQ; `None` where it has no say in them.
    pub rabbitmq: Option<OnBroker>,
    /// Its messages on Kafka; `None` where it has no say in them.
    pub kafka: Option<OnBroker>,
    /// Its tables.
    #[serde(rename = "table")]
    pub tables: Vec<TableLayout>,
}

impl Layout {
    /// How the library itself is made to send or process a row again, over all its tables, as
    /// words; `none` where there is no way.
    pub fn ways_back(&self) -> Vec<&'static str> {
        let mut ways: Vec<&str> = Vec::new();
        for requeue in self.tables.iter().flat_map(|table| &table.requeues) {
            if !ways.contains(&requeue.by.words()) {
                ways.push(requeue.by.words());
            }
        }
        if ways.is_empty() {
            ways.push("none");
        }
        ways
    }

    /// A table by its id.
    pub fn table(&self, id: &str) -> Option<&TableLayout> {
        self.tables.iter().find(|table| table.id == id)
    }
}

/// What one event that cannot be sent holds up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HeadOfLine {
    /// Which events wait behind it.
    pub scope: Scope,
    /// The column whose value they share, where it is one.
    pub column: Option<String>,
    /// The rule in a sentence.
    pub rule: String,
}

/// Which events wait behind one that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// None: each is tried by itself.
    Nothing,
    /// Those of the same key, stream, bucket or topic.
    SameKey,
    /// Those of the same transaction or batch.
    SameBatch,
    /// All that come after it.
    Everything,
    /// The library leaves it to the application.
    Application,
}

/// A library's messages on one broker. Lists are in order of trust: the first that is there wins.
/// Where a list is empty, the general one is used (see [`crate::general_carriers`]).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OnBroker {
    /// Topic or exchange; `{Column}` stands for a value of the outbox row. `None`: the
    /// application decides.
    pub destination: Option<String>,
    /// RabbitMQ: the routing key, written in the same way.
    pub routing_key: Option<String>,
    /// The event id.
    pub id: Vec<Carrier>,
    /// How the id is spelled there, where it differs from the table.
    pub id_shape: Option<IdShape>,
    /// The event type.
    #[serde(rename = "type")]
    pub kind: Vec<Carrier>,
    /// The aggregate's id.
    pub aggregate: Vec<Carrier>,
    /// The aggregate's version.
    pub version: Vec<Carrier>,
    /// The trace context.
    pub trace: Vec<Carrier>,
    /// What else is to be known.
    pub note: Option<String>,
}

/// A broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerKind {
    /// RabbitMQ.
    RabbitMq,
    /// Apache Kafka.
    Kafka,
}
