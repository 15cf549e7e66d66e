//! Rows of the outbox.

use waybill_model::Micros;

use crate::event::{AGGREGATE_TYPE, Letter, ProductEvent, headers_of};

use super::sql::{TextRow, Value};
use crate::spelling::Spelling;

/// A row as it is written, sent or not.
#[derive(Debug, Clone)]
pub(crate) struct OutboxRow<'a> {
    pub(crate) event: &'a ProductEvent,
    pub(crate) sent_at: Option<Micros>,
    /// Attempts that failed.
    pub(crate) attempts: i64,
    pub(crate) error: Option<&'static str>,
    /// How the row writes the id, where the column is a text.
    pub(crate) spelling: Spelling,
}

/// The column that a table without marks lacks.
const SENT_AT: &str = "sent_at";

/// The columns that are written; the key comes by itself.
const OUTBOX_COLUMNS: [&str; 11] = [
    "event_id",
    "aggregate_type",
    "aggregate_id",
    "version",
    "type",
    "payload",
    "headers",
    "created_at",
    SENT_AT,
    "attempts",
    "error",
];

/// The columns that are written, of a table with or without marks.
pub(super) fn outbox_columns(marks: bool) -> Vec<&'static str> {
    let columns = OUTBOX_COLUMNS.into_iter();
    columns.filter(|name| marks || *name != SENT_AT).collect()
}

impl OutboxRow<'_> {
    /// In the order of [`outbox_columns`].
    pub(super) fn values(&self, marks: bool) -> Vec<Value> {
        let each = OUTBOX_COLUMNS.into_iter().zip(self.all_values());
        let each = each.filter(|(name, _)| marks || *name != SENT_AT);
        each.map(|(_, value)| value).collect()
    }

    /// How it writes its id, by which it can be found.
    pub(super) fn id(&self) -> Value {
        Value::Id(self.event.id, self.spelling)
    }

    fn all_values(&self) -> Vec<Value> {
        let event = self.event;
        vec![
            self.id(),
            Value::Text(AGGREGATE_TYPE.to_owned()),
            Value::Text(event.product.id.to_string()),
            Value::Int(event.product.version),
            Value::Text(event.kind.wire_name().to_owned()),
            Value::Json(event.payload()),
            Value::Json(event.headers()),
            Value::At(event.at),
            self.sent_at.map_or(Value::Null, Value::At),
            Value::Int(self.attempts),
            self.error
                .map_or(Value::Null, |why| Value::Text(why.to_owned())),
        ]
    }
}

/// A row the relay has yet to send.
#[derive(Debug, Clone)]
pub(crate) struct UnsentRow {
    /// The outbox's key.
    pub(crate) key: i64,
    /// Attempts that failed.
    pub(crate) attempts: i64,
    /// What to send; its time is set when it is sent.
    pub(crate) letter: Letter,
}

/// What [`UnsentRow::from_texts`] needs, in its order.
pub(super) const UNSENT_COLUMNS: [&str; 8] = [
    "id",
    "attempts",
    "event_id",
    "type",
    "aggregate_id",
    "version",
    "headers",
    "payload",
];

impl UnsentRow {
    /// `None` when a column is null that cannot be.
    pub(super) fn from_texts(row: TextRow) -> Option<Self> {
        let [
            key,
            attempts,
            id,
            kind,
            aggregate,
            version,
            headers,
            payload,
        ]: [Option<String>; 8] = row.try_into().ok()?;
        Some(Self {
            key: key?.parse().ok()?,
            attempts: attempts?.parse().ok()?,
            letter: Letter {
                id: id?,
                kind: kind?,
                aggregate: aggregate?,
                version: version?.parse().ok()?,
                headers: headers_of(&headers?),
                payload: payload?,
                at: Micros(0),
                spelling: Spelling::Plain,
                expires: false,
            },
        })
    }
}
