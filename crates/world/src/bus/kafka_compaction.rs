//! Compaction: the topic keeps the newest record of each key.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::admin::{AlterConfig, ResourceSpecifier};
use rdkafka::error::KafkaError;

use super::kafka::{PARTITIONS, admin_options};
use super::{KafkaBus, Offsets, Placed};
use crate::{Error, Result};

/// How long the broker may take before it cleans a log: it looks every quarter of a minute.
const CLEANED_WITHIN: Duration = Duration::from_secs(60);

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl KafkaBus {
    /// From now on the topic is compacted, as soon and as often as the broker can.
    pub(crate) async fn compact(&self) -> Result<()> {
        let topic = self.names.destination();
        let settings = [
            ("cleanup.policy", "compact"),
            ("retention.ms", "-1"),
            // Only closed segments are cleaned; records of a past close them by their times.
            ("segment.ms", "60000"),
            ("min.cleanable.dirty.ratio", "0.01"),
            ("min.compaction.lag.ms", "0"),
            ("max.compaction.lag.ms", "1000"),
        ];
        let specifier = ResourceSpecifier::Topic(&topic);
        let entries = settings.into_iter().collect();
        let altering = [AlterConfig { specifier, entries }];
        let answers = self
            .admin()?
            .alter_configs(&altering, &admin_options())
            .await
            .map_err(Error::kafka("have the topic compacted"))?;
        for answer in answers {
            if let Err((_, code)) = answer {
                let source = KafkaError::AdminOp(code);
                return Err(Error::kafka("have the topic compacted")(source));
            }
        }
        Ok(())
    }

    /// Waits until fewer than `all` records are left and no more go; where those lie.
    pub(crate) async fn wait_until_compacted(&self, all: usize) -> Result<BTreeSet<Placed>> {
        let topic = self.names.destination();
        let until = Instant::now() + CLEANED_WITHIN;
        let mut before = all;
        loop {
            let records = self.records(&topic, PARTITIONS, Offsets::new()).await?;
            let left = records.len();
            if (left < all && left == before) || Instant::now() > until {
                let places = records.into_iter().map(|(offset, record)| Placed {
                    partition: record.partition.unwrap_or_default(),
                    offset,
                });
                return Ok(places.collect());
            }
            before = left;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
