//! What is wrong with a profile that is well written: names twice, consumers that nothing tells
//! about, addresses nobody answers to, passwords where they do not belong.

mod compare;
mod only;

use waybill_model::{
    BrokerSettings, Consumer, DeadLetterTable, InColumn, Inbox, OutboxSettings, Profile, Zone,
    is_same_state,
};
use waybill_protocol::ProfileProblem;
use waybill_source::address::{self, Refusal};

use super::lines::{Lines, Step};
use super::problem::{closest, problem, suggesting};
use crate::Drivers;
use crate::drivers::scheme_of;
use Step::{Key, Nth};

/// Consumers are numbered with a byte; nobody has come near.
const MAX_CONSUMERS: usize = 200;

pub(super) fn problems(
    profile: &Profile,
    lines: &Lines<'_>,
    drivers: &Drivers,
) -> Vec<ProfileProblem> {
    let mut found = Found {
        lines,
        drivers,
        problems: Vec::new(),
    };
    found.name(&profile.name);
    found.addresses(profile);
    found.outbox(profile);
    found.business(profile);
    found.flows(profile);
    found.masks(profile);
    found.limits(profile);
    found.problems.sort_by_key(|problem| problem.line);
    found.problems
}

struct Found<'a> {
    lines: &'a Lines<'a>,
    drivers: &'a Drivers,
    problems: Vec<ProfileProblem>,
}

