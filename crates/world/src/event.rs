//! An event of the company, and the letter that carries it over the broker.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use waybill_model::{EventId, HEADER_ID, Micros, canonical_id, reconstructed_id};

use crate::product::Product;
use crate::spelling::{Spelling, read, written};

/// What the outbox and the messages call the aggregate.
pub(crate) const AGGREGATE_TYPE: &str = "product";

/// What happened to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum ChangeKind {
    Created,
    Renamed,
    PriceChanged,
    Removed,
    /// Everything there is to know about it; what Waybill rebuilds from a business row.
    Snapshot,
    /// A kind that somebody added without telling the broker: no queue is bound for it.
    Relabelled,
}

impl ChangeKind {
    /// The kinds that queues are bound for.
    pub(crate) const BOUND: [Self; 5] = [
        Self::Created,
        Self::Renamed,
        Self::PriceChanged,
        Self::Removed,
        Self::Snapshot,
    ];

    /// The event type on the wire; also the routing key.
    pub(crate) const fn wire_name(self) -> &'static str {
        match self {
            Self::Created => "ProductCreated",
            Self::Renamed => "ProductRenamed",
            Self::PriceChanged => "ProductPriceChanged",
            Self::Removed => "ProductRemoved",
            Self::Snapshot => "ProductSnapshot",
            Self::Relabelled => "ProductRelabelled",
        }
    }
}

/// One change of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProductEvent {
    pub(crate) id: Uuid,
    /// The request that caused it, together with its siblings.
    pub(crate) correlation: Uuid,
    pub(crate) kind: ChangeKind,
    /// The product after the change.
    pub(crate) product: Product,
    /// When the service made the change.
    pub(crate) at: Micros,
    /// What its body looks like.
    pub(crate) body: Body,
}

/// What the body of an event looks like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Body {
    /// The product, flat.
    #[default]
    Flat,
    /// The product as the second version of the schema has it.
    Nested,
    /// Word for word the body of another event.
    Copied(String),
}

impl ProductEvent {
    /// The body: the whole product, so that any one event brings a consumer up to date.
    ///
    /// It holds no time, so that a demo can be moved along without touching bodies.
    pub(crate) fn payload(&self) -> String {
        let Product {
            id,
            version,
            name,
            price_cents,
            removed,
        } = &self.product;
        let name = Value::String(name.clone());
        match &self.body {
            Body::Flat => format!(
                r#"{{"productId":{id},"version":{version},"name":{name},"priceCents":{price_cents},"removed":{removed}}}"#
            ),
            Body::Nested => format!(
                r#"{{"schema":2,"product":{{"productId":{id},"version":{version},"name":{name},"priceCents":{price_cents},"removed":{removed}}}}}"#
            ),
            Body::Copied(body) => body.clone(),
        }
    }

    /// The outbox row's headers, as JSON.
    pub(crate) fn headers(&self) -> String {
        format!(
            r#"{{"source":"product-service","correlation-id":"{}"}}"#,
            self.correlation
        )
    }

    /// What the relay makes of its outbox row.
    pub(crate) fn letter(&self, at: Micros) -> Letter {
        Letter {
            id: written(self.id),
            kind: self.kind.wire_name().to_owned(),
            aggregate: self.product.id.to_string(),
            version: self.product.version,
            headers: headers_of(&self.headers()),
            payload: self.payload(),
            at,
            spelling: Spelling::Plain,
            expires: false,
        }
    }

    /// The id an event gets from whoever rebuilds it, when it never got one of its own.
    pub(crate) fn id_when_rebuilt(&self) -> EventId {
        reconstructed_id(
            AGGREGATE_TYPE,
            &self.product.id.to_string(),
            self.product.version,
        )
    }
}

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The event's id, or whatever this message carries as such; empty for none.
    pub(crate) id: String,
    /// Event type; RabbitMQ's routing key.
    pub(crate) kind: String,
    /// The product's number; Kafka's key.
    pub(crate) aggregate: String,
    pub(crate) version: i64,
    /// What the outbox row's `headers` say.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: String,
    /// The publisher's time.
    pub(crate) at: Micros,
    /// How the message writes the id.
    pub(crate) spelling: Spelling,
    /// It lives in queues for a moment only.
    pub(crate) expires: bool,
}

impl Letter {
    /// The id as a text, spelled as the message spells it.
    pub(crate) fn spelled_id(&self) -> String {
        read(&self.id).map_or_else(|| self.id.clone(), |id| self.spelling.text(id))
    }

    /// The id as bytes, spelled as the message spells it.
    pub(crate) fn id_bytes(&self) -> Vec<u8> {
        read(&self.id).map_or_else(
            || self.id.clone().into_bytes(),
            |id| self.spelling.bytes(id),
        )
    }
}

/// A message as a consumer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    /// Canonical; empty when the message has none.
    pub(crate) id: String,
    pub(crate) payload: Vec<u8>,
    /// Waybill's resend id.
    pub(crate) resend: Option<String>,
    /// It came to this consumer alone, not through topic or exchange.
    pub(crate) alone: bool,
}

impl Received {
    pub(crate) fn new(
        id: Option<&str>,
        payload: &[u8],
        resend: Option<String>,
        alone: bool,
    ) -> Self {
        Self {
            id: id.map(canonical_id).unwrap_or_default().into_owned(),
            payload: payload.to_vec(),
            resend,
            alone,
        }
    }

    /// The product it tells about; `None` when the body is not what it should be.
    pub(crate) fn product(&self) -> Option<Product> {
        let body: Value = serde_json::from_slice(&self.payload).ok()?;
        let body = body.get("product").unwrap_or(&body);
        Some(Product {
            id: body.get("productId")?.as_i64()?,
            version: body.get("version")?.as_i64()?,
            name: body.get("name")?.as_str()?.to_owned(),
            price_cents: body.get("priceCents")?.as_i64()?,
            removed: truth(body.get("removed")?)?,
        })
    }
}

/// The header that marks Waybill's own resends.
pub(crate) const RESEND_HEADER: &str = HEADER_ID;

/// A JSON object's members as header texts; anything else has none.
pub(crate) fn headers_of(json: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(members)) = serde_json::from_str(json) else {
        return Vec::new();
    };
    members
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect()
}

/// A flag as any of the databases writes it into JSON.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_i64().map(|n| n != 0),
        Value::String(text) => match text.as_str() {
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_reads_what_the_service_wrote() {
        let product = Product {
            id: 17,
            version: 3,
            name: "Café \"duck\"".to_owned(),
            price_cents: 1299,
            removed: false,
        };
        let event = ProductEvent {
            id: Uuid::nil(),
            correlation: Uuid::nil(),
            kind: ChangeKind::Renamed,
            product: product.clone(),
            at: Micros(0),
            body: Body::Nested,
        };
        let received = Received::new(None, event.payload().as_bytes(), None, false);
        assert_eq!(received.product(), Some(product));
        assert_eq!(
            event.letter(Micros(1)).headers,
            [
                ("source".to_owned(), "product-service".to_owned()),
                ("correlation-id".to_owned(), Uuid::nil().to_string()),
            ]
        );
    }

    #[test]
    fn every_database_may_write_its_own_truth() {
        for (text, expected) in [
            ("true", Some(true)),
            ("0", Some(false)),
            ("\"t\"", Some(true)),
            ("\"?\"", None),
        ] {
            let body = format!(
                r#"{{"productId":1,"version":1,"name":"x","priceCents":1,"removed":{text}}}"#
            );
            let received = Received::new(None, body.as_bytes(), None, false);
            assert_eq!(received.product().map(|it| it.removed), expected, "{text}");
        }
    }
}
