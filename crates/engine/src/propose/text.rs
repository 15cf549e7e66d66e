//! A proposed profile as text, with the reasons as comments.

use std::collections::BTreeMap;

use serde::Serialize;
use waybill_model::{Consumer, Flow, Inbox, Profile};
use waybill_protocol::Reasons;

/// The profile's text. It says the same as the profile.
pub(crate) fn written(profile: &Profile, why: &Reasons) -> String {
    let mut text = Text(String::new());
    text.why(&["Proposed by Waybill; every line may be changed.".to_owned()]);
    text.set("name", &profile.name);
    text.set("environment", &profile.environment);
    text.set("access", &profile.access);
    text.line("");
    text.section("database", &profile.database);
    if !profile.databases.is_empty() {
        text.line("");
        text.section("databases", &profile.databases);
    }
    text.line("");
    text.section("broker", &profile.broker);
    if let Some(outbox) = &profile.outbox {
        text.line("");
        text.why(&why.outbox);
        text.section("outbox", outbox);
    }
    for (nth, table) in profile.business.iter().enumerate() {
        text.line("");
        text.why(why.business.get(nth).map_or(&[], Vec::as_slice));
        text.line("[[business]]");
        text.0.push_str(&toml::to_string(table).unwrap_or_default());
    }
    for (nth, flow) in profile.flows.iter().enumerate() {
        let none = Vec::new();
        text.flow(flow, why.flows.get(nth).unwrap_or(&none));
        for (no, consumer) in flow.consumers.iter().enumerate() {
            let reasons = why.consumers.get(nth).and_then(|all| all.get(no));
            text.consumer(consumer, reasons.map_or(&[], Vec::as_slice));
        }
    }
    text.line("");
    text.why(&why.rest);
    text.why(&[
        "[grace] is left out: when an event is late is learnt from how long others take."
            .to_owned(),
    ]);
    text.0
}

struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A name in a database or on a broker may hold anything; a comment ends with its line.
    fn why(&mut self, reasons: &[String]) {
        for reason in reasons {
            let reason = reason.replace(char::is_control, " ");
            self.line(&format!("# {}", reason.trim()));
        }
    }

    fn set<T: Serialize>(&mut self, name: &str, value: &T) {
        self.line(&format!("{name} = {}", inline(value)));
    }

    fn set_some<T: Serialize>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// A table with everything in it. TOML's own writer knows where a text needs which quotes.
    fn section<T: Serialize>(&mut self, name: &str, section: &T) {
        let text = toml::to_string(&BTreeMap::from([(name, section)]));
        let text = text.unwrap_or_default();
        // What is so anyway needs no line.
        self.0
            .push_str(&text.replace("\ndeletes-after-send = false\n", "\n"));
    }

    fn flow(&mut self, flow: &Flow, why: &[String]) {
        self.line("");
        self.why(why);
        self.line("[[flow]]");
        self.set("name", &flow.name);
        self.set("destination", &flow.destination);
        self.set_some("audit-stream", flow.audit_stream.as_ref());
        self.set_some("routing-key", flow.routing_key.as_ref());
        let carriers = &flow.carriers;
        let members = [
            ("id", inline(&carriers.id)),
            ("type", inline(&carriers.kind)),
            ("aggregate", inline(&carriers.aggregate)),
            ("version", inline(&carriers.version)),
        ];
        self.table("match", &members);
        if !flow.only.is_empty() {
            self.set("where", &flow.only);
        }
    }

    fn consumer(&mut self, consumer: &Consumer, why: &[String]) {
        self.line("");
        self.why(why);
        self.line("[[flow.consumer]]");
        self.set("name", &consumer.name);
        self.set_some("group", consumer.group.as_ref());
        self.set_some("queue", consumer.queue.as_ref());
        self.set_some("dead-letters", consumer.dead_letters.as_ref());
        if let Some(inbox) = &consumer.inbox {
            self.inbox(inbox);
        }
    }

    fn inbox(&mut self, inbox: &Inbox) {
        let optional = |value: &Option<String>| value.as_ref().map(inline);
        let some = |values: &Vec<String>| (!values.is_empty()).then(|| inline(values));
        let members = [
            ("database", optional(&inbox.database)),
            ("table", Some(inline(&inbox.table))),
            ("key", optional(&inbox.key)),
            ("id", Some(inline(&inbox.id))),
            ("processed-at", Some(inline(&inbox.processed_at))),
            ("zone", optional(&inbox.zone)),
            ("status", optional(&inbox.status)),
            ("processed-states", some(&inbox.processed_states)),
            ("failed-states", some(&inbox.failed_states)),
            ("failed-at", optional(&inbox.failed_at)),
            ("kept-secs", inbox.kept_secs.as_ref().map(inline)),
            ("consumer-column", optional(&inbox.consumer_column)),
            ("consumer-value", optional(&inbox.consumer_value)),
        ];
        let there = members.into_iter();
        let there: Vec<(&str, String)> = there
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        self.table("inbox", &there);
    }

    /// A table on one line, its members in an order that can be read.
    fn table(&mut self, name: &str, members: &[(&str, String)]) {
        let members = members.iter();
        let members: Vec<String> = members.map(|(n, value)| format!("{n} = {value}")).collect();
        self.line(&format!("{name} = {{ {} }}", members.join(", ")));
    }
}