impl Found<'_> {
    fn add(&mut self, path: &[Step<'_>], message: impl Into<String>) {
        let line = self.lines.of_path(path);
        self.problems.push(problem(line, message));
    }

    fn add_suggesting(&mut self, path: &[Step<'_>], message: String, suggestion: Option<String>) {
        let line = self.lines.of_path(path);
        let found = problem(line, message);
        self.problems.push(match suggestion {
            Some(text) => suggesting(found, text),
            None => found,
        });
    }

    /// The name is also the file's, so it must be one on every system.
    fn name(&mut self, name: &str) {
        if !is_plain_name(name) {
            self.add(
                &[Key("name")],
                format!("'{name}' cannot be a profile's name: use letters, digits, '-', '_' and '.', starting with a letter or digit."),
            );
        }
    }

    fn addresses(&mut self, profile: &Profile) {
        self.url(&[Key("database"), Key("url")], &profile.database.url);
        for (name, database) in &profile.databases {
            let path = [Key("databases"), Key(name), Key("url")];
            if name == "database" || name == "broker" {
                self.add(
                    &path[..2],
                    format!("A further database cannot be called '{name}'; that name is taken."),
                );
            }
            self.url(&path, &database.url);
        }
        self.broker(&profile.broker);
    }

    fn broker(&mut self, broker: &BrokerSettings) {
        self.url(&[Key("broker"), Key("url")], &broker.url);
        if let Some(url) = &broker.management_url {
            let path = [Key("broker"), Key("management-url")];
            if !matches!(scheme_of(url), "http" | "https") {
                self.add(
                    &path,
                    "The management address must start with http:// or https://.",
                );
            }
            self.refused(&path, url);
        }
        for (name, value) in &broker.options {
            if is_secret(name, value) {
                self.add(
                    &[Key("broker"), Key("options"), Key(name)],
                    format!("'{name}' does not belong into a file. Put the password into the keychain and name it with secret = \"…\"."),
                );
            }
        }
    }

    fn url(&mut self, path: &[Step<'_>], url: &str) {
        let scheme = scheme_of(url);
        let known: Vec<_> = self.drivers.schemes().collect();
        let refusal = address::refusal(url);
        // Of what cannot be read nobody says where it leads, nor shows it.
        let readable = matches!(
            refusal,
            None | Some(Refusal::Password | Refusal::Parameter(_))
        );
        if readable && !known.contains(&scheme) {
            let message = format!(
                "'{}' is not an address anybody answers to; it must start with one of {}.",
                address::shown(url),
                known
                    .iter()
                    .map(|s| format!("{s}:"))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            let meant = closest(scheme, known).map(|name| format!("Did you mean '{name}:'?"));
            self.add_suggesting(path, message, meant);
        }
        self.refused(path, url);
    }

    /// An address in which a password is, or may be.
    fn refused(&mut self, path: &[Step<'_>], url: &str) {
        let Some(refusal) = address::refusal(url) else {
            return;
        };
        let (message, advice) = match refusal {
            Refusal::Password => (
                format!("{refusal} A profile holds none."),
                "Remove it, add secret = \"NAME\" below, and put the password into the keychain or into WAYBILL_SECRET_NAME.".to_owned(),
            ),
            Refusal::Settings | Refusal::Foreign(_) | Refusal::Unclear => (
                refusal.to_string(),
                format!(
                    "{} A password is named with secret = \"NAME\" and put into the keychain or into WAYBILL_SECRET_NAME.",
                    refusal.advice()
                ),
            ),
            Refusal::Parameter(_) => (refusal.to_string(), refusal.advice().to_owned()),
        };
        self.add_suggesting(path, message, Some(advice));
    }

    fn outbox(&mut self, profile: &Profile) {
        if profile.outbox.is_none() && profile.business.is_empty() {
            self.add(
                &[Key("database")],
                "Nothing says what was stored: name an [outbox] or a [[business]] table.",
            );
        }
        let Some(outbox) = &profile.outbox else {
            return;
        };
        // A state that only says failed is enough where something else says sent.
        let sent_is_said_elsewhere = outbox.sent_at.is_some() || outbox.deletes_after_send;
        let only_failed = sent_is_said_elsewhere && !outbox.failed_states.is_empty();
        if outbox.status.is_some() && outbox.sent_states.is_empty() && !only_failed {
            self.add(
                &[Key("outbox"), Key("status")],
                "status needs sent-states: which of its values mean that the row was sent?",
            );
        }
        if outbox.status.is_none()
            && !(outbox.sent_states.is_empty() && outbox.failed_states.is_empty())
        {
            self.add(
                &[Key("outbox"), Key("sent-states")],
                "sent-states and failed-states need status: which column are they in?",
            );
        }
        self.zone(&[Key("outbox"), Key("zone")], outbox.zone.as_deref());
        self.due_states(outbox);
        let is_itself = |letters: &DeadLetterTable| letters.table == outbox.table;
        if outbox.dead_letters.as_ref().is_some_and(is_itself) {
            self.add(
                &[Key("outbox"), Key("dead-letters"), Key("table")],
                "The dead letters are a table of their own; rows that stay in the outbox say by failed-at or status that they were given up.",
            );
        }
        for (column, _) in outbox.only.iter().filter(|(_, wanted)| wanted.0.is_empty()) {
            self.add(
                &[Key("outbox"), Key("where"), Key(column)],
                format!("No value of {column} is named, so no row would count: name one, or leave it out."),
            );
        }
    }

    fn zone(&mut self, path: &[Step<'_>], zone: Option<&str>) {
        if let Some(Err(error)) = zone.map(str::parse::<Zone>) {
            self.add(path, format!("{error}."));
        }
    }

    fn business(&mut self, profile: &Profile) {
        for (nth, table) in profile.business.iter().enumerate() {
            let path = [Key("business"), Nth(nth), Key("zone")];
            self.zone(&path, table.zone.as_deref());
        }
    }

    fn due_states(&mut self, outbox: &OutboxSettings) {
        let path = [Key("outbox"), Key("due-states")];
        if outbox.status.is_none() && !outbox.due_states.is_empty() {
            self.add(&path, "due-states needs status: which column are they in?");
        }
        let ends = [
            ("sent-states", &outbox.sent_states),
            ("failed-states", &outbox.failed_states),
        ];
        for (name, ends) in ends {
            let is_both = |due: &&String| ends.iter().any(|end| is_same_state(end, due));
            if let Some(state) = outbox.due_states.iter().find(is_both) {
                self.add(
                    &path,
                    format!(
                        "'{state}' is among due-states and {name}; which of them does it mean?"
                    ),
                );
            }
        }
    }

    fn flows(&mut self, profile: &Profile) {
        if profile.flows.is_empty() {
            self.add(
                &[],
                "There is no [[flow]]: say where events go and who should receive them.",
            );
        }
        if profile.consumers().count() > MAX_CONSUMERS {
            self.add(
                &[Key("flow")],
                format!("More than {MAX_CONSUMERS} consumers are not supported."),
            );
        }
        let mut names: Vec<&str> = Vec::new();
        for (nth, flow) in profile.flows.iter().enumerate() {
            let path = [Key("flow"), Nth(nth)];
            if profile.flows[..nth]
                .iter()
                .any(|other| other.name == flow.name)
            {
                self.add(
                    &[path[0], path[1], Key("name")],
                    format!("There are two flows called '{}'.", flow.name),
                );
            }
            let by_version =
                !flow.carriers.aggregate.is_empty() && !flow.carriers.version.is_empty();
            let needs_id = profile.outbox.is_some() || profile.business.is_empty();
            if !needs_id && !by_version {
                self.add(
                    &[path[0], path[1], Key("match")],
                    format!("There is no [outbox], so messages are held against [[business]] rows: flow '{}' needs match.aggregate and match.version.", flow.name),
                );
            } else if needs_id && flow.carriers.id.is_empty() {
                self.add(
                    &[path[0], path[1], Key("match")],
                    format!("Flow '{}' names no place of the event id; without it nothing can be matched.", flow.name),
                );
            }
            self.only(profile, nth);
            self.compare(profile, nth);
            for (nth, consumer) in flow.consumers.iter().enumerate() {
                let path = [path[0], path[1], Key("consumer"), Nth(nth)];
                if names.contains(&consumer.name.as_str()) {
                    self.add(
                        &[path[0], path[1], path[2], path[3], Key("name")],
                        format!("There are two consumers called '{}'.", consumer.name),
                    );
                }
                names.push(&consumer.name);
                self.consumer(profile, &path, consumer);
            }
        }
    }

    fn consumer(&mut self, profile: &Profile, path: &[Step<'_>; 4], consumer: &Consumer) {
        let name = &consumer.name;
        if !is_plain_name(name) {
            self.add(
                path,
                format!("'{name}' cannot be a consumer's name: use letters, digits, '-', '_' and '.', so that filters can name it."),
            );
        }
        let nothing_tells = consumer.inbox.is_none()
            && consumer.group.is_none()
            && consumer.queue.is_none()
            && consumer.dead_letters.is_none();
        if nothing_tells {
            self.add(
                path,
                format!("Nothing tells how far consumer '{name}' is: give it an inbox, a group, a queue or dead-letters."),
            );
        }
        let kafka = scheme_of(&profile.broker.url).starts_with("kafka");
        if kafka && consumer.queue.is_some() {
            self.add(
                path,
                format!("Consumer '{name}' has a queue, but the broker is Kafka: name its group."),
            );
        }
        if !kafka && consumer.group.is_some() {
            self.add(
                path,
                format!(
                    "Consumer '{name}' has a group, but the broker is not Kafka: name its queue."
                ),
            );
        }
        let Some(inbox) = &consumer.inbox else { return };
        if let Some(database) = &inbox.database
            && !profile.databases.contains_key(database)
        {
            let meant = closest(database, profile.databases.keys().map(String::as_str));
            self.add_suggesting(
                &[
                    path[0],
                    path[1],
                    path[2],
                    path[3],
                    Key("inbox"),
                    Key("database"),
                ],
                format!("There is no database '{database}' under [databases]."),
                meant.map(|name| format!("Did you mean '{name}'?")),
            );
        }
        self.inbox(inbox, &[path[0], path[1], path[2], path[3], Key("inbox")]);
    }

    fn inbox(&mut self, inbox: &Inbox, path: &[Step<'_>; 5]) {
        self.zone(path, inbox.zone.as_deref());
        if inbox.consumer_column.is_some() != inbox.consumer_value.is_some() {
            self.add(
                path,
                "consumer-column and consumer-value belong together; one of them is missing.",
            );
        }
        if inbox.status.is_some() && inbox.processed_states.is_empty() {
            self.add(
                path,
                "status needs processed-states: which of its values mean that the event was processed?",
            );
        }
        let states = inbox.processed_states.iter().chain(&inbox.failed_states);
        if inbox.status.is_none() && states.count() > 0 {
            self.add(
                path,
                "processed-states and failed-states need status: which column are they in?",
            );
        }
        let both = |state: &&String| {
            let mut processed = inbox.processed_states.iter();
            processed.any(|it| is_same_state(it, state))
        };
        if let Some(state) = inbox.failed_states.iter().find(both) {
            self.add(
                path,
                format!("'{state}' is among processed-states and failed-states; which of them does it mean?"),
            );
        }
        if InColumn::of(&inbox.id).pointer.is_some() && inbox.key.is_none() {
            self.add(
                path,
                "The event id stands inside a JSON column, so rows are told apart by another: name it with key = \"…\".",
            );
        }
    }

    fn masks(&mut self, profile: &Profile) {
        for mask in &profile.masks {
            self.pointer(&[Key("masks")], mask);
        }
    }
}

impl Found<'_> {
    /// A limit of nothing would make everything unknown.
    fn limits(&mut self, profile: &Profile) {
        let limits = [
            ("max-messages", profile.scan.max_messages),
            ("max-rows", profile.scan.max_rows),
        ];
        for (name, limit) in limits {
            if limit == Some(0) {
                self.add(
                    &[Key("scan"), Key(name)],
                    format!("With {name} = 0 nothing is read. Leave it out to read all."),
                );
            }
        }
    }
}

/// Whether a name can be a file's on every system, and a word of a filter.
fn is_plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(char::is_alphanumeric) && name.chars().all(plain) && name.len() <= 100
}

/// Whether a setting of a broker's client holds a password, by its name or by what it says.
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let named = ["password", "secret"]
        .iter()
        .any(|part| name.contains(part));
    named || name == "ssl.key.pem" || value.contains("password=") || value.contains("private key")
}
