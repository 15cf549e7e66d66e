//! From two addresses to a profile: what is asked, what comes of it, and trying it before it is
//! saved.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use waybill_model::{
    BrokerSettings, DatabaseSettings, Environment, EventRow, Inbox, Micros, OutboxSettings,
    ProbeStep, Profile, Window,
};

use crate::{Failure, Group, ProfileProblem};

/// Where to look, and what is known already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What to call the profile; after its database when left out.
    pub name: Option<String>,
    /// What a mistake would hit.
    pub environment: Environment,
    /// The service's own database.
    pub database: DatabaseSettings,
    /// Databases of its consumers, by name.
    pub databases: BTreeMap<String, DatabaseSettings>,
    /// The broker.
    pub broker: BrokerSettings,
    /// The outbox, where it is known.
    pub outbox: Option<String>,
    /// Business tables: those whose changes lead to events, where there is no outbox; to be found
    /// out when empty. `None`: only an outbox will do.
    #[serde(default)]
    pub business: Option<Vec<String>>,
    /// Topics or exchanges, where they are known.
    pub destinations: Vec<String>,
    /// What each role of the outbox is, where it is known: what [`Subject::Role`] names; of the
    /// business table, where one is named.
    pub roles: BTreeMap<String, String>,
    /// Which consumer each inbox belongs to, where it is known, by their names; empty for none of
    /// those that the broker knows.
    #[serde(default)]
    pub inboxes: BTreeMap<String, String>,
}

/// A profile, and what only somebody who knows the service can settle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// The profile, which can be used as it is.
    pub profile: Profile,
    /// Why each part is as it is.
    pub why: Reasons,
    /// The profile as text, with the reasons as comments.
    pub toml: String,
    /// What was not sure. Each was answered by its default.
    pub questions: Vec<Question>,
}

/// Why each part of a profile is as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reasons {
    /// The outbox and its columns.
    pub outbox: Vec<String>,
    /// Per business table.
    #[serde(default)]
    pub business: Vec<Vec<String>>,
    /// Per flow: why it goes there, and by what it is matched.
    pub flows: Vec<Vec<String>>,
    /// Per flow and consumer.
    pub consumers: Vec<Vec<Vec<String>>>,
    /// What was seen and not taken.
    pub rest: Vec<String>,
}

/// Something that was not sure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What it is about: an answer is put into that place of [`Asked`].
    pub about: Subject,
    /// The question.
    pub text: String,
    /// What could be answered; anything when empty.
    pub choices: Vec<String>,
    /// What was taken for the answer. Empty: left out of the profile.
    pub default: String,
    /// What was taken is a guess that nothing bears out: without an answer nothing is saved.
    #[serde(default)]
    pub must_be_answered: bool,
}

impl Proposed {
    /// What has to be answered before this may be saved.
    pub fn undecided(&self) -> Option<&Question> {
        self.questions
            .iter()
            .find(|question| question.must_be_answered)
    }
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Which table is the outbox.
    Outbox,
    /// Which table's changes lead to events, where there is no outbox.
    Business,
    /// Where events go.
    Destination,
    /// A role of the outbox, as a profile calls it: `created-at`, `sent-states`.
    Role(String),
    /// Which of the broker's consumers writes this inbox.
    Inbox(String),
}

impl Asked {
    /// Takes an answer for what is known.
    pub fn settle(&mut self, about: &Subject, answer: &str) {
        match about {
            Subject::Outbox => self.outbox = Some(answer.to_owned()),
            Subject::Business => self.business = Some(vec![answer.to_owned()]),
            Subject::Destination => self.destinations = vec![answer.to_owned()],
            Subject::Role(role) => {
                self.roles.insert(role.clone(), answer.to_owned());
            }
            Subject::Inbox(table) => {
                self.inboxes.insert(table.clone(), answer.to_owned());
            }
        }
    }

    /// Whether a question about this is settled.
    pub fn is_settled(&self, about: &Subject) -> bool {
        match about {
            Subject::Outbox => self.outbox.is_some(),
            Subject::Business => self.business.as_ref().is_some_and(|it| !it.is_empty()),
            Subject::Destination => !self.destinations.is_empty(),
            Subject::Role(role) => self.roles.contains_key(role),
            Subject::Inbox(table) => self.inboxes.contains_key(table),
        }
    }
}

/// Passwords that were typed and are not stored yet, by secret name. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TypedSecrets(pub Vec<(String, String)>);

impl fmt::Debug for TypedSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypedSecrets({})", self.0.len())
    }
}

/// Starts to look at database and broker, to propose a profile; the reply is the number to ask
/// with. Looks only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Propose {
    /// Where, and what is known.
    pub asked: Asked,
    /// Passwords that are not stored yet.
    pub secrets: TypedSecrets,
    /// Whether each connection is first tested step by step.
    pub test: bool,
}

/// How far a proposal is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetProposing {
    /// The number it was started under.
    pub no: u64,
}

/// Gives a proposal up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropProposal {
    /// The number it was started under.
    pub no: u64,
}