/// A value as it stands behind an equals sign. All of ours can be written.
fn inline<T: Serialize>(value: &T) -> String {
    toml::Value::try_from(value)
        .map(|value| value.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use waybill_model::{
        Access, BrokerSettings, BusinessTable, Carrier, Carriers, DatabaseSettings, Environment,
        GraceSettings, ScanSettings, Wanted,
    };

    use super::*;

    const ODD: &str = "od\"d 'n\\ame\n[x] # ü";

    fn odd_table() -> BusinessTable {
        BusinessTable {
            zone: None,
            table: ODD.to_owned(),
            key: Some(ODD.to_owned()),
            id: ODD.to_owned(),
            version: ODD.to_owned(),
            changed_at: ODD.to_owned(),
            aggregate_type: ODD.to_owned(),
            history: true,
        }
    }

    fn odd_inbox() -> Inbox {
        Inbox {
            database: Some("a b".to_owned()),
            table: ODD.to_owned(),
            key: Some(ODD.to_owned()),
            id: ODD.to_owned(),
            processed_at: ODD.to_owned(),
            zone: Some(ODD.to_owned()),
            status: Some(ODD.to_owned()),
            processed_states: vec![ODD.to_owned(), "2".to_owned()],
            failed_states: vec![ODD.to_owned()],
            failed_at: Some(ODD.to_owned()),
            kept_secs: Some(0),
            consumer_column: Some(ODD.to_owned()),
            consumer_value: Some(ODD.to_owned()),
        }
    }

    #[test]
    fn what_is_written_says_the_same_whatever_names_hold() {
        let database = DatabaseSettings {
            url: format!("sqlite:{ODD}"),
            secret: Some(ODD.to_owned()),
        };
        let consumer = Consumer {
            name: ODD.to_owned(),
            group: Some(ODD.to_owned()),
            queue: Some(ODD.to_owned()),
            inbox: Some(odd_inbox()),
            dead_letters: Some(ODD.to_owned()),
            since: None,
        };
        let flow = Flow {
            name: ODD.to_owned(),
            destination: ODD.to_owned(),
            audit_stream: Some(ODD.to_owned()),
            routing_key: Some(ODD.to_owned()),
            carriers: Carriers {
                version: Vec::new(),
                ..Carriers::default()
            },
            only: [(
                Carrier::Header(ODD.to_owned()),
                Wanted(vec![ODD.to_owned()]),
            )]
            .into(),
            compare: None,
            samples: Vec::new(),
            template: None,
            consumers: vec![consumer],
        };
        let profile = Profile {
            name: ODD.to_owned(),
            environment: Environment::Production,
            access: Access::ReadOnly,
            database: database.clone(),
            databases: [("a b".to_owned(), database)].into(),
            broker: BrokerSettings {
                url: ODD.to_owned(),
                management_url: Some(ODD.to_owned()),
                secret: Some(ODD.to_owned()),
                options: [(ODD.to_owned(), ODD.to_owned())].into(),
            },
            outbox: None,
            business: vec![odd_table()],
            flows: vec![flow],
            grace: GraceSettings::default(),
            scan: ScanSettings::default(),
            masks: Vec::new(),
        };
        let why = Reasons {
            business: vec![vec![ODD.to_owned()]],
            flows: vec![vec![ODD.to_owned()]],
            rest: vec![ODD.to_owned()],
            ..Reasons::default()
        };
        let text = written(&profile, &why);
        let read: Profile = toml::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(read, profile, "{text}");
    }
}
