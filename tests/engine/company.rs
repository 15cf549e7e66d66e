//! A small company in memory: products with an outbox, a topic, and the consumer *search*.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use uuid::Uuid;
use waybill_engine::profiles::MemorySecrets;
use waybill_engine::{Core, Dirs, Drivers};
use waybill_model::{EventId, Micros, Mode, Pace, Plan, ResendId};
use waybill_protocol::{
    GetRows, MakePlan, OpenTarget, Opened, RunStatus, Select, Send, Status, TimeSpec,
};
use waybill_source::conformance::broker::Letter;
use waybill_source::fake::broker::FakeBroker;
use waybill_source::fake::database::{FakeDatabase, text};

use crate::memory::{MemoryBroker, MemoryDatabase};

/// The topic.
pub(crate) const TOPIC: &str = "product-events";

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

const PROFILE: &str = r#"
name = "toys"
environment = "ENVIRONMENT"
access = "ACCESS"
masks = ["/secret"]

[database]
url = "memory://toys"

[broker]
url = "kafka://memory"

[outbox]
table = "outbox"
key = "id"
id = "event_id"
aggregate-type = "aggregate_type"
aggregate-id = "aggregate_id"
version = "version"
type = "type"
payload = "payload"
created-at = "created_at"
sent-at = "sent_at"

[[business]]
table = "products"
id = "id"
version = "version"
changed-at = "changed_at"
aggregate-type = "product"

[[flow]]
name = "products"
destination = "product-events"

[flow.template]
type = "ProductChanged"
body = '{"id": {id}, "version": {version}, "name": {name}}'

[[flow.consumer]]
name = "search"
group = "search"

[flow.consumer.inbox]
table = "search_inbox"
id = "event_id"
processed-at = "processed_at"

[grace]
publish-secs = 60
consume-secs = 60
confirm-secs = 1
"#;

/// The company, and a core that looks at it.
pub(crate) struct Company {
    pub(crate) database: FakeDatabase,
    pub(crate) broker: FakeBroker,
    pub(crate) folder: TempDir,
    pub(crate) core: Core,
}

/// What happens to one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Stored, published, processed.
    Fine,
    /// In the outbox, never sent.
    Stuck,
    /// Marked as sent, but there is no copy.
    Lost,
    /// Published without a row.
    Phantom,
    /// Published and passed over by the consumer.
    LostBySearch,
    /// Stored as a product only.
    NoOutboxRow,
}

impl Company {
    /// A company with its tables and topic, and a core with this access on it.
    pub(crate) fn new(access: &str) -> Self {
        Self::of("development", access)
    }

    /// The same in an environment.
    pub(crate) fn of(environment: &str, access: &str) -> Self {
        let database = FakeDatabase::new();
        database.add_table(
            "outbox",
            &[
                "id",
                "event_id",
                "aggregate_type",
                "aggregate_id",
                "version",
                "type",
                "payload",
                "created_at",
                "sent_at",
            ],
        );
        database.add_table("products", &["id", "version", "changed_at", "name"]);
        database.add_table("search_inbox", &["event_id", "processed_at"]);
        let broker = FakeBroker::default();
        broker.add_channel(TOPIC, 2);
        let folder = tempfile::tempdir().expect("a temp folder");
        let profile = PROFILE
            .replace("ENVIRONMENT", environment)
            .replace("ACCESS", access);
        let config = folder.path().join("config");
        std::fs::create_dir_all(&config).expect("the folder is ours");
        std::fs::write(config.join("toys.toml"), profile).expect("the folder is ours");
        let core = core(&database, &broker, &folder);
        Self {
            database,
            broker,
            folder,
            core,
        }
    }

    /// Says something else in the profile. It is read when it is opened.
    pub(crate) fn reword_profile(&self, said: &str, instead: &str) {
        let path = self.folder.path().join("config/toys.toml");
        let profile = std::fs::read_to_string(&path).expect("it was written");
        assert!(profile.contains(said), "{said} in {profile}");
        std::fs::write(&path, profile.replace(said, instead)).expect("the folder is ours");
    }

    /// Another core on the same company and the same journal.
    pub(crate) fn another_core(&self) -> Core {
        core(&self.database, &self.broker, &self.folder)
    }

