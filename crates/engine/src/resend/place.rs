//! Writes an event's facts into a message, where the flow's carriers say. Pure.

use serde_json::Value;
use waybill_model::{Carrier, Carriers};
use waybill_source::form::Wire;

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

/// Completes a message: what it does not carry yet is written where another message of the same
/// destination (`example`) has it. Where none was seen it is written only into a place that is the
/// only one: an id in the first of many guesses is one that no consumer looks for.
pub(super) fn complete(
    letter: &mut Letter,
    carriers: &Carriers,
    facts: &Facts,
    style: Style,
    example: Option<&Wire>,
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
        if let Some(carrier) = known_place(list, style, example) {
            write(letter, carrier, value);
        }
    }
}

/// Why the id of an event has no place in its message that is known; `None` when it has one.
pub(super) fn no_id_place(
    carriers: &Carriers,
    style: Style,
    example: Option<&Wire>,
) -> Option<String> {
    let guesses = carriers.id.iter().filter(|c| can_be_written(c, style));
    let guesses = guesses.count();
    let known = guesses == 0 || known_place(&carriers.id, style, example).is_some();
    (!known).then(|| {
        format!(
            "where its message carries the id is not known: match.id of its flow names {guesses} places, and no message was seen that has one of them; name the one that its consumers look at"
        )
    })
}

/// The carrier that another message of this destination uses, else the only one there is.
fn known_place<'a>(
    list: &'a [Carrier],
    style: Style,
    example: Option<&Wire>,
) -> Option<&'a Carrier> {
    let of_example = example.and_then(|wire| list.iter().find(|c| example_carries(wire, c)));
    let mut writable = list.iter().filter(|c| can_be_written(c, style));
    of_example.or_else(|| match (writable.next(), writable.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    })
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
        Carrier::AppId => has_property(&letter.properties, "app-id"),
        Carrier::Key => style == Style::Log && letter.key.is_some(),
        Carrier::RoutingKey => style == Style::Queues,
        Carrier::Json(pointer) => body
            .and_then(|body| body.pointer(pointer))
            .is_some_and(|value| !value.is_null()),
    }
}

fn example_carries(model: &Wire, carrier: &Carrier) -> bool {
    match carrier {
        Carrier::Header(name) => model
            .headers
            .iter()
            .any(|(n, value)| n == name && value.is_some()),
        Carrier::MessageId => has_property(&model.properties, "message-id"),
        Carrier::CorrelationId => has_property(&model.properties, "correlation-id"),
        Carrier::TypeProperty => has_property(&model.properties, "type"),
        Carrier::AppId => has_property(&model.properties, "app-id"),
        Carrier::Key | Carrier::RoutingKey | Carrier::Json(_) => false,
    }
}

fn can_be_written(carrier: &Carrier, style: Style) -> bool {
    match carrier {
        Carrier::Header(_) => true,
        Carrier::MessageId | Carrier::CorrelationId | Carrier::TypeProperty | Carrier::AppId => {
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
        Carrier::AppId => "app-id",
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
    use super::*;
    use expect_test::{Expect, expect};

    fn check(
        carriers: &Carriers,
        style: Style,
        headers: &[&str],
        model: Option<&[&str]>,
        expected: Expect,
    ) {
        let named = |names: &[&str]| -> Vec<(String, Option<Vec<u8>>)> {
            names
                .iter()
                .map(|name| ((*name).to_owned(), Some(b"given".to_vec())))
                .collect()
        };
        let model = model.map(|names| Wire {
            headers: named(names),
            ..Wire::default()
        });
        let mut letter = Letter {
            headers: named(headers),
            payload: Some(b"{}".to_vec()),
            ..Letter::default()
        };
        let facts = Facts {
            id: "e1".to_owned(),
            kind: "Renamed".to_owned(),
            aggregate: "4711".to_owned(),
            version: Some(8),
        };
        complete(&mut letter, carriers, &facts, style, model.as_ref());
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

    fn one_place_each() -> Carriers {
        let of = |text: &str| vec![text.parse().expect("a carrier")];
        Carriers {
            id: of("header:id"),
            kind: of("header:type"),
            aggregate: of("key"),
            version: of("header:version"),
        }
    }

    #[test]
    fn on_a_log_facts_become_headers_and_the_key() {
        check(
            &one_place_each(),
            Style::Log,
            &[],
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
    fn nothing_is_written_into_the_first_of_many_guesses() {
        let guessed = Carriers::default();
        check(
            &guessed,
            Style::Queues,
            &[],
            None,
            expect![[r#"
                key -
                header version 8
            "#]],
        );
        let why = no_id_place(&guessed, Style::Log, None).expect("there are several");
        assert!(why.contains("names 3 places"), "{why}");
        assert_eq!(no_id_place(&one_place_each(), Style::Log, None), None);
    }

    #[test]
    fn a_sibling_shows_how_it_is_done_here() {
        check(
            &Carriers::default(),
            Style::Log,
            &[],
            Some(&["ce_id", "eventType"]),
            expect![[r#"
                key 4711
                header ce_id e1
                header eventType Renamed
                header version 8
            "#]],
        );
    }
}
