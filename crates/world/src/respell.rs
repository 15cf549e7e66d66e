//! What becomes of a body on its way through a relay that reads and writes it again. Pure.

use serde_json::Value;

/// The same body as another library would write it: other spaces, members in another order.
/// Numbers stay as they are, because consumers read them.
pub(crate) fn respelled(body: &str) -> String {
    with(body, |value| *value = turned(value))
}

/// The body with another price, spelled in another way besides.
pub(crate) fn changed(body: &str) -> String {
    with(body, |value| {
        let product = match value.pointer_mut("/product") {
            Some(nested) => nested,
            None => value,
        };
        let price = product["priceCents"].as_i64().unwrap_or_default();
        product["priceCents"] = Value::from(price + 1);
    })
}

fn with(body: &str, change: impl FnOnce(&mut Value)) -> String {
    // The company writes JSON only.
    let mut value = serde_json::from_str(body).unwrap_or_default();
    change(&mut value);
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn turned(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().rev();
            Value::Object(
                members
                    .map(|(name, it)| (name.clone(), turned(it)))
                    .collect(),
            )
        }
        Value::Array(elements) => elements.iter().map(turned).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn respelling_keeps_what_is_said() {
        let body = r#"{"id":7,"tags":["b","a"]}"#;
        let expected = "{\n  \"tags\": [\n    \"b\",\n    \"a\"\n  ],\n  \"id\": 7\n}";
        assert_eq!(respelled(body), expected);
    }

    #[test]
    fn another_price_is_another_content_in_every_schema() {
        for (body, expected) in [
            (r#"{"priceCents":7}"#, "{\n  \"priceCents\": 8\n}"),
            (
                r#"{"schema":2,"product":{"priceCents":7}}"#,
                "{\n  \"schema\": 2,\n  \"product\": {\n    \"priceCents\": 8\n  }\n}",
            ),
        ] {
            assert_eq!(changed(body), expected);
        }
    }
}
