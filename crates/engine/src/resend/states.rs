//! Messages that are made of business rows, as their service makes them: learnt from rows and
//! messages that were seen in pairs, and proven by making those messages anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use waybill_model::{
    BodySource, BusinessTable, Carrier, Coordinate, PlaceRole, Reconstruction, ShownMessage,
};
use waybill_protocol::Failure;
use waybill_reconcile::Index;
use waybill_source::Row;
use waybill_source::form::{Form, Place, Roles, Sample, Sheet, StateRoles, Wire, of_the_same_kind};

use super::choose::coordinate;
use super::letter::{columns_of, row_of_version, style};
use super::pairs::{self, Group, MAX_SAMPLE_BYTES, Pair, Samples, wire};
use super::plan::{Candidate, LeftOut};
use super::proof::{Doubt, Proof, proof};
use super::runs::Item;
use super::written::OfRow;
use crate::clock::now;
use crate::session::{Layout, Session};
use crate::view::masked;

/// Between a table and whether a version is the first: no table's name holds it.
const APART: char = '\u{1f}';

/// What the columns of a business table mean.
pub(super) fn roles(session: &Session, table: &BusinessTable) -> Roles {
    Roles {
        telling: [&table.id, &table.version].map(|it| Place::of(it)).into(),
        state: Some(StateRoles {
            version: table.version.clone(),
            written: table.changed_at.clone(),
            hidden: session.profile.masks.clone(),
        }),
        ..Roles::default()
    }
}

/// What is proven of the rows of business tables.
#[derive(Debug, Default)]
pub(super) struct States(BTreeMap<usize, Samples>);

/// Looks for rows and their messages, for each table and flow.
pub(super) async fn states(
    session: &Arc<Session>,
    wanted: &[(usize, Coordinate)],
) -> Result<States, Failure> {
    let mut groups: Vec<Group> = Vec::new();
    for (flow, at) in wanted {
        let table = table_of(at);
        groups.push((*flow, kind(table, Some(1))));
        groups.push((*flow, kind(table, None)));
    }
    groups.sort();
    groups.dedup();
    let mut found = BTreeMap::new();
    if groups.is_empty() {
        return Ok(States(found));
    }
    for (flow, pairs) in pairs::seen(session, &groups, pair).await? {
        let pairs: Vec<Pair> = pairs
            .into_iter()
            .filter(|pair| groups.contains(&(flow, pair.kind.clone())))
            .collect();
        found.insert(flow, fetched(session, &pairs).await?);
    }
    Ok(States(found))
}

/// A stored state and its message, where an event has both.
fn pair(index: &Index, layout: &Layout, no: u32) -> Option<(usize, Pair)> {
    let seen = index.facts(no);
    let row = seen.iter().find(|seen| {
        let place = layout.place(seen.place);
        place.is_some_and(|planned| planned.place.role == PlaceRole::Business)
    })?;
    let (flow, copy) = pairs::published(&seen, layout)?;
    let (row, copy) = (coordinate(layout, row), coordinate(layout, copy));
    if matches!(copy, Coordinate::Passing { .. }) {
        return None;
    }
    let version = index.row(no)?.version;
    let pair = Pair {
        kind: kind(table_of(&row), version),
        row,
        version,
        copy,
    };
    Some((flow, pair))
}

/// What is held against each other first: first versions of a table, or later ones.
fn kind(table: &str, version: Option<i64>) -> String {
    let which = if version == Some(1) { "first" } else { "later" };
    format!("{table}{APART}{which}")
}

fn table_of(at: &Coordinate) -> &str {
    match at {
        Coordinate::Row { table, .. } => table,
        _ => "",
    }
}

/// How the table of a coordinate is described in the profile.
pub(super) fn table<'a>(session: &'a Session, at: &Coordinate) -> Option<&'a BusinessTable> {
    let mut tables = session.profile.business.iter();
    tables.find(|table| table.table == table_of(at))
}

/// Rows that still show the version of their message, with it; what is too large is left out.
async fn fetched(session: &Session, pairs: &[Pair]) -> Result<Samples, Failure> {
    let copies = pairs::copies(session, pairs).await?;
    let mut found = Samples::new();
    for (pair, copy) in pairs.iter().zip(copies) {
        let Some(copy) = copy.filter(|copy| copy.payload_len <= MAX_SAMPLE_BYTES) else {
            continue;
        };
        let (Some(columns), Some(table)) =
            (columns_of(session, &pair.row), table(session, &pair.row))
        else {
            continue;
        };
        // One that has moved on says nothing about a message of an older version.
        let Ok(row) = row_of_version(session, columns, &pair.row, pair.version).await else {
            continue;
        };
        let sample = Sample {
            sheet: Sheet::of(&row, &roles(session, table)),
            stamp: copy.stamp.at,
            wire: wire(copy, style(session)),
        };
        found.push((pair.kind.clone(), sample));
    }
    Ok(found)
}

