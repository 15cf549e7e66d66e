//! The profile form: fields for a new profile, its text for everything, and the connection test.

use std::fmt::{self, Write as _};

use waybill_model::{Access, Environment};
use waybill_protocol::{
    CheckProfile, DeleteProfile, Failure, GetProfile, Probe, ProbeSteps, Probed, ProfileProblem,
    ProfileText, SaveProfile,
};

use super::{Effect, Message, State, ToastKind};

/// The form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// The profile that is edited; `None` for a new one.
    pub editing: Option<String>,
    /// Fields or text.
    pub tab: FormTab,
    /// The fields of a new profile.
    pub fields: Fields,
    /// The text that would be saved.
    pub text: String,
    /// The text was edited by hand, so the fields no longer write it.
    pub by_hand: bool,
    /// What is wrong with the text.
    pub problems: Vec<ProfileProblem>,
    /// Secrets: name, whether one is stored, what is typed.
    pub secrets: Vec<SecretField>,
    /// How far the connection test is.
    pub probed: Option<Probed>,
    /// A test runs.
    pub probing: bool,
    probe: Option<u64>,
    /// It is being saved.
    pub saving: bool,
    /// Why the last order was not taken.
    pub failure: Option<Failure>,
    edit: u32,
}

/// A secret of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretField {
    /// Its name in the profile.
    pub name: String,
    /// There is one in the keychain.
    pub stored: bool,
    /// What was typed.
    pub typed: Typed,
}

/// Something secret that was typed; never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() {
            "(nothing)"
        } else {
            "•••"
        })
    }
}

/// Fields or text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FormTab {
    /// Fields.
    #[default]
    Fields,
    /// Text.
    Text,
}

/// What most profiles need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// Name.
    pub name: String,
    /// What a mistake would hit.
    pub environment: Environment,
    /// What is allowed.
    pub access: Access,
    /// Database URL.
    pub database_url: String,
    /// Outbox table; `""` for none.
    pub outbox: String,
    /// Broker URL.
    pub broker_url: String,
    /// RabbitMQ's management API.
    pub management_url: String,
    /// Topic or exchange.
    pub destination: String,
    /// Expected consumers.
    pub consumers: Vec<ConsumerFields>,
}

/// An expected consumer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsumerFields {
    /// Name.
    pub name: String,
    /// Kafka group or RabbitMQ queue.
    pub group: String,
    /// Inbox table.
    pub inbox: String,
    /// Dead-letter topic or stream.
    pub dead_letters: String,
}

/// Something about the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormMessage {
    /// Open it, for a new profile or for this one.
    Open(Option<String>),
    /// The profile's text.
    Text(Result<ProfileText, Failure>),
    /// Close it.
    Close,
    /// Fields or text.
    Tab(FormTab),
    /// The fields change.
    Fields(Fields),
    /// The text is edited.
    Edit(String),
    /// Editing has rested.
    Rested {
        /// The edit it belongs to.
        edit: u32,
    },
    /// What is wrong with the text.
    Checked(Result<Vec<ProfileProblem>, Failure>),
    /// A password is typed.
    Secret {
        /// The secret's name.
        name: String,
        /// What was typed.
        typed: Typed,
    },
    /// Test the connections.
    Probe,
    /// The test has this number.
    Probing(Result<u64, Failure>),
    /// How far it is.
    Probed(Result<Probed, Failure>),
    /// Look again how far it is.
    ProbeAgain,
    /// Save.
    Save,
    /// It is saved, or not.
    Saved(Result<(), Failure>),
    /// Remove the profile.
    Delete,
    /// It is removed, or not.
    Deleted(Result<(), Failure>),
}

const REST_MILLIS: u32 = 300;
const PROBE_MILLIS: u32 = 150;

impl Default for Fields {
    fn default() -> Self {
        Self {
            name: String::new(),
            environment: Environment::Development,
            access: Access::ReadOnly,
            database_url: String::new(),
            outbox: String::new(),
            broker_url: String::new(),
            management_url: String::new(),
            destination: String::new(),
            consumers: vec![ConsumerFields::default()],
        }
    }
}

impl Fields {
    /// Whether the broker is a RabbitMQ.
    pub fn is_amqp(&self) -> bool {
        self.broker_url.starts_with("amqp")
    }

