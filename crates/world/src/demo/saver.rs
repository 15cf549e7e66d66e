//! Keeps the tape up to date while the demo runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use waybill_model::Micros;

use super::folder::Folder;
use super::tape::{Addition, Tape, Times};
use crate::bus::{Bus, KafkaBus, Offsets, topics};
use crate::clock::now;
use crate::world::Inner;
use crate::{ConsumerName, Result};

/// How often it looks; a process that is killed loses no more than this.
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// Everything that is needed to save.
#[derive(Debug)]
pub(super) struct Saver {
    pub(super) world: Arc<Inner>,
    pub(super) folder: Folder,
    pub(super) tape: Tape,
    pub(super) done: Mutex<Done>,
}

/// What is on the tape.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) began: Micros,
    pub(super) ends: Vec<Offsets>,
    pub(super) groups: Vec<(ConsumerName, Offsets)>,
    pub(super) revision: u64,
}

impl Saver {
    /// Saves what changed since the last time. One at a time.
    pub(super) async fn save(&self) -> Result<()> {
        let Bus::Kafka(bus) = &self.world.bus else {
            return Ok(());
        };
        let mut done = self.done.lock().await;
        // In this order: what a group has passed was processed before `saved`, and is then kept
        // when everything later is taken back.
        let groups = groups(bus).await?;
        let saved = now();
        let (ledger, revision) = {
            let ledger = self.world.ledger();
            let changed = ledger.revision() != done.revision;
            (changed.then(|| ledger.clone()), ledger.revision())
        };
        let mut records = Vec::new();
        let mut ends = Vec::new();
        for ((topic, partitions), from) in topics(bus.names()).into_iter().zip(&done.ends) {
            let new = bus.records(&topic, partitions, from.clone()).await?;
            let mut end = from.clone();
            for (offset, record) in &new {
                let partition = record.partition.unwrap_or(0);
                end.insert(partition, offset + 1);
            }
            ends.push(end);
            records.extend(new);
        }
        if records.is_empty() && ledger.is_none() && groups == done.groups {
            return Ok(());
        }
        let addition = Addition {
            records,
            groups: groups.clone(),
        };
        let times = Times {
            began: done.began,
            saved,
        };
        self.tape.add(&addition, times).await?;
        if let Some(ledger) = ledger {
            ledger.save(&self.folder.ledger())?;
        }
        *done = Done {
            began: done.began,
            ends,
            groups,
            revision,
        };
        Ok(())
    }

    /// Saves every two seconds, and once more when it is stopped.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut looks = tokio::time::interval(LOOKS_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let stopped = tokio::select! {
                () = stop.cancelled() => true,
                _ = looks.tick() => false,
            };
            if let Err(error) = self.save().await {
                tracing::warn!(error = %crate::error::chain(&error), "The demo was not saved");
            }
            if stopped {
                return;
            }
        }
    }
}

async fn groups(bus: &KafkaBus) -> Result<Vec<(ConsumerName, Offsets)>> {
    let mut groups = Vec::new();
    for consumer in ConsumerName::ALL {
        groups.push((consumer, bus.committed(consumer).await?));
    }
    Ok(groups)
}