impl States {
    /// What the message of a row is.
    pub(super) fn of(
        &self,
        session: &Session,
        candidate: &Candidate,
        at: &Coordinate,
        row: &Row,
    ) -> OfRow {
        let Some(table) = table(session, at) else {
            return OfRow::Gone(format!(
                "its table ({}) is gone from the profile",
                table_of(at)
            ));
        };
        let roles = roles(session, table);
        let sheet = Sheet::of(row, &roles).seeded(candidate.row.id.as_str());
        let of_flow = self.0.get(&candidate.choice.flow);
        let of_table: Samples = of_flow
            .into_iter()
            .flatten()
            .filter(|(kind, _)| kind.split(APART).next() == Some(table.table.as_str()))
            .cloned()
            .collect();
        let kind = kind(&table.table, candidate.row.version);
        let form = match proven(&kind, &of_table, &roles, &sheet) {
            Proof::Proven(form) => form,
            Proof::Not(doubt) => return OfRow::Doubted { doubt, bytes: 0 },
        };
        if let Some(why) = told_twice(session, candidate, &form) {
            let doubt = Doubt::of_state(why, Some(Arc::new(form.without_care())));
            return OfRow::Doubted { doubt, bytes: 0 };
        }
        match form.rebuild(&sheet, now()) {
            Ok(made) => OfRow::Made {
                bytes: made.payload.as_ref().map_or(0, |body| body.len() as u64),
                key: made.key,
                form,
            },
            Err(why) => OfRow::Doubted {
                doubt: Doubt::of_state(why, Some(Arc::new(form.without_care()))),
                bytes: 0,
            },
        }
    }
}

/// What pairs prove for a row: all of its table, else those alone that are like it.
fn proven(kind: &str, samples: &Samples, roles: &Roles, sheet: &Sheet) -> Proof {
    let all = proof(kind, samples, roles);
    if matches!(all, Proof::Proven(_)) {
        return all;
    }
    for alike in of_the_same_kind(samples, sheet) {
        if let Proof::Proven(form) = proof(kind, &alike, roles) {
            return Proof::Proven(form);
        }
    }
    all
}

/// Why a consumer may process an event twice whose id is made up anew.
fn told_twice(session: &Session, candidate: &Candidate, form: &Form) -> Option<String> {
    let flow = session.profile.flows.get(candidate.choice.flow)?;
    let made_up = form.made_up();
    let is_id = |part: &String| {
        let carriers = &flow.carriers.id;
        carriers.is_empty() || carriers.iter().any(|carrier| stands_in(carrier, part))
    };
    let part = made_up.iter().find(|part| is_id(part))?;
    let consumer = flow.consumers.iter().find(|it| it.inbox.is_some())?;
    let inbox = consumer.inbox.as_ref().map_or("", |inbox| &inbox.table);
    Some(format!(
        "{} knows by an id what it has processed ({inbox}), and the id in {part} was made up by the service: its own is not known",
        consumer.name
    ))
}

fn stands_in(carrier: &Carrier, part: &str) -> bool {
    match carrier {
        Carrier::Header(name) => part == format!("header {name}"),
        Carrier::MessageId => part == "message-id",
        Carrier::CorrelationId => part == "correlation-id",
        Carrier::TypeProperty => part == "type",
        Carrier::AppId => part == "app-id",
        Carrier::Key | Carrier::RoutingKey => part == "key",
        Carrier::Json(pointer) => part == pointer,
    }
}

/// Messages that are made of business rows, as they would be sent now; what cannot be made any
/// more is left out.
pub(super) async fn reconstructed(
    session: &Session,
    candidates: &[Candidate],
    items: &mut Vec<Item>,
    left_out: &mut LeftOut,
) -> Vec<Reconstruction> {
    let mut found = Vec::new();
    let mut kept = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        let (BodySource::Reconstructed { coordinate }, Some(form)) =
            (&item.planned.body, &item.form)
        else {
            kept.push(item);
            continue;
        };
        let candidate = candidates.iter().find(|c| c.row.no == item.planned.no);
        let Some(candidate) = candidate else {
            continue;
        };
        match reconstruction(session, candidate, coordinate, form).await {
            Ok(shown) => {
                found.push(shown);
                kept.push(item);
            }
            Err(why) => left_out.push((candidate.row.id.clone(), why)),
        }
    }
    *items = kept;
    found
}

/// The whole message of an event as a plan shows it, with where its parts come from; or why it
/// cannot be made any more.
async fn reconstruction(
    session: &Session,
    candidate: &Candidate,
    at: &Coordinate,
    form: &Form,
) -> Result<Reconstruction, String> {
    let columns = columns_of(session, at).ok_or("its table is gone from the profile")?;
    let table = table(session, at).ok_or("its table is gone from the profile")?;
    let row = row_of_version(session, columns, at, candidate.row.version).await?;
    let sheet = Sheet::of(&row, &roles(session, table)).seeded(candidate.row.id.as_str());
    let made = form.rebuild(&sheet, now())?;
    let changed = row
        .at
        .map_or_else(String::new, |at| format!(", changed at {at}"));
    let version = candidate
        .row
        .version
        .map_or_else(String::new, |n| format!("version {n} of "));
    let newest = if table.history {
        ""
    } else {
        ", the newest it shows"
    };
    let parts = form.sources().into_iter();
    Ok(Reconstruction {
        event: candidate.row.id.clone(),
        state: format!("{version}{at}{changed}{newest}"),
        message: shown(made, &session.profile.masks),
        parts: parts.map(|made| (made.part, made.from)).collect(),
    })
}

/// A message for the eye.
fn shown(wire: Wire, masks: &[String]) -> ShownMessage {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let headers = wire.headers.into_iter();
    ShownMessage {
        key: wire.key.map(text),
        body: wire.payload.map(|body| text(masked(body, masks))),
        headers: headers
            .map(|(name, value)| (name, value.map_or_else(|| "null".to_owned(), text)))
            .collect(),
        properties: wire.properties.into_iter().collect(),
    }
}