    /// One event per fate, in this order, the first one `secs_ago`, a second apart.
    pub(crate) fn play(&self, fates: &[Fate], secs_ago: i64) {
        for (nth, fate) in (0_i64..).zip(fates) {
            self.play_one(nth, *fate, now().plus((nth - secs_ago) * 1_000_000));
        }
        self.search_passes_everything();
    }

    /// Three more events come all the way, after those of a test: what messages of this company's
    /// relay look like.
    pub(crate) fn publishes_others(&self) {
        for nth in 700..703 {
            self.play_one(nth, Fate::Fine, now().plus((nth - 1000) * 1_000_000));
        }
        self.search_passes_everything();
    }

    /// Three events that came all the way before those of a test: from then on rows are kept.
    pub(crate) fn published_before(&self) {
        for nth in 700..703 {
            self.play_one(nth, Fate::Fine, now().plus((nth - 1600) * 1_000_000));
        }
        self.stores(702, now().plus(-898_000_000));
        self.search_passes_everything();
    }

    /// Event `nth` happens.
    pub(crate) fn play_one(&self, nth: i64, fate: Fate, at: Micros) {
        if fate == Fate::NoOutboxRow {
            self.product(nth, 1, at);
        } else if fate != Fate::Phantom {
            self.outbox_row(nth, at, fate != Fate::Stuck);
        }
        if matches!(fate, Fate::Fine | Fate::Phantom | Fate::LostBySearch) {
            self.publish(nth, at.plus(10_000));
        }
        if matches!(fate, Fate::Fine | Fate::Phantom) {
            self.process(nth, at.plus(20_000));
        }
    }

    /// The outbox row of event `nth`; its product is `p<nth / 100>`, so a hundred share one.
    pub(crate) fn outbox_row(&self, nth: i64, at: Micros, sent: bool) {
        let sent_at = if sent {
            text(&at.plus(5_000).0.to_string())
        } else {
            None
        };
        self.database.insert(
            "outbox",
            &[
                ("id", text(&nth.to_string())),
                ("event_id", text(&id(nth).0)),
                ("aggregate_type", text("product")),
                ("aggregate_id", text(&product(nth))),
                ("version", text(&(nth + 1).to_string())),
                ("type", text("ProductChanged")),
                ("payload", text(&body(nth))),
                ("created_at", text(&at.0.to_string())),
                ("sent_at", sent_at),
            ],
        );
    }

    /// The product of event `nth` as that left it.
    pub(crate) fn stores(&self, nth: i64, at: Micros) {
        self.database.insert(
            "products",
            &[
                ("id", text(&product(nth))),
                ("version", text(&(nth + 1).to_string())),
                ("changed_at", text(&at.0.to_string())),
                ("name", text("Otter")),
            ],
        );
    }

    /// A product as it is now, of which no event tells.
    pub(crate) fn product(&self, nth: i64, version: i64, at: Micros) {
        self.database.insert(
            "products",
            &[
                ("id", text(&format!("lone{nth}"))),
                ("version", text(&version.to_string())),
                ("changed_at", text(&at.0.to_string())),
                ("name", text("Otter")),
            ],
        );
    }

    /// The copy of event `nth`.
    pub(crate) fn publish(&self, nth: i64, at: Micros) {
        self.publish_saying(nth, at, &body(nth));
    }

    /// The same with a body of its own.
    pub(crate) fn publish_saying(&self, nth: i64, at: Micros, body: &str) {
        let header = |name: &str, value: String| (name.to_owned(), Some(value.into_bytes()));
        let letter = Letter {
            key: Some(product(nth).into_bytes()),
            headers: vec![
                header("id", id(nth).0),
                header("type", "ProductChanged".to_owned()),
                header("version", (nth + 1).to_string()),
                header("x-death", "an earlier journey".to_owned()),
            ],
            payload: Some(body.as_bytes().to_vec()),
        };
        self.broker.publish_at(TOPIC, &letter, at);
    }

    /// The inbox row of event `nth`.
    pub(crate) fn process(&self, nth: i64, at: Micros) {
        self.inbox_row(&id(nth), at);
    }

    /// The inbox row of an event.
    pub(crate) fn inbox_row(&self, event: &EventId, at: Micros) {
        self.database.insert(
            "search_inbox",
            &[
                ("event_id", text(&event.0)),
                ("processed_at", text(&at.0.to_string())),
            ],
        );
    }

    /// The consumer has always committed the end of every partition.
    pub(crate) fn search_passes_everything(&self) {
        for partition in 0..2 {
            self.broker.keep_up("search", TOPIC, partition);
        }
    }

