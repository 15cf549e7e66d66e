//! Consumer groups: where they stand, and moving them without joining.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::KafkaBus;
use super::kafka::{PARTITIONS, REQUEST_TIMEOUT, admin_options};
use crate::{ConsumerName, Error, Result};

/// One past the last offset that matters, by partition.
pub(crate) type Offsets = BTreeMap<i32, i64>;

impl KafkaBus {
    /// Where a consumer's group stands; partitions without a commit are left out.
    pub(crate) async fn committed(&self, consumer: ConsumerName) -> Result<Offsets> {
        let group = self.names.reader(consumer);
        let (member, topic) = (self.member(&group)?, self.names.destination());
        blocking(move || {
            let committed = member
                .committed_offsets(partitions(&topic), REQUEST_TIMEOUT)
                .map_err(Error::kafka(format!("ask where group '{group}' stands")))?;
            let elements = committed.elements();
            Ok(elements
                .iter()
                .filter_map(|it| match it.offset() {
                    Offset::Offset(offset) => Some((it.partition(), offset)),
                    _ => None,
                })
                .collect())
        })
        .await
    }

    /// Moves a consumer's group there, as the consumer itself would.
    pub(crate) async fn commit(&self, consumer: ConsumerName, to: Offsets) -> Result<()> {
        let group = self.names.reader(consumer);
        let (member, topic) = (self.member(&group)?, self.names.destination());
        blocking(move || {
            let mut list = TopicPartitionList::new();
            for (partition, offset) in to {
                list.add_partition_offset(&topic, partition, Offset::Offset(offset))
                    .map_err(Error::kafka("list offsets"))?;
            }
            if list.count() == 0 {
                return Ok(());
            }
            member
                .commit(&list, CommitMode::Sync)
                .map_err(Error::kafka(format!("commit for group '{group}'")))
        })
        .await
    }

    /// First and one-past-last offset of each partition of a topic.
    pub(crate) async fn ends(
        &self,
        topic: &str,
        partitions: i32,
    ) -> Result<BTreeMap<i32, (i64, i64)>> {
        let (asker, topic) = (self.member("product-world")?, topic.to_owned());
        blocking(move || {
            (0..partitions)
                .map(|partition| {
                    let marks = asker.fetch_watermarks(&topic, partition, REQUEST_TIMEOUT);
                    let marks = marks.map_err(Error::kafka(format!(
                        "ask for the ends of {topic}-{partition}"
                    )))?;
                    Ok((partition, marks))
                })
                .collect()
        })
        .await
    }

    fn member(&self, group: &str) -> Result<Arc<BaseConsumer>> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(member) = members.get(group) {
            return Ok(Arc::clone(member));
        }
        let member = Arc::new(member(self.bootstrap(), group)?);
        members.insert(group.to_owned(), Arc::clone(&member));
        Ok(member)
    }

    /// Deletes what lies before these offsets of the product topic.
    pub(crate) async fn delete_before(&self, offsets: &Offsets) -> Result<()> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in offsets {
            list.add_partition_offset(
                &self.names.destination(),
                *partition,
                Offset::Offset(*offset),
            )
            .map_err(Error::kafka("list offsets"))?;
        }
        self.admin()?
            .delete_records(&list, &admin_options())
            .await
            .map_err(Error::kafka("delete old records"))?;
        Ok(())
    }
}

/// A client of a group that never joins it.
pub(super) fn member(bootstrap: &str, group: &str) -> Result<BaseConsumer> {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        // The mock answers an empty fetch only after this long.
        .set("fetch.wait.max.ms", "50")
        .create()
        .map_err(Error::kafka(format!("set up a client of group '{group}'")))
}

pub(super) fn partitions(topic: &str) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    list.add_partition_range(topic, 0, PARTITIONS - 1);
    list
}

/// Librdkafka's questions block.
pub(crate) async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(ask).await {
        Ok(answer) => answer,
        Err(died) => Err(Error::Worker(died)),
    }
}
