//! Writes an event's facts into a message, where the flow's carriers say. Pure.

use serde_json::Value;
use waybill_model::{Carrier, Carriers, Copy};

use super::letter::{Letter, Style};

/// What a message has to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) id: String,
    pub(super) kind: String,
    /// The aggregate's id without its type.
    pub(super) aggregate: String,
    pub(super) version: Option<i64>,
}

/// Completes a message: what it does not carry yet is written into the carrier that a sibling on
/// the same destination uses (`model`), else into the first one that this broker has.
pub(super) fn complete(
    letter: &mut Letter,
    carriers: &Carriers,
    facts: &Facts,
    style: Style,
    model: Option<&Copy>,
) {
    // Without its key a record would land in any partition, whatever else carries the aggregate.
    if style == Style::Log
        && letter.key.is_none()
        && carriers.aggregate.contains(&Carrier::Key)
        && !facts.aggregate.is_empty()
    {
        letter.key = Some(facts.aggregate.clone().into_bytes());
    }
    let body = letter
        .payload
        .as_deref()
        .and_then(|body| serde_json::from_slice(body).ok());
    let version = facts.version.map(|v| v.to_string()).unwrap_or_default();
    for (list, value) in [
        (&carriers.id, &facts.id),
        (&carriers.kind, &facts.kind),
        (&carriers.aggregate, &facts.aggregate),
        (&carriers.version, &version),
    ] {
        let carried = list
            .iter()
            .any(|carrier| carries(letter, carrier, style, body.as_ref()));
        if value.is_empty() || carried {
            continue;
        }
        let of_model = model.and_then(|copy| list.iter().find(|c| model_carries(copy, c)));
        let first = || list.iter().find(|carrier| can_be_written(carrier, style));
        let chosen = match model {
            Some(_) => of_model,
            None => first(),
        };
        // The id must be there in any case: consumers know duplicates by it.
        let chosen = if std::ptr::eq(list, &carriers.id) {
            chosen.or_else(first)
        } else {
            chosen
        };
        if let Some(carrier) = chosen {
            write(letter, carrier, value);
        }
    }
}

fn carries(letter: &Letter, carrier: &Carrier, style: Style, body: Option<&Value>) -> bool {
    match carrier {
        Carrier::Header(name) => letter
            .headers
            .iter()
            .any(|(n, value)| n == name && value.is_some()),
        Carrier::MessageId => has_property(&letter.properties, "message-id"),
        Carrier::CorrelationId => has_property(&letter.properties, "correlation-id"),
        Carrier::TypeProperty => has_property(&letter.properties, "type"),
        Carrier::Key => style == Style::Log && letter.key.is_some(),
        Carrier::RoutingKey => style == Style::Queues,
        Carrier::Json(pointer) => body
            .and_then(|body| body.pointer(pointer))
            .is_some_and(|value| !value.is_null()),
    }
}

fn model_carries(model: &Copy, carrier: &Carrier) -> bool {
    match carrier {
        Carrier::Header(name) => model
            .headers
            .iter()
            .any(|(n, value)| n == name && value.is_some()),
        Carrier::MessageId => has_property(&model.properties, "message-id"),
        Carrier::CorrelationId => has_property(&model.properties, "correlation-id"),
        Carrier::TypeProperty => has_property(&model.properties, "type"),
        Carrier::Key | Carrier::RoutingKey | Carrier::Json(_) => false,
    }
}

fn can_be_written(carrier: &Carrier, style: Style) -> bool {
    match carrier {
        Carrier::Header(_) => true,
        Carrier::MessageId | Carrier::CorrelationId | Carrier::TypeProperty => {
            style == Style::Queues
        }
        // Keys are settled before; a body is never changed.
        Carrier::Key | Carrier::RoutingKey | Carrier::Json(_) => false,
    }
}

fn write(letter: &mut Letter, carrier: &Carrier, value: &str) {
    let property = match carrier {
        Carrier::Header(name) => {
            letter
                .headers
                .push((name.clone(), Some(value.as_bytes().to_vec())));
            return;
        }
        Carrier::MessageId => "message-id",
        Carrier::CorrelationId => "correlation-id",
        Carrier::TypeProperty => "type",
        Carrier::Key | Carrier::RoutingKey | Carrier::Json(_) => return,
    };
    letter
        .properties
        .push((property.to_owned(), value.to_owned()));
}

fn has_property(properties: &[(String, String)], name: &str) -> bool {
    properties
        .iter()
        .any(|(n, value)| n.replace('_', "-") == name && !value.is_empty())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use waybill_model::{Clock, Coordinate, Micros, Stamp};

    use super::*;

    fn check(style: Style, headers: &[&str], body: &str, model: Option<&[&str]>, expected: Expect) {
        let named = |names: &[&str]| -> Vec<(String, Option<Vec<u8>>)> {
            names
                .iter()
                .map(|name| ((*name).to_owned(), Some(b"given".to_vec())))
                .collect()
        };
        let model = model.map(|names| Copy {
            coordinate: Coordinate::Record {
                topic: "t".to_owned(),
                partition: 0,
                offset: 0,
            },
            stamp: Stamp {
                at: Micros(0),
                clock: Clock::Broker,
                resolution_micros: 1,
            },
            key: None,
            headers: named(names),
            properties: Vec::new(),
            payload: None,
            payload_len: 0,
        });
        let mut letter = Letter {
            headers: named(headers),
            payload: Some(body.as_bytes().to_vec()),
            ..Letter::default()
        };
        let facts = Facts {
            id: "e1".to_owned(),
            kind: "Renamed".to_owned(),
            aggregate: "4711".to_owned(),
            version: Some(8),
        };
        complete(
            &mut letter,
            &Carriers::default(),
            &facts,
            style,
            model.as_ref(),
        );
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or(b"-")).into_owned()
        };
        let mut lines = format!("key {}\n", text(&letter.key));
        for (name, value) in &letter.headers {
            lines += &format!("header {name} {}\n", text(value));
        }
        for (name, value) in &letter.properties {
            lines += &format!("property {name} {value}\n");
        }
        expected.assert_eq(&lines);
    }

    #[test]
    fn on_a_log_facts_become_headers_and_the_key() {
        check(
            Style::Log,
            &[],
            "{}",
            None,
            expect![[r#"
                key 4711
                header id e1
                header type Renamed
                header version 8
            "#]],
        );
    }

    #[test]
    fn with_queues_facts_become_properties() {
        check(
            Style::Queues,
            &["version"],
            "{}",
            None,
            expect![[r#"
                key -
                header version given
                property message-id e1
                property type Renamed
            "#]],
        );
    }

    #[test]
    fn a_sibling_shows_how_it_is_done_here() {
        check(
            Style::Log,
            &[],
            "{}",
            Some(&["ce_id", "eventType"]),
            expect![[r#"
                key 4711
                header ce_id e1
                header eventType Renamed
            "#]],
        );
    }
}