    /// The profile as TOML.
    pub fn toml(&self) -> String {
        let mut text = String::new();
        self.write(&mut text)
            .expect("writing to a String cannot fail");
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "name = {}", quoted(&self.name))?;
        writeln!(
            out,
            "environment = {}",
            quoted(environment_name(self.environment))
        )?;
        writeln!(out, "access = {}", quoted(access_name(self.access)))?;
        writeln!(out, "\n[database]\nurl = {}", quoted(&self.database_url))?;
        writeln!(
            out,
            "secret = {}",
            quoted(&format!("{}-database", self.name))
        )?;
        if !self.outbox.is_empty() {
            write!(out, "{}", OUTBOX.replace("{table}", &quoted(&self.outbox)))?;
        }
        writeln!(out, "\n[broker]\nurl = {}", quoted(&self.broker_url))?;
        if self.is_amqp() && !self.management_url.is_empty() {
            writeln!(out, "management-url = {}", quoted(&self.management_url))?;
        }
        writeln!(out, "secret = {}", quoted(&format!("{}-broker", self.name)))?;
        writeln!(out, "\n[[flow]]\nname = {}", quoted(&self.destination))?;
        writeln!(out, "destination = {}", quoted(&self.destination))?;
        let named = self
            .consumers
            .iter()
            .filter(|consumer| !consumer.name.is_empty());
        named
            .into_iter()
            .try_for_each(|consumer| self.write_consumer(consumer, out))
    }

    fn write_consumer(&self, consumer: &ConsumerFields, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "\n[[flow.consumer]]\nname = {}",
            quoted(&consumer.name)
        )?;
        if !consumer.group.is_empty() {
            let key = if self.is_amqp() { "queue" } else { "group" };
            writeln!(out, "{key} = {}", quoted(&consumer.group))?;
        }
        if !consumer.dead_letters.is_empty() {
            writeln!(out, "dead-letters = {}", quoted(&consumer.dead_letters))?;
        }
        if !consumer.inbox.is_empty() {
            writeln!(
                out,
                "# A row without a processed_at was received, no more; a state is told by status and processed-states.",
            )?;
            writeln!(
                out,
                "inbox = {{ table = {}, id = \"message_id\", processed-at = \"processed_at\" }}",
                quoted(&consumer.inbox),
            )?;
        }
        Ok(())
    }
}

/// The columns most outbox tables have; a comment says that they are to be looked at.
const OUTBOX: &str = "
# The usual column names; change those that differ, drop those that do not exist.
[outbox]
table = {table}
key = \"id\"
id = \"id\"
aggregate-type = \"aggregate_type\"
aggregate-id = \"aggregate_id\"
type = \"type\"
payload = \"payload\"
created-at = \"created_at\"
sent-at = \"sent_at\"
";

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace(['\n', '\r'], " ")
    )
}

/// The word for an environment, as it stands in a profile.
pub fn environment_name(environment: Environment) -> &'static str {
    match environment {
        Environment::Development => "development",
        Environment::Staging => "staging",
        Environment::Production => "production",
    }
}

fn access_name(access: Access) -> &'static str {
    match access {
        Access::ReadOnly => "read-only",
        Access::Resend => "resend",
    }
}

impl Form {
    /// Why it cannot be saved; `None` when it can.
    pub fn save_refusal(&self) -> Option<String> {
        if self.saving {
            return Some("It is being saved.".to_owned());
        }
        if self.editing.is_none() && !self.by_hand && self.fields.name.trim().is_empty() {
            return Some("It needs a name.".to_owned());
        }
        self.problems.first().map(|problem| problem.message.clone())
    }

    fn typed_secrets(&self) -> Vec<(String, String)> {
        let typed = self
            .secrets
            .iter()
            .filter(|secret| !secret.typed.0.is_empty());
        typed
            .map(|secret| (secret.name.clone(), secret.typed.0.clone()))
            .collect()
    }

    fn name_new_secrets(&mut self) {
        for (idx, part) in ["database", "broker"].into_iter().enumerate() {
            let name = format!("{}-{part}", self.fields.name);
            match self.secrets.get_mut(idx) {
                Some(secret) => secret.name = name,
                None => self.secrets.push(SecretField {
                    name,
                    stored: false,
                    typed: Typed::default(),
                }),
            }
        }
    }
}

impl State {
    pub(super) fn update_form(&mut self, message: FormMessage) -> Vec<Effect> {
        if let FormMessage::Open(editing) = message {
            return self.open_form(editing);
        }
        let Some(form) = &mut self.form else {
            return Vec::new();
        };
        match message {
            FormMessage::Text(Ok(text)) => {
                form.text = text.toml;
                form.secrets = text
                    .secrets
                    .into_iter()
                    .map(|(name, stored)| SecretField {
                        name,
                        stored,
                        typed: Typed::default(),
                    })
                    .collect();
                check(form)
            }
            FormMessage::Text(Err(failure)) => {
                form.failure = Some(failure);
                Vec::new()
            }
            FormMessage::Close => {
                self.form = None;
                Vec::new()
            }
            FormMessage::Tab(tab) => {
                form.tab = tab;
                Vec::new()
            }
            FormMessage::Fields(fields) => {
                form.fields = fields;
                form.text = form.fields.toml();
                form.name_new_secrets();
                rest(form)
            }
            FormMessage::Edit(text) => {
                form.by_hand = true;
                form.text = text;
                rest(form)
            }
            FormMessage::Rested { edit } if edit == form.edit => check(form),
            FormMessage::Checked(Ok(problems)) => {
                form.problems = problems;
                Vec::new()
            }
            FormMessage::Secret { name, typed } => {
                if let Some(secret) = form.secrets.iter_mut().find(|secret| secret.name == name) {
                    secret.typed = typed;
                }
                Vec::new()
            }
            FormMessage::Checked(Err(_)) | FormMessage::Rested { .. } | FormMessage::Open(_) => {
                Vec::new()
            }
            order => self.update_form_order(order),
        }
    }

