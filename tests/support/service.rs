//! An ordinary service, small enough to be told in a report: one outbox, one topic, a profile that
//! was written by hand.

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _};
use serde_json::Value;
use sqlx::Row as _;
use waybill_layouts::Dbms;

use crate::kafka::{Kafka, LIMIT};
use crate::shop::Shop;
use crate::waybill::{Ended, Waybill};

/// Headers of a message with the row's id, as SQL.
pub const ID_HEADER: &str = "json_build_array(json_build_array('id', id))::text";

/// A second after the row was written, in milliseconds, as SQL.
pub const SOON: &str = "((extract(epoch FROM created_at) * 1000)::bigint + 1000)";

/// A PostgreSQL database, a topic and a user's machine.
#[derive(Debug)]
pub struct Service {
    /// Its database.
    pub shop: Shop,
    /// Its cluster.
    pub kafka: Kafka,
    /// Its topic, which is the destination of its flow.
    pub topic: String,
    /// Whose program looks at it.
    pub waybill: Waybill,
    name: String,
}

/// What the hand-written profile says where a report needs something else than usual.
#[derive(Debug, Clone)]
pub struct Said {
    /// The database's address without a password.
    pub database: Option<String>,
    /// Lines below `[outbox]`, `table` among them.
    pub outbox: String,
    /// What stands in the flow's `match`.
    pub matching: String,
    /// Whatever follows the flow: more keys of it, consumers, further tables.
    pub more: String,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            database: None,
            outbox: "table = \"outbox\"\nkey = \"id\"\nid = \"id\"\naggregate-type = \"aggregate_type\"\n\
                     aggregate-id = \"aggregate_id\"\ntype = \"type\"\npayload = \"payload\"\n\
                     created-at = \"created_at\"\nsent-at = \"sent_at\"\n"
                .to_owned(),
            matching: "id = [\"header:id\"], aggregate = [\"key\"]".to_owned(),
            more: String::new(),
        }
    }
}

impl Service {
    /// An empty database and an empty topic of one partition.
    pub async fn empty(name: &str) -> Self {
        let kafka = Kafka::shared();
        let topic = kafka.topic(name, 1, &[]).await;
        let shop = Shop::open(Dbms::Postgres, name).await;
        let waybill = Waybill::with_secret("shop-db", shop.password());
        Self {
            shop,
            kafka,
            topic,
            waybill,
            name: name.to_owned(),
        }
    }

