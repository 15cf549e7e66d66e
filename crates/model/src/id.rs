//! Event identity: one spelling per event, whatever the database or the broker wrote.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The identity of one business fact, in canonical spelling (see [`canonical_id`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub String);

impl EventId {
    /// Takes an id in any spelling.
    pub fn from_any_spelling(text: &str) -> Self {
        Self(canonical_id(text).into_owned())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity of the thing an event is about, e.g. `4711` of type `product`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AggregateId(pub String);

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One spelling for one id: trimmed, unquoted, and a UUID in any of its spellings
/// (dashes or none, braces, `urn:uuid:`, any case, base64 of its bytes) as 36 lower-case
/// characters. What Kafka Connect wraps into an object with schema and payload is unwrapped.
///
/// Anything that is not a UUID keeps its case: `Order-7` and `order-7` may be two events.
pub fn canonical_id(text: &str) -> Cow<'_, str> {
    let trimmed = unwrapped(text.trim()).trim_matches('"');
    if is_canonical_uuid(trimmed.as_bytes()) {
        return Cow::Borrowed(trimmed);
    }
    // 32 digits at least; anything shorter cannot be a UUID and skips the parser.
    if trimmed.len() >= 32
        && trimmed.len() <= 45
        && let Ok(uuid) = Uuid::try_parse(trimmed)
    {
        return Cow::Owned(uuid.hyphenated().to_string());
    }
    match uuid_of_base64(trimmed) {
        Some(uuid) => Cow::Owned(uuid.hyphenated().to_string()),
        None => Cow::Borrowed(trimmed),
    }
}

/// A text without what a serialiser has put around it: JSON's quotes, or an object with schema and
/// payload. Anything else stays as it is.
pub fn bare(text: &str) -> &str {
    let inside = unwrapped(text.trim());
    let quoted = inside
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    quoted.unwrap_or(inside)
}

/// `{"schema":{…},"payload":"…"}`, as a JsonConverter with schemas writes a header, without what
/// is around the payload. An id holds no quotes, so no parser is needed.
fn unwrapped(text: &str) -> &str {
    let is_wrapped = text.starts_with('{') && text.contains("\"schema\"");
    let payload = is_wrapped.then(|| text.split_once("\"payload\"")).flatten();
    let Some((_, behind)) = payload else {
        return text;
    };
    let value = behind.trim_start_matches([' ', ':']);
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or(value),
        None => value.split([',', '}']).next().unwrap_or(value).trim(),
    }
}

/// The base64 of 16 bytes: 22 letters and two equals signs. Connectors write a binary column so.
fn uuid_of_base64(text: &str) -> Option<Uuid> {
    let letters = text
        .strip_suffix("==")
        .filter(|letters| letters.len() == 22)?;
    let mut bits: u128 = 0;
    for (nth, letter) in letters.bytes().enumerate() {
        let six = u128::from(match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        });
        // 132 bits, of which the last four are none of ours.
        bits = if nth < 21 {
            bits << 6 | six
        } else {
            bits << 2 | six >> 4
        };
    }
    Some(Uuid::from_u128(bits))
}

/// The id an event gets that was never given one: the change reached the business table but no
/// outbox row, so we derive the id from what the change is. The same change always gets the same
/// id, so that a second resend is recognisable as the same event.
pub fn reconstructed_id(aggregate_type: &str, aggregate: &str, version: i64) -> EventId {
    let name = format!("{aggregate_type}\u{1f}{aggregate}\u{1f}{version}");
    EventId(
        Uuid::new_v5(&RECONSTRUCTED, name.as_bytes())
            .hyphenated()
            .to_string(),
    )
}

/// Our own name space for UUID version 5 (a random UUID, fixed for ever).
const RECONSTRUCTED: Uuid = Uuid::from_u128(0x6f1c_0b8e_53f2_4c6b_9d2a_8f5b_71e4_0c3d);

fn is_canonical_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(b),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a database holds, and what its brokers carry for the same event.
    #[test]
    fn database_and_broker_agree_on_an_id() {
        const UUID: &str = "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20";
        const BARE: &str = "0b5f3c8a9d1e4f6a8c2b7e4d5a6f1b20";
        for (who, database, broker) in [
            ("as it is", UUID, UUID),
            (
                "EF Core on SQLite",
                "0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20",
                UUID,
            ),
            ("ABP on RabbitMQ", UUID, BARE),
            ("Django on MySQL and SQLite", BARE, UUID),
            (
                "AMQP 1.0 to 0-9-1",
                UUID,
                "urn:uuid:0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20",
            ),
            ("braces", UUID, "{0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20}"),
            (
                "Connect's JSON without schemas",
                UUID,
                "\"0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20\"",
            ),
            (
                "Connect's JSON with schemas",
                UUID,
                r#"{"schema":{"type":"string","optional":false},"payload":"0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20"}"#,
            ),
            (
                "a binary column through Connect",
                UUID,
                "C188ip0eT2qMK35NWm8bIA==",
            ),
            (
                "CAP's snowflake",
                "1462548291038765056",
                "1462548291038765056",
            ),
            (
                "a number wrapped by Connect",
                "42",
                r#"{"schema":{"type":"int64"},"payload":42}"#,
            ),
            (
                "Eventuate's halves",
                "0000017c6f1c0001-0242ac1200070000",
                " 0000017c6f1c0001-0242ac1200070000",
            ),
        ] {
            assert_eq!(canonical_id(database), canonical_id(broker), "{who}");
        }
        assert_eq!(canonical_id(BARE), UUID);
    }

    #[test]
    fn other_ids_keep_their_case() {
        assert_eq!(canonical_id(" Order-7 "), "Order-7");
        assert_eq!(canonical_id("42"), "42");
        // Twenty-four characters, and no base64.
        assert_eq!(
            canonical_id("order:2026-11-20:00001=="),
            "order:2026-11-20:00001=="
        );
        assert_eq!(canonical_id("{no schema}"), "{no schema}");
    }

    #[test]
    fn a_reconstructed_id_depends_on_every_part() {
        let id = reconstructed_id("product", "4711", 8);
        assert_eq!(id, reconstructed_id("product", "4711", 8));
        assert_ne!(id, reconstructed_id("product", "4711", 9));
        assert_ne!(id, reconstructed_id("product", "471", 18));
    }
}
