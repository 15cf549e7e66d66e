//! A consumer on RabbitMQ.

use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Consumer};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::reader::{Outcome, Reader};
use crate::bus::{RabbitBus, answered, ready, refuse};
use crate::error::chain;
use crate::event::{RESEND_HEADER, Received};
use crate::name::Names;
use crate::world::Inner;
use crate::{ConsumerName, Error, Result};

/// Deliveries under way.
const PREFETCH: u16 = 50;

/// How long it waits before it connects anew.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Asks whether the queue was empty and nothing was in hand.
#[derive(Debug)]
pub(super) struct Probe(pub(super) oneshot::Sender<bool>);

/// Runs until stopped, whatever happens to the broker.
pub(super) async fn run(
    world: Arc<Inner>,
    bus: Arc<RabbitBus>,
    consumer: ConsumerName,
    mut probes: mpsc::Receiver<Probe>,
    stop: CancellationToken,
) {
    let reader = Reader {
        world,
        consumer,
        stop: stop.clone(),
    };
    loop {
        match read(&reader, &bus, &mut probes).await {
            Ok(()) => return,
            Err(error) => {
                let consumer = consumer.as_str();
                tracing::warn!(consumer, error = %chain(&error), "A consumer lost its broker");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AFTER_FAILURE) => {}
        }
    }
}

/// Reads until stopped or until something fails.
async fn read(reader: &Reader, bus: &RabbitBus, probes: &mut mpsc::Receiver<Probe>) -> Result<()> {
    let queue = bus.names().reader(reader.consumer);
    let failed = || Error::rabbit(format!("consume from '{queue}'"));
    let channel = bus.channel().await?;
    let mut deliveries = answered(consume(&channel, &queue))
        .await
        .map_err(failed())?;
    loop {
        let delivery = tokio::select! {
            () = reader.stop.cancelled() => break,
            Some(Probe(answer)) = probes.recv() => {
                let idle = is_idle(reader, bus.names(), &channel, &mut deliveries).await?;
                // Whoever asked may have given up waiting.
                answer.send(idle).ok();
                continue;
            }
            delivery = deliveries.next() => delivery,
        };
        let Some(delivery) = delivery else {
            return Err(failed()(
                lapin::ErrorKind::InvalidChannel(channel.id()).into(),
            ));
        };
        let delivery = delivery.map_err(failed())?;
        if !handle(reader, bus.names(), &channel, &delivery)
            .await
            .map_err(failed())?
        {
            break;
        }
    }
    // Closing gives back what was delivered and not acknowledged; there is nothing else to save.
    channel.close(200, "done".into()).await.ok();
    Ok(())
}

async fn consume(channel: &Channel, queue: &str) -> std::result::Result<Consumer, lapin::Error> {
    // Dead letters are published on the same channel.
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    channel
        .basic_qos(PREFETCH, BasicQosOptions::default())
        .await?;
    channel
        .basic_consume(
            queue.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
}

/// The channel is ordered: what the broker delivered before it answered has arrived.
async fn is_idle(
    reader: &Reader,
    names: &Names,
    channel: &Channel,
    deliveries: &mut Consumer,
) -> Result<bool> {
    let waiting = ready(channel, &names.reader(reader.consumer)).await?;
    let mut handled = 0;
    while let Some(Some(delivery)) = deliveries.next().now_or_never() {
        let delivery = delivery.map_err(Error::rabbit("consume"))?;
        handle(reader, names, channel, &delivery)
            .await
            .map_err(Error::rabbit("acknowledge"))?;
        handled += 1;
    }
    Ok(waiting == 0 && handled == 0)
}

/// `false` when we were stopped before the message was done.
async fn handle(
    reader: &Reader,
    names: &Names,
    channel: &Channel,
    delivery: &Delivery,
) -> std::result::Result<bool, lapin::Error> {
    match reader.handle(&received(delivery)).await {
        Outcome::MoveOn => {
            delivery.acker.ack(BasicAckOptions::default()).await?;
        }
        Outcome::Refuse(why) => {
            let consumer = reader.consumer.as_str();
            tracing::debug!(consumer, why, "A message was refused");
            refuse(channel, names, reader.consumer, delivery, why).await?;
            delivery.acker.ack(BasicAckOptions::default()).await?;
        }
        Outcome::Stopped => return Ok(false),
    }
    Ok(true)
}

fn received(delivery: &Delivery) -> Received {
    let properties = &delivery.properties;
    let id = properties.message_id().as_ref().map(|id| id.as_str());
    let resend = properties.headers().as_ref().and_then(|headers| {
        match headers.inner().get(RESEND_HEADER)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            AMQPValue::ShortString(text) => Some(text.to_string()),
            _ => Some(String::new()),
        }
    });
    let alone = delivery.exchange.as_str().is_empty();
    Received::new(id, &delivery.data, resend, alone)
}
