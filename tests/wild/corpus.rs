//! The labelled tables, as `data` has them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Outbox,
    Inbox,
}

/// Where a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Database {
    Postgres,
    Mysql,
    Sqlite,
}

/// A table of somebody's, and what its columns mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Labelled {
    pub(crate) repository: String,
    #[serde(rename = "path")]
    _path: String,
    pub(crate) database: Database,
    pub(crate) kind: Kind,
    pub(crate) table: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) roles: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) also_right: BTreeMap<String, Vec<String>>,
    pub(crate) sent_by: String,
    pub(crate) states: Vec<State>,
    #[serde(default)]
    pub(crate) partial_indexes: Vec<String>,
    #[serde(default)]
    pub(crate) checks: BTreeMap<String, Vec<String>>,
    /// What the comment of the status column says of each value.
    #[serde(default)]
    pub(crate) comment: BTreeMap<String, String>,
    /// Where a message has its row's id, as a profile names it.
    pub(crate) id_on_message: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Column {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) sql_type: String,
    #[serde(default)]
    pub(crate) null: bool,
    #[serde(default)]
    pub(crate) key: bool,
    pub(crate) default: Option<String>,
}

/// What a row of a state has in its columns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) state: String,
    pub(crate) set: BTreeMap<String, String>,
}

impl Labelled {
    /// The column of a role.
    pub(crate) fn role(&self, role: &str) -> Option<&str> {
        self.roles.get(role).map(String::as_str)
    }

    /// Whether a column would do for a role.
    pub(crate) fn is_right(&self, role: &str, column: &str) -> bool {
        self.role(role) == Some(column)
            || self
                .also_right
                .get(role)
                .is_some_and(|all| all.iter().any(|also| also == column))
    }

    /// The states of a name.
    pub(crate) fn states(&self, name: &str) -> Vec<&State> {
        let all = self.states.iter();
        all.filter(|state| state.state == name).collect()
    }

    /// Whether rows are gone once they are sent.
    pub(crate) fn is_emptied(&self) -> bool {
        matches!(self.sent_by.as_str(), "deleted" | "moved")
    }

    /// Whether nothing in the table tells what was sent, although rows stay.
    pub(crate) fn tells_nothing(&self) -> bool {
        let elsewhere = ["log", "tracker", "other-table"];
        elsewhere.contains(&self.sent_by.as_str()) || self.sent_by == "row"
    }

    /// As a person would name it.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.repository, self.table)
    }
}

/// Tables by name: their columns, and the values of a row.
pub(crate) type Tables = BTreeMap<String, (String, String)>;

/// Databases in which nothing is an outbox.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Others {
    #[serde(rename = "about")]
    _about: String,
    pub(crate) services: BTreeMap<String, (Database, Tables)>,
    pub(crate) look_alikes: BTreeMap<String, (Database, Tables)>,
}

/// All labelled tables.
pub(crate) fn labelled() -> anyhow::Result<Vec<Labelled>> {
    #[derive(Deserialize)]
    struct Corpus {
        tables: Vec<Labelled>,
    }
    let corpus: Corpus = serde_json::from_str(include_str!("data/tables.json"))
        .context("failed to read tests/wild/data/tables.json")?;
    Ok(corpus.tables)
}

/// All databases without an outbox.
pub(crate) fn others() -> anyhow::Result<Others> {
    serde_json::from_str(include_str!("data/services.json"))
        .context("failed to read tests/wild/data/services.json")
}
