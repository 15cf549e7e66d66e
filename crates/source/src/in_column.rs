//! Where in a row a fact stands: in a column of its own, or inside a column of JSON.

use serde_json::Value;

/// What sets the pointer off.
const MARK: &str = "#/";

/// `column`, or `column#/pointer` with a JSON pointer (RFC 6901): some libraries keep the event's
/// id nowhere but in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InColumn<'a> {
    /// The column.
    pub column: &'a str,
    /// The place inside its JSON, with the slash in front.
    pub pointer: Option<&'a str>,
}

impl<'a> InColumn<'a> {
    /// Takes the name of a role apart.
    pub fn of(role: &'a str) -> Self {
        match role.find(MARK) {
            Some(at) => Self {
                column: &role[..at],
                pointer: Some(&role[at + 1..]),
            },
            None => Self {
                column: role,
                pointer: None,
            },
        }
    }
}

/// What stands at a pointer, as text: a string without its quotes, a number or a boolean as it is
/// written. `None` where there is nothing of the kind, or no JSON at all.
pub fn text_at(json: &[u8], pointer: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(json).ok()?;
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        plain @ (Value::Number(_) | Value::Bool(_)) => Some(plain.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_set_off_from_its_column() {
        for (role, column, pointer) in [
            ("id", "id", None),
            ("body#/id", "body", Some("/id")),
            ("body#/data/id", "body", Some("/data/id")),
            ("#1", "#1", None),
        ] {
            assert_eq!(InColumn::of(role), InColumn { column, pointer }, "{role}");
        }
    }

    #[test]
    fn only_plain_values_are_texts() {
        let json = br#"{"id":"e-1","no":7,"on":true,"none":null,"in":{"a/b":["x"]}}"#;
        for (pointer, expected) in [
            ("/id", Some("e-1")),
            ("/no", Some("7")),
            ("/on", Some("true")),
            ("/none", None),
            ("/in", None),
            ("/in/a~1b/0", Some("x")),
            ("/away", None),
        ] {
            assert_eq!(text_at(json, pointer).as_deref(), expected, "{pointer}");
        }
        assert_eq!(text_at(b"no JSON", "/id"), None);
    }
}
