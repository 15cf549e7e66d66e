//! One table of a library: its columns, what they mean, and what a row goes through.

use serde::Deserialize;

use crate::{
    Condition, Envelope, IdShape, InboxRoles, Publication, Recognition, Requeue, Roles, State,
    TimeMeaning,
};

/// A table as its library makes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TableLayout {
    /// Stable name, unique among all layouts.
    pub id: String,
    /// What the table is for.
    pub role: TableRole,
    /// What one row is, in a sentence.
    pub row: String,
    /// Names the library gives it, the default first: `schema.table` or `table`, with `*` where
    /// the application fills something in. Empty where the application names it.
    pub names: Vec<String>,
    /// Names under which the same columns serve another purpose.
    #[serde(default)]
    pub name_roles: Vec<NameRole>,
    /// All columns any version has, in order.
    pub columns: Vec<Column>,
    /// Known versions; one with all columns where none is listed.
    #[serde(default, rename = "version")]
    pub versions: Vec<Version>,
    /// What it is recognised by.
    pub recognise: Recognition,
    /// What the columns mean; `None` where a row is no event.
    pub roles: Option<Roles>,
    /// What the columns mean to a consumer that keeps its processed messages here.
    pub inbox: Option<InboxRoles>,
    /// What an id looks like in it.
    pub id_shape: Option<IdShape>,
    /// How it is said that a row was sent; `None` where rows are not sent.
    pub published: Option<Publication>,
    /// What a row goes through.
    #[serde(default, rename = "state")]
    pub states: Vec<State>,
    /// What the body is wrapped in.
    pub envelope: Option<Envelope>,
    /// How the library itself is made to send, or process, a row again.
    #[serde(default, rename = "requeue")]
    pub requeues: Vec<Requeue>,
    /// Why there is no such way, where there is none.
    pub no_requeue: Option<String>,
    /// Statements that make what else belongs to the table and tells it apart: indexes,
    /// constraints, triggers. `{table}` is its name in quotes, with its schema; `{name}` and
    /// `{schema}` are plain.
    #[serde(default)]
    pub also: Also,
}

impl TableLayout {
    /// The table's versions, of which there is at least one.
    pub fn known_versions(&self) -> Vec<Version> {
        if self.versions.is_empty() {
            vec![Version::default()]
        } else {
            self.versions.clone()
        }
    }

    /// Whether the library supports this database.
    pub fn is_on(&self, dbms: Dbms) -> bool {
        self.columns
            .iter()
            .any(|column| column.sql_type(dbms).is_some())
    }

    /// The columns of one version on one database, as they are spelled there; empty where there
    /// is no such version.
    pub fn columns_of(&self, version: &Version, dbms: Dbms) -> Vec<(String, &Column)> {
        if !self.is_on(dbms) || !version.is_on(dbms) {
            return Vec::new();
        }
        self.columns
            .iter()
            .filter(|column| column.sql_type(dbms).is_some())
            .filter(|column| !version.without.contains(&column.name))
            .map(|column| (version.spelled.apply(&column.name), column))
            .collect()
    }

    /// A column by the name the data file gives it.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// All conditions a row can be tested with, of states and guards.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let of_states = self.states.iter().flat_map(|state| &state.when);
        of_states.chain(self.requeues.iter().flat_map(|requeue| &requeue.only_when))
    }
}

/// What a table is for when it has this name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NameRole {
    /// The name, with `*` where the application fills something in.
    pub name: String,
    /// What it is for then.
    pub role: TableRole,
}

/// What a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableRole {
    /// Events on their way to a broker.
    Outbox,
    /// Both at once: what was received, with what is to be sent because of it.
    OutboxAndInbox,
    /// Events that are kept for good and published from there.
    EventStore,
    /// Jobs, which are an outbox where the business transaction inserts them.
    Jobs,
    /// What a consumer has received or processed.
    Inbox,
    /// What failed for good.
    DeadLetters,
    /// How far somebody got, and other books of the library's own.
    State,
    /// Who works on what.
    Locks,
    /// What was published and is kept.
    History,
}

