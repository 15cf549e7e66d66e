//! Takes id, type, aggregate and version out of a message, wherever its flow carries them.
//!
//! Pure, and the same for every broker. The body is looked at only when a carrier points into it,
//! and unpacked at most once.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use uuid::Uuid;
use waybill_model::{Carrier, Carriers, HEADER_ID, Marks, NO_VERSION, Wanted, bare, canonical_id};

use crate::content::{Unreadable, document, framed_text, text_in};

/// Bodies above this many bytes are not parsed for carriers; the observation gets
/// [`Marks::OVERSIZE`] when a carrier would have needed the body.
pub const MAX_PARSED_BYTES: usize = 4 * 1024 * 1024;

/// A message as its client library hands it out, without copying.
pub trait Message {
    /// The last header of that name that holds anything, as Kafka's own clients take the last one: a
    /// framework adds its own in front of the producer's or behind, and what is empty says nothing.
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>>;
    /// The body; `None` is a tombstone.
    fn payload(&self) -> Option<&[u8]>;
    /// Kafka key.
    fn key(&self) -> Option<&[u8]> {
        None
    }
    /// AMQP routing key.
    fn routing_key(&self) -> Option<&str> {
        None
    }
    /// AMQP `message_id`.
    fn message_id(&self) -> Option<&str> {
        None
    }
    /// AMQP `correlation_id`.
    fn correlation_id(&self) -> Option<&str> {
        None
    }
    /// AMQP `type`.
    fn type_property(&self) -> Option<&str> {
        None
    }
    /// AMQP `app_id`.
    fn app_id(&self) -> Option<&str> {
        None
    }
}

/// What a message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Event id in canonical spelling, `""` with [`Marks::NO_ID`].
    pub id: String,
    /// Event type or `""`.
    pub kind: String,
    /// `type/id` of the aggregate, only `id` when no type is known, or `""`.
    pub aggregate: String,
    /// Aggregate version or [`NO_VERSION`].
    pub version: i64,
    /// What was noticed on the way.
    pub marks: Marks,
}

/// What has to stand at places of a message, all of them, so that it counts.
pub type Condition = BTreeMap<Carrier, Wanted>;

/// Reads a message that counts; `None` where it says that it is another's. It counts where one of
/// these conditions is met, any message where there is none. One that lacks what is asked for gets
/// [`Marks::WHOSE_UNKNOWN`], unless Waybill itself has sent it.
pub fn counted(
    message: &dyn Message,
    carriers: &Carriers,
    aggregate_type: Option<&str>,
    only: &[Condition],
) -> Option<Carried> {
    let reader = Reader::of(message);
    let whose = reader.whose(only);
    reader.unreadable.set(false);
    if whose == Publisher::Others {
        return None;
    }
    let mut carried = reader.carried(carriers, aggregate_type);
    let unknown = whose == Publisher::Unknown && !carried.marks.contains(Marks::OWN_RESEND);
    carried.marks.set(Marks::WHOSE_UNKNOWN, unknown);
    Some(carried)
}

/// Reads a message by its flow's carriers. `aggregate_type` is put before the aggregate's id.
pub fn carried(
    message: &dyn Message,
    carriers: &Carriers,
    aggregate_type: Option<&str>,
) -> Carried {
    Reader::of(message).carried(carriers, aggregate_type)
}

/// A message and its body, unpacked when first asked for.
struct Reader<'a> {
    message: &'a dyn Message,
    body: OnceCell<Result<Cow<'a, [u8]>, Unreadable>>,
    /// What was asked of the body cannot be told, as it is no JSON.
    unreadable: Cell<bool>,
}

/// Whose a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Publisher {
    Ours,
    Unknown,
    Others,
}

impl<'a> Reader<'a> {
    fn of(message: &'a dyn Message) -> Self {
        Self {
            message,
            body: OnceCell::new(),
            unreadable: Cell::new(false),
        }
    }

    fn whose(&self, only: &[Condition]) -> Publisher {
        let each = only.iter().map(|condition| self.by_condition(condition));
        each.min().unwrap_or(Publisher::Ours)
    }

    fn by_condition(&self, condition: &Condition) -> Publisher {
        let by_place =
            |(place, wanted): (&Carrier, &Wanted)| match self.one(place, &mut Marks::default()) {
                None => Publisher::Unknown,
                Some(text) if wanted.fits(&text) || wanted.fits(bare(&text)) => Publisher::Ours,
                Some(_) => Publisher::Others,
            };
        condition
            .iter()
            .map(by_place)
            .max()
            .unwrap_or(Publisher::Ours)
    }

