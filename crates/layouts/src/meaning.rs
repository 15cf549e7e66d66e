//! What columns mean: roles, ids, times, envelopes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// Which column plays which role in a row that is an event. A role without column is left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Roles {
    /// Orders and identifies rows.
    pub key: Spot,
    /// The event's id, as it is on the broker.
    pub id: Option<Spot>,
    /// The aggregate's type.
    pub aggregate_type: Option<Spot>,
    /// The aggregate's id.
    pub aggregate_id: Option<Spot>,
    /// The aggregate's version.
    pub version: Option<Spot>,
    /// The event type.
    #[serde(rename = "type")]
    pub kind: Option<Spot>,
    /// The body.
    pub payload: Option<Spot>,
    /// Headers.
    pub headers: Option<Spot>,
    /// When it was written.
    pub created_at: Option<Spot>,
    /// Filled, or true, when it was sent.
    pub sent_at: Option<Spot>,
    /// From when on it is to be sent, where that is later than it was written.
    pub due_at: Option<Spot>,
    /// Values of `status` for which `due_at` holds, or that mean a later time by themselves.
    #[serde(default)]
    pub due_states: Vec<String>,
    /// Its state.
    pub status: Option<Spot>,
    /// Values of `status` that mean sent.
    #[serde(default)]
    pub sent_states: Vec<String>,
    /// Values of `status` that mean given up.
    #[serde(default)]
    pub failed_states: Vec<String>,
    /// How often it was tried.
    pub attempts: Option<Spot>,
    /// Why the last try failed.
    pub error: Option<Spot>,
    /// Which rows are about messages, where others are not.
    pub only: Option<OnlyRows>,
    /// What the trace context is kept in.
    pub trace: Option<Spot>,
}

/// Rows that count, by what a column begins with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OnlyRows {
    /// The column.
    pub column: String,
    /// What it begins with in such a row.
    pub starts_with: String,
}

impl Roles {
    /// Every place in a row that a role names.
    pub fn spots(&self) -> impl Iterator<Item = &Spot> {
        let others = [
            &self.id,
            &self.aggregate_type,
            &self.aggregate_id,
            &self.version,
            &self.kind,
            &self.payload,
            &self.headers,
            &self.created_at,
            &self.sent_at,
            &self.due_at,
            &self.status,
            &self.attempts,
            &self.error,
            &self.trace,
        ];
        std::iter::once(&self.key).chain(others.into_iter().flatten())
    }
}

/// Which column plays which role where a consumer keeps what it has processed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct InboxRoles {
    /// Identifies rows, where the event's id does not.
    pub key: Option<Spot>,
    /// The id of the event.
    pub id: Spot,
    /// When it was processed; a row in which it is empty is not, unless a state says so.
    pub processed_at: Spot,
    /// Its state.
    pub status: Option<Spot>,
    /// Values of `status` that mean processed.
    #[serde(default)]
    pub processed_states: Vec<String>,
    /// Values of `status` that mean that processing failed.
    #[serde(default)]
    pub failed_states: Vec<String>,
    /// Filled when processing failed.
    pub failed_at: Option<Spot>,
    /// How long rows are kept after their time, in seconds, unless the application says otherwise;
    /// `None` where nobody deletes them.
    pub kept_secs: Option<u32>,
    /// Which consumer the row belongs to, where several share the table.
    pub consumer: Option<Spot>,
    /// What a row proves, in a sentence.
    pub proves: String,
}

impl InboxRoles {
    /// Every place in a row that a role names.
    pub fn spots(&self) -> impl Iterator<Item = &Spot> {
        let others = [&self.key, &self.status, &self.failed_at, &self.consumer];
        [&self.id, &self.processed_at]
            .into_iter()
            .chain(others.into_iter().flatten())
    }
}

/// A place in a row: a column, or a value inside of a column's JSON. Written `column`,
/// `column#/pointer`, or `column|other` where versions differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The column, as the data file spells it; the first of these that a table has.
    pub columns: Vec<String>,
    /// JSON pointer (RFC 6901) into it.
    pub pointer: Option<String>,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.columns.join("|"))?;
        match &self.pointer {
            Some(pointer) => write!(f, "#{pointer}"),
            None => Ok(()),
        }
    }
}

/// A text that names no place in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseSpotError(String);

impl fmt::Display for ParseSpotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' names no place in a row; write COLUMN, COLUMN#/POINTER or COLUMN|OTHER",
            self.0
        )
    }
}

impl std::error::Error for ParseSpotError {}

impl FromStr for Spot {
    type Err = ParseSpotError;

    fn from_str(text: &str) -> Result<Self, ParseSpotError> {
        let wrong = || ParseSpotError(text.to_owned());
        let (columns, pointer) = match text.split_once('#') {
            Some((columns, pointer)) if pointer.starts_with('/') => (columns, Some(pointer)),
            Some(_) => return Err(wrong()),
            None => (text, None),
        };
        let columns: Vec<String> = columns.split('|').map(str::to_owned).collect();
        if columns.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self {
            columns,
            pointer: pointer.map(str::to_owned),
        })
    }
}

impl<'de> Deserialize<'de> for Spot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What an event's id looks like. All of these become one spelling before they are compared
/// ([`waybill_model::canonical_id`]); the shape is what to expect when looking with bare eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdShape {
    /// A UUID with dashes, or a type of the database's own for it.
    Uuid,
    /// A UUID of 32 digits.
    UuidWithoutDashes,
    /// A UUID, in 16 bytes where the database has no type for it.
    UuidOrBytes,
    /// An integer as text: snowflakes, sequence numbers.
    Number,
    /// An integer in eight bytes, the highest first.
    NumberInBytes,
    /// Two halves of 16 hexadecimal digits with a dash between them.
    HexHalves,
    /// Any text; the application chooses.
    Text,
}

/// What the value of a time column means. Many lie about it by their type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeMeaning {
    /// A point in time, by its type or by the zone written with it.
    Instant,
    /// UTC, though the type has no zone.
    Utc,
    /// The application's local time, which nobody but the application knows.
    ApplicationLocal,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
    /// Ten-thousandths of a second since 1970.
    UnixTenThousandths,
    /// Text in the ISO 8601 format.
    IsoText,
}

/// What a body is wrapped in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Envelope {
    /// How the column is encoded.
    pub format: Format,
    /// JSON pointer to the business body.
    pub body: Option<String>,
    /// JSON pointer to the headers.
    pub headers: Option<String>,
    /// JSON pointer to the message's id, where the row's own is another one.
    pub id: Option<String>,
    /// JSON pointer to where the message goes.
    pub destination: Option<String>,
    /// Whether the body inside is base64.
    #[serde(default)]
    pub base64: bool,
    /// What else is to be known.
    pub note: Option<String>,
}

/// How an enveloped body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// JSON.
    Json,
    /// Something only its own language reads; readable letters inside are all there is to show.
    Opaque,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_row_is_written_as_it_is_read() {
        for text in ["Id", "Headers#/rbs2-msg-id", "HandledTime|ProcessedTime"] {
            let spot: Spot = text.parse().expect("it names a place");
            assert_eq!(spot.to_string(), text);
        }
        for wrong in ["", "#/a", "a#b", "a|"] {
            let error = wrong.parse::<Spot>().expect_err("it names none");
            assert!(error.to_string().contains("write COLUMN"), "{error}");
        }
    }
}