    /// Opens the profile.
    pub(crate) async fn open(&self) -> Opened {
        open(&self.core).await
    }

    /// Opens the profile and reads the last hour, second look included.
    pub(crate) async fn scanned(&self) -> Status {
        self.open().await;
        scan(&self.core).await
    }

    /// Every event of the window in a line: number, verdicts, phase.
    pub(crate) async fn told(&self) -> String {
        told(&self.core).await
    }

    /// A plan for every event a filter yields.
    pub(crate) async fn plan(&self, filter: &str) -> Plan {
        plan(&self.core, filter).await
    }
}

/// Opens the profile in a core.
pub(crate) async fn open(core: &Core) -> Opened {
    let target = OpenTarget::Profile("toys".to_owned());
    core.open(&target).await.expect("the company is there")
}

/// Reads the last hour.
pub(crate) async fn scan(core: &Core) -> Status {
    let hour = TimeSpec::Last { secs: 3600 };
    core.scan_and_wait(hour, |_| {})
        .await
        .expect("the company can be read")
}

/// Every event of the window in a line.
pub(crate) async fn told(core: &Core) -> String {
    let asked = GetRows {
        filter: String::new(),
        within: None,
        descending: false,
        offset: 0,
        limit: 1000,
    };
    let rows = core.rows(asked).await.expect("a scan has been made").rows;
    let line = |row: &waybill_model::EventRow| {
        let consumers: Vec<_> = row.verdict.consumers.iter().map(|c| c.name()).collect();
        let phase = if row.class.needs_action() {
            format!(" {:?}", row.verdict.phase)
        } else {
            String::new()
        };
        format!(
            "{} {} {}{}\n",
            named(&row.id),
            row.verdict.publish.name(),
            consumers.join(" "),
            phase
        )
    };
    rows.iter().map(line).collect()
}

/// A plan for every confirmed event a filter yields.
pub(crate) async fn plan(core: &Core, filter: &str) -> Plan {
    let selected = Select {
        filter: filter.to_owned(),
        within: None,
    };
    let events = core.select(selected).await.expect("the filter is fine");
    let asked = MakePlan {
        events,
        mode: Mode::Everyone,
        pace: Pace {
            per_second: 1000,
            ramp: true,
        },
        unproven_form: None,
        samples: Vec::new(),
    };
    core.plan(asked).await.expect("a plan can be made")
}

/// The order to send a plan.
pub(crate) fn order(plan: ResendId) -> Send {
    Send {
        plan,
        typed: String::new(),
        reason: "the relay was down".to_owned(),
    }
}

/// What a run came to, a line per event.
pub(crate) fn outcome(run: &RunStatus) -> String {
    let line = |attempt: &waybill_model::Attempt| {
        let state = format!("{:?}", attempt.state);
        let word = state
            .split([' ', '{'])
            .next()
            .unwrap_or_default()
            .to_owned();
        format!("{} {word}\n", named(&attempt.event))
    };
    run.attempts.iter().map(line).collect()
}

/// `e7` for event 7, the id itself for any other.
pub(crate) fn named(event: &EventId) -> String {
    let nth = (0..1000).find(|nth| id(*nth) == *event);
    nth.map_or_else(|| "lone".to_owned(), |nth| format!("e{nth}"))
}

/// The id of event `nth`: it looks like chance, as ids do.
pub(crate) fn id(nth: i64) -> EventId {
    let mixed = (u128::from(nth.unsigned_abs()) + 1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    EventId(Uuid::from_u128(mixed).hyphenated().to_string())
}

/// Our clock, which is everybody's here.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    Micros(i64::try_from(since.as_micros()).expect("before 294000"))
}

/// The body of event `nth`.
pub(crate) fn body(nth: i64) -> String {
    format!("{{\"nth\": {nth}, \"secret\": \"otter\"}}")
}

fn product(nth: i64) -> String {
    format!("p{}", nth / 100)
}

fn core(database: &FakeDatabase, broker: &FakeBroker, folder: &TempDir) -> Core {
    let drivers = Drivers::new(vec![
        Arc::new(MemoryDatabase(database.clone())),
        Arc::new(MemoryBroker(broker.clone())),
    ]);
    Core::new(
        drivers,
        Arc::new(MemorySecrets::default()),
        Dirs::under(folder.path()),
        None,
    )
}
