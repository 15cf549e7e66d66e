//! RabbitMQ: what a consumer does with a message it cannot process.

use lapin::message::Delivery;
use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{Channel, ErrorKind};

use crate::ConsumerName;
use crate::name::Names;

/// Publishes a message to the consumer's dead letters and waits until the broker has it (the
/// channel is in confirm mode); the caller then acknowledges it on the same
/// channel, so that a crash in between leaves it twice rather than nowhere.
///
/// Many services do this themselves rather than reject. Here there is no choice: brokers before
/// 3.12 throw away what they dead-letter into a stream.
pub(crate) async fn refuse(
    channel: &Channel,
    names: &Names,
    consumer: ConsumerName,
    delivery: &Delivery,
    why: &str,
) -> Result<(), lapin::Error> {
    let mut headers = delivery.properties.headers().clone().unwrap_or_default();
    note(
        &mut headers,
        "x-original-exchange",
        delivery.exchange.as_str(),
    );
    note(
        &mut headers,
        "x-original-routing-key",
        delivery.routing_key.as_str(),
    );
    note(&mut headers, "x-exception-message", why);
    let exchange = names.dead_letter_exchange();
    let key = names.reader(consumer);
    let confirm = channel
        .basic_publish(
            exchange.as_str().into(),
            key.as_str().into(),
            BasicPublishOptions::default(),
            &delivery.data,
            delivery.properties.clone().with_headers(headers),
        )
        .await?;
    if confirm.await?.is_nack() {
        return Err(ErrorKind::InvalidChannel(channel.id()).into());
    }
    Ok(())
}

fn note(headers: &mut FieldTable, name: &str, text: &str) {
    headers.insert(
        ShortString::from(name),
        AMQPValue::LongString(LongString::from(text)),
    );
}
