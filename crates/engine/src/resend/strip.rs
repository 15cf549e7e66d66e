//! What of an original message is not sent again. Pure.

/// Written by brokers and frameworks about the original's journey; would lie about the new one.
const HEADERS: [&str; 7] = [
    "x-death",
    "x-delivery-count",
    "x-acquired-count",
    "x-stream-offset",
    "x-shovelled",
    "x-received-from",
    // Would make RabbitMQ deliver copies to further queues.
    "cc",
];

const HEADER_PREFIXES: [&str; 10] = [
    "x-first-death-",
    "x-last-death-",
    "x-opt-",
    "bcc",
    "kafka_dlt-",
    "kafka_original-",
    "kafka_exception-",
    "retry_topic-",
    "dead-letter-",
    "__connect.errors.",
];

/// Our own, of an earlier resend; replaced by the new ones.
const OURS: &str = "x-waybill-resend-";

/// A message's headers in order; a value may be null.
pub(super) type Headers = Vec<(String, Option<Vec<u8>>)>;

/// Headers without those that must not be repeated; names of what went are added to `stripped`.
pub(super) fn headers(original: Headers, stripped: &mut Vec<String>) -> Headers {
    let keep = |name: &str| {
        let lower = name.to_ascii_lowercase();
        !HEADERS.contains(&lower.as_str()) && !HEADER_PREFIXES.iter().any(|p| lower.starts_with(p))
    };
    let mut kept = Vec::with_capacity(original.len());
    for (name, value) in original {
        if name.to_ascii_lowercase().starts_with(OURS) {
            continue;
        }
        if keep(&name) {
            kept.push((name, value));
        } else {
            stripped.push(name);
        }
    }
    kept
}

/// Message properties without those that must not be repeated, names in one spelling.
pub(super) fn properties(
    original: Vec<(String, String)>,
    stripped: &mut Vec<String>,
) -> Vec<(String, String)> {
    let mut kept = Vec::with_capacity(original.len() + 1);
    for (name, value) in original {
        // Some say `message_id`, some `message-id`.
        let name = name.replace('_', "-");
        let drop = match name.as_str() {
            // Refused unless it is the login; a short life would end the resend at once.
            "user-id" | "expiration" | "cluster-id" => true,
            // Only valid on the connection that asked.
            "reply-to" => value.starts_with("amq.rabbitmq.reply-to"),
            // Always persistent; see the letter.
            "delivery-mode" => continue,
            _ => false,
        };
        if drop {
            stripped.push(name);
        } else {
            kept.push((name, value));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_of_the_journey_goes_and_the_rest_stays_in_order() {
        let original = [
            "id",
            "x-death",
            "CC",
            "kafka_dlt-original-topic",
            "x-waybill-resend-id",
            "type",
            "id",
        ]
        .map(|name| (name.to_owned(), Some(b"v".to_vec())));
        let mut stripped = Vec::new();
        let kept = headers(original.into(), &mut stripped);
        let names: Vec<_> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["id", "type", "id"]);
        assert_eq!(stripped, ["x-death", "CC", "kafka_dlt-original-topic"]);
    }

    #[test]
    fn properties_that_would_end_or_refuse_the_resend_go() {
        let original = [
            ("message_id", "1"),
            ("user_id", "app"),
            ("expiration", "100"),
            ("reply_to", "amq.rabbitmq.reply-to.x"),
            ("delivery_mode", "1"),
            ("type", "T"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut stripped = Vec::new();
        let kept = properties(original.into(), &mut stripped);
        let names: Vec<_> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["message-id", "type"]);
        assert_eq!(stripped, ["user-id", "expiration", "reply-to"]);
    }
}
