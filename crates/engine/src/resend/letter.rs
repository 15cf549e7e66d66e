//! One message of a resend, written from the best source there is for its body.

use std::collections::BTreeMap;

use waybill_model::{
    BodySource, Coordinate, Copy, HEADER_AT, HEADER_ATTEMPT, HEADER_BY, HEADER_ID, HEADER_REASON,
    Micros, Mode, Parcel, ResendId,
};
use waybill_source::form::{Sheet, Wire};
use waybill_source::{History, Row, RowColumns, RowKey};

use super::pairs::roles;
use super::place::{Facts, complete};
use super::runs::Item;
use super::states;
use super::strip::{self, Headers};
use super::template::rebuilt;
use crate::clock::now;
use crate::scan::value;
use crate::session::{DATABASE, Reading, Session};

/// The largest body that is fetched; no broker takes larger ones.
const MAX_BODY_BYTES: u64 = 128 * 1024 * 1024;

/// How messages of this broker are addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Records with keys, in partitions.
    Log,
    /// Messages with properties and a routing key.
    Queues,
}

/// A message without its address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Letter {
    pub(super) key: Option<Vec<u8>>,
    pub(super) headers: Headers,
    pub(super) properties: Vec<(String, String)>,
    pub(super) payload: Option<Vec<u8>>,
    /// Names of what the original carried and this does not.
    pub(super) stripped: Vec<String>,
}

/// What our own headers say.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) resend: ResendId,
    pub(super) at: Micros,
    pub(super) by: String,
    pub(super) reason: String,
}

/// How this session's broker is addressed.
pub(super) fn style(session: &Session) -> Style {
    match session
        .sources
        .broker()
        .map(|broker| broker.capabilities().history)
    {
        Ok(History::ByStream) => Style::Queues,
        Ok(History::Always) | Err(_) => Style::Log,
    }
}

/// The message for one event of a plan, ready to be sent; or why it cannot be written, a sentence.
pub(super) async fn parcel(
    session: &Session,
    item: &Item,
    mode: &Mode,
    sender: &Sender,
) -> Result<Parcel, String> {
    let mut letter = match &item.planned.body {
        BodySource::Copy { coordinate } => of_copy(session, coordinate).await?,
        BodySource::OutboxRow { coordinate } => of_outbox(session, item, coordinate).await?,
        BodySource::Reconstructed { coordinate } => of_business(session, item, coordinate).await?,
    };
    let flow = session
        .profile
        .flows
        .get(item.flow)
        .ok_or("its flow is gone from the profile")?;
    let is_copy = matches!(item.planned.body, BodySource::Copy { .. });
    // What is made by its relay's form is complete.
    if !is_copy && item.form.is_none() {
        letter.key.clone_from(&item.planned.route.key);
        complete(
            &mut letter,
            &flow.carriers,
            &facts(item),
            style(session),
            item.example.as_ref(),
        );
        if let Some(example) = &item.example {
            like_example(&mut letter, example);
        }
    }
    let has_time = letter
        .properties
        .iter()
        .any(|(name, _)| name == "timestamp");
    if !is_copy && wants_time(item) && !has_time && style(session) == Style::Queues {
        // The event's own time; when it was resent stands in our header.
        let secs = item.at.millis() / 1000;
        letter
            .properties
            .push(("timestamp".to_owned(), secs.to_string()));
    }
    let mut route = item.planned.route.clone();
    if *mode == Mode::Everyone && route.key.is_none() {
        route.key = letter.key;
    }
    letter
        .headers
        .extend(own_headers(sender, item.planned.attempt));
    if style(session) == Style::Queues {
        letter
            .properties
            .push(("delivery-mode".to_owned(), "2".to_owned()));
    }
    Ok(Parcel {
        resend: sender.resend,
        event: item.planned.id.clone(),
        route,
        headers: letter.headers,
        properties: letter.properties,
        payload: letter.payload,
    })
}

