//! Topology and progress: what the management API says, in the seam's words.

use serde_json::{Map, Value};
use waybill_model::Micros;
use waybill_source::{
    Binding, Channel, ChannelKind, ConsumerProgress, ConsumerRef, QueueProgress, Result, Topology,
};

use crate::hub::{Hub, now};
use crate::mirror::{TAP_PREFIX, observe};
use crate::rows::{QueueRow, Version};

/// Queue counters are collected this seldom (the broker's default), so what we are told now held
/// at some time since then.
const STATISTICS_LAG_MICROS: i64 = 5_000_000;

/// Exchanges, queues, streams and what leads from where to where.
pub(crate) async fn topology(hub: &Hub) -> Result<Topology> {
    let management = hub.required_management("showing exchanges, queues and bindings")?;
    let mut topology = Topology::default();
    for exchange in management.exchanges().await? {
        // The default exchange has no name and leads everywhere.
        if !exchange.name.is_empty() {
            topology.channels.push(Channel {
                name: exchange.name,
                kind: ChannelKind::Exchange,
                partitions: 1,
                depth: None,
                consumers: None,
                may_drop: None,
            });
        }
    }
    for queue in management.queues().await? {
        if !queue.name.starts_with(TAP_PREFIX) {
            topology.channels.push(Channel {
                kind: kind(&queue),
                partitions: 1,
                depth: queue.messages,
                consumers: queue.consumers,
                may_drop: may_drop(&queue, hub.version()),
                name: queue.name,
            });
        }
    }
    let bindings = management.bindings().await?.into_iter();
    topology.bindings = bindings
        .filter(|binding| !binding.destination.starts_with(TAP_PREFIX))
        .map(|binding| Binding {
            from: binding.source,
            to: binding.destination,
            key: binding.routing_key,
        })
        .collect();
    Ok(topology)
}

/// The state of each consumer's queue. Consumers without a queue are left out.
pub(crate) async fn progress(
    hub: &Hub,
    consumers: &[ConsumerRef],
) -> Result<Vec<ConsumerProgress>> {
    let management = hub.required_management("knowing how far a queue's consumer is")?;
    let mut all = Vec::with_capacity(consumers.len());
    for consumer in consumers {
        let Some(queue) = &consumer.queue else {
            continue;
        };
        let asked = now();
        let Some(row) = management.queue(queue).await? else {
            return Err(hub.no_queue("queue", queue).await);
        };
        let bound = match observe(management, &consumer.destination).await? {
            Some(map) => map.leads_to(&consumer.destination, queue),
            // Through the default exchange every queue is reached by its name.
            None => consumer.destination.is_empty(),
        };
        all.push(ConsumerProgress {
            consumer: consumer.consumer,
            at: Micros(asked.0 - STATISTICS_LAG_MICROS),
            partitions: Vec::new(),
            queue: queue_progress(&row, bound, hub.version()),
            members: None,
        });
    }
    Ok(all)
}

/// `None` while the broker has not counted yet, or runs without statistics.
fn queue_progress(row: &QueueRow, bound: bool, version: Option<Version>) -> Option<QueueProgress> {
    Some(QueueProgress {
        ready: row.messages_ready?,
        unacked: row.messages_unacknowledged?,
        consumers: row.consumers.unwrap_or(0),
        bound,
        may_drop: may_drop(row, version),
    })
}

fn kind(queue: &QueueRow) -> ChannelKind {
    match queue.kind.as_deref() {
        Some("stream") => ChannelKind::Stream,
        _ => ChannelKind::Queue,
    }
}

/// Why a message may vanish from the queue unread; `None` when nothing is set that would do it.
pub(crate) fn may_drop(queue: &QueueRow, version: Option<Version>) -> Option<String> {
    let setting = |name: &str| setting(&queue.arguments, &queue.effective_policy_definition, name);
    let number = |name: &str| setting(name).and_then(Value::as_u64);
    let mut reasons = Vec::new();
    if let Some(millis) = number("message-ttl") {
        reasons.push(format!("messages expire after {}", duration(millis)));
    }
    let refuses = setting("overflow").and_then(Value::as_str) == Some("reject-publish");
    if let Some(length) = number("max-length").filter(|_| !refuses) {
        reasons.push(format!("at most {length} messages are kept"));
    }
    if let Some(bytes) = number("max-length-bytes").filter(|_| !refuses) {
        reasons.push(format!("at most {bytes} bytes are kept"));
    }
    if let Some(age) = setting("max-age").and_then(Value::as_str) {
        reasons.push(format!("messages are kept for {age}"));
    }
    if let Some(millis) = number("expires") {
        reasons.push(format!(
            "the queue goes when unused for {}",
            duration(millis)
        ));
    }
    if let Some(limit) = delivery_limit(queue, number("delivery-limit"), version) {
        reasons.push(format!("a message goes after {limit} failed deliveries"));
    }
    if reasons.is_empty() {
        return None;
    }
    let mut text = reasons.join("; ");
    if let Some(exchange) = setting("dead-letter-exchange").and_then(Value::as_str) {
        text.push_str(&format!("; what goes is sent to exchange '{exchange}'"));
    }
    Some(text)
}

/// Quorum queues have a limit of 20 unless told otherwise, since version 4.
fn delivery_limit(queue: &QueueRow, set: Option<u64>, version: Option<Version>) -> Option<u64> {
    let quorum = queue.kind.as_deref() == Some("quorum");
    let by_default = quorum && version.is_some_and(|version| version.major >= 4);
    set.or(by_default.then_some(20))
}

/// Of an argument and a policy the smaller number holds; for texts the argument.
pub(crate) fn setting<'a>(
    arguments: &'a Map<String, Value>,
    policy: &'a Map<String, Value>,
    name: &str,
) -> Option<&'a Value> {
    match (arguments.get(&format!("x-{name}")), policy.get(name)) {
        (Some(own), Some(of_policy)) => match (own.as_u64(), of_policy.as_u64()) {
            (Some(a), Some(b)) if b < a => Some(of_policy),
            _ => Some(own),
        },
        (own, of_policy) => own.or(of_policy),
    }
}

fn duration(millis: u64) -> String {
    match millis {
        millis if millis % 1000 == 0 => format!("{} s", millis / 1000),
        millis => format!("{millis} ms"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn check(kind: &str, arguments: Value, policy: Value, expected: Expect) {
        let row = QueueRow {
            kind: Some(kind.to_owned()),
            arguments: arguments.as_object().cloned().unwrap_or_default(),
            effective_policy_definition: policy.as_object().cloned().unwrap_or_default(),
            ..QueueRow::default()
        };
        let version = Version::of("4.1.2");
        expected.assert_eq(&may_drop(&row, version).unwrap_or_default());
    }

    #[test]
    fn every_setting_that_loses_messages_is_named() {
        check("classic", json!({}), json!({}), expect![""]);
        check(
            "classic",
            json!({"x-message-ttl": 60_000, "x-dead-letter-exchange": "dlx"}),
            json!({"message-ttl": 1500, "expires": 1000}),
            expect![
                "messages expire after 1500 ms; the queue goes when unused for 1 s; what goes is sent to exchange 'dlx'"
            ],
        );
        check(
            "classic",
            json!({"x-max-length": 10, "x-overflow": "reject-publish"}),
            json!({}),
            expect![""],
        );
        check(
            "quorum",
            json!({"x-max-length": 10}),
            json!({}),
            expect!["at most 10 messages are kept; a message goes after 20 failed deliveries"],
        );
        check(
            "stream",
            json!({"x-max-age": "7D"}),
            json!({}),
            expect!["messages are kept for 7D"],
        );
    }
}
