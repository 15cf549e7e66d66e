//! What stands inside a column of JSON.

use crate::content::{document, text_in};

/// What stands at a pointer, as text: a string without its quotes, a number with all its digits or a
/// boolean as it is written. `None` where there is nothing of the kind, or no JSON at all.
pub fn text_at(json: &[u8], pointer: &str) -> Option<String> {
    text_in(&document(json).ok()?, pointer).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

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
