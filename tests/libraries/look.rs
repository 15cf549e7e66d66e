//! Looking with `waybill check`, as somebody would who was called because something is missing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use waybill_model::{BrokerSettings, Profile};
use waybill_tests::kafka::Kafka;
use waybill_tests::rabbit::Vhost;
use waybill_tests::waybill::{Ended, Waybill};

use crate::database::Database;

/// By what name a profile knows the database's password …
pub(crate) const DATABASE_SECRET: &str = "library-database";

/// … and the broker's.
const BROKER_SECRET: &str = "library-broker";

/// How long a row may stay too young to be judged: a grace of one second, and a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody with a profile.
#[derive(Debug)]
pub(crate) struct Look {
    profile: String,
    waybill: Waybill,
}

/// A finding in short: `stuck/relay-idle`, `lost-in-publish`.
pub(crate) type Findings = BTreeMap<String, String>;

impl Look {
    /// With a library's profile at a topic.
    pub(crate) fn at_kafka(toml: &str, database: &Database, kafka: &Kafka, topic: &str) -> Self {
        let mut profile = profile(toml, database);
        profile.broker = BrokerSettings {
            url: format!("kafka://{}", kafka.bootstrap()),
            management_url: None,
            secret: None,
            options: BTreeMap::new(),
        };
        topic.clone_into(&mut profile.flows[0].destination);
        Self::with(&profile, database, None)
    }

    /// With a library's profile at the exchange and the audit stream it names.
    pub(crate) fn at_rabbitmq(toml: &str, database: &Database, vhost: &Vhost) -> Self {
        let mut profile = profile(toml, database);
        profile.broker = BrokerSettings {
            url: vhost.url(),
            management_url: Some(vhost.management_url()),
            secret: Some(BROKER_SECRET.to_owned()),
            options: BTreeMap::new(),
        };
        Self::with(&profile, database, Some(vhost.password()))
    }

    fn with(profile: &Profile, database: &Database, broker: Option<&str>) -> Self {
        let database = database.url().password().map(str::to_owned);
        let secrets = [
            (DATABASE_SECRET, database),
            (BROKER_SECRET, broker.map(str::to_owned)),
        ];
        let secrets = secrets
            .into_iter()
            .filter_map(|(name, password)| Some((name.to_owned(), password?)))
            .collect();
        Self {
            profile: profile.name.clone(),
            waybill: Waybill::with_profile(profile, secrets),
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

/// A library's profile, on this database.
fn profile(toml: &str, database: &Database) -> Profile {
    let mut profile: Profile = toml::from_str(toml).expect("a profile");
    profile.database = database.settings();
    profile
}
