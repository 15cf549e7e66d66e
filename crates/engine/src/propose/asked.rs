//! What is asked for, and what comes of it.

use std::collections::BTreeMap;

use serde::Serialize;
use waybill_model::{BrokerSettings, DatabaseSettings, Environment, Profile};

/// Where to look, and what is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Topics or exchanges, where they are known.
    pub destinations: Vec<String>,
    /// What each role of the outbox is, where it is known: what [`Subject::Role`] names.
    pub roles: BTreeMap<String, String>,
}

/// A profile, and what only somebody who knows the service can settle.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// The profile, which can be used as it is.
    pub profile: Profile,
    /// The same as text, with the reasons as comments.
    pub toml: String,
    /// What was not sure. Each was answered by its default.
    pub questions: Vec<Question>,
}

/// Something that was not sure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// What it is about: an answer is put into that place of [`Asked`].
    pub about: Subject,
    /// The question.
    pub text: String,
    /// What could be answered; anything when empty.
    pub choices: Vec<String>,
    /// What was taken for the answer. Empty: left out of the profile.
    pub default: String,
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Which table is the outbox.
    Outbox,
    /// Where events go.
    Destination,
    /// A role of the outbox, as a profile calls it: `created-at`, `sent-states`.
    Role(String),
}

impl Asked {
    /// Takes an answer for what is known.
    pub fn settle(&mut self, about: &Subject, answer: &str) {
        match about {
            Subject::Outbox => self.outbox = Some(answer.to_owned()),
            Subject::Destination => self.destinations = vec![answer.to_owned()],
            Subject::Role(role) => {
                self.roles.insert(role.clone(), answer.to_owned());
            }
        }
    }

    /// Whether a question about this is settled.
    pub(super) fn is_settled(&self, about: &Subject) -> bool {
        match about {
            Subject::Outbox => self.outbox.is_some(),
            Subject::Destination => !self.destinations.is_empty(),
            Subject::Role(role) => self.roles.contains_key(role),
        }
    }
}
