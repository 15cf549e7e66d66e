//! Messages of a topic or stream, whole, to see what they carry.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::Value;
use waybill_model::{Carrier, Carriers, Coordinate, Copy, Micros, PlaceId, Window};
use waybill_source::carry::{Message, carried};
use waybill_source::content::document;
use waybill_source::{Broker, Chunk, CopyQuery, CopyRole, History, Result};

use super::rows::MAX_BODY;

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    copy: Copy,
    /// On RabbitMQ the key is the routing key.
    routed: bool,
}

impl Letter {
    /// `routed`: its key is a routing key.
    pub(crate) fn new(copy: Copy, routed: bool) -> Self {
        Self { copy, routed }
    }

    /// When it was published, by its own word.
    pub(crate) fn at(&self) -> Micros {
        self.copy.stamp.at
    }

    /// Everything it says: the texts and numbers of its body, its headers and its key.
    pub(super) fn words(&self) -> HashSet<String> {
        let mut words = self.copy.payload.as_deref().map(words).unwrap_or_default();
        let headers = self.copy.headers.iter();
        let values = headers.filter_map(|(_, value)| value.as_deref());
        let texts = values.chain(self.copy.key.as_deref());
        words.extend(texts.filter_map(|text| Some(std::str::from_utf8(text).ok()?.to_owned())));
        words
    }

    /// What it carries at a place, in the spelling of ids; `None` when nothing.
    pub(crate) fn text(&self, carrier: &Carrier) -> Option<String> {
        let only = Carriers {
            id: vec![carrier.clone()],
            kind: Vec::new(),
            aggregate: Vec::new(),
            version: Vec::new(),
        };
        Some(carried(self, &only, None).id).filter(|text| !text.is_empty())
    }

    /// Every place where it carries a short text.
    pub(crate) fn carriers(&self) -> Vec<Carrier> {
        let mut all = Vec::new();
        let properties = self.copy.properties.iter();
        all.extend(properties.filter_map(|(name, _)| match name.as_str() {
            "message-id" => Some(Carrier::MessageId),
            "correlation-id" => Some(Carrier::CorrelationId),
            "type" => Some(Carrier::TypeProperty),
            "app-id" => Some(Carrier::AppId),
            // No id, no type and no publisher.
            _ => None,
        }));
        let headers = self.copy.headers.iter();
        all.extend(headers.map(|(name, _)| Carrier::Header(name.clone())));
        all.push(if self.routed {
            Carrier::RoutingKey
        } else {
            Carrier::Key
        });
        if let Some(body) = &self.copy.payload {
            all.extend(members(body).into_iter().map(Carrier::Json));
        }
        all
    }
}

/// How many texts and numbers of a body are looked at, and how deep it may be.
const MAX_WORDS: usize = 300;
const MAX_DEPTH: usize = 8;

/// The texts and numbers of a JSON body, those of JSON inside of a text as well.
pub(super) fn words(json: &[u8]) -> HashSet<String> {
    fn collect(value: &Value, depth: usize, into: &mut HashSet<String>) {
        if into.len() >= MAX_WORDS || depth == 0 {
            return;
        }
        match value {
            Value::Object(members) => members.values().for_each(|v| collect(v, depth - 1, into)),
            Value::Array(items) => items.iter().for_each(|v| collect(v, depth - 1, into)),
            Value::Number(number) => {
                into.insert(number.to_string());
            }
            Value::String(text) => match serde_json::from_str(text) {
                Ok(inner @ (Value::Object(_) | Value::Array(_))) => {
                    collect(&inner, depth - 1, into);
                }
                Ok(_) | Err(_) => {
                    into.insert(text.clone());
                }
            },
            Value::Bool(_) | Value::Null => {}
        }
    }
    let mut words = HashSet::new();
    let json = document(json).unwrap_or_default();
    if let Ok(value) = serde_json::from_slice(&json) {
        collect(&value, MAX_DEPTH, &mut words);
    }
    words
}

