//! RabbitMQ: connection and publishing.

use std::fmt;
use std::time::Duration;

use futures::future::join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use tokio::sync::Mutex;

use super::rabbit_topology;
use crate::event::{AGGREGATE_TYPE, Letter};
use crate::name::Names;
use crate::{ConsumerName, Error, Result};

/// How long the broker may take to answer. One that is just coming up takes a connection and then
/// says nothing on it, for ever.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Letters on their way at once, before their confirms are waited for.
const UNCONFIRMED: usize = 1000;

/// A RabbitMQ server, or one virtual host of it.
pub(crate) struct RabbitBus {
    amqp_url: String,
    names: Names,
    /// Replaced when it is found broken.
    link: Mutex<Option<Link>>,
}

/// The connection with the channel the relay publishes on.
struct Link {
    connection: Connection,
    publishing: Channel,
}

/// The URL holds a password.
impl fmt::Debug for RabbitBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitBus").finish_non_exhaustive()
    }
}

impl RabbitBus {
    /// Connects and declares exchanges, queues, streams and bindings.
    pub(crate) async fn connect(amqp_url: &str, names: &Names) -> Result<Self> {
        let bus = Self {
            amqp_url: amqp_url.to_owned(),
            names: names.clone(),
            link: Mutex::new(None),
        };
        let channel = bus.channel().await?;
        rabbit_topology::declare(&channel, names).await?;
        Ok(bus)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// A channel of its own for the caller; reconnects when the connection is gone.
    pub(crate) async fn channel(&self) -> Result<Channel> {
        let mut link = self.link.lock().await;
        let link = self.linked(&mut link).await?;
        let channel = answered(link.connection.create_channel()).await;
        channel.map_err(Error::rabbit("open a channel"))
    }

    /// Publishes in this order, each with the broker's confirm.
    pub(crate) async fn publish(&self, letters: &[Letter]) -> Result<Vec<Result<()>>> {
        let channel = {
            let mut link = self.link.lock().await;
            self.linked(&mut link).await?.publishing.clone()
        };
        let exchange = ShortString::from(self.names.destination());
        let mut sent = Vec::with_capacity(letters.len());
        for chunk in letters.chunks(UNCONFIRMED) {
            let mut confirms = Vec::with_capacity(chunk.len());
            for letter in chunk {
                confirms.push(publish_one(&channel, &exchange, letter).await);
            }
            let confirmed = confirms.into_iter().map(|confirm| async {
                match confirm?.await.map_err(publishing_failed)? {
                    Confirmation::Ack(_) => Ok(()),
                    Confirmation::Nack(_) | Confirmation::NotRequested => Err(Error::NotTaken),
                }
            });
            sent.extend(join_all(confirmed).await);
        }
        Ok(sent)
    }

    /// Has a consumer's empty queue hold so many messages at most.
    pub(crate) async fn limit_queue(&self, consumer: ConsumerName, messages: usize) -> Result<()> {
        let channel = self.channel().await?;
        rabbit_topology::limit(&channel, &self.names, consumer, messages).await
    }

    /// Declares the exchange of another service, with a stream that keeps all that passes there.
    pub(crate) async fn make_elsewhere(&self) -> Result<()> {
        rabbit_topology::declare_elsewhere(&self.channel().await?, &self.names).await
    }

    /// Deletes it, if it was made.
    pub(crate) async fn remove_elsewhere(&self) -> Result<()> {
        rabbit_topology::delete_elsewhere(&self.channel().await?, &self.names).await
    }

    /// Deletes the stream that keeps the exchange's history, and declares it anew.
    pub(crate) async fn make_anew(&self) -> Result<()> {
        rabbit_topology::renew_audit(&self.channel().await?, &self.names).await
    }

    /// Deletes what [`RabbitBus::connect`] declared.
    pub(crate) async fn remove(&self) -> Result<()> {
        let channel = self.channel().await?;
        rabbit_topology::delete(&channel, &self.names).await
    }

    async fn linked<'a>(&self, link: &'a mut Option<Link>) -> Result<&'a Link> {
        let alive = link.as_ref().is_some_and(|it| {
            it.connection.status().connected() && it.publishing.status().connected()
        });
        if !alive {
            *link = Some(self.new_link().await?);
        }
        Ok(link.as_ref().expect("it was just put there"))
    }

    async fn new_link(&self) -> Result<Link> {
        let properties =
            ConnectionProperties::default().with_connection_name("product-service".into());
        let connection = answered(Connection::connect(&self.amqp_url, properties))
            .await
            .map_err(Error::rabbit("connect"))?;
        let publishing = answered(connection.create_channel())
            .await
            .map_err(Error::rabbit("open a channel"))?;
        answered(publishing.confirm_select(ConfirmSelectOptions::default()))
            .await
            .map_err(Error::rabbit("ask for confirms"))?;
        Ok(Link {
            connection,
            publishing,
        })
    }
}

/// An answer within [`ANSWER_LIMIT`], else a time-out as the client library would report it.
pub(crate) async fn answered<T>(
    asking: impl Future<Output = lapin::Result<T>>,
) -> lapin::Result<T> {
    match tokio::time::timeout(ANSWER_LIMIT, asking).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed).into()),
    }
}

async fn publish_one(
    channel: &Channel,
    exchange: &ShortString,
    letter: &Letter,
) -> Result<lapin::PublisherConfirm> {
    channel
        .basic_publish(
            exchange.clone(),
            letter.kind.as_str().into(),
            BasicPublishOptions::default(),
            letter.payload.as_bytes(),
            properties(letter),
        )
        .await
        .map_err(publishing_failed)
}

/// Its time is in whole seconds: AMQP has no finer one.
fn properties(letter: &Letter) -> BasicProperties {
    let mut headers = FieldTable::default();
    let text = |value: &str| AMQPValue::LongString(LongString::from(value));
    headers.insert("version".into(), AMQPValue::LongLongInt(letter.version));
    headers.insert("aggregateType".into(), text(AGGREGATE_TYPE));
    headers.insert("aggregateId".into(), text(&letter.aggregate));
    let mut properties = BasicProperties::default()
        .with_message_id(letter.spelled_id().into())
        .with_type(letter.kind.as_str().into())
        .with_timestamp(u64::try_from(letter.at.0 / 1_000_000).unwrap_or(0))
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_app_id("product-service".into());
    for (name, value) in &letter.headers {
        if name == "correlation-id" {
            properties = properties.with_correlation_id(value.as_str().into());
        } else {
            headers.insert(name.as_str().into(), text(value));
        }
    }
    if letter.expires {
        properties = properties.with_expiration("1".into());
    }
    properties.with_headers(headers)
}

fn publishing_failed(source: lapin::Error) -> Error {
    Error::rabbit("publish a message")(source)
}
