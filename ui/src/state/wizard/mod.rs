//! The wizard: from addresses to a saved profile, one page after the other.

use std::collections::BTreeMap;

use waybill_model::{Access, Environment, OutboxSettings};
use waybill_protocol::{
    Failure, MappedRow, ProfileProblem, Proposed, Proposing, Question, SeenBroker, SeenRole,
    SeenTable, Subject, Trying, Written,
};

mod addresses;
pub use addresses::{Addresses, Connection, Password};

mod mapping;
pub use mapping::{ROLES, RoleInfo, RoleKind, joined_place, may_hold_json};
use mapping::{lacking, set_role, unmapped};

mod flow;
pub use flow::{CarrierTexts, ConsumerDraft, FlowDraft, INBOX_ROLES, inbox_of};

mod finished;

mod looking;

mod update;

#[cfg(test)]
mod tests;

/// The wizard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wizard {
    /// The page that is shown.
    pub step: Step,
    /// The furthest page there is something on.
    pub reached: Step,
    /// What is typed on the first page.
    pub addresses: Addresses,
    /// Looking at database and broker.
    pub work: Work,
    /// The tables of all databases.
    pub tables: Vec<SeenTable>,
    /// What the broker has.
    pub broker: SeenBroker,
    /// The table that is to be the outbox.
    pub choice: Option<String>,
    /// All tables are shown, not only those that are recognised.
    pub all_tables: bool,
    /// What the outbox's columns mean.
    pub outbox: Option<OutboxSettings>,
    /// Roles that were set by hand.
    pub by_hand: BTreeMap<String, String>,
    /// Rows as the mapping reads them.
    pub sample: Sample,
    /// What was proposed.
    pub proposed: Option<Proposed>,
    /// Where events go and who receives them.
    pub flows: Vec<FlowDraft>,
    /// Where they go was chosen by hand, and is not looked for again.
    chosen_destinations: bool,
    /// What the profile shows.
    pub trial: Trial,
    /// Name, guard and access.
    pub finish: Finish,
}

/// The pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Step {
    /// Where to look.
    #[default]
    Addresses,
    /// Which table is the outbox.
    Outbox,
    /// What its columns mean.
    Columns,
    /// Where events go and who receives them.
    Flow,
    /// What the profile shows.
    Preview,
    /// Name it and save it.
    Save,
}

impl Step {
    /// In order.
    pub const ALL: [Self; 6] = [
        Self::Addresses,
        Self::Outbox,
        Self::Columns,
        Self::Flow,
        Self::Preview,
        Self::Save,
    ];

    /// What stands on its tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Addresses => "Addresses",
            Self::Outbox => "Outbox",
            Self::Columns => "Columns",
            Self::Flow => "Flow",
            Self::Preview => "Preview",
            Self::Save => "Save",
        }
    }

    fn before(self) -> Option<Self> {
        let at = Self::ALL.iter().position(|step| *step == self)?;
        at.checked_sub(1).map(|before| Self::ALL[before])
    }
}

/// Looking at database and broker.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Work {
    /// It is going on.
    pub running: bool,
    /// Steps of the connection tests, with the connection's name.
    pub steps: Vec<(String, waybill_model::ProbeStep)>,
    /// What was done; the last one is being done.
    pub said: Vec<String>,
    /// Why nothing came of it.
    pub failure: Option<Failure>,
    /// The number to ask with.
    no: Option<u64>,
    /// The page to show when it is over.
    then: Step,
    /// What was asked, when it has ended well or as well as it can.
    settled: Option<waybill_protocol::Asked>,
}

/// Rows as the mapping reads them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// They are being read.
    pub reading: bool,
    /// The rows.
    pub rows: Vec<MappedRow>,
    /// Why they cannot be read.
    pub failure: Option<Failure>,
    /// The edit the last question belongs to; an answer to another one is stale.
    edit: u32,
}

/// What the profile shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trial {
    /// What it shows so far.
    pub shown: Trying,
    /// It is being read.
    pub running: bool,
    /// What is wrong with the profile, so that it cannot be read.
    pub problems: Vec<ProfileProblem>,
    /// Why nothing could be read.
    pub failure: Option<Failure>,
    no: Option<u64>,
    /// The text it was made with; with the same text it need not be read again.
    toml: String,
}

/// Name, guard and access.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Finish {
    /// The profile's name.
    pub name: String,
    /// What a mistake would hit.
    pub environment: Environment,
    /// What is allowed.
    pub access: Access,
    /// It is being saved.
    pub saving: bool,
    /// What is wrong with it.
    pub problems: Vec<ProfileProblem>,
    /// Why it could not be saved.
    pub failure: Option<Failure>,
}

/// What a text is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To try it.
    Try,
    /// To save it.
    Save,
}