    fn carried(&self, carriers: &Carriers, aggregate_type: Option<&str>) -> Carried {
        let mut marks = Marks::default();
        let id = self
            .text(&carriers.id, &mut marks)
            .map(|text| canonical_id(&text).into_owned());
        if id.as_deref().is_none_or(str::is_empty) {
            marks |= Marks::NO_ID;
            // An id may stand there, and nobody can read it.
            marks.set(Marks::MALFORMED, self.unreadable.get());
        }
        let kind = self.text(&carriers.kind, &mut marks);
        let kind = kind.map_or_else(String::new, |kind| bare(&kind).to_owned());
        let aggregate = self.text(&carriers.aggregate, &mut marks);
        let aggregate = match (aggregate.as_deref().map(bare), aggregate_type) {
            (Some(id), Some(kind)) if !id.is_empty() => format!("{kind}/{id}"),
            (Some(id), _) => id.to_owned(),
            (None, _) => String::new(),
        };
        let version = self
            .text(&carriers.version, &mut marks)
            .and_then(|text| bare(&text).parse().ok())
            .unwrap_or(NO_VERSION);
        if self.message.header(HEADER_ID).is_some() {
            marks |= Marks::OWN_RESEND;
        }
        Carried {
            id: id.unwrap_or_default(),
            kind,
            aggregate,
            version,
            marks,
        }
    }

    /// The text of the first carrier that is there.
    fn text(&self, carriers: &[Carrier], marks: &mut Marks) -> Option<String> {
        carriers.iter().find_map(|carrier| self.one(carrier, marks))
    }

    fn one(&self, carrier: &Carrier, marks: &mut Marks) -> Option<String> {
        let text = match carrier {
            Carrier::Header(name) => self
                .message
                .header(name)
                .map(|bytes| readable(&bytes, marks)),
            Carrier::Key => self.message.key().map(|bytes| readable(bytes, marks)),
            Carrier::RoutingKey => self.message.routing_key().map(str::to_owned),
            Carrier::MessageId => self.message.message_id().map(str::to_owned),
            Carrier::CorrelationId => self.message.correlation_id().map(str::to_owned),
            Carrier::TypeProperty => self.message.type_property().map(str::to_owned),
            Carrier::AppId => self.message.app_id().map(str::to_owned),
            Carrier::Json(pointer) => self.json(pointer, marks),
        };
        text.filter(|text| !text.is_empty())
    }

    fn json(&self, pointer: &str, marks: &mut Marks) -> Option<String> {
        let payload = self.message.payload()?;
        let body = self.body.get_or_init(|| document(payload));
        let told = match body {
            Ok(document) => text_in(document, pointer),
            Err(why) => Err(*why),
        };
        match told {
            Ok(text) => text,
            Err(Unreadable::TooLarge) => {
                *marks |= Marks::OVERSIZE;
                None
            }
            Err(Unreadable::NotJson) => {
                self.unreadable.set(!payload.trim_ascii().is_empty());
                None
            }
        }
    }
}

/// Bytes that are no text anybody would write: sixteen are a UUID as it is, eight a number with
/// its highest byte first (`x-sequence` of some relays). The rest is text.
fn readable(bytes: &[u8], marks: &mut Marks) -> String {
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control));
    if is_text {
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        return text_of(text, marks);
    }
    if let Some(text) = framed_text(bytes) {
        return text;
    }
    if let Ok(number) = <[u8; 8]>::try_from(bytes) {
        return i64::from_be_bytes(number).to_string();
    }
    match Uuid::from_slice(bytes) {
        Ok(uuid) => uuid.hyphenated().to_string(),
        Err(_) => text_of(bytes, marks),
    }
}

