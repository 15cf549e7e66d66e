//! How far consumer groups have come, asked from outside.

use rdkafka::consumer::Consumer as _;
use waybill_source::{ConsumerProgress, ConsumerRef, PartitionProgress, Result};

use crate::connect::{ASK_LIMIT, Asker};
use crate::inspect::{is_topic_name, partitions};
use crate::native;
use crate::offsets::{At, offsets};
use crate::outlet::now;

/// The progress of every consumer that has a group. Blocks.
pub(crate) fn progress(asker: &Asker, consumers: &[ConsumerRef]) -> Result<Vec<ConsumerProgress>> {
    consumers
        .iter()
        .filter_map(|consumer| {
            let group = consumer.group.as_deref()?;
            Some(of_group(asker, consumer, group))
        })
        .collect()
}

fn of_group(asker: &Asker, consumer: &ConsumerRef, group: &str) -> Result<ConsumerProgress> {
    let topic = consumer.destination.as_str();
    if !is_topic_name(topic) {
        return Err(crate::error::no_topic(
            topic,
            std::iter::empty(),
            &asker.settings,
        ));
    }
    let ids = partitions(asker, topic)?;
    let at = now();
    // The ends first: a group that moves on meanwhile must not look ahead of the log's past.
    let ask_ends = || {
        asker.ask("read", "topic", topic, |client| {
            offsets(client, topic, &ids, At::End)
        })
    };
    let mut ends = ask_ends()?;
    let committed = committed(asker, group, topic, &ids)?;
    // A group that has moved on meanwhile may be ahead of those ends, but not of those there are
    // now: an offset beyond these is of another life of the topic.
    let is_ahead = |(id, committed): &(i32, Option<i64>)| *committed > ends.get(id).copied();
    if committed.iter().any(is_ahead) {
        ends = ask_ends()?;
    }
    let partitions = committed
        .into_iter()
        .filter_map(|(id, committed)| {
            Some(PartitionProgress {
                partition: u32::try_from(id).ok()?,
                committed,
                end: ends.get(&id).copied()?,
            })
        })
        .collect();
    Ok(ConsumerProgress {
        consumer: consumer.consumer,
        at,
        partitions,
        queue: None,
        members: members(asker, group),
    })
}

/// A group's committed offset in each partition.
pub(crate) fn committed(
    asker: &Asker,
    group: &str,
    topic: &str,
    ids: &[i32],
) -> Result<Vec<(i32, Option<i64>)>> {
    let admin = asker.admin()?;
    native::committed(admin.inner(), group, topic, ids, ASK_LIMIT)
        .map_err(|error| asker.sorted(&error, "describe", "group", group))
}

/// Members of a group; `None` when the broker does not tell.
fn members(asker: &Asker, group: &str) -> Option<u32> {
    let listed = asker
        .ask("describe", "group", group, |client| {
            client.fetch_group_list(Some(group), ASK_LIMIT)
        })
        .inspect_err(|error| tracing::debug!(group, error = error.chain(), "members unknown"))
        .ok()?;
    let found = listed.groups().iter().find(|found| found.name() == group)?;
    // To this old question the broker also calls groups of the newer protocols dead.
    if found.state() == "Dead" {
        return None;
    }
    u32::try_from(found.members().len()).ok()
}