/// Whether a message gets the event's time: a service's own has one where its others have.
fn wants_time(item: &Item) -> bool {
    let is_rebuilt = matches!(item.planned.body, BodySource::Reconstructed { .. });
    let own_form = item.form.as_ref().filter(|_| is_rebuilt);
    own_form.is_none_or(|form| form.left_out().iter().any(|name| name == "timestamp"))
}

/// The facts a message of this event has to carry.
pub(super) fn facts(item: &Item) -> Facts {
    let aggregate = &item.planned.aggregate;
    let bare = aggregate
        .split_once('/')
        .map_or(aggregate.as_str(), |(_, id)| id);
    Facts {
        id: item.planned.id.0.clone(),
        kind: item.planned.kind.clone(),
        aggregate: bare.to_owned(),
        version: item.version,
    }
}

/// A copy as it will be sent again, and what of it will not.
pub(super) fn stripped(copy: Copy) -> Letter {
    let mut gone = Vec::new();
    Letter {
        key: copy.key,
        headers: strip::headers(copy.headers, &mut gone),
        properties: strip::properties(copy.properties, &mut gone),
        payload: copy.payload,
        stripped: gone,
    }
}

async fn of_copy(session: &Session, at: &Coordinate) -> Result<Letter, String> {
    let broker = session
        .sources
        .broker()
        .map_err(|failure| failure.message)?;
    let copies = broker
        .copies(std::slice::from_ref(at), MAX_BODY_BYTES)
        .await;
    let copies =
        copies.map_err(|error| format!("its copy could not be fetched: {}", error.chain()))?;
    let copy = copies.into_iter().next().flatten();
    let copy = copy.ok_or_else(|| format!("its copy at {at} is gone"))?;
    whole(copy.payload.as_ref(), copy.payload_len)?;
    Ok(stripped(copy))
}

/// The message of an outbox row: made as its relay makes it, where that is known, else the row's
/// body and headers as they stand.
async fn of_outbox(session: &Session, item: &Item, at: &Coordinate) -> Result<Letter, String> {
    let columns = columns_of(session, at).ok_or("its outbox is gone from the profile")?;
    let row = row(session, columns, at).await?;
    whole(row.payload.as_ref(), row.payload_len)?;
    let outbox = session.profile.outbox.as_ref();
    if let (Some(form), Some(outbox)) = (&item.form, outbox) {
        let sheet = Sheet::of(&row, &roles(outbox));
        return Ok(made(form.rebuild(&sheet, now())?));
    }
    let headers = outbox.and_then(|outbox| outbox.headers.as_deref());
    Ok(Letter {
        headers: headers
            .and_then(|column| value(&row, column))
            .map(json_headers)
            .unwrap_or_default(),
        payload: row.payload,
        ..Letter::default()
    })
}

fn made(wire: Wire) -> Letter {
    Letter {
        key: wire.key,
        headers: wire.headers,
        properties: wire.properties,
        payload: wire.payload,
        stripped: Vec::new(),
    }
}

async fn of_business(session: &Session, item: &Item, at: &Coordinate) -> Result<Letter, String> {
    let columns = columns_of(session, at).ok_or("its table is gone from the profile")?;
    let row = row_of_version(session, columns, at, item.version).await?;
    if let (Some(form), Some(table)) = (&item.form, states::table(session, at)) {
        let roles = states::roles(session, table);
        let sheet = Sheet::of(&row, &roles).seeded(item.planned.id.as_str());
        return Ok(made(form.rebuild(&sheet, now())?));
    }
    let template = session
        .profile
        .flows
        .get(item.flow)
        .and_then(|flow| flow.template.as_ref());
    let template = template.ok_or("its flow has no template to rebuild it by")?;
    let database = session
        .sources
        .database(DATABASE)
        .map_err(|failure| failure.message)?;
    let tables = database.tables().await.map_err(|error| error.chain())?;
    let wanted = columns.table.rsplit('.').next().unwrap_or_default();
    let table = tables.into_iter().find(|table| table.name == wanted);
    let body = rebuilt(
        &template.body,
        &row,
        &table.map(|t| t.columns).unwrap_or_default(),
    )?;
    Ok(Letter {
        payload: Some(body.into_bytes()),
        ..Letter::default()
    })
}

