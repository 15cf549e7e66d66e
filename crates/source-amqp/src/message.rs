//! A delivery as evidence, and as a whole copy.

use std::borrow::Cow;

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use waybill_model::{Clock, Content, Coordinate, Copy, Marks, Micros, Observation, Stamp};
use waybill_source::carry::{Message, counted};
use waybill_source::{CopyQuery, CopyRole};

use crate::values;

/// The header in which a stream tells a message's offset.
pub(crate) const OFFSET_HEADER: &str = "x-stream-offset";

/// The property under which [`Copy::properties`] notes the types of headers that are no text:
/// `attempt=l, ratio=d`.
pub(crate) const HEADER_TYPES: &str = "header-types";

const SECOND: u32 = 1_000_000;
const MILLISECOND: u32 = 1000;

/// A `timestamp` above this many seconds (the year 5138) was written in milliseconds by mistake.
const MAX_SECONDS: u64 = 100_000_000_000;

/// The offset of a delivery from a stream; `None` when it did not come from one.
pub(crate) fn offset(delivery: &Delivery) -> Option<i64> {
    match header(&delivery.properties, OFFSET_HEADER)? {
        AMQPValue::LongLongInt(offset) => Some(*offset),
        _ => None,
    }
}

/// The time a message carries, with its clock and resolution; `None` when it carries none.
pub(crate) fn time(delivery: &Delivery, role: CopyRole) -> Option<Stamp> {
    let died = match role {
        CopyRole::DeadLetters => death(delivery).and_then(|death| death.at),
        CopyRole::Destination | CopyRole::Tap => None,
    };
    if let Some(at) = died {
        return Some(stamp(at, Clock::Broker, SECOND));
    }
    match delivery.properties.timestamp() {
        Some(millis) if *millis > MAX_SECONDS => {
            return Some(stamp(millis_since_1970(*millis), Clock::App, MILLISECOND));
        }
        Some(seconds) if *seconds > 0 => {
            return Some(stamp(seconds_since_1970(*seconds), Clock::App, SECOND));
        }
        Some(_) | None => {}
    }
    if let Some(AMQPValue::LongLongInt(millis)) = header(&delivery.properties, "timestamp_in_ms") {
        return Some(stamp(
            Micros::from_millis(*millis),
            Clock::Broker,
            MILLISECOND,
        ));
    }
    ["time", "ce_time", "cloudEvents:time", "cloudEvents_time"]
        .into_iter()
        .filter_map(|name| header(&delivery.properties, name))
        .find_map(time_in_header)
        .map(|at| stamp(at, Clock::App, MILLISECOND))
}

/// One observation. `position` is the offset in a stream, or the how-manieth a tap saw; `now` is
/// used where the message carries no time. `None` where it says that it does not count.
pub(crate) fn observation(
    delivery: &Delivery,
    query: &CopyQuery,
    position: i64,
    now: Micros,
) -> Option<Observation> {
    let message = Carrying {
        delivery,
        death: match query.role {
            CopyRole::DeadLetters => death(delivery),
            CopyRole::Destination | CopyRole::Tap => None,
        },
    };
    let aggregate_type = query.aggregate_type.as_deref();
    let found = counted(&message, &query.carriers, aggregate_type, &query.only)?;
    let (stamp, time_mark) = match time(delivery, query.role) {
        Some(stamp) => (stamp, Marks::default()),
        None => (stamp(now, Clock::Waybill, 1), Marks::NO_TIME),
    };
    Some(Observation {
        place: query.place,
        id: found.id,
        kind: found.kind,
        aggregate: found.aggregate,
        version: found.version,
        stamp,
        partition: 0,
        position,
        key: String::new(),
        marks: found.marks | time_mark,
        content: query
            .compare
            .as_ref()
            .map_or(Content::NONE, |compare| compare.content(message.payload())),
    })
}

/// The whole message. The body is cut to its first `max_bytes`.
pub(crate) fn copy(
    delivery: Delivery,
    coordinate: Coordinate,
    max_bytes: u64,
    now: Micros,
) -> Copy {
    let stamp = time(&delivery, CopyRole::Destination).unwrap_or(stamp(now, Clock::Waybill, 1));
    let (headers, types) = headers(delivery.properties.headers().as_ref());
    let mut properties = properties(&delivery.properties);
    properties.push(("exchange".to_owned(), delivery.exchange.to_string()));
    if !types.is_empty() {
        properties.push((HEADER_TYPES.to_owned(), types));
    }
    let mut payload = delivery.data;
    let payload_len = payload.len() as u64;
    payload.truncate(usize::try_from(max_bytes).unwrap_or(usize::MAX));
    Copy {
        coordinate,
        stamp,
        key: Some(delivery.routing_key.as_str().as_bytes().to_vec()),
        headers,
        properties,
        payload: Some(payload),
        payload_len,
    }
}

/// What the broker wrote when it dead-lettered a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Death {
    /// The queue it was taken from: the consumer that failed.
    pub(crate) queue: String,
    /// When, by the broker's clock.
    pub(crate) at: Option<Micros>,
    /// The key of the original publish.
    pub(crate) routing_key: Option<String>,
}

