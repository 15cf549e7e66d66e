//! Looking with `waybill check`, as somebody would who was called because something is missing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use waybill_model::{BrokerSettings, OutboxSettings, Profile};
use waybill_tests::kafka::Kafka;
use waybill_tests::profile::save;
use waybill_tests::rabbit::Vhost;
use waybill_tests::waybill::{Ended, Waybill};

use crate::database::Database;
use crate::requeue::Requeue;

/// By what name a profile knows the database's password …
pub(crate) const DATABASE_SECRET: &str = "library-database";

/// … and the broker's.
const BROKER_SECRET: &str = "library-broker";

/// How long a row may stay too young to be judged: a grace of one second, and a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whose a table is, and what has to be said by hand all the same.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// The table, as the library calls it.
    pub(crate) table: &'static str,
    /// The layout that Waybill must recognise.
    pub(crate) layout: &'static str,
    /// Roles that the layout cannot know.
    pub(crate) by_hand: &'static [(&'static str, &'static str)],
}

/// Somebody with a profile.
#[derive(Debug)]
pub(crate) struct Look {
    profile: String,
    waybill: Waybill,
    pub(crate) requeue: Requeue,
}

/// A finding in short: `stuck/relay-idle`, `lost-in-publish`.
pub(crate) type Findings = BTreeMap<String, String>;

impl Look {
    /// With a library's profile at a topic.
    pub(crate) fn at_kafka(
        (toml, outbox): (&str, &Outbox),
        database: &Database,
        kafka: &Kafka,
        topic: &str,
    ) -> Self {
        let mut profile = profile(toml, database);
        profile.broker = BrokerSettings {
            url: format!("kafka://{}", kafka.bootstrap()),
            management_url: None,
            secret: None,
            options: BTreeMap::new(),
        };
        topic.clone_into(&mut profile.flows[0].destination);
        Self::with(profile, outbox, database, None)
    }

    /// With a library's profile at the exchange and the audit stream it names.
    pub(crate) fn at_rabbitmq(
        (toml, outbox): (&str, &Outbox),
        database: &Database,
        vhost: &Vhost,
    ) -> Self {
        let mut profile = profile(toml, database);
        profile.broker = BrokerSettings {
            url: vhost.url(),
            management_url: Some(vhost.management_url()),
            secret: Some(BROKER_SECRET.to_owned()),
            options: BTreeMap::new(),
        };
        Self::with(profile, outbox, database, Some(vhost.password()))
    }

    fn with(
        mut profile: Profile,
        outbox: &Outbox,
        database: &Database,
        broker: Option<&str>,
    ) -> Self {
        let password = database.url().password().map(str::to_owned);
        let secrets = [
            (DATABASE_SECRET, password),
            (BROKER_SECRET, broker.map(str::to_owned)),
        ];
        let secrets = secrets
            .into_iter()
            .filter_map(|(name, password)| Some((name.to_owned(), password?)))
            .collect();
        let waybill = Waybill::with_profile(&profile, secrets);
        let (settings, statement) = recognised(&waybill, outbox, database);
        let requeue = Requeue {
            statement,
            table: settings.table.clone(),
            key: settings.key.clone(),
        };
        profile.outbox = Some(settings);
        save(&waybill.config(), &profile);
        Self {
            profile: profile.name,
            waybill,
            requeue,
        }
    }

    /// Finds these events and no others, confirmed. Returns what it said.
    pub(crate) fn finds(&self, expected: &Findings, arrived: usize) -> Value {
        let ended = self.look_when_ripe();
        let document = ended.json();
        assert_eq!(&findings(&document), expected, "{document:#}");
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(document["counts"]["arrived"], arrived, "{document:#}");
        let total = arrived + expected.len();
        assert_eq!(document["counts"]["total"], total, "{document:#}");
        document
    }

    /// Finds nothing any more: all have arrived.
    pub(crate) fn finds_nothing(&self, arrived: usize) {
        let ended = self.look_when_ripe();
        let document = ended.json();
        assert_eq!(findings(&document), Findings::new(), "{document:#}");
        assert_eq!(ended.code, Some(0), "{}\n{document:#}", ended.stderr);
        assert_eq!(document["counts"]["arrived"], arrived, "{document:#}");
        assert_eq!(document["counts"]["total"], arrived, "{document:#}");
    }

    /// Looks again while an event is too young for a verdict, or for its confirmation.
    fn look_when_ripe(&self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.waybill.check(&["--profile", &self.profile]);
            let document = ended.json();
            let ripe = document["counts"]["pending"] == 0
                && list(&document["findings"]).all(|finding| finding["phase"] == "confirmed");
            if ripe {
                return ended;
            }
            // A look takes seconds, so nothing has to wait between two.
            assert!(Instant::now() < deadline, "still no verdicts: {document:#}");
        }
    }
}

/// The key of the outbox row that a finding rests on.
pub(crate) fn row_key<'a>(document: &'a Value, id: &str) -> &'a str {
    let finding = list(&document["findings"]).find(|finding| finding["id"] == id);
    let finding = finding.unwrap_or_else(|| panic!("{id} is among the findings"));
    let row = list(&finding["evidence"]).find(|evidence| evidence["stage"] == "outbox");
    let key = row.and_then(|row| row["where"]["key"].as_str());
    key.unwrap_or_else(|| panic!("it leads to its row: {finding:#}"))
}

/// These events, each with this verdict.
pub(crate) fn all(ids: &[&String], verdict: &str) -> Findings {
    ids.iter()
        .map(|id| ((*id).clone(), verdict.to_owned()))
        .collect()
}

fn findings(document: &Value) -> Findings {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    list(&document["findings"])
        .map(|finding| {
            let publish = &finding["publish"];
            let words = [text(&publish["verdict"]), text(&publish["reason"])];
            let words: Vec<String> = words.into_iter().flatten().collect();
            (text(&finding["id"]).unwrap_or_default(), words.join("/"))
        })
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What Waybill makes of a table: the settings of a profile, and the statement that puts a row back.
fn recognised(waybill: &Waybill, outbox: &Outbox, database: &Database) -> (OutboxSettings, String) {
    let table = database.qualified(outbox.table);
    let url = database.settings().url;
    let words = ["layouts", "explain", &table, "--database", &url];
    let secret = ["--secret", DATABASE_SECRET, "--json"];
    let document = waybill.run(&[&words[..], &secret[..]].concat()).json();
    assert_eq!(document["verdict"], "recognised", "{document:#}");
    let best = &document["candidates"][0];
    assert_eq!(best["table"], outbox.layout, "{document:#}");
    assert_eq!(best["confidence"], "certain", "{document:#}");
    assert!(!best["version"].is_null(), "an unknown version: {best:#}");
    let toml = document["profile"].as_str().expect("a profile's part");
    let mut toml: toml::Table = toml.parse().expect("TOML");
    let settings = toml["outbox"].as_table_mut().expect("a table");
    for (role, place) in outbox.by_hand {
        settings.insert((*role).to_owned(), (*place).into());
    }
    let settings = toml["outbox"].clone().try_into().expect("settings");
    let mut statement = list(&document["requeue"]).filter_map(Value::as_str);
    let statement = statement.find(|line| line.starts_with("UPDATE "));
    (settings, statement.expect("it has a statement").to_owned())
}

/// A library's profile, on this database.
fn profile(toml: &str, database: &Database) -> Profile {
    let mut profile: Profile = toml::from_str(toml).expect("a profile");
    profile.database = database.settings();
    profile
}
