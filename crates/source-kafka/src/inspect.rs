//! What a cluster consists of: topics, partitions, groups, and how a topic is configured.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminOptions, ResourceSpecifier};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::{Metadata, MetadataTopic};
use waybill_source::{Channel, ChannelKind, Result, ServerInfo, Topology};

use crate::connect::{ASK_LIMIT, Asker};
use crate::error::no_topic;
use crate::offsets::{At, offsets};
use crate::span::Cleanup;

/// Configurations are a courtesy; nobody waits long for them.
const CONFIG_LIMIT: Duration = Duration::from_secs(2);

/// Above this many partitions the depth of each topic is not asked for.
const MAX_COUNTED_PARTITIONS: usize = 2000;

/// How librdkafka's built-in cluster for tests calls itself.
const MOCK_PREFIX: &str = "mockCluster";

/// What matters of a topic's configuration; `None` where the broker does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopicConfig {
    pub(crate) cleanup: Cleanup,
    /// The broker writes the times of messages.
    pub(crate) broker_time: bool,
    pub(crate) max_message_bytes: Option<u64>,
}

const UNKNOWN_CONFIG: TopicConfig = TopicConfig {
    cleanup: Cleanup::Unknown,
    broker_time: false,
    max_message_bytes: None,
};

/// Who answers.
pub(crate) fn server(asker: &Asker) -> Result<ServerInfo> {
    let metadata = asker.metadata()?;
    let n_brokers = metadata.brokers().len();
    let brokers = if n_brokers == 1 { "broker" } else { "brokers" };
    let (product, cluster) = match asker.cluster_id() {
        Some(id) if id.starts_with(MOCK_PREFIX) => ("librdkafka mock cluster", None),
        id => ("Apache Kafka", id),
    };
    let cluster = cluster.map_or_else(String::new, |id| format!("cluster {id}, "));
    Ok(ServerInfo {
        product: product.to_owned(),
        // The protocol has no question for the version.
        version: format!("{cluster}{n_brokers} {brokers}"),
        clock_offset_micros: None,
        clock_error_micros: None,
    })
}

/// Topics with their partitions and depths, and the groups the broker lists.
pub(crate) fn topology(asker: &Asker) -> Result<Topology> {
    let metadata = asker.metadata()?;
    let topics: Vec<_> = visible(&metadata).collect();
    let n_partitions: usize = topics.iter().map(|topic| topic.partitions().len()).sum();
    let counted = n_partitions <= MAX_COUNTED_PARTITIONS;
    let channels = topics
        .into_iter()
        .map(|topic| Channel {
            name: topic.name().to_owned(),
            kind: ChannelKind::Topic,
            partitions: u32::try_from(topic.partitions().len()).unwrap_or(u32::MAX),
            depth: counted.then(|| depth(asker, topic)).flatten(),
            consumers: None,
            may_drop: None,
        })
        .collect();
    Ok(Topology {
        channels,
        bindings: Vec::new(),
        groups: groups(asker).unwrap_or_default(),
    })
}

/// The names of all groups; `None` when the broker does not list them or we may not ask.
pub(crate) fn groups(asker: &Asker) -> Option<Vec<String>> {
    let listed = asker.ask("list", "groups", "", |client| {
        client.fetch_group_list(None, ASK_LIMIT)
    });
    let mut names: Vec<_> = listed
        .inspect_err(|error| tracing::debug!(error = error.chain(), "groups cannot be listed"))
        .ok()?
        .groups()
        .iter()
        .map(|group| group.name().to_owned())
        .collect();
    names.sort_unstable();
    Some(names)
}

/// The partitions of a topic in order; an error names the topic that was probably meant.
pub(crate) fn partitions(asker: &Asker, topic: &str) -> Result<Vec<i32>> {
    let metadata = asker.metadata()?;
    let found = metadata
        .topics()
        .iter()
        .find(|candidate| candidate.name() == topic);
    match found {
        Some(found) if !found.partitions().is_empty() => {
            let mut ids: Vec<_> = found.partitions().iter().map(|p| p.id()).collect();
            ids.sort_unstable();
            Ok(ids)
        }
        Some(found) if denied(found) => {
            let error = KafkaError::MetadataFetch(RDKafkaErrorCode::TopicAuthorizationFailed);
            Err(asker.sorted(&error, "describe", "topic", topic))
        }
        _ => Err(no_topic(
            topic,
            visible(&metadata).map(MetadataTopic::name),
            &asker.settings,
        )),
    }
}

/// Whether `name` can be a topic's; librdkafka must not be given a NUL.
pub(crate) fn is_topic_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=249).contains(&name.len()) && name.chars().all(legal)
}

/// How a topic is configured, as far as the broker says and we may ask.
pub(crate) fn topic_config(asker: &Asker, topic: &str) -> TopicConfig {
    let is_mock = asker
        .cluster_id()
        .is_some_and(|id| id.starts_with(MOCK_PREFIX));
    if is_mock {
        // It never answers this question, and asking would cost the whole time-out.
        return UNKNOWN_CONFIG;
    }
    match described(asker, topic) {
        Ok(config) => config,
        Err(error) => {
            tracing::debug!(topic, %error, "the topic's configuration cannot be read");
            UNKNOWN_CONFIG
        }
    }
}

fn described(asker: &Asker, topic: &str) -> Result<TopicConfig, Box<dyn std::error::Error>> {
    let admin = asker.admin()?;
    let options = AdminOptions::new().request_timeout(Some(CONFIG_LIMIT));
    let asked = [ResourceSpecifier::Topic(topic)];
    // The answer comes through a future, and we are on a thread of our own.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let answer = runtime.block_on(admin.describe_configs(&asked, &options))?;
    let Some(resource) = answer.into_iter().next() else {
        return Ok(UNKNOWN_CONFIG);
    };
    let resource = resource?;
    let value = |name: &str| resource.get(name).and_then(|entry| entry.value.clone());
    Ok(TopicConfig {
        cleanup: match value("cleanup.policy") {
            Some(policy) if policy.contains("compact") => Cleanup::Compacts,
            Some(_) => Cleanup::Keeps,
            None => Cleanup::Unknown,
        },
        broker_time: value("message.timestamp.type").as_deref() == Some("LogAppendTime"),
        max_message_bytes: value("max.message.bytes").and_then(|text| text.parse().ok()),
    })
}

/// Topics people made; Kafka keeps its own books in topics with two underscores.
pub(crate) fn visible(metadata: &Metadata) -> impl Iterator<Item = &MetadataTopic> {
    metadata
        .topics()
        .iter()
        .filter(|topic| !topic.name().starts_with("__") && !topic.partitions().is_empty())
}

fn denied(topic: &MetadataTopic) -> bool {
    topic.error().is_some_and(|code| {
        RDKafkaErrorCode::from(code) == RDKafkaErrorCode::TopicAuthorizationFailed
    })
}

/// Offsets between start and end: at least as many as there are messages.
fn depth(asker: &Asker, topic: &MetadataTopic) -> Option<u64> {
    let name = topic.name();
    let ids: Vec<_> = topic.partitions().iter().map(|p| p.id()).collect();
    let ask = |at: At| -> Option<BTreeMap<i32, i64>> {
        asker
            .ask("describe", "topic", name, |client| {
                offsets(client, name, &ids, at)
            })
            .ok()
    };
    let (start, end) = (ask(At::Start)?, ask(At::End)?);
    let count = |id: &i32| Some(end.get(id)? - start.get(id)?);
    ids.iter()
        .map(count)
        .sum::<Option<i64>>()
        .and_then(|sum| u64::try_from(sum).ok())
}
