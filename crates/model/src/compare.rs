//! What is compared of an outbox row and its copies: a part of a profile.

use serde::{Deserialize, Serialize};

/// What of a flow's messages must say the same as their outbox rows. JSON pointers (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CompareSettings {
    /// Where in a message the outbox row's payload stands; the whole message when left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// What may differ, on both sides, counted from the payload.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Flow;

    #[test]
    fn a_flow_compares_when_it_has_the_table_even_an_empty_one() {
        let flow = |rest: &str| {
            let toml = format!("{{\"name\":\"f\",\"destination\":\"d\"{rest}}}");
            serde_json::from_str::<Flow>(&toml)
                .expect("it is a flow")
                .compare
        };
        assert_eq!(flow(""), None);
        assert_eq!(flow(r#","compare":{}"#), Some(CompareSettings::default()));
        let told = flow(r#","compare":{"body":"/payload","ignore":["/at"]}"#);
        let expected = CompareSettings {
            body: "/payload".to_owned(),
            ignore: vec!["/at".to_owned()],
        };
        assert_eq!(told, Some(expected));
    }
}