/// Something about the wizard.
#[derive(Debug, Clone, PartialEq)]
pub enum WizardMessage {
    /// Open it.
    Open,
    /// Close it; nothing is saved.
    Close,
    /// Show a page that was reached.
    Go(Step),
    /// The next page, with whatever is needed for it.
    Next,
    /// The page before.
    Back,
    /// The addresses change.
    Addresses(Addresses),
    /// This table is the outbox.
    Choose(String),
    /// Show all tables, or only those that are recognised.
    AllTables(bool),
    /// A role of the outbox is set.
    Role {
        /// As a profile writes it.
        role: &'static str,
        /// The column; `""` for none.
        value: String,
    },
    /// Setting roles has rested.
    Rested {
        /// The edit it belongs to.
        edit: u32,
    },
    /// Rows as a mapping reads them.
    Sampled {
        /// The edit they belong to.
        edit: u32,
        /// The rows.
        answer: Result<Vec<MappedRow>, Failure>,
    },
    /// Events go there, too.
    AddDestination(String),
    /// A flow was changed.
    Flow {
        /// Which.
        at: usize,
        /// What it is now.
        draft: Box<FlowDraft>,
    },
    /// A flow is none.
    DropFlow(usize),
    /// Looking has this number.
    Looking(Result<u64, Failure>),
    /// Ask again how far it is.
    LookAgain(u64),
    /// How far it is.
    Looked {
        /// Its number.
        no: u64,
        /// So far.
        answer: Box<Result<Proposing, Failure>>,
    },
    /// Give looking up.
    StopLooking,
    /// A profile's text.
    Written {
        /// What for.
        purpose: Purpose,
        /// The text.
        answer: Result<Written, Failure>,
    },
    /// Read the youngest events again.
    TryAgain,
    /// Reading them has this number.
    Trying(Result<u64, Failure>),
    /// Ask again how far it is.
    TrialAgain(u64),
    /// What the profile shows so far.
    Tried {
        /// Its number.
        no: u64,
        /// So far.
        answer: Box<Result<Trying, Failure>>,
    },
    /// Something was given up; there is nothing left to do.
    GivenUp,
    /// Name, guard or access change.
    Finish(Finish),
    /// It is saved, or not.
    Saved(Result<(), Failure>),
}

/// What the wizard asks others to do.
#[derive(Debug, Clone, PartialEq)]
pub enum WizardEffect {
    /// Look at database and broker.
    Propose(Box<waybill_protocol::Propose>),
    /// How far that is.
    Proposing(u64),
    /// Give it up.
    DropProposal(u64),
    /// Read rows by a mapping.
    Sample {
        /// The edit it belongs to.
        edit: u32,
        /// What.
        asked: Box<waybill_protocol::ReadMapping>,
    },
    /// Write a profile down.
    Write {
        /// What for.
        purpose: Purpose,
        /// What.
        asked: Box<waybill_protocol::WriteProfile>,
    },
    /// Read a profile's youngest events.
    Try(waybill_protocol::TryProfile),
    /// How far that is.
    Trying(u64),
    /// Give it up.
    DropTry(u64),
    /// Save.
    Save(SaveOrder),
}

/// What is to be saved; never printed, because passwords are in it.
#[derive(Clone, PartialEq)]
pub struct SaveOrder(pub waybill_protocol::SaveProfile);

impl std::fmt::Debug for SaveOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaveOrder(…)")
    }
}

impl Wizard {
    /// Why it does not go on from this page; `None` when it does.
    pub fn refusal(&self, taken_names: &[String]) -> Option<String> {
        if self.work.running {
            return self
                .work
                .said
                .last()
                .cloned()
                .or_else(|| Some("Testing the connections, each step by itself.".to_owned()));
        }
        match self.step {
            Step::Addresses => self.addresses.refusal(),
            Step::Outbox => match (&self.choice, self.has_outbox()) {
                (Some(_), _) => None,
                (None, true) => Some("Choose the outbox.".to_owned()),
                (None, false) => Some("Choose a table to map by hand.".to_owned()),
            },
            Step::Columns => {
                let outbox = self.outbox.as_ref();
                let lacking = outbox.map(lacking).unwrap_or_default();
                (!lacking.is_empty()).then(|| format!("Still needed: {}.", lacking.join(", ")))
            }
            Step::Flow if self.flows.is_empty() => Some("Choose where events go.".to_owned()),
            Step::Flow => self
                .flows
                .iter()
                .find_map(|flow| flow.finished().err().or_else(|| nameless(flow))),
            Step::Preview => None,
            Step::Save => self.save_refusal(taken_names),
        }
    }

    fn save_refusal(&self, taken_names: &[String]) -> Option<String> {
        let name = self.finish.name.trim();
        if self.finish.saving {
            return Some("It is being saved.".to_owned());
        }
        if name.is_empty() {
            return Some("It needs a name.".to_owned());
        }
        if taken_names.iter().any(|taken| taken == name) && self.finish.failure.is_none() {
            return Some(format!("There is a profile '{name}'; choose another name."));
        }
        self.finish.problems.first().map(|p| p.message.clone())
    }

    /// Whether a table of the service's own database was recognised as an outbox.
    pub fn has_outbox(&self) -> bool {
        self.own_tables()
            .any(|table| table.role == SeenRole::Outbox)
    }

    /// The tables of the service's own database.
    pub fn own_tables(&self) -> impl Iterator<Item = &SeenTable> {
        self.tables.iter().filter(|table| table.database.is_none())
    }

    /// The chosen table.
    pub fn chosen(&self) -> Option<&SeenTable> {
        let choice = self.choice.as_ref()?;
        self.own_tables().find(|table| table.name == *choice)
    }

    /// What was not sure about a role.
    pub fn question(&self, role: &str) -> Option<&Question> {
        if self.by_hand.contains_key(role) {
            return None;
        }
        let mut questions = self.proposed.as_ref()?.questions.iter();
        questions.find(|q| matches!(&q.about, Subject::Role(about) if about == role))
    }
}

fn nameless(flow: &FlowDraft) -> Option<String> {
    let mut taken = flow.consumers.iter().filter(|consumer| consumer.taken);
    taken
        .any(|consumer| consumer.consumer.name.trim().is_empty())
        .then(|| "Give each consumer a name.".to_owned())
}
