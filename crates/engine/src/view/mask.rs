//! Hides what a profile masks, in what is shown. What is sent is never touched.

use serde_json::Value;

const DOTS: &str = "•••";

/// A body with the values at `masks` replaced by dots.
///
/// A body in which the pointers cannot be followed (cut off, not JSON) is hidden as a whole:
/// the masked value may be anywhere in it.
pub(crate) fn masked(body: Vec<u8>, masks: &[String]) -> Vec<u8> {
    if masks.is_empty() {
        return body;
    }
    let Ok(mut json) = serde_json::from_slice::<Value>(&body) else {
        return format!("{DOTS} (hidden: the profile masks parts of it, and it is not whole JSON)")
            .into_bytes();
    };
    let mut hidden = false;
    for pointer in masks {
        if let Some(value) = json.pointer_mut(pointer) {
            *value = Value::String(DOTS.to_owned());
            hidden = true;
        }
    }
    if hidden {
        serde_json::to_vec(&json).unwrap_or_else(|_error| DOTS.into())
    } else {
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, masks: &[&str], expected: &str) {
        let masks: Vec<String> = masks.iter().map(|mask| (*mask).to_owned()).collect();
        let shown = masked(body.as_bytes().to_vec(), &masks);
        assert_eq!(String::from_utf8_lossy(&shown), expected);
    }

    #[test]
    fn values_are_hidden_and_everything_else_is_left_as_it_is() {
        check(r#"{ "a": 1 }"#, &[], r#"{ "a": 1 }"#);
        check(r#"{ "a": 1 }"#, &["/b"], r#"{ "a": 1 }"#);
        check(
            r#"{"a":{"mail":"x@y"},"b":[1,2]}"#,
            &["/a/mail", "/b/1"],
            r#"{"a":{"mail":"•••"},"b":[1,"•••"]}"#,
        );
        check(r#"{"mail":{"x":1}}"#, &["/mail"], r#"{"mail":"•••"}"#);
    }

    #[test]
    fn a_body_that_cannot_be_followed_is_hidden_as_a_whole() {
        check(
            r#"{"mail":"x@"#,
            &["/mail"],
            "••• (hidden: the profile masks parts of it, and it is not whole JSON)",
        );
    }
}
