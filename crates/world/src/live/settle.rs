//! Waiting until nothing is left to do.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::LiveHandle;
use super::rabbit_reader::Probe;
use crate::bus::{Bus, KafkaBus, PARTITIONS};
use crate::history::MAX_ATTEMPTS;
use crate::{ConsumerName, Error, Result};

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// RabbitMQ answers a question before it has delivered what it counted as delivered; whatever was
/// on its way has arrived when the second answer comes.
const QUIET_LOOKS: u32 = 2;

impl LiveHandle {
    /// Waits until the relay has nothing to send (unless it is dead) and every consumer has
    /// processed all there is and said so to the broker. The service should be paused.
    pub async fn settle(&self, at_most: Duration) -> Result<()> {
        let started = Instant::now();
        let mut quiet = 0;
        loop {
            let left = self.left_to_do().await?;
            quiet = if left.is_none() { quiet + 1 } else { 0 };
            if quiet >= QUIET_LOOKS {
                return Ok(());
            }
            if started.elapsed() > at_most {
                return Err(Error::NotSettled {
                    waited: at_most,
                    left: left.unwrap_or_else(|| "one more look".to_owned()),
                });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Who still has something to do.
    async fn left_to_do(&self) -> Result<Option<String>> {
        if self.relay && !self.world.switches.relay_is_dead() {
            let unsent = self.world.store.unsent(MAX_ATTEMPTS, 1).await?;
            if !unsent.is_empty() {
                return Ok(Some("the relay has rows to send".to_owned()));
            }
        }
        match &self.world.bus {
            Bus::Kafka(bus) => left_on_kafka(bus).await,
            Bus::Rabbit(_) => Ok(self.left_on_rabbit().await),
        }
    }

    async fn left_on_rabbit(&self) -> Option<String> {
        for (consumer, probe) in &self.probes {
            let (answer, idle) = oneshot::channel();
            let asked = probe.send(Probe(answer)).await.is_ok();
            if !asked || !idle.await.unwrap_or(false) {
                return Some(format!("{consumer} is busy"));
            }
        }
        None
    }
}

async fn left_on_kafka(bus: &KafkaBus) -> Result<Option<String>> {
    let ends = bus.ends(&bus.names().destination(), PARTITIONS).await?;
    for consumer in ConsumerName::ALL {
        let committed = bus.committed(consumer).await?;
        for (partition, (_, end)) in &ends {
            let at = committed.get(partition).copied().unwrap_or(0);
            if at < *end {
                return Ok(Some(format!(
                    "{consumer} is at {at} of {end} in partition {partition}"
                )));
            }
        }
    }
    Ok(None)
}