/// The row at a coordinate.
pub(super) async fn row(
    session: &Session,
    columns: &RowColumns,
    at: &Coordinate,
) -> Result<Row, String> {
    let Coordinate::Row { source, key, .. } = at else {
        return Err("its row has no key".to_owned());
    };
    let database = session
        .sources
        .database(source)
        .map_err(|failure| failure.message)?;
    let rows = database
        .rows(columns, &[RowKey(key.clone())], MAX_BODY_BYTES)
        .await;
    let rows = rows.map_err(|error| format!("its row could not be read: {}", error.chain()))?;
    rows.into_iter()
        .next()
        .flatten()
        .ok_or_else(|| format!("its row ({at}) is gone"))
}

/// The business row of one version: a table of changes has many rows of one aggregate, and the
/// row of a table that keeps the latest state may have moved on.
pub(super) async fn row_of_version(
    session: &Session,
    columns: &RowColumns,
    at: &Coordinate,
    version: Option<i64>,
) -> Result<Row, String> {
    let (Some(column), Some(version)) = (&columns.version, version) else {
        return row(session, columns, at).await;
    };
    let only = Some((column.clone(), version.to_string()));
    let of_version = RowColumns {
        only,
        ..columns.clone()
    };
    let why = match row(session, &of_version, at).await {
        Ok(row) => return Ok(row),
        Err(why) => why,
    };
    match row(session, columns, at).await {
        Ok(newer) => {
            let shown = value(&newer, column).unwrap_or("none");
            Err(format!(
                "its row shows version {shown} by now; of version {version} nothing is left there, and only what a row shows can be sent"
            ))
        }
        Err(_) => Err(why),
    }
}

/// How the table of a coordinate is read.
pub(super) fn columns_of<'a>(session: &'a Session, at: &Coordinate) -> Option<&'a RowColumns> {
    let Coordinate::Row { source, table, .. } = at else {
        return None;
    };
    session
        .layout
        .places
        .iter()
        .find_map(|planned| match &planned.reading {
            Reading::Rows { columns, .. }
                if planned.place.source == *source && columns.table == *table =>
            {
                Some(&**columns)
            }
            _ => None,
        })
}

fn whole(payload: Option<&Vec<u8>>, len: u64) -> Result<(), String> {
    if payload.is_some_and(|bytes| (bytes.len() as u64) < len) {
        return Err(format!(
            "its body of {len} bytes is too large to be fetched whole"
        ));
    }
    Ok(())
}

/// Headers from a JSON object; anything else yields none.
fn json_headers(text: &str) -> Headers {
    let object: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).unwrap_or_default();
    let bytes = |value: serde_json::Value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.into_bytes()),
        other => Some(other.to_string().into_bytes()),
    };
    object
        .into_iter()
        .map(|(name, value)| (name, bytes(value)))
        .collect()
}

/// Properties that say how to read a body are those of its siblings.
fn like_example(letter: &mut Letter, example: &Wire) {
    for (name, value) in &example.properties {
        let name = name.clone();
        let about_body = matches!(
            name.as_str(),
            "content-type" | "content-encoding" | "app-id"
        );
        if about_body && !letter.properties.iter().any(|(n, _)| *n == name) {
            letter.properties.push((name, value.clone()));
        }
    }
}

fn own_headers(sender: &Sender, attempt: u32) -> Headers {
    [
        (HEADER_ID, sender.resend.to_string()),
        (HEADER_AT, sender.at.to_string()),
        (HEADER_BY, sender.by.clone()),
        (HEADER_REASON, sender.reason.clone()),
        (HEADER_ATTEMPT, attempt.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Some(value.into_bytes())))
    .collect()
}