/// The most recent death with its queue and time, and the original routing key, which stands in
/// the oldest one.
pub(crate) fn death(delivery: &Delivery) -> Option<Death> {
    if let Some(AMQPValue::FieldArray(deaths)) = header(&delivery.properties, "x-death") {
        let tables: Vec<&FieldTable> = deaths
            .as_slice()
            .iter()
            .filter_map(AMQPValue::as_field_table)
            .collect();
        let (latest, oldest) = (tables.first()?, tables.last()?);
        return Some(Death {
            queue: text(latest.inner().get("queue")?)?,
            at: match latest.inner().get("time") {
                Some(AMQPValue::Timestamp(seconds)) => Some(seconds_since_1970(*seconds)),
                _ => None,
            },
            routing_key: match oldest.inner().get("routing-keys") {
                Some(AMQPValue::FieldArray(keys)) => keys.as_slice().first().and_then(text),
                _ => None,
            },
        });
    }
    // A stream keeps only headers that are plain values.
    Some(Death {
        queue: text(header(&delivery.properties, "x-first-death-queue")?)?,
        at: None,
        routing_key: None,
    })
}

/// Whether a dead letter is one of the consumer that is asked about: the queues it was taken from
/// tell, the youngest first.
pub(crate) fn is_wanted(delivery: &Delivery, query: &CopyQuery) -> bool {
    match query.role {
        CopyRole::DeadLetters => query.whose.counts(&queues(delivery)),
        CopyRole::Destination | CopyRole::Tap => true,
    }
}

/// The queues that a message was taken from when it was dead-lettered.
fn queues(delivery: &Delivery) -> Vec<String> {
    if let Some(AMQPValue::FieldArray(deaths)) = header(&delivery.properties, "x-death") {
        let tables = deaths
            .as_slice()
            .iter()
            .filter_map(AMQPValue::as_field_table);
        return tables
            .filter_map(|table| text(table.inner().get("queue")?))
            .collect();
    }
    // A stream keeps only headers that are plain values.
    ["x-last-death-queue", "x-first-death-queue"]
        .into_iter()
        .filter_map(|name| text(header(&delivery.properties, name)?))
        .collect()
}

/// A delivery as the carriers see it.
struct Carrying<'a> {
    delivery: &'a Delivery,
    /// Looked for only where dead letters are read.
    death: Option<Death>,
}

impl Message for Carrying<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        // Not a header the broker writes, but the one fact of x-death that tells consumers apart.
        if name == "x-death.queue" {
            let death = self.death.as_ref()?;
            return Some(Cow::Borrowed(death.queue.as_bytes()));
        }
        values::bytes(header(&self.delivery.properties, name)?).filter(|value| !value.is_empty())
    }

    fn payload(&self) -> Option<&[u8]> {
        Some(&self.delivery.data)
    }

    fn routing_key(&self) -> Option<&str> {
        // A dead letter may have been given another key than it was published with.
        let first = self
            .death
            .as_ref()
            .and_then(|death| death.routing_key.as_deref());
        Some(first.unwrap_or(self.delivery.routing_key.as_str()))
    }

    fn message_id(&self) -> Option<&str> {
        self.delivery
            .properties
            .message_id()
            .as_ref()
            .map(ShortString::as_str)
    }

    fn correlation_id(&self) -> Option<&str> {
        self.delivery
            .properties
            .correlation_id()
            .as_ref()
            .map(ShortString::as_str)
    }

    fn type_property(&self) -> Option<&str> {
        self.delivery
            .properties
            .kind()
            .as_ref()
            .map(ShortString::as_str)
    }

    fn app_id(&self) -> Option<&str> {
        self.delivery
            .properties
            .app_id()
            .as_ref()
            .map(ShortString::as_str)
    }
}

fn header<'a>(properties: &'a BasicProperties, name: &str) -> Option<&'a AMQPValue> {
    properties.headers().as_ref()?.inner().get(name)
}

fn text(value: &AMQPValue) -> Option<String> {
    values::bytes(value).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn stamp(at: Micros, clock: Clock, resolution_micros: u32) -> Stamp {
    Stamp {
        at,
        clock,
        resolution_micros,
    }
}

fn seconds_since_1970(seconds: u64) -> Micros {
    millis_since_1970(seconds.saturating_mul(1000))
}

fn millis_since_1970(millis: u64) -> Micros {
    Micros::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn time_in_header(value: &AMQPValue) -> Option<Micros> {
    match value {
        AMQPValue::Timestamp(seconds) => Some(seconds_since_1970(*seconds)),
        AMQPValue::LongString(_) => Micros::parse(&text(value)?).ok(),
        _ => None,
    }
}

type Headers = Vec<(String, Option<Vec<u8>>)>;

/// Headers without the offset, which is where the message lies and not what it says; and the
/// types of those that are no text.
fn headers(table: Option<&FieldTable>) -> (Headers, String) {
    let mut headers = Vec::new();
    let mut types = Vec::new();
    for (name, value) in table.into_iter().flatten() {
        if name.as_str() == OFFSET_HEADER {
            continue;
        }
        headers.push((name.to_string(), values::bytes(value).map(Cow::into_owned)));
        if let Some(letter) = values::type_letter(value) {
            types.push(format!("{name}={letter}"));
        }
    }
    (headers, types.join(", "))
}

fn properties(from: &BasicProperties) -> Vec<(String, String)> {
    let texts = [
        ("message-id", from.message_id()),
        ("type", from.kind()),
        ("correlation-id", from.correlation_id()),
        ("content-type", from.content_type()),
        ("content-encoding", from.content_encoding()),
        ("reply-to", from.reply_to()),
        ("expiration", from.expiration()),
        ("user-id", from.user_id()),
        ("app-id", from.app_id()),
        ("cluster-id", from.cluster_id()),
    ];
    let numbers = [
        ("timestamp", *from.timestamp()),
        ("delivery-mode", from.delivery_mode().map(u64::from)),
        ("priority", from.priority().map(u64::from)),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value.as_ref()?.to_string())));
    let numbers = numbers
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_string())));
    texts.chain(numbers).collect()
}

#[cfg(test)]
mod tests;