    /// With an outbox of 30 rows `a1` to `a30`, 18 seconds apart and all marked as sent a minute
    /// or more ago; nothing was published yet.
    pub async fn with_outbox(name: &str) -> Self {
        let service = Self::empty(name).await;
        service
            .shop
            .execute(
                "CREATE TABLE outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
                 aggregate_type text DEFAULT 'order', aggregate_id text, \
                 type text DEFAULT 'OrderPlaced', payload jsonb DEFAULT '{}', \
                 created_at timestamptz, sent_at timestamptz); \
                 INSERT INTO outbox (aggregate_id, created_at, sent_at) SELECT 'a' || g, t, t \
                 FROM generate_series(1, 30) g, LATERAL (SELECT now() - make_interval(secs => 600 - 18 * g) t) x",
            )
            .await;
        service
    }

    /// Publishes what a query returns: key, headers as JSON pairs of names and values, time in
    /// milliseconds, body; each as text or bytes.
    ///
    /// # Panics
    /// When the query fails or something is not delivered.
    pub async fn publish(&self, topic: &str, query: &str) {
        let rows = self.shop.rows(query).await;
        let producer = self.kafka.producer();
        for row in rows {
            let key: Option<String> = row.get(0);
            let headers: String = row.get(1);
            let ms: i64 = row.get(2);
            let body: Option<Vec<u8>> = row
                .try_get::<Option<Vec<u8>>, _>(3)
                .unwrap_or_else(|_| row.get::<Option<String>, _>(3).map(String::into_bytes));
            let pairs: Vec<(String, Option<String>)> =
                serde_json::from_str(&headers).expect("pairs of names and values");
            let mut owned = OwnedHeaders::new();
            for (key, value) in &pairs {
                owned = owned.insert(Header {
                    key,
                    value: value.as_deref(),
                });
            }
            let mut record = BaseRecord::<str, [u8]>::to(topic)
                .headers(owned)
                .timestamp(ms);
            record.key = key.as_deref();
            record.payload = body.as_deref();
            producer.send(record).map_err(|(e, _)| e).expect("queued");
        }
        producer.flush(LIMIT).expect("all are delivered");
    }

    /// Publishes a copy of every row that fits, with its id in a header and its aggregate as key.
    pub async fn publish_rows(&self, condition: &str) {
        self.publish(
            &self.topic,
            &format!("SELECT aggregate_id, {ID_HEADER}, {SOON}, payload::text FROM outbox WHERE {condition}"),
        )
        .await;
    }

    /// Writes the profile.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn profile(&self, said: &Said) {
        self.write(&format!("[outbox]\n{}", said.outbox), said);
    }

    fn write(&self, tables: &str, said: &Said) {
        let config = self.waybill.config();
        std::fs::create_dir_all(&config).expect("the config folder can be made");
        let url = said.database.clone().unwrap_or_else(|| self.shop.url());
        let text = format!(
            "name = \"{name}\"\nenvironment = \"development\"\naccess = \"resend\"\n\
             [database]\nurl = \"{url}\"\nsecret = \"shop-db\"\n\
             [broker]\nurl = \"kafka://{kafka}\"\n{tables}\n\
             [[flow]]\nname = \"f\"\ndestination = \"{topic}\"\nmatch = {{ {matching} }}\n{more}\n\
             [grace]\npublish-secs = 5\nconsume-secs = 5\nconfirm-secs = 1\n",
            name = self.name,
            kafka = self.kafka.bootstrap(),
            topic = self.topic,
            matching = said.matching,
            more = said.more,
        );
        std::fs::write(config.join(format!("{}.toml", self.name)), text)
            .expect("the profile can be written");
    }

    /// Writes a profile without an outbox: lines of its `[[business]]` table, and what stands in the
    /// flow's `match`.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn profile_of_business(&self, business: &str, matching: &str) {
        self.write(
            &format!("[[business]]\n{business}"),
            &Said {
                matching: matching.to_owned(),
                ..Said::default()
            },
        );
    }

    /// `waybill check --json` with that profile; held against the schema.
    pub fn check(&self, args: &[&str]) -> Ended {
        self.waybill
            .check(&[&["--profile", &self.name], args].concat())
    }

    /// `waybill COMMAND --profile NAME …`.
    pub fn run(&self, command: &str, args: &[&str]) -> Ended {
        self.waybill
            .run(&[&[command, "--profile", &self.name], args].concat())
    }

    /// `waybill profiles new` by its two addresses and nobody to answer, called as the profile.
    pub fn proposes(&self, more: &[&str]) -> Ended {
        let url = self.shop.url();
        let broker = format!("kafka://{}", self.kafka.bootstrap());
        let words = [
            "profiles",
            "new",
            "--name",
            &self.name,
            "--database",
            &url,
            "--secret",
            "shop-db",
            "--broker",
            &broker,
            "--yes",
        ];
        self.waybill.run(&[&words[..], more].concat())
    }

    /// Its name, which is the profile's.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The publication verdicts of a `check` and how often each was found, `unknown` with its reason.
pub fn verdicts(document: &Value) -> std::collections::BTreeMap<String, usize> {
    let mut found = std::collections::BTreeMap::new();
    for finding in document["findings"].as_array().into_iter().flatten() {
        let publish = &finding["publish"];
        let verdict = publish["verdict"].as_str().unwrap_or_default();
        let name = match publish["reason"].as_str() {
            Some(reason) if verdict == "unknown" => format!("unknown ({reason})"),
            _ => verdict.to_owned(),
        };
        *found.entry(name).or_insert(0) += 1;
    }
    found
}
