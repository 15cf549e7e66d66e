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
/// (dashes or none, braces, `urn:uuid:`, any case) as 36 lower-case characters.
///
/// Anything that is not a UUID keeps its case: `Order-7` and `order-7` may be two events.
pub fn canonical_id(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim().trim_matches('"');
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
    Cow::Borrowed(trimmed)
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

    #[test]
    fn every_spelling_of_a_uuid_is_one_id() {
        let canonical = "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20";
        for spelling in [
            "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20",
            "0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20",
            "0b5f3c8a9d1e4f6a8c2b7e4d5a6f1b20",
            "{0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20}",
            "urn:uuid:0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20",
            " \"0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20\" ",
        ] {
            assert_eq!(canonical_id(spelling), canonical, "{spelling}");
        }
    }

    #[test]
    fn other_ids_keep_their_case() {
        assert_eq!(canonical_id(" Order-7 "), "Order-7");
        assert_eq!(canonical_id("42"), "42");
    }

    #[test]
    fn a_reconstructed_id_depends_on_every_part() {
        let id = reconstructed_id("product", "4711", 8);
        assert_eq!(id, reconstructed_id("product", "4711", 8));
        assert_ne!(id, reconstructed_id("product", "4711", 9));
        assert_ne!(id, reconstructed_id("product", "471", 18));
    }
}
