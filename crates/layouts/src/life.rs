//! What a row goes through: how it is said to be sent, its states, and the way back.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How a table says that a row was sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publication {
    /// The ways; more than one where a setting of the library decides.
    pub by: Vec<Way>,
    /// What the reader of a verdict has to know about it.
    pub note: Option<String>,
}

impl Publication {
    /// Whether a row may be deleted by the transaction that inserts it, as the application likes.
    pub fn may_delete_at_once(&self) -> bool {
        self.by.contains(&Way::DeletedAtOnce)
    }

    /// Whether a row that is gone may have been sent.
    pub fn deletes_after_send(&self) -> bool {
        let deletes = |way: &Way| matches!(way, Way::RowDeleted | Way::DeletedAtOnce);
        self.by.iter().any(deletes)
    }
}

/// The ways in which libraries say "sent".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A time that was empty is filled in.
    FilledTime,
    /// A flag is set.
    Flag,
    /// A status word.
    StatusWord,
    /// A status number.
    StatusNumber,
    /// The row is deleted.
    RowDeleted,
    /// Another table says up to which row was read.
    PositionTable,
    /// The position in the database's own log says it, outside of any table.
    LogPosition,
    /// One row per event and listener, each with its own state.
    RowPerListener,
    /// The row of a batch says it for all events in it.
    BatchHeader,
    /// The row is deleted by the transaction that inserted it; the log is what is read.
    DeletedAtOnce,
    /// Nothing says it.
    Nothing,
}

/// A state of a row, and what it is known by.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct State {
    /// Which.
    pub name: StateName,
    /// What holds of such a row, all of it.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// Only in tables that have none of these columns: the others say it in another way.
    #[serde(default)]
    pub lacking: Vec<String>,
    /// Such a row is not there any more.
    #[serde(default)]
    pub row_gone: bool,
    /// What else is to be known.
    pub note: Option<String>,
}

/// The states rows are in, whatever their library calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateName {
    /// To be sent.
    Pending,
    /// To be sent later.
    Delayed,
    /// Somebody is sending it.
    InFlight,
    /// Somebody said so and has not been heard of since.
    Abandoned,
    /// Sent, or processed.
    Done,
    /// Given up.
    Failed,
    /// Failed, and will be tried again.
    Retrying,
    /// Too old to be sent.
    Expired,
}

impl StateName {
    /// What rows in this state are.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delayed => "delayed",
            Self::InFlight => "in flight",
            Self::Abandoned => "abandoned",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Retrying => "retrying",
            Self::Expired => "expired",
        }
    }
}

/// Something that holds of a row. Exactly one test is given.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Condition {
    /// The column, as the data file spells it.
    pub column: String,
    /// A test without values.
    pub is: Option<Is>,
    /// Its value is one of these.
    #[serde(default, rename = "in")]
    pub one_of: Vec<Literal>,
    /// Its value is none of these.
    #[serde(default, rename = "not-in")]
    pub none_of: Vec<Literal>,
    /// Its value is not below that of this column.
    pub at_least: Option<String>,
}

/// A test of a column without values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Is {
    /// Nothing is in it.
    Null,
    /// Something is in it.
    NotNull,
    /// A time that has come.
    Past,
    /// A time that has not come.
    Future,
    /// An empty JSON list.
    EmptyList,
    /// A JSON list with something in it.
    List,
}

/// A value as it stands in a data file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// True or false.
    Flag(bool),
    /// An integer.
    Number(i64),
    /// A text.
    Text(String),
}

/// A way to make the library itself send, or process, a row again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Requeue {
    /// What is done.
    pub by: RequeueBy,
    /// The states it is for.
    pub from: Vec<StateName>,
    /// Who receives the event again.
    pub reaches: Reaches,
    /// How sure we are that the library takes it so.
    pub basis: Basis,
    /// Only for tables that have none of these columns: the others have another way.
    #[serde(default)]
    pub lacking: Vec<String>,
    /// What is written, into the row or into its copy. Always for one primary key, …
    #[serde(default)]
    pub set: BTreeMap<String, NewValue>,
    /// … only while all of this holds …
    #[serde(default)]
    pub only_when: Vec<Condition>,
    /// … and these columns still hold what was last seen in them.
    #[serde(default)]
    pub unchanged: Vec<String>,
    /// `insert-copy`, `move-back`: columns that the database fills in the copy.
    #[serde(default)]
    pub set_anew: Vec<String>,
    /// `insert-copy`: a row behind this one with the same values here is the copy, and there is
    /// not to be a second.
    #[serde(default)]
    pub once: Vec<String>,
    /// `move-back`: the table it goes to.
    pub to: Option<String>,
    /// `command`: what to run, `{column}` filled in.
    pub run: Option<String>,
    /// When the library takes it, and what to know before.
    pub then: String,
}

/// What makes a library send a row again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequeueBy {
    /// One `UPDATE` of the row.
    Update,
    /// A copy of the row.
    InsertCopy,
    /// A dead letter is copied back and deleted, in one transaction.
    MoveBack,
    /// A command or call of the library's own.
    Command,
    /// Nothing in the table: the incoming message is delivered again.
    Redeliver,
}

impl RequeueBy {
    /// In a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::InsertCopy => "inserted copy",
            Self::MoveBack => "moved back",
            Self::Command => "own command",
            Self::Redeliver => "redelivery",
        }
    }
}

/// Who receives an event that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reaches {
    /// Everyone who listens.
    Everyone,
    /// One consumer or listener.
    OneConsumer,
}

/// How sure we are that a library takes a way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Its documentation says so.
    Documented,
    /// It is what its own command or code does.
    OwnCode,
    /// It follows from how its relay chooses rows.
    Inferred,
}

/// What a column is set to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum NewValue {
    /// A fixed value.
    Literal(Literal),
    /// A value that is found when the statement runs.
    Made(Made),
}

/// A value that is found when the statement runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Made {
    /// What it is.
    pub to: MadeOf,
    /// With `now`: so many seconds later.
    #[serde(default)]
    pub plus_secs: u32,
    /// With `more-than`: the other column.
    pub column: Option<String>,
    /// With `new-id-in-json`: the member that holds the id.
    pub member: Option<String>,
}

/// What a value is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MadeOf {
    /// NULL.
    Null,
    /// The server's time, in the column's own unit and zone.
    Now,
    /// A time at which a row is due, whoever's clock and zone the column is read in: now where the
    /// column has a zone, else a day ago, which is over in every zone.
    Due,
    /// The beginning of 1970.
    Epoch,
    /// One more than it is.
    OneMore,
    /// At least one more than another column.
    MoreThan,
    /// An id that nothing has yet. Whoever plans the copy makes it, so that the same plan run
    /// twice makes one copy.
    NewId,
    /// The column's own JSON, with the new id in the member.
    NewIdInJson,
    /// PostgreSQL: the transaction that writes it.
    Transaction,
}
