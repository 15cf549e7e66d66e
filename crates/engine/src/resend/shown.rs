//! Messages that the user shows, and their rows.

use std::collections::BTreeSet;

use waybill_model::{Coordinate, EventId, Marks, Micros, PlaceRole, ShownMessage, canonical_id};
use waybill_protocol::Failure;
use waybill_source::form::{Sample, Sheet, Wire};

use super::choose::coordinate;
use super::pairs::{self, MAX_SAMPLE_BYTES, Samples};
use crate::session::Session;

/// Values of one message that may be its event's id.
const MAX_VALUES: usize = 200;

/// Each message with its row; and why a message is of no use, parts of sentences.
pub(super) async fn samples(
    session: &Session,
    shown: &[ShownMessage],
) -> Result<(Samples, Vec<String>), Failure> {
    let (mut found, mut useless) = (Samples::new(), Vec::new());
    let Some(outbox) = &session.profile.outbox else {
        return Ok((found, useless));
    };
    let roles = pairs::roles(outbox);
    for message in shown {
        let Some((kind, at)) = row_of(session, message) else {
            useless.push(
                "no value in a message that was shown is the id of a row that was read".to_owned(),
            );
            continue;
        };
        let row = pairs::rows(session, std::slice::from_ref(&at), MAX_SAMPLE_BYTES).await?;
        match row.into_iter().next().flatten() {
            Some(row) if row.payload_len <= MAX_SAMPLE_BYTES => {
                let sample = Sample {
                    sheet: Sheet::of(&row, &roles),
                    wire: wire(message),
                    stamp: row.at.unwrap_or(Micros(0)),
                };
                found.push((kind, sample));
            }
            Some(_) | None => {
                useless.push(format!(
                    "the row of a message that was shown is gone ({at})"
                ));
            }
        }
    }
    Ok((found, useless))
}

fn wire(message: &ShownMessage) -> Wire {
    let bytes = |text: &String| text.clone().into_bytes();
    let headers = message.headers.iter();
    let properties = message.properties.iter();
    Wire {
        key: message.key.as_ref().map(bytes),
        headers: headers
            .filter(|(name, _)| !name.starts_with("x-waybill-"))
            .map(|(name, value)| (name.clone(), Some(bytes(value))))
            .collect(),
        properties: properties
            .map(|(name, value)| (name.replace('_', "-"), value.clone()))
            .filter(|(name, _)| name != "delivery-mode")
            .collect(),
        payload: message.body.as_ref().map(bytes),
    }
}

/// The type of a message's event and where its row is, by whichever of its values is an id.
fn row_of(session: &Session, message: &ShownMessage) -> Option<(String, Coordinate)> {
    let book = session.book();
    values(message).into_iter().find_map(|text| {
        let no = book
            .index
            .no_of(&EventId(canonical_id(&text).into_owned()))?;
        let seen = book.index.facts(no).into_iter().find(|seen| {
            let place = session.layout.place(seen.place);
            place.is_some_and(|planned| planned.place.role == PlaceRole::Outbox)
                && !seen.marks.contains(Marks::GONE)
        })?;
        let kind = book.index.row(no).map(|row| row.kind).unwrap_or_default();
        Some((kind, coordinate(&session.layout, &seen)))
    })
}

/// What stands in a message: properties and headers first, as ids do.
fn values(message: &ShownMessage) -> Vec<String> {
    let mut found: Vec<String> = message.properties.values().cloned().collect();
    found.extend(message.headers.values().cloned());
    found.extend(message.key.clone());
    let body = message.body.as_deref().map(serde_json::from_str);
    if let Some(Ok(body)) = body {
        scalars(&body, &mut found);
    }
    let mut seen = BTreeSet::new();
    found.retain(|text| !text.is_empty() && seen.insert(text.clone()));
    found
}

fn scalars(value: &serde_json::Value, found: &mut Vec<String>) {
    if found.len() >= MAX_VALUES {
        return;
    }
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Number(number) => found.push(number.to_string()),
        serde_json::Value::Array(parts) => parts.iter().for_each(|part| scalars(part, found)),
        serde_json::Value::Object(parts) => parts.values().for_each(|part| scalars(part, found)),
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}