/// A database Waybill reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dbms {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    #[serde(rename = "mysql")]
    MySql,
    /// SQLite.
    Sqlite,
}

impl Dbms {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::MySql, Self::Sqlite];
}

/// A column. It exists on those databases for which a type is given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Column {
    /// Name, in the spelling of the library's own scripts.
    pub name: String,
    /// Its type on PostgreSQL.
    pub postgres: Option<String>,
    /// Its type on MySQL and MariaDB.
    pub mysql: Option<String>,
    /// Its type on SQLite.
    pub sqlite: Option<String>,
    /// Whether NULL is allowed.
    #[serde(default)]
    pub null: bool,
    /// Whether it belongs to the primary key.
    #[serde(default)]
    pub key: bool,
    /// For times: what the value means.
    pub time: Option<TimeMeaning>,
}

impl Column {
    /// Its type on a database; `None` where it does not exist there.
    pub fn sql_type(&self, dbms: Dbms) -> Option<&str> {
        match dbms {
            Dbms::Postgres => self.postgres.as_deref(),
            Dbms::MySql => self.mysql.as_deref(),
            Dbms::Sqlite => self.sqlite.as_deref(),
        }
    }
}

/// A version of a table: which of the columns it has, and how they are spelled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Version {
    /// The library's version, or what makes this one differ.
    pub name: String,
    /// The table's name in it, where it is not the default one.
    pub table: Option<String>,
    /// Columns it does not have.
    #[serde(default)]
    pub without: Vec<String>,
    /// How names are spelled.
    #[serde(default)]
    pub spelled: Spelled,
    /// The databases it occurs on; all the library supports when empty.
    #[serde(default)]
    pub on: Vec<Dbms>,
    /// Its names are ones that anybody would choose: that they are all there proves nothing more.
    #[serde(default)]
    pub loose: bool,
    /// Why none of the table's states can be told in it.
    pub no_states: Option<String>,
    /// Why none of the table's ways back works in it.
    pub no_requeue: Option<String>,
}

impl Version {
    /// Whether it occurs on this database.
    pub fn is_on(&self, dbms: Dbms) -> bool {
        self.on.is_empty() || self.on.contains(&dbms)
    }
}

/// The only version of a table that has one.
impl Default for Version {
    fn default() -> Self {
        Self {
            name: "current".to_owned(),
            table: None,
            without: Vec::new(),
            spelled: Spelled::AsWritten,
            on: Vec::new(),
            loose: false,
            no_states: None,
            no_requeue: None,
        }
    }
}

/// How a version spells its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spelled {
    /// As in the data file.
    #[default]
    AsWritten,
    /// All in lower case: PostgreSQL folds what is not quoted.
    Lower,
    /// All in upper case.
    Upper,
    /// `MessageId` as `message_id`.
    Snake,
    /// Without underscores.
    Joined,
}

impl Spelled {
    /// A column's name so spelled.
    pub fn apply(self, name: &str) -> String {
        match self {
            Self::AsWritten => name.to_owned(),
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Snake => snake(name),
            Self::Joined => name.replace('_', ""),
        }
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// Statements beside the table's own, by database.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Also {
    /// PostgreSQL, before the table is made: types it uses.
    pub postgres_before: Vec<String>,
    /// PostgreSQL, behind it.
    pub postgres: Vec<String>,
    /// MySQL and MariaDB.
    pub mysql: Vec<String>,
    /// SQLite.
    pub sqlite: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_several_spellings() {
        for (spelled, name, expected) in [
            (Spelled::AsWritten, "MessageId", "MessageId"),
            (Spelled::Lower, "MessageId", "messageid"),
            (Spelled::Upper, "event_type", "EVENT_TYPE"),
            (Spelled::Snake, "MessageId", "message_id"),
            (Spelled::Joined, "aggregate_type", "aggregatetype"),
        ] {
            assert_eq!(spelled.apply(name), expected);
        }
    }
}