/// A proposal on its way, or at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposing {
    /// Steps of the connection tests so far, with the connection's name.
    pub steps: Vec<(String, ProbeStep)>,
    /// What was done, each as a sentence; the last one is being done.
    pub said: Vec<String>,
    /// Whether it is over.
    pub done: bool,
    /// The tables of all databases, what matters most first; also when nothing could be proposed.
    pub tables: Vec<SeenTable>,
    /// The outbox that was taken, once that is known; also when nothing could be proposed.
    pub outbox: Option<OutboxSettings>,
    /// What the broker has, once it was asked.
    pub broker: Option<SeenBroker>,
    /// The profile.
    pub proposed: Option<Box<Proposed>>,
    /// Why there is none.
    pub failure: Option<Failure>,
}

/// A table that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenTable {
    /// The database's name in the profile; `None` for the service's own.
    pub database: Option<String>,
    /// As a profile names it.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<SeenColumn>,
    /// What it is taken for.
    pub role: SeenRole,
    /// Whose it is: `Spring Modulith event publication registry, v2`; `""` for nobody's.
    pub title: String,
    /// How sure that is: `certain`, `likely`, `possible`; `""` for nobody's.
    pub confidence: String,
    /// Why, and what speaks against it.
    pub reasons: Vec<SeenReason>,
    /// What its columns mean as an inbox, where it is taken for one and that is known.
    #[serde(default)]
    pub inbox: Option<Inbox>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenColumn {
    /// Name.
    pub name: String,
    /// Type in the database's words.
    pub sql_type: String,
    /// Whether it belongs to the primary key.
    pub key: bool,
}

/// What a table is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeenRole {
    /// Events leave from it.
    Outbox,
    /// A consumer keeps there what it has processed.
    Inbox,
    /// A library's, for another purpose.
    Other,
    /// Nothing of the kind.
    Nothing,
}

/// One reason, and which way it points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenReason {
    /// Whether it speaks for it.
    pub speaks_for: bool,
    /// A sentence.
    pub text: String,
}

/// What a broker has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenBroker {
    /// Topics or exchanges.
    pub destinations: Vec<String>,
    /// Topics or streams, which can be read again.
    pub readable: Vec<String>,
    /// RabbitMQ: queues.
    pub queues: Vec<String>,
    /// Kafka: consumer groups.
    pub groups: Vec<String>,
}

/// Reads some rows of an outbox as a mapping says, to see whether it is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMapping {
    /// The database.
    pub database: DatabaseSettings,
    /// Passwords that are not stored yet.
    pub secrets: TypedSecrets,
    /// The mapping.
    pub outbox: OutboxSettings,
}

/// A row as a mapping reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedRow {
    /// Its key.
    pub key: String,
    /// The event's id; `""` where there is none.
    pub id: String,
    /// `type/id`.
    pub aggregate: String,
    /// The aggregate's version.
    pub version: Option<i64>,
    /// The event's type.
    pub kind: String,
    /// When it was written; `None` where its time cannot be read.
    pub at: Option<Micros>,
    /// How it stands.
    pub state: MappedState,
    /// What could not be understood, each as a sentence.
    pub oddities: Vec<String>,
    /// The head of the body.
    pub body: String,
}

/// How a row stands by a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MappedState {
    /// It was sent.
    Sent,
    /// It was not sent yet.
    Unsent,
    /// The relay gave it up.
    GivenUp,
    /// Nothing in the row says so.
    Untold,
}

/// Writes a profile down, with its reasons as comments, and says what is wrong with it. Saves
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteProfile {
    /// The profile.
    pub profile: Profile,
    /// Why each part is as it is.
    pub why: Reasons,
}

/// The answer to [`WriteProfile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The text.
    pub toml: String,
    /// What is wrong with it.
    pub problems: Vec<ProfileProblem>,
}

/// Starts to read the youngest events of a profile that need not be saved; the reply is the number
/// to ask with. Looks only, for half a minute at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryProfile {
    /// The TOML.
    pub toml: String,
    /// Passwords that are not stored yet.
    pub secrets: TypedSecrets,
}

/// How far the reading is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTrying {
    /// The number it was started under.
    pub no: u64,
}

/// Gives the reading up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropTry {
    /// The number it was started under.
    pub no: u64,
}

/// What a profile shows, so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trying {
    /// What is being done, a sentence; `""` when it is over.
    pub doing: String,
    /// The window that was read.
    pub window: Option<Window>,
    /// How many events there are in it.
    pub total: u64,
    /// Names of the expected consumers, in the order of an event's cells.
    pub consumers: Vec<String>,
    /// Some of the events: what needs action first, then what cannot be known, then the youngest.
    pub events: Vec<TriedEvent>,
    /// How many there are of each verdict.
    pub groups: Vec<Group>,
    /// Per destination: by what its messages are matched.
    pub matched: Vec<String>,
    /// What could not be read.
    pub troubles: Vec<Failure>,
    /// Whether it is over.
    pub done: bool,
    /// Why nothing could be read at all.
    pub failure: Option<Failure>,
}

/// An event with what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedEvent {
    /// Its line.
    pub row: EventRow,
    /// What happened, in sentences a person would say.
    pub sentence: String,
}