    /// The part of the messages that ends in the core doing something.
    fn update_form_order(&mut self, message: FormMessage) -> Vec<Effect> {
        let Some(form) = &mut self.form else {
            return Vec::new();
        };
        match message {
            FormMessage::Probe => {
                form.probing = true;
                form.probed = None;
                form.failure = None;
                vec![Effect::Probe(Probe {
                    toml: form.text.clone(),
                    secrets: form.typed_secrets(),
                })]
            }
            FormMessage::Probing(Ok(probe)) => {
                form.probe = Some(probe);
                vec![Effect::ProbeSteps(ProbeSteps { probe })]
            }
            FormMessage::ProbeAgain => form.probe.map_or_else(Vec::new, |probe| {
                vec![Effect::ProbeSteps(ProbeSteps { probe })]
            }),
            FormMessage::Probed(Ok(probed)) => {
                form.probing = !probed.done;
                form.probed = Some(probed);
                let again = Effect::later(PROBE_MILLIS, Message::Form(FormMessage::ProbeAgain));
                if form.probing {
                    vec![again]
                } else {
                    Vec::new()
                }
            }
            FormMessage::Save if form.save_refusal().is_none() => {
                form.saving = true;
                form.failure = None;
                vec![Effect::SaveProfile(SaveProfile {
                    toml: form.text.clone(),
                    secrets: form.typed_secrets(),
                })]
            }
            FormMessage::Saved(Ok(())) => self.form_done("The profile is saved."),
            FormMessage::Delete => {
                let name = form.editing.clone();
                name.map_or_else(Vec::new, |name| {
                    vec![Effect::DeleteProfile(DeleteProfile { name })]
                })
            }
            FormMessage::Deleted(Ok(())) => self.form_done("The profile is removed."),
            FormMessage::Probing(Err(failure))
            | FormMessage::Probed(Err(failure))
            | FormMessage::Saved(Err(failure))
            | FormMessage::Deleted(Err(failure)) => {
                form.probing = false;
                form.saving = false;
                form.failure = Some(failure);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn open_form(&mut self, editing: Option<String>) -> Vec<Effect> {
        let tab = if editing.is_some() {
            FormTab::Text
        } else {
            FormTab::Fields
        };
        let mut form = Form {
            editing: editing.clone(),
            tab,
            ..Form::default()
        };
        self.overlay = super::Overlay::None;
        self.wizard = None;
        let effects = match editing {
            Some(name) => vec![Effect::Profile(GetProfile { name })],
            None => {
                form.text = form.fields.toml();
                form.name_new_secrets();
                vec![Effect::Focus("form-name")]
            }
        };
        self.form = Some(form);
        effects
    }

    fn form_done(&mut self, said: &str) -> Vec<Effect> {
        self.form = None;
        let mut effects = self.toast(ToastKind::Good, said);
        effects.push(Effect::Hello);
        effects
    }
}

fn rest(form: &mut Form) -> Vec<Effect> {
    form.edit += 1;
    vec![Effect::later(
        REST_MILLIS,
        Message::Form(FormMessage::Rested { edit: form.edit }),
    )]
}

fn check(form: &Form) -> Vec<Effect> {
    vec![Effect::CheckProfile(CheckProfile {
        toml: form.text.clone(),
    })]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_a_profile() {
        let fields = Fields {
            name: "toys".to_owned(),
            database_url: "postgres://app@db/toys".to_owned(),
            outbox: "outbox".to_owned(),
            broker_url: "amqp://app@mq/%2f".to_owned(),
            management_url: "http://app@mq:15672".to_owned(),
            destination: "product-events".to_owned(),
            consumers: vec![
                ConsumerFields {
                    name: "search".to_owned(),
                    group: "search.products".to_owned(),
                    inbox: "inbox".to_owned(),
                    dead_letters: "search.dead".to_owned(),
                },
                ConsumerFields::default(),
            ],
            ..Fields::default()
        };
        let text = fields.toml();
        for line in [
            "access = \"read-only\"",
            "secret = \"toys-database\"",
            "management-url = \"http://app@mq:15672\"",
            "queue = \"search.products\"",
            "dead-letters = \"search.dead\"",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert_eq!(
            text.matches("[[flow.consumer]]").count(),
            1,
            "empty consumers are left out"
        );
    }

    #[test]
    fn letters_that_would_end_a_text_are_escaped() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c d""#);
    }

    #[test]
    fn a_password_is_never_printed() {
        let mut state = State::default();
        state.update_form(FormMessage::Open(None));
        let typed = Typed("hunter2".to_owned());
        state.update_form(FormMessage::Secret {
            name: "-database".to_owned(),
            typed,
        });
        let printed = format!("{:?}", state.form);
        assert!(printed.contains("•••") && !printed.contains("hunter2"));
    }
}
