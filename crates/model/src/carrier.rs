//! Carriers: where in a message a fact about the event is written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One place in a message. Written in a profile as
/// `header:id`, `message-id`, `correlation-id`, `type`, `app-id`, `key`, `routing-key` or `json:/path/in/the/body`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    /// A header by name.
    Header(String),
    /// AMQP property `message_id`.
    MessageId,
    /// AMQP property `correlation_id`.
    CorrelationId,
    /// AMQP property `type`.
    TypeProperty,
    /// AMQP property `app_id`: who published it.
    AppId,
    /// Kafka record key.
    Key,
    /// AMQP routing key.
    RoutingKey,
    /// A JSON pointer (RFC 6901) into the body.
    Json(String),
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header:{name}"),
            Self::MessageId => f.write_str("message-id"),
            Self::CorrelationId => f.write_str("correlation-id"),
            Self::TypeProperty => f.write_str("type"),
            Self::AppId => f.write_str("app-id"),
            Self::Key => f.write_str("key"),
            Self::RoutingKey => f.write_str("routing-key"),
            Self::Json(pointer) => write!(f, "json:{pointer}"),
        }
    }
}

/// A text that names no carrier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' names no place in a message; write header:NAME, message-id, correlation-id, type, app-id, key, routing-key or json:/POINTER"
)]
pub struct ParseCarrierError(pub String);

impl FromStr for Carrier {
    type Err = ParseCarrierError;

    fn from_str(text: &str) -> Result<Self, ParseCarrierError> {
        match text.split_once(':') {
            Some(("header", name)) if !name.is_empty() => Ok(Self::Header(name.to_owned())),
            Some(("json", pointer)) if pointer.starts_with('/') => {
                Ok(Self::Json(pointer.to_owned()))
            }
            None if text == "message-id" => Ok(Self::MessageId),
            None if text == "correlation-id" => Ok(Self::CorrelationId),
            None if text == "type" => Ok(Self::TypeProperty),
            None if text == "app-id" => Ok(Self::AppId),
            None if text == "key" => Ok(Self::Key),
            None if text == "routing-key" => Ok(Self::RoutingKey),
            _ => Err(ParseCarrierError(text.to_owned())),
        }
    }
}

impl Serialize for Carrier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Carrier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a flow's messages carry what, each in order of trust: the first that is there wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Carriers {
    /// The event id.
    pub id: Vec<Carrier>,
    /// The event type.
    #[serde(rename = "type")]
    pub kind: Vec<Carrier>,
    /// The aggregate's id.
    pub aggregate: Vec<Carrier>,
    /// The aggregate's version.
    pub version: Vec<Carrier>,
}

/// What most hand-made flows and the common libraries use; see the README's profile reference.
impl Default for Carriers {
    fn default() -> Self {
        let header = |name: &str| Carrier::Header(name.to_owned());
        Self {
            id: vec![
                Carrier::MessageId,
                header("id"),
                header("ce_id"),
                header("message-id"),
            ],
            kind: vec![
                Carrier::TypeProperty,
                header("type"),
                header("ce_type"),
                header("eventType"),
            ],
            aggregate: vec![header("aggregateId"), Carrier::Key, Carrier::RoutingKey],
            version: vec![header("version")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriers_are_written_as_they_are_read() {
        for text in [
            "header:id",
            "message-id",
            "correlation-id",
            "type",
            "app-id",
            "key",
            "routing-key",
            "json:/data/id",
        ] {
            let carrier: Carrier = text.parse().expect("it names a carrier");
            assert_eq!(carrier.to_string(), text);
        }
        for wrong in ["header:", "json:id", "headers:id", "", "Key"] {
            assert!(wrong.parse::<Carrier>().is_err(), "{wrong}");
        }
    }
}
