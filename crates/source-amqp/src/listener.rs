//! One consumer on a channel of its own: on a stream from some offset, or on our own tap.
//!
//! Messages come with a limit on how many may be under way, so a slow reader holds a bounded
//! number of them. Acknowledging is what moves the limit; on a stream it removes nothing.

use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, Consumer};

use crate::message::OFFSET_HEADER;

/// How long the broker may take to answer on an open channel.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Where in a stream to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// The oldest message that is kept.
    First,
    /// The last chunk, from its beginning.
    Last,
    /// What comes from now on.
    Next,
    /// This offset, or the first one after it.
    Offset(i64),
    /// The first chunk written at or after this second, or one before it.
    Second(u64),
}

impl Start {
    fn argument(self) -> AMQPValue {
        let text = |text: &str| AMQPValue::LongString(text.into());
        match self {
            Self::First => text("first"),
            Self::Last => text("last"),
            Self::Next => text("next"),
            Self::Offset(offset) => AMQPValue::LongLongInt(offset),
            Self::Second(second) => AMQPValue::Timestamp(second),
        }
    }
}

/// A consumer and its channel. Dropping it closes the channel.
#[derive(Debug)]
pub(crate) struct Listener {
    channel: Channel,
    consumer: Consumer,
    /// How many may be under way.
    prefetch: u16,
    /// Taken and not acknowledged.
    n_taken: u16,
    last_tag: u64,
}

impl Listener {
    /// Attaches to a stream. A queue that is no stream refuses the offset, before any message moves.
    pub(crate) async fn stream(
        connection: &Connection,
        stream: &str,
        start: Start,
        prefetch: u16,
    ) -> lapin::Result<Self> {
        let mut arguments = FieldTable::default();
        arguments.insert(OFFSET_HEADER.into(), start.argument());
        let channel = answered(connection.create_channel()).await?;
        Self::attach(channel, stream, arguments, prefetch).await
    }

    /// Attaches to a queue that is ours alone.
    pub(crate) async fn own_queue(
        channel: Channel,
        queue: &str,
        prefetch: u16,
    ) -> lapin::Result<Self> {
        Self::attach(channel, queue, FieldTable::default(), prefetch).await
    }

    async fn attach(
        channel: Channel,
        queue: &str,
        arguments: FieldTable,
        prefetch: u16,
    ) -> lapin::Result<Self> {
        answered(channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let consuming = channel.basic_consume(
            name(queue)?,
            ShortString::default(),
            BasicConsumeOptions::default(),
            arguments,
        );
        let consumer = answered(consuming).await?;
        Ok(Self {
            channel,
            consumer,
            prefetch,
            n_taken: 0,
            last_tag: 0,
        })
    }

    /// The next message; `None` when none comes within the time.
    pub(crate) async fn next(&mut self, within: Duration) -> lapin::Result<Option<Delivery>> {
        match tokio::time::timeout(within, self.consumer.next()).await {
            Ok(next) => self.taken(next).await.map(Some),
            Err(_elapsed) => Ok(None),
        }
    }

    /// The next message if it has already arrived.
    pub(crate) async fn arrived(&mut self) -> lapin::Result<Option<Delivery>> {
        match self.consumer.next().now_or_never() {
            Some(next) => self.taken(next).await.map(Some),
            None => Ok(None),
        }
    }

    /// A round trip on the channel. What the broker had sent before its answer has arrived after it.
    pub(crate) async fn round_trip(&mut self) -> lapin::Result<()> {
        self.acknowledge().await?;
        // Asks for nothing new: the limit is the one that holds already.
        let asking = self
            .channel
            .basic_qos(self.prefetch, BasicQosOptions::default());
        answered(asking).await
    }

    async fn taken(&mut self, next: Option<lapin::Result<Delivery>>) -> lapin::Result<Delivery> {
        let delivery = match next {
            Some(delivery) => delivery?,
            None => return Err(cancelled()),
        };
        self.last_tag = delivery.delivery_tag;
        self.n_taken += 1;
        // Early enough that the broker never waits for us, seldom enough to cost nothing.
        if self.n_taken >= Ord::max(self.prefetch / 2, 1) {
            // On a broken line this message is still good; the next one will say what is wrong.
            self.acknowledge().await.ok();
        }
        Ok(delivery)
    }

    async fn acknowledge(&mut self) -> lapin::Result<()> {
        if self.n_taken > 0 {
            self.n_taken = 0;
            let all_so_far = BasicAckOptions { multiple: true };
            self.channel.basic_ack(self.last_tag, all_so_far).await?;
        }
        Ok(())
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

/// A name for the protocol, which carries at most 255 bytes.
pub(crate) fn name(text: &str) -> lapin::Result<ShortString> {
    ShortString::try_new(text)
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error).into())
}

/// The broker ended the consumer: its queue was deleted, or moved to another node.
fn cancelled() -> lapin::Error {
    std::io::Error::new(
        std::io::ErrorKind::ConnectionAborted,
        "the broker ended our consumer: the queue was deleted or its node went down",
    )
    .into()
}