/// Pointers to the texts and numbers in a JSON object and in the objects right inside of it.
pub(super) fn members(json: &[u8]) -> Vec<String> {
    let Ok(json) = document(json) else {
        return Vec::new();
    };
    let Ok(Value::Object(members)) = serde_json::from_slice(&json) else {
        return Vec::new();
    };
    let mut pointers = Vec::new();
    for (name, value) in &members {
        let here = format!("/{}", escaped(name));
        match value {
            Value::Object(inner) => {
                let plain = inner.iter().filter(|(_, value)| is_plain(value));
                pointers.extend(plain.map(|(name, _)| format!("{here}/{}", escaped(name))));
            }
            Value::String(_) | Value::Number(_) => pointers.push(here),
            Value::Null | Value::Bool(_) | Value::Array(_) => {}
        }
    }
    pointers
}

fn is_plain(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

/// A name as a step of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Message for Letter {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let named = self.copy.headers.iter().filter(|(key, _)| key == name);
        let mut filled = named.filter_map(|(_, value)| value.as_deref());
        let last = filled.rfind(|value| !value.is_empty());
        last.map(Cow::Borrowed)
    }

    fn payload(&self) -> Option<&[u8]> {
        self.copy.payload.as_deref()
    }

    fn key(&self) -> Option<&[u8]> {
        self.copy.key.as_deref().filter(|_| !self.routed)
    }

    fn routing_key(&self) -> Option<&str> {
        let key = self.copy.key.as_deref().filter(|_| self.routed)?;
        std::str::from_utf8(key).ok()
    }

    fn message_id(&self) -> Option<&str> {
        self.property("message-id")
    }

    fn correlation_id(&self) -> Option<&str> {
        self.property("correlation-id")
    }

    fn type_property(&self) -> Option<&str> {
        self.property("type")
    }

    fn app_id(&self) -> Option<&str> {
        self.property("app-id")
    }
}

impl Letter {
    fn property(&self, name: &str) -> Option<&str> {
        let mut properties = self.copy.properties.iter();
        let (_, value) = properties.find(|(key, _)| key == name)?;
        Some(value)
    }
}

/// Up to `n` messages of a topic or stream from a window on.
pub(crate) async fn sample(
    broker: &Arc<dyn Broker>,
    channel: &str,
    window: Window,
    n: usize,
) -> Result<Vec<Letter>> {
    let routed = broker.capabilities().history == History::ByStream;
    let mut chunks = broker.scan(CopyQuery {
        place: PlaceId(0),
        role: CopyRole::Destination,
        channel: channel.to_owned(),
        exchange: None,
        carriers: Carriers::default(),
        aggregate_type: None,
        only: Vec::new(),
        whose: waybill_source::Whose::default(),
        compare: None,
        window,
        after: None,
        max_messages: None,
    });
    let mut places = Vec::new();
    while let Some(chunk) = chunks.next().await {
        if let Chunk::Evidence(batch) = chunk? {
            for idx in 0..batch.len() {
                let seen = batch.observation(idx);
                places.push(place(channel, routed, seen.partition, seen.position));
            }
        }
        if places.len() >= n {
            break;
        }
    }
    drop(chunks);
    let places = spread(places, n);
    let copies = broker.copies(&places, MAX_BODY).await?;
    let copies = copies.into_iter().flatten();
    Ok(copies.map(|copy| Letter::new(copy, routed)).collect())
}

/// `n` of them, evenly: one batch may be all of one partition.
fn spread(places: Vec<Coordinate>, n: usize) -> Vec<Coordinate> {
    let step = places.len().div_ceil(n.max(1)).max(1);
    places.into_iter().step_by(step).collect()
}

fn place(channel: &str, routed: bool, partition: u32, offset: i64) -> Coordinate {
    if routed {
        Coordinate::StreamEntry {
            stream: channel.to_owned(),
            offset,
        }
    } else {
        Coordinate::Record {
            topic: channel.to_owned(),
            partition,
            offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_members_are_found_two_levels_deep() {
        let json = br#"{"id":"a","n":7,"flag":true,"data":{"id":1,"deep":{"id":2}},"a/b":"c"}"#;
        let mut found = members(json);
        found.sort();
        assert_eq!(found, ["/a~1b", "/data/id", "/id", "/n"]);
        assert!(members(b"[1]").is_empty());
        assert!(members(b"no json").is_empty());
    }
}
