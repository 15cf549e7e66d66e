//! A parcel as an AMQP message: what is sent again, and what must not be. Pure.

use std::collections::BTreeMap;
use std::num::ParseIntError;
use std::str::FromStr;

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use waybill_model::{Micros, Parcel};

use crate::message::HEADER_TYPES;
use crate::values;

/// Written by the broker about a delivery that is over; some of them would steer the new one.
const STRIPPED: [&str; 8] = [
    "x-death",
    "x-delivery-count",
    "x-acquired-count",
    "x-stream-offset",
    "x-shovelled",
    "x-received-from",
    // Further routing keys: they would reach queues that nobody chose.
    "CC",
    "BCC",
];

const STRIPPED_PREFIXES: [&str; 3] = ["x-first-death-", "x-last-death-", "x-opt-"];

/// Survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// A message ready to be published.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) exchange: ShortString,
    pub(crate) routing_key: ShortString,
    pub(crate) properties: BasicProperties,
}

/// The message, or in a sentence why there can be none. The body goes as it is.
///
/// A message that never had a time gets `now`, so that it can be placed on a timeline.
pub(crate) fn message(parcel: &Parcel, now: Micros) -> Result<Message, String> {
    let given: BTreeMap<String, &str> = parcel
        .properties
        .iter()
        .map(|(name, value)| (name.replace('_', "-"), value.as_str()))
        .collect();
    let key = parcel.route.routing_key.as_deref().unwrap_or_default();
    let mut properties = properties(&given)?;
    if let (None, Ok(millis)) = (properties.timestamp(), u64::try_from(now.millis())) {
        properties = properties.with_timestamp(millis / 1000);
    }
    Ok(Message {
        exchange: short("the exchange's name", &parcel.route.destination)?,
        routing_key: short("the routing key", key)?,
        properties: properties.with_headers(headers(parcel, &given)?),
    })
}

fn properties(given: &BTreeMap<String, &str>) -> Result<BasicProperties, String> {
    let mut properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
    for (name, value) in given {
        let text = || short(name, value);
        properties = match name.as_str() {
            "message-id" => properties.with_message_id(text()?),
            "type" => properties.with_type(text()?),
            "correlation-id" => properties.with_correlation_id(text()?),
            "content-type" => properties.with_content_type(text()?),
            "content-encoding" => properties.with_content_encoding(text()?),
            "app-id" => properties.with_app_id(text()?),
            // A reply to a request that is long over has nowhere to go, and the broker refuses it.
            "reply-to" if !value.starts_with("amq.rabbitmq.reply-to") => {
                properties.with_reply_to(text()?)
            }
            "priority" => properties.with_priority(number(name, value)?),
            "timestamp" => properties.with_timestamp(number(name, value)?),
            // Not sent again: user-id must be the login, an old expiration lets the message
            // vanish, delivery-mode is ours, and the rest is no property.
            _ => properties,
        };
    }
    Ok(properties)
}

fn headers(parcel: &Parcel, given: &BTreeMap<String, &str>) -> Result<FieldTable, String> {
    let types = header_types(given.get(HEADER_TYPES).copied().unwrap_or_default());
    let mut table = FieldTable::default();
    for (name, value) in &parcel.headers {
        if stripped(name) {
            continue;
        }
        let value = match value {
            Some(bytes) => values::value(bytes, types.get(name.as_str()).copied()),
            None => AMQPValue::Void,
        };
        table.insert(short("a header's name", name)?, value);
    }
    Ok(table)
}

fn stripped(name: &str) -> bool {
    STRIPPED.contains(&name)
        || STRIPPED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// `attempt=l, ratio=d` by name.
fn header_types(text: &str) -> BTreeMap<&str, char> {
    text.split(", ")
        .filter_map(|one| {
            let (name, letter) = one.rsplit_once('=')?;
            Some((name, letter.chars().next()?))
        })
        .collect()
}

fn short(what: &str, text: &str) -> Result<ShortString, String> {
    ShortString::try_new(text)
        .map_err(|error| format!("{what} does not fit into a message: {error}"))
}

fn number<T>(name: &str, text: &str) -> Result<T, String>
where
    T: FromStr<Err = ParseIntError>,
{
    text.parse()
        .map_err(|error| format!("the property {name} is '{text}': {error}"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use uuid::Uuid;
    use waybill_model::{EventId, HEADER_ID, ResendId, Route};

    use super::*;

    fn parcel(headers: &[(&str, &str)], properties: &[(&str, &str)]) -> Parcel {
        Parcel {
            resend: ResendId(Uuid::nil()),
            event: EventId("1".to_owned()),
            route: Route {
                destination: "products".to_owned(),
                key: None,
                partition: None,
                routing_key: Some("product.created".to_owned()),
            },
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Some(value.as_bytes().to_vec())))
                .collect(),
            properties: properties
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            payload: Some(b"{}".to_vec()),
        }
    }

    fn check(headers: &[(&str, &str)], properties: &[(&str, &str)], expected: Expect) {
        let text = match message(&parcel(headers, properties), Micros(9_000_000)) {
            Ok(message) => {
                let mut lines = Vec::new();
                let properties = &message.properties;
                for (name, value) in properties.headers().iter().flatten() {
                    lines.push(format!("{name}: {value:?}"));
                }
                let short = |text: &Option<ShortString>| text.as_ref().map(ToString::to_string);
                lines.push(format!(
                    "id {:?} mode {:?} user {:?} expiration {:?} reply {:?} time {:?} priority {:?}",
                    short(properties.message_id()),
                    properties.delivery_mode(),
                    short(properties.user_id()),
                    short(properties.expiration()),
                    short(properties.reply_to()),
                    properties.timestamp(),
                    properties.priority(),
                ));
                lines.join("\n")
            }
            Err(why) => why,
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn what_would_steer_or_kill_the_message_is_left_out() {
        check(
            &[
                ("x-death", "[]"),
                ("x-first-death-queue", "q"),
                ("x-opt-seq", "1"),
                ("CC", "[]"),
                ("x-stream-offset", "1"),
                (HEADER_ID, "r"),
                ("tenant", "7"),
            ],
            &[
                ("message_id", "m-1"),
                ("user-id", "ann"),
                ("expiration", "0"),
                ("reply-to", "amq.rabbitmq.reply-to.g1"),
                ("delivery-mode", "1"),
                ("timestamp", "1700000000"),
                ("priority", "3"),
                ("exchange", "products"),
            ],
            expect![[r#"
                tenant: LongString(LongString([55]))
                x-waybill-resend-id: LongString(LongString([114]))
                id Some("m-1") mode Some(2) user None expiration None reply None time Some(1700000000) priority Some(3)"#]],
        );
    }

    #[test]
    fn headers_get_their_types_back() {
        check(
            &[("attempt", "7"), ("ratio", "0.5"), ("flag", "true")],
            &[
                ("header-types", "attempt=I, ratio=d, flag=t"),
                ("reply-to", "answers"),
            ],
            expect![[r#"
                attempt: LongInt(7)
                flag: Boolean(true)
                ratio: Double(0.5)
                id None mode Some(2) user None expiration None reply Some("answers") time Some(9) priority None"#]],
        );
    }

    #[test]
    fn what_does_not_fit_is_said_before_anything_is_sent() {
        let long = "x".repeat(256);
        check(
            &[],
            &[("message-id", &long)],
            expect![
                "message-id does not fit into a message: ShortString exceeds maximum length of 255 bytes (got 256)"
            ],
        );
        check(
            &[],
            &[("timestamp", "yesterday")],
            expect!["the property timestamp is 'yesterday': invalid digit found in string"],
        );
    }
}
