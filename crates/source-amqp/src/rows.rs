//! What the management API lists, as far as we read it. Every field may be missing.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A queue as the API lists it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct QueueRow {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(crate) kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) messages: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) messages_ready: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) messages_unacknowledged: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) consumers: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) arguments: Map<String, Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) effective_policy_definition: Map<String, Value>,
}

/// An exchange as the API lists it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ExchangeRow {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) name: String,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) internal: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) arguments: Map<String, Value>,
}

/// A binding as the API lists it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct BindingRow {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) source: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) destination: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) destination_type: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) routing_key: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) arguments: Map<String, Value>,
}

/// Who answers.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Overview {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) product_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) rabbitmq_version: Option<String>,
}

/// A version as far as we tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Version {
    /// Reads `3.10.8` or `4.1.0-rc.1`.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        Some(Self {
            major: parts.next()?.parse().ok()?,
            minor: parts.next()?.parse().ok()?,
        })
    }
}

/// A field of another type than we know is as good as absent.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> std::result::Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_with_odd_or_missing_fields_is_still_a_queue() {
        let row: QueueRow = serde_json::from_str(
            r#"{"name":"q","messages":"many","effective_policy_definition":[],"new":1}"#,
        )
        .expect("it is an object");
        assert_eq!(
            (row.name.as_str(), row.messages, row.kind),
            ("q", None, None)
        );
        assert!(row.effective_policy_definition.is_empty());
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(Version::of("3.9.29") < Version::of("3.12.0-rc.1"));
        assert_eq!(Version::of("unknown"), None);
    }
}
