//! RabbitMQ's exchanges, queues, streams and bindings of the company.

use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{Channel, ExchangeKind};

use crate::event::ChangeKind;
use crate::name::Names;
use crate::{ConsumerName, Error, Result};

/// How long the streams keep messages.
const STREAM_AGE: &str = "7D";

/// Declares everything. Queues are bound with the event types, never with `#`; consumers publish
/// their dead letters themselves (see `rabbit_refusal`).
pub(super) async fn declare(channel: &Channel, names: &Names) -> Result<()> {
    exchange(channel, &names.destination(), ExchangeKind::Topic).await?;
    exchange(channel, &names.dead_letter_exchange(), ExchangeKind::Direct).await?;
    stream(channel, &names.audit_stream()).await?;
    bind_types(channel, &names.audit_stream(), names).await?;
    for consumer in ConsumerName::ALL {
        let (queue, dead) = (names.reader(consumer), names.dead_letter_queue(consumer));
        let audit = names.dead_letter_stream(consumer);
        self::queue(channel, &dead, FieldTable::default()).await?;
        stream(channel, &audit).await?;
        for bound in [&dead, &audit] {
            bind(channel, bound, &names.dead_letter_exchange(), &queue).await?;
        }
        self::queue(channel, &queue, FieldTable::default()).await?;
        bind_types(channel, &queue, names).await?;
    }
    Ok(())
}

/// Deletes everything.
pub(super) async fn delete(channel: &Channel, names: &Names) -> Result<()> {
    let mut queues = vec![names.audit_stream()];
    for consumer in ConsumerName::ALL {
        queues.push(names.reader(consumer));
        queues.push(names.dead_letter_queue(consumer));
        queues.push(names.dead_letter_stream(consumer));
    }
    let exchanges = [names.destination(), names.dead_letter_exchange()];
    remove(channel, &queues, &exchanges).await
}

/// Declares the exchange of another service.
pub(super) async fn declare_elsewhere(channel: &Channel, names: &Names) -> Result<()> {
    let (elsewhere, audit) = (names.elsewhere(), names.elsewhere_audit());
    exchange(channel, &elsewhere, ExchangeKind::Topic).await?;
    stream(channel, &audit).await?;
    bind(channel, &audit, &elsewhere, "#").await
}

/// Deletes it; what is not there counts as deleted.
pub(super) async fn delete_elsewhere(channel: &Channel, names: &Names) -> Result<()> {
    let queues = [names.elsewhere_audit()];
    remove(channel, &queues, &[names.elsewhere()]).await
}

/// The stream that keeps the exchange's history, as empty as at first.
pub(super) async fn renew_audit(channel: &Channel, names: &Names) -> Result<()> {
    remove(channel, &[names.audit_stream()], &[]).await?;
    stream(channel, &names.audit_stream()).await?;
    bind_types(channel, &names.audit_stream(), names).await
}

async fn remove(channel: &Channel, queues: &[String], exchanges: &[String]) -> Result<()> {
    for queue in queues {
        channel
            .queue_delete(queue.as_str().into(), QueueDeleteOptions::default())
            .await
            .map_err(Error::rabbit(format!("delete queue '{queue}'")))?;
    }
    for exchange in exchanges {
        channel
            .exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default())
            .await
            .map_err(Error::rabbit(format!("delete exchange '{exchange}'")))?;
    }
    Ok(())
}

/// Makes a consumer's queue anew, so that it holds `messages` at most and drops the oldest.
pub(super) async fn limit(
    channel: &Channel,
    names: &Names,
    consumer: ConsumerName,
    messages: usize,
) -> Result<()> {
    let name = names.reader(consumer);
    channel
        .queue_delete(name.as_str().into(), QueueDeleteOptions::default())
        .await
        .map_err(Error::rabbit(format!("delete queue '{name}'")))?;
    let mut arguments = FieldTable::default();
    let messages = i64::try_from(messages).unwrap_or(i64::MAX);
    arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(messages));
    queue(channel, &name, arguments).await?;
    bind_types(channel, &name, names).await
}

/// A queue's messages that wait for a consumer.
pub(crate) async fn ready(channel: &Channel, queue: &str) -> Result<u32> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let queue_now = channel
        .queue_declare(queue.into(), options, FieldTable::default())
        .await
        .map_err(Error::rabbit(format!("ask for queue '{queue}'")))?;
    Ok(queue_now.message_count())
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> Result<()> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(name.into(), kind, options, FieldTable::default())
        .await
        .map_err(Error::rabbit(format!("declare exchange '{name}'")))
}

async fn queue(channel: &Channel, name: &str, arguments: FieldTable) -> Result<()> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(name.into(), options, arguments)
        .await
        .map_err(Error::rabbit(format!("declare queue '{name}'")))?;
    Ok(())
}

async fn stream(channel: &Channel, name: &str) -> Result<()> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("stream"));
    arguments.insert("x-max-age".into(), text(STREAM_AGE));
    queue(channel, name, arguments).await
}

async fn bind_types(channel: &Channel, queue: &str, names: &Names) -> Result<()> {
    for kind in ChangeKind::BOUND {
        bind(channel, queue, &names.destination(), kind.wire_name()).await?;
    }
    Ok(())
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<()> {
    channel
        .queue_bind(
            queue.into(),
            exchange.into(),
            key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(Error::rabbit(format!("bind '{queue}' to '{exchange}'")))
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value))
}
