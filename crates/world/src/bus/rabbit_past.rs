//! RabbitMQ: consumers take what a past put into their queues.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;

use super::RabbitBus;
use super::rabbit_refusal::refuse;
use super::rabbit_topology::ready;
use crate::history::CHOKED_BECAUSE;
use crate::{ConsumerName, Error, Result};

/// Deliveries under way, and how many are acknowledged at once.
const PREFETCH: u16 = 500;

/// How long the next delivery, or dead-lettering, may take.
const STALLED: Duration = Duration::from_secs(20);

/// Between two looks at a queue that fills.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl RabbitBus {
    /// A consumer takes `n` messages from its queue, puts the poisoned with its dead letters.
    pub(crate) async fn pass(
        &self,
        consumer: ConsumerName,
        n: usize,
        poisoned: &BTreeSet<String>,
    ) -> Result<()> {
        let channel = self.channel().await?;
        let queue = self.names().reader(consumer);
        let failed = || Error::rabbit(format!("consume from '{queue}'"));
        // Dead letters are published on the same channel.
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(failed())?;
        channel
            .basic_qos(PREFETCH, BasicQosOptions::default())
            .await
            .map_err(failed())?;
        let options = BasicConsumeOptions::default();
        let mut deliveries = channel
            .basic_consume(
                queue.as_str().into(),
                "".into(),
                options,
                FieldTable::default(),
            )
            .await
            .map_err(failed())?;
        for nth in 1..=n {
            let next = tokio::time::timeout(STALLED, deliveries.next()).await;
            let Ok(Some(delivery)) = next else {
                return Err(Error::Config(format!(
                    "queue '{queue}' should have held {n} messages, and gave {}",
                    nth - 1
                )));
            };
            let delivery = delivery.map_err(failed())?;
            if is_poisoned(&delivery, poisoned) {
                let refused =
                    refuse(&channel, self.names(), consumer, &delivery, CHOKED_BECAUSE).await;
                refused.map_err(failed())?;
            }
            if nth == n || nth % (usize::from(PREFETCH) / 2) == 0 {
                let options = BasicAckOptions { multiple: true };
                delivery.acker.ack(options).await.map_err(failed())?;
            }
        }
        close(&channel).await.map_err(failed())
    }

    /// Waits until the consumer's dead-letter queue holds that many.
    pub(crate) async fn dead_lettered(&self, consumer: ConsumerName, n: u32) -> Result<()> {
        let channel = self.channel().await?;
        let queue = self.names().dead_letter_queue(consumer);
        let until = Instant::now() + STALLED;
        loop {
            let found = ready(&channel, &queue).await?;
            if found >= n {
                return close(&channel)
                    .await
                    .map_err(Error::rabbit("close a channel"));
            }
            if Instant::now() > until {
                return Err(Error::Config(format!(
                    "queue '{queue}' should hold {n} messages, and holds {found}"
                )));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

fn is_poisoned(delivery: &Delivery, poisoned: &BTreeSet<String>) -> bool {
    let id = delivery.properties.message_id().as_ref();
    id.is_some_and(|id| poisoned.contains(id.as_str()))
}

async fn close(channel: &Channel) -> std::result::Result<(), lapin::Error> {
    channel.close(200, "done".into()).await
}
