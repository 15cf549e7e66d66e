//! What the tests of RabbitMQ share: a virtual host, somebody who publishes, and the source.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use serde_json::{Value, json};
use waybill_model::{Access, Carriers, Coverage, Micros, Observation, PlaceId, Window};
use waybill_source::{
    Broker, Chunk, ChunkStream, CopyQuery, CopyRole, Cursor, Driver as _, Error, Secret, Source,
    Target,
};
use waybill_source_amqp::RabbitMq;
use waybill_tests::rabbit::Vhost;

/// How long anything may take on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A virtual host with an exchange `products` and its audit stream `audit`.
pub(crate) struct Stage {
    pub(crate) vhost: Vhost,
    pub(crate) publisher: Publisher,
}

impl Stage {
    /// `products` is a topic exchange; `audit` and the queue `search` get `product.#`.
    pub(crate) async fn new(test: &str) -> Self {
        let vhost = Vhost::new(test);
        vhost.exchange("products", "topic", json!({}));
        vhost.queue("audit", "stream", json!({}));
        vhost.queue("search", "classic", json!({}));
        vhost.bind("products", "product.#", "audit");
        vhost.bind("products", "product.#", "search");
        let publisher = Publisher::connect(&vhost).await;
        Self { vhost, publisher }
    }

    pub(crate) fn target(&self, access: Access) -> Target {
        Target {
            name: "broker".to_owned(),
            url: self.vhost.url(),
            management_url: Some(self.vhost.management_url()),
            secret: Some(Secret::new(self.vhost.password())),
            options: BTreeMap::new(),
            access,
        }
    }

    pub(crate) async fn open(&self, access: Access) -> Arc<dyn Broker> {
        open(&self.target(access)).await.expect("it opens")
    }

    /// Publishes `event-{id}` for every number to `products` with key `product.created`.
    pub(crate) async fn publish_events(&self, ids: std::ops::Range<usize>) {
        for id in ids {
            let properties = event(id);
            let sent = self
                .publisher
                .publish("products", "product.created", properties, b"{}");
            assert_eq!(sent.await, Confirmation::Ack(None), "event {id}");
        }
    }
}

pub(crate) async fn open(target: &Target) -> Result<Arc<dyn Broker>, Error> {
    match RabbitMq.open(target).await? {
        Source::Broker(broker) => Ok(broker),
        Source::Database(_) => panic!("RabbitMQ is a broker"),
    }
}

/// Any producer: confirms, mandatory.
pub(crate) struct Publisher {
    pub(crate) connection: Connection,
    channel: Channel,
}

impl Publisher {
    pub(crate) async fn connect(vhost: &Vhost) -> Self {
        let url = vhost.url_with_password();
        let connection = Connection::connect(&url, ConnectionProperties::default())
            .await
            .expect("the publisher connects");
        let channel = connection.create_channel().await.expect("a channel");
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .expect("the broker confirms");
        Self {
            connection,
            channel,
        }
    }

    pub(crate) async fn publish(
        &self,
        exchange: &str,
        key: &str,
        properties: BasicProperties,
        body: &[u8],
    ) -> Confirmation {
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        self.channel
            .basic_publish(exchange.into(), key.into(), options, body, properties)
            .await
            .expect("it is written")
            .await
            .expect("it is answered")
    }
}

/// The properties of a proper event.
pub(crate) fn event(id: usize) -> BasicProperties {
    BasicProperties::default()
        .with_message_id(format!("event-{id:05}").into())
        .with_type("created".into())
        .with_timestamp(u64::try_from(now().0 / 1_000_000).expect("after 1970"))
}

pub(crate) fn headers(entries: &[(&str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert((*name).into(), value.clone());
    }
    table
}

pub(crate) fn query(role: CopyRole, channel: &str) -> CopyQuery {
    CopyQuery {
        place: PlaceId(4),
        role,
        channel: channel.to_owned(),
        exchange: None,
        carriers: Carriers::default(),
        aggregate_type: None,
        only: Vec::new(),
        whose: waybill_source::Whose::default(),
        compare: None,
        window: Window {
            from: now().plus(-3_600_000_000),
            to: now(),
        },
        after: None,
        max_messages: None,
    }
}

pub(crate) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Everything a read yielded.
#[derive(Debug, Default)]
pub(crate) struct Yield {
    pub(crate) seen: Vec<Observation>,
    pub(crate) covered: Option<Coverage>,
    pub(crate) resume: Option<Cursor>,
    pub(crate) error: Option<Error>,
}

impl Yield {
    fn take(&mut self, chunk: Result<Chunk, Error>) {
        match chunk {
            Ok(Chunk::Evidence(batch)) => {
                self.seen
                    .extend((0..batch.len()).map(|idx| batch.observation(idx)));
            }
            Ok(Chunk::Covered(covered)) => self.covered = Some(covered),
            Ok(Chunk::Resume(cursor)) => self.resume = Some(cursor),
            Ok(Chunk::Progress(_) | Chunk::Accounted(_)) => {}
            Err(error) => self.error = Some(error),
        }
    }

    pub(crate) fn ids(&self) -> Vec<&str> {
        self.seen.iter().map(|seen| seen.id.as_str()).collect()
    }

    pub(crate) fn coverage(&self) -> &Coverage {
        self.covered.as_ref().expect("a read says what it covered")
    }
}

/// Reads to the end.
pub(crate) async fn drain(mut stream: ChunkStream) -> Yield {
    let mut all = Yield::default();
    let reading = async {
        while let Some(chunk) = stream.next().await {
            all.take(chunk);
        }
    };
    let ended = tokio::time::timeout(LIMIT, reading).await;
    assert!(ended.is_ok(), "the read does not end; so far: {all:?}");
    all
}

/// Reads to the end, which must be a good one.
pub(crate) async fn scan(broker: &Arc<dyn Broker>, query: CopyQuery) -> Yield {
    let all = drain(broker.scan(query)).await;
    assert!(all.error.is_none(), "{:?}", all.error);
    all
}

/// Pulls until the condition holds or the stream ends.
pub(crate) async fn until(
    stream: &mut ChunkStream,
    all: &mut Yield,
    holds: impl Fn(&Yield) -> bool,
) {
    let pulling = async {
        while !holds(all) {
            match stream.next().await {
                Some(chunk) => all.take(chunk),
                None => break,
            }
        }
    };
    let in_time = tokio::time::timeout(LIMIT, pulling).await.is_ok();
    assert!(in_time && holds(all), "it did not come so far: {all:?}");
}

/// The state of a queue once the broker has counted so many messages in it.
pub(crate) async fn depth(vhost: &Vhost, queue: &str, at_least: u64) -> Value {
    let enough = |state: &Value| state["messages"].as_u64().is_some_and(|n| n >= at_least);
    vhost.queue_once(queue, LIMIT, enough).await
}
