//! Looking with `waybill check`, as somebody would who was called because something is missing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use waybill_model::{OutboxSettings, Profile};
use waybill_tests::kafka::Kafka;
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

/// What Waybill calls the profile.
const PROFILE: &str = "library";

/// What nobody has to write who can wait two minutes: when an event is late is learnt.
const IMPATIENCE: &str = "\n[grace]\npublish-secs = 1\nconfirm-secs = 1\n";

/// Somebody with two addresses.
#[derive(Debug)]
pub(crate) struct Look {
    addresses: Vec<String>,
    waybill: Waybill,
}

/// A finding in short: `stuck/relay-idle`, `lost-in-publish`.
pub(crate) type Findings = BTreeMap<String, String>;

impl Look {
    /// At a topic. The cluster is everybody's, and has too many topics to look into each.
    pub(crate) fn at_kafka(database: &Database, kafka: &Kafka, topic: &str) -> Self {
        let broker = format!("kafka://{}", kafka.bootstrap());
        let args = ["--broker", &broker, "--destination", topic];
        Self::with(database, None, &args)
    }

    /// At a cluster that is everybody's, of which nothing is told: what rows say leads to the topics.
    pub(crate) fn at_any_topic(database: &Database, kafka: &Kafka) -> Self {
        let broker = format!("kafka://{}", kafka.bootstrap());
        Self::with(database, None, &["--broker", &broker])
    }

    /// At a virtual host, of which nothing is told.
    pub(crate) fn at_rabbitmq(database: &Database, vhost: &Vhost) -> Self {
        let args = [
            "--broker",
            &vhost.url(),
            "--management-url",
            &vhost.management_url(),
            "--broker-secret",
            BROKER_SECRET,
        ];
        Self::with(database, Some(vhost.password()), &args)
    }

    fn with(database: &Database, broker: Option<&str>, args: &[&str]) -> Self {
        let secrets = [
            (DATABASE_SECRET, database.url().password()),
            (BROKER_SECRET, broker),
        ];
        let secrets = secrets
            .into_iter()
            .filter_map(|(name, password)| Some((name.to_owned(), password?.to_owned())))
            .collect();
        let url = database.address();
        let common = ["--database", &url, "--secret", DATABASE_SECRET];
        Self {
            addresses: [&common, args]
                .concat()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            waybill: Waybill::with_secrets(secrets),
        }
    }

    /// Has the profile made, without an answer, which says all of this. Only patience is added.
    pub(crate) fn has_a_profile_made(&self, more: &[&str], says: &[&str]) {
        let args: Vec<&str> = self.addresses.iter().map(String::as_str).collect();
        let new = ["profiles", "new", "--save", "--yes", "--name", PROFILE];
        let ended = self.waybill.run(&[&new, args.as_slice(), more].concat());
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
        for part in says {
            assert!(
                ended.stdout.contains(part),
                "'{part}' is not in: {}",
                ended.stdout
            );
        }
        let file = self.waybill.config().join(format!("{PROFILE}.toml"));
        std::fs::write(file, ended.stdout + IMPATIENCE).expect("it may be changed by hand");
    }

    /// Lets the profile send, and sends these again; all of them went.
    pub(crate) fn sends_again(&self, ids: &[&String]) {
        let file = self.waybill.config().join(format!("{PROFILE}.toml"));
        let text = std::fs::read_to_string(&file).expect("it was made");
        let text = text.replace("access = \"read-only\"", "access = \"resend\"");
        std::fs::write(file, text).expect("it may be changed by hand");
        let list = self.waybill.config().join("ids");
        let lines: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        std::fs::write(&list, lines.join("\n")).expect("it may be written");
        let list = list.to_string_lossy();
        let words = ["resend", "--profile", PROFILE, "--yes", "--json", "--ids"];
        let ended = self.waybill.run(&[&words[..], &[list.as_ref()]].concat());
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
        let document = ended.json();
        assert_eq!(list_of(&document, "events"), ids.len(), "{document:#}");
    }

    /// Has the outbox of the profile recognised, and takes the statement that puts rows in this state
    /// back.
    pub(crate) fn recognises(&self, database: &Database, layout: &str, state: &str) -> Requeue {
        let outbox = self.outbox();
        let table = database.qualified(&outbox.table);
        let url = database.address();
        let words = ["layouts", "explain", &table, "--database", &url];
        let secret = ["--secret", DATABASE_SECRET, "--json"];
        let document = self.waybill.run(&[&words[..], &secret[..]].concat()).json();
        assert_eq!(document["verdict"], "recognised", "{document:#}");
        let best = &document["candidates"][0];
        assert_eq!(best["table"], layout, "{document:#}");
        assert_eq!(best["confidence"], "certain", "{document:#}");
        assert!(!best["version"].is_null(), "an unknown version: {best:#}");
        let lines = list(&document["requeue"]).filter_map(Value::as_str);
        let mut lines = lines.skip_while(|line| {
            let states = line.strip_prefix("rows that are ");
            let states = states.and_then(|rest| rest.split_once(", by "));
            !states.is_some_and(|(states, _)| states.split(" or ").any(|it| it == state))
        });
        let is_statement = |line: &&str| line.starts_with("UPDATE ") || line.starts_with("INSERT ");
        let statement = lines.find(is_statement);
        Requeue {
            statement: statement.expect("it has a statement").to_owned(),
            table: outbox.table,
            key: outbox.key,
        }
    }

    /// What the profile says of the outbox.
    fn outbox(&self) -> OutboxSettings {
        let file = self.waybill.config().join(format!("{PROFILE}.toml"));
        let text = std::fs::read_to_string(file).expect("it was made");
        let profile: Profile = toml::from_str(&text).expect("a profile");
        profile.outbox.expect("it has an outbox")
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

    /// Finds nothing any more: all have arrived. Where nothing listened on the way, nobody can say
    /// that nothing else was published, and the check ends in `code` 2.
    pub(crate) fn finds_nothing(&self, arrived: usize, code: i32) {
        let ended = self.look_when_ripe();
        let document = ended.json();
        assert_eq!(findings(&document), Findings::new(), "{document:#}");
        assert_eq!(ended.code, Some(code), "{}\n{document:#}", ended.stderr);
        assert_eq!(document["counts"]["arrived"], arrived, "{document:#}");
        assert_eq!(document["counts"]["total"], arrived, "{document:#}");
    }

    /// Looks again while an event is too young for a verdict, or for its confirmation.
    fn look_when_ripe(&self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.waybill.check(&["--profile", PROFILE]);
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

fn list_of(document: &Value, name: &str) -> usize {
    list(&document[name]).count()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
