//! Where a message would go, and who would get it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use waybill_model::{Route, RouteCheck};
use waybill_source::{Error, Result};

use crate::connect::{ASK_LIMIT, Asker};
use crate::error::no_topic;
use crate::inspect::{TopicConfig, is_topic_name, partitions, topic_config};
use crate::progress::committed;
use crate::span::Cleanup;

/// A plan checks many routes to one topic within moments.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// Each group costs a question, one after the other.
const MAX_GROUPS: usize = 100;

/// What a record needs besides body, key and headers, in bytes; rather more than less.
const OVERHEAD: u64 = 512;

/// Remembers the topic asked for last.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    last: Mutex<Option<Topic>>,
}

/// What is known of a topic.
#[derive(Debug, Clone)]
struct Topic {
    name: String,
    asked: Instant,
    partitions: Vec<i32>,
    config: TopicConfig,
    readers: Readers,
}

/// The groups that read a topic.
#[derive(Debug, Clone, Default)]
struct Readers {
    groups: Vec<String>,
    notes: Vec<String>,
}

impl Reach {
    /// Whether the route leads somewhere, and to whom. Blocks.
    pub(crate) fn check(
        &self,
        asker: &Asker,
        route: &Route,
        payload_len: u64,
    ) -> Result<RouteCheck> {
        let name = route.destination.as_str();
        let topic = match self.topic(asker, name) {
            Ok(topic) => topic,
            Err(error @ Error::NotFound { .. }) => {
                return Ok(RouteCheck {
                    reachable: false,
                    reaches: Vec::new(),
                    notes: vec![error.to_string()],
                });
            }
            Err(error) => return Err(error),
        };
        let obstacles = obstacles(&topic, route, payload_len);
        let reachable = obstacles.is_empty();
        let mut notes = obstacles;
        if topic.config.cleanup == Cleanup::Compacts {
            notes.push(format!(
                "topic {name} is compacted: what is sent becomes the latest state of its key"
            ));
        }
        notes.extend(topic.readers.notes);
        Ok(RouteCheck {
            reachable,
            reaches: topic.readers.groups,
            notes,
        })
    }

    fn topic(&self, asker: &Asker, name: &str) -> Result<Topic> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(topic) = &*last
            && topic.name == name
            && topic.asked.elapsed() < KEPT_FOR
        {
            return Ok(topic.clone());
        }
        let partitions = existing(asker, name)?;
        let topic = Topic {
            name: name.to_owned(),
            asked: Instant::now(),
            config: topic_config(asker, name),
            readers: readers(asker, name, &partitions)?,
            partitions,
        };
        *last = Some(topic.clone());
        Ok(topic)
    }
}

/// Why the message would not be taken; empty when it would.
fn obstacles(topic: &Topic, route: &Route, payload_len: u64) -> Vec<String> {
    let mut obstacles = Vec::new();
    if let Some(partition) = route.partition
        && !topic
            .partitions
            .iter()
            .any(|id| u32::try_from(*id) == Ok(partition))
    {
        obstacles.push(format!(
            "topic {} has no partition {partition}, only 0 to {}",
            topic.name,
            topic.partitions.len() - 1
        ));
    }
    let key_len = route.key.as_ref().map_or(0, Vec::len) as u64;
    if let Some(max) = topic.config.max_message_bytes
        && payload_len + key_len + OVERHEAD > max
    {
        obstacles.push(format!(
            "the message has {payload_len} bytes and topic {} takes {max} at most",
            topic.name
        ));
    }
    obstacles
}

fn existing(asker: &Asker, topic: &str) -> Result<Vec<i32>> {
    if !is_topic_name(topic) {
        return Err(no_topic(topic, std::iter::empty(), &asker.settings));
    }
    partitions(asker, topic)
}

/// Groups that have committed in the topic, or have members reading it now.
fn readers(asker: &Asker, topic: &str, ids: &[i32]) -> Result<Readers> {
    let listed = asker.ask("list", "groups", "", |client| {
        client.fetch_group_list(None, ASK_LIMIT)
    });
    let listed = match listed {
        Ok(listed) => listed,
        Err(error) => {
            tracing::debug!(error = error.chain(), "groups cannot be listed");
            return Ok(Readers {
                groups: Vec::new(),
                notes: vec!["the broker does not tell which groups read this topic".to_owned()],
            });
        }
    };
    let mut reading = BTreeSet::new();
    let mut notes = Vec::new();
    if listed.groups().len() > MAX_GROUPS {
        notes.push(format!(
            "only {MAX_GROUPS} of {} groups were asked whether they read this topic",
            listed.groups().len()
        ));
    }
    for group in listed.groups().iter().take(MAX_GROUPS) {
        let is_member = group
            .members()
            .iter()
            .filter_map(|member| member.assignment())
            .any(|assignment| assigned_topics(assignment).contains(&topic));
        // A group we may not ask about is not a reason to know nothing about the others.
        let has_committed = || {
            committed(asker, group.name(), topic, ids)
                .is_ok_and(|offsets| offsets.iter().any(|(_, offset)| offset.is_some()))
        };
        if is_member || has_committed() {
            reading.insert(group.name().to_owned());
        }
    }
    Ok(Readers {
        groups: reading.into_iter().collect(),
        notes,
    })
}

/// The topics in a member's assignment: version, then an array of topic and partitions, all
/// big-endian. Whatever does not fit ends the list.
fn assigned_topics(bytes: &[u8]) -> Vec<&str> {
    let mut topics = Vec::new();
    let Some((head, mut rest)) = bytes.split_first_chunk::<6>() else {
        return topics;
    };
    let n = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
    for _ in 0..n {
        let Some((topic, tail)) = assigned_topic(rest) else {
            break;
        };
        topics.push(topic);
        rest = tail;
    }
    topics
}

fn assigned_topic(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (len, tail) = bytes.split_first_chunk::<2>()?;
    let (name, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    let (n, tail) = tail.split_first_chunk::<4>()?;
    let partitions = usize::try_from(u32::from_be_bytes(*n))
        .ok()?
        .checked_mul(4)?;
    let (_, tail) = tail.split_at_checked(partitions)?;
    Some((std::str::from_utf8(name).ok()?, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_of_an_assignment_are_read_and_rubbish_is_not() {
        let mut bytes = vec![0, 1, 0, 0, 0, 2];
        for (topic, partitions) in [("orders", 2_u32), ("mails", 1)] {
            bytes.extend((u16::try_from(topic.len()).expect("it is short")).to_be_bytes());
            bytes.extend(topic.as_bytes());
            bytes.extend(partitions.to_be_bytes());
            bytes.extend(vec![0; partitions as usize * 4]);
        }
        assert_eq!(assigned_topics(&bytes), ["orders", "mails"]);
        assert_eq!(assigned_topics(&bytes[..20]), ["orders"; 0]);
        assert_eq!(assigned_topics(&[0, 1, 255, 255, 255, 255, 255]), [""; 0]);
        assert_eq!(assigned_topics(&[]), [""; 0]);
    }
}