/// Text as UTF-8; invalid bytes become replacement characters and leave a mark.
pub fn text_of(bytes: &[u8], marks: &mut Marks) -> String {
    let text = String::from_utf8_lossy(bytes);
    if matches!(text, Cow::Owned(_)) {
        *marks |= Marks::NOT_UTF8;
    }
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Made {
        headers: Vec<(&'static str, Vec<u8>)>,
        key: Option<&'static str>,
        payload: &'static str,
    }

    impl Message for Made {
        fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
            let found = self.headers.iter().find(|(n, _)| *n == name)?;
            Some(Cow::Borrowed(&found.1))
        }
        fn payload(&self) -> Option<&[u8]> {
            Some(self.payload.as_bytes())
        }
        fn key(&self) -> Option<&[u8]> {
            self.key.map(str::as_bytes)
        }
    }

    fn carriers(id: &[&str]) -> Carriers {
        let id = id
            .iter()
            .map(|text| text.parse().expect("a carrier"))
            .collect();
        Carriers {
            id,
            version: vec![Carrier::Json("/v".to_owned())],
            ..Carriers::default()
        }
    }

    #[test]
    fn the_first_carrier_that_is_there_wins_and_ids_become_canonical() {
        let message = Made {
            headers: vec![("id", b"{0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20}".to_vec())],
            key: Some("4711"),
            payload: r#"{"id":"other","v":8}"#,
        };
        let found = carried(
            &message,
            &carriers(&["header:ce_id", "header:id", "json:/id"]),
            Some("product"),
        );
        assert_eq!(found.id, "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20");
        assert_eq!(
            (found.aggregate.as_str(), found.version),
            ("product/4711", 8)
        );
        assert_eq!(found.marks, Marks::default());
    }

    #[test]
    fn what_is_wrong_is_marked_and_never_a_panic() {
        let message = Made {
            headers: vec![("id", vec![0xff])],
            key: None,
            payload: "{not json",
        };
        let found = carried(&message, &carriers(&["header:id"]), None);
        assert_eq!(found.marks, Marks::NOT_UTF8);
        assert_eq!(
            carried(&message, &carriers(&["json:/id"]), None).marks,
            Marks::NO_ID | Marks::MALFORMED
        );
    }

    #[test]
    fn an_id_may_be_the_bytes_of_a_uuid_or_a_number() {
        let id = |bytes: &[u8]| {
            let message = Made {
                headers: vec![("id", bytes.to_vec())],
                key: None,
                payload: "",
            };
            let found = carried(&message, &carriers(&["header:id"]), None);
            assert_eq!(found.marks, Marks::default());
            found.id
        };
        let uuid = uuid::uuid!("0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20");
        assert_eq!(id(uuid.as_bytes()), uuid.to_string());
        // Sixteen characters are an id of their own, and so are eight.
        assert_eq!(id(b"order-0123456789"), "order-0123456789");
        assert_eq!(id(b"order-42"), "order-42");
        assert_eq!(id(&4711_i64.to_be_bytes()), "4711");
    }

    #[test]
    fn keys_and_types_are_told_without_what_is_around_them() {
        let aggregate = |key: &'static str| {
            let message = Made {
                headers: vec![("type", b"\"OrderPlaced\"".to_vec()), ("v", Vec::new())],
                key: Some(key),
                payload: "",
            };
            let carriers = Carriers {
                version: vec![Carrier::Header("v".to_owned())],
                ..Carriers::default()
            };
            let found = carried(&message, &carriers, None);
            assert_eq!(found.kind, "OrderPlaced");
            assert_eq!(found.version, NO_VERSION);
            found.aggregate
        };
        for key in [
            "a1",
            "\"a1\"",
            " \"a1\" ",
            r#"{"schema":{"type":"string"},"payload":"a1"}"#,
            "\0\0\0\0\u{2a}\"a1\"",
        ] {
            assert_eq!(aggregate(key), "a1", "{key}");
        }
        assert_eq!(aggregate("5\" pipe"), "5\" pipe");
    }

    #[test]
    fn whose_a_message_is_is_told_by_what_it_carries() {
        let condition = |of: &[(&str, &str)]| -> Condition {
            let one = |(place, value): &(&str, &str)| {
                let wanted = Wanted(vec![(*value).to_owned()]);
                (place.parse().expect("a carrier"), wanted)
            };
            of.iter().map(one).collect()
        };
        let shop = condition(&[("header:source", "shop*")]);
        let search = condition(&[("json:/of", "search"), ("key", "4711")]);
        let tell = |source: Option<&str>, body: &'static str, own: bool, only: &[Condition]| {
            let mut headers = vec![("id", b"1".to_vec())];
            headers.extend(source.map(|source| ("source", source.as_bytes().to_vec())));
            headers.extend(own.then(|| (HEADER_ID, b"r".to_vec())));
            let message = Made {
                headers,
                key: Some("4711"),
                payload: body,
            };
            let found = counted(&message, &carriers(&["header:id"]), None, only);
            found.map(|found| found.marks.contains(Marks::WHOSE_UNKNOWN))
        };
        let both = [shop.clone(), search.clone()];
        for (source, body, own, only, expected) in [
            (Some("billing"), "{}", false, &[][..], Some(false)),
            (Some("shop-7"), "{}", false, &both[..1], Some(false)),
            (Some("\"shop\""), "{}", false, &both[..1], Some(false)),
            (Some("billing"), "{}", false, &both[..1], None),
            (None, "{}", false, &both[..1], Some(true)),
            (None, "{}", true, &both[..1], Some(false)),
            (Some("billing"), "{}", true, &both[..1], None),
            // Of two flows the other may be meant.
            (
                Some("billing"),
                r#"{"of":"search"}"#,
                false,
                &both,
                Some(false),
            ),
            (Some("billing"), r#"{"of":"billing"}"#, false, &both, None),
            (Some("billing"), "no JSON", false, &both, Some(true)),
        ] {
            assert_eq!(tell(source, body, own, only), expected, "{source:?} {body}");
        }
    }

    #[test]
    fn our_own_resends_are_recognised() {
        let message = Made {
            headers: vec![(HEADER_ID, b"x".to_vec()), ("id", b"1".to_vec())],
            key: None,
            payload: "",
        };
        assert_eq!(
            carried(&message, &carriers(&["header:id"]), None).marks,
            Marks::OWN_RESEND
        );
    }
}
