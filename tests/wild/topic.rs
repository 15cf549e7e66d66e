//! A broker with one topic: what a service has sent.

use std::time::Duration;

use anyhow::Context as _;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use serde_json::{Value, json};

use crate::corpus::Labelled;
use crate::values::{Row, body};

/// The only topic.
pub(crate) const TOPIC: &str = "shop.orders";

const LIMIT: Duration = Duration::from_secs(20);

/// A cluster inside this process; gone when it is dropped.
pub(crate) struct Topic {
    producer: BaseProducer<DefaultProducerContext>,
    bootstrap: String,
}

impl Topic {
    /// An empty one.
    pub(crate) fn empty() -> anyhow::Result<Self> {
        let producer: BaseProducer = ClientConfig::new()
            .set("test.mock.num.brokers", "1")
            .create()?;
        let bootstrap = {
            let cluster = producer.client().mock_cluster();
            let cluster = cluster.context("this librdkafka has no cluster for tests")?;
            cluster.create_topic(TOPIC, 1, 1)?;
            cluster.bootstrap_servers()
        };
        Ok(Self {
            producer,
            bootstrap,
        })
    }

    /// As a profile names it.
    pub(crate) fn url(&self) -> String {
        format!("kafka://{}", self.bootstrap)
    }

    /// Publishes what the relay would have sent of these rows.
    pub(crate) fn publish(&self, table: &Labelled, rows: &[Row]) -> anyhow::Result<()> {
        let sent = rows.iter().enumerate().filter(|(_, row)| row.is_sent);
        for (nth, row) in sent {
            let of = |role: &str| {
                let at = table.columns.iter();
                let at = at
                    .zip(&row.cells)
                    .find(|(column, _)| table.role(role) == Some(column.name.as_str()));
                at.and_then(|(_, cell)| cell.clone())
            };
            let id = of("id").unwrap_or_default();
            let key = of("partition_key").or_else(|| of("aggregate_id"));
            let (headers, text) = carried(table.id_on_message.as_deref(), &id, body(nth));
            self.send(
                key.as_deref(),
                headers,
                &text,
                row.at.as_millisecond() + 1000,
            )?;
        }
        self.producer.flush(LIMIT)?;
        Ok(())
    }

    /// Publishes messages of somebody else's.
    pub(crate) fn publish_others(&self) -> anyhow::Result<()> {
        let now = jiff::Timestamp::now().as_millisecond();
        for nth in 0..20_usize {
            let text = body(nth).to_string();
            let millis = now - 60_000 * i64::try_from(nth)?;
            self.send(None, OwnedHeaders::new(), &text, millis)?;
        }
        self.producer.flush(LIMIT)?;
        Ok(())
    }

    fn send(
        &self,
        key: Option<&str>,
        headers: OwnedHeaders,
        text: &str,
        millis: i64,
    ) -> anyhow::Result<()> {
        let mut record = BaseRecord::<str, str>::to(TOPIC)
            .payload(text)
            .headers(headers)
            .timestamp(millis);
        record.key = key;
        self.producer.send(record).map_err(|(error, _)| error)?;
        Ok(())
    }
}

/// Headers and body with the id where the relay puts it.
fn carried(place: Option<&str>, id: &str, mut body: Value) -> (OwnedHeaders, String) {
    let mut headers = OwnedHeaders::new();
    match place.and_then(|place| place.split_once(':')) {
        Some(("header", name)) => {
            headers = headers.insert(Header {
                key: name,
                value: Some(id),
            });
        }
        Some((_, pointer)) => {
            let mut steps: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
            let last = steps.pop().unwrap_or_default();
            let mut inner = json!({last: id});
            for step in steps.iter().rev() {
                inner = json!({*step: inner});
            }
            if let (Value::Object(body), Value::Object(inner)) = (&mut body, inner) {
                body.extend(inner);
            }
        }
        None => {}
    }
    (headers, body.to_string())
}
