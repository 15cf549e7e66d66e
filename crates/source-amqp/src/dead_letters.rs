//! Dead letters that never reach their stream: a fault of brokers before 3.12.
//!
//! Those brokers throw away, without a word, whatever they dead-letter into a stream. A stream fed
//! by consumers that publish their failures themselves is not concerned.

use std::collections::BTreeSet;

use serde_json::Value;
use waybill_source::{CopyQuery, CopyRole};

use crate::hub::Hub;
use crate::inspect::setting;
use crate::rows::{BindingRow, QueueRow, Version};

const FIXED_IN: Version = Version {
    major: 3,
    minor: 12,
};

/// Why dead letters may be missing from the stream, in a sentence; `None` when they are not.
pub(crate) async fn never_arrive(hub: &Hub, query: &CopyQuery) -> Option<String> {
    let management = hub.management()?;
    if query.role != CopyRole::DeadLetters || hub.version()? >= FIXED_IN {
        return None;
    }
    // When it does not answer, nothing can be said; whoever needs it will hear of it.
    let queues = management.queues().await.ok()?;
    let bindings = management.bindings().await.ok()?;
    let queue = thrower(&queues, &bindings, &query.channel)?;
    Some(format!(
        "RabbitMQ before 3.12 throws away what it dead-letters into a stream, and queue '{queue}' \
         dead-letters into '{}'; let the consumer publish its failures itself",
        query.channel
    ))
}

/// A queue whose dead-letter exchange leads to the stream.
fn thrower<'a>(queues: &'a [QueueRow], bindings: &[BindingRow], stream: &str) -> Option<&'a str> {
    let exchanges = leading_to(bindings, stream);
    let throws = |queue: &&QueueRow| {
        let text = |name| {
            let value = setting(&queue.arguments, &queue.effective_policy_definition, name);
            value.and_then(Value::as_str)
        };
        match text("dead-letter-exchange") {
            Some("") => text("dead-letter-routing-key") == Some(stream),
            Some(exchange) => exchanges.contains(exchange),
            None => false,
        }
    };
    queues.iter().find(throws).map(|queue| queue.name.as_str())
}

/// The exchanges from which bindings lead to the stream.
fn leading_to<'a>(bindings: &'a [BindingRow], stream: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    loop {
        let n_before = found.len();
        for binding in bindings {
            let leads = match binding.destination_type.as_str() {
                "exchange" => found.contains(binding.destination.as_str()),
                _ => binding.destination == stream,
            };
            if leads {
                found.insert(binding.source.as_str());
            }
        }
        if found.len() == n_before {
            return found;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn binding(from: &str, to: &str, kind: &str) -> BindingRow {
        BindingRow {
            source: from.to_owned(),
            destination: to.to_owned(),
            destination_type: kind.to_owned(),
            ..BindingRow::default()
        }
    }

    fn check(arguments: Value, policy: Value, expected: Option<&str>) {
        let queues = [QueueRow {
            name: "inventory".to_owned(),
            arguments: arguments.as_object().cloned().unwrap_or_default(),
            effective_policy_definition: policy.as_object().cloned().unwrap_or_default(),
            ..QueueRow::default()
        }];
        let bindings = [
            binding("dead", "all", "exchange"),
            binding("all", "graveyard", "queue"),
            binding("other", "parking", "queue"),
        ];
        assert_eq!(thrower(&queues, &bindings, "graveyard"), expected);
    }

    #[test]
    fn only_queues_that_dead_letter_into_the_stream_are_named() {
        let none = || json!({});
        check(none(), none(), None);
        check(json!({"x-dead-letter-exchange": "other"}), none(), None);
        check(
            json!({"x-dead-letter-exchange": "dead"}),
            none(),
            Some("inventory"),
        );
        check(
            none(),
            json!({"dead-letter-exchange": "all"}),
            Some("inventory"),
        );
        let by_name =
            json!({"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "graveyard"});
        check(by_name, none(), Some("inventory"));
    }
}
