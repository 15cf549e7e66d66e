//! Sent rows and the messages they became, as samples of how a relay writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use waybill_model::{Coordinate, Copy, Marks, NO_DESTINATION, OutboxSettings, PlaceRole};
use waybill_protocol::Failure;
use waybill_reconcile::{Index, Seen};
use waybill_source::form::{Place, Roles, Sample, Sheet, Wire};
use waybill_source::{Row, RowKey};

use super::choose::coordinate;
use super::letter::{Style, columns_of, style};
use super::strip;
use crate::failure;
use crate::session::{DATABASE, Layout, Session};

/// Samples of one flow and type: so many say as much as all.
pub(super) const SAMPLES: usize = 20;

/// Events looked at for samples, the youngest first: how a relay writes now is what counts.
const LOOKED_AT: usize = 50_000;

/// Events looked at before others may use the index.
const AT_ONCE: usize = 1000;

/// A body above this is no sample.
pub(super) const MAX_SAMPLE_BYTES: u64 = 1024 * 1024;

/// What a form is proven for: a flow and an event type.
pub(super) type Group = (usize, String);

/// Where a row and its message are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) kind: String,
    pub(super) row: Coordinate,
    pub(super) version: Option<i64>,
    pub(super) copy: Coordinate,
}

/// Samples of one flow, by event type.
pub(super) type Samples = Vec<(String, Sample)>;

/// What the columns of the outbox mean.
pub(super) fn roles(outbox: &OutboxSettings) -> Roles {
    let telling = [
        Some(&outbox.id),
        outbox.kind.as_ref(),
        outbox.aggregate_id.as_ref(),
        outbox.aggregate_type.as_ref(),
        outbox.version.as_ref(),
    ];
    let changing = [
        &outbox.sent_at,
        &outbox.failed_at,
        &outbox.status,
        &outbox.attempts,
        &outbox.error,
    ];
    Roles {
        payload: outbox.payload.clone(),
        headers: outbox.headers.clone(),
        telling: telling
            .into_iter()
            .flatten()
            .map(|r| Place::of(r))
            .collect(),
        changing: changing.into_iter().flatten().cloned().collect(),
        state: None,
    }
}

/// Samples for these flows and types, per flow.
pub(super) async fn samples(
    session: &Arc<Session>,
    wanted: &[Group],
) -> Result<BTreeMap<usize, Samples>, Failure> {
    let mut found = BTreeMap::new();
    for (flow, pairs) in seen(session, wanted, pair).await? {
        found.insert(flow, fetched(session, &pairs).await?);
    }
    Ok(found)
}

/// Which rows of an event make a pair with its message, and of which flow.
pub(super) type Pairing = fn(&Index, &Layout, u32) -> Option<(usize, Pair)>;

/// Pairs for these flows and types, per flow.
pub(super) async fn seen(
    session: &Arc<Session>,
    wanted: &[Group],
    pairing: Pairing,
) -> Result<BTreeMap<usize, Vec<Pair>>, Failure> {
    let looking = (Arc::clone(session), wanted.to_vec());
    let pairs = tokio::task::spawn_blocking(move || pairs(&looking.0, &looking.1, pairing)).await;
    pairs.map_err(|error| failure::internal("Looking for samples ended in a bug.", &error))
}

/// The youngest pairs of each flow: those of the types that are wanted, and some of any.
fn pairs(session: &Session, wanted: &[Group], pairing: Pairing) -> BTreeMap<usize, Vec<Pair>> {
    let mut found: BTreeMap<usize, Vec<Pair>> =
        wanted.iter().map(|(flow, _)| (*flow, Vec::new())).collect();
    let mut full: BTreeMap<Group, usize> = BTreeMap::new();
    let order = {
        let book = session.book();
        let order = book.index.in_time_order();
        order[order.len().saturating_sub(LOOKED_AT)..].to_vec()
    };
    for some in order.rchunks(AT_ONCE) {
        let book = session.book();
        for no in some.iter().rev() {
            let Some((flow, pair)) = pairing(&book.index, &session.layout, *no) else {
                continue;
            };
            let Some(of_flow) = found.get_mut(&flow) else {
                continue;
            };
            let group = (flow, pair.kind.clone());
            let is_wanted = wanted.contains(&group);
            let of_group = full.entry(group).or_default();
            if (is_wanted && *of_group < SAMPLES) || of_flow.len() < SAMPLES {
                *of_group += 1;
                of_flow.push(pair);
            }
        }
        let enough = |group: &Group| full.get(group).is_some_and(|n| *n >= SAMPLES);
        if wanted.iter().all(enough) {
            break;
        }
    }
    found
}

/// An event's outbox row and its message at a destination, where it has both.
fn pair(index: &Index, layout: &Layout, no: u32) -> Option<(usize, Pair)> {
    let seen = index.facts(no);
    let rows = seen.iter().filter(|seen| {
        let place = layout.place(seen.place);
        place.is_some_and(|planned| planned.place.role == PlaceRole::Outbox)
            && !seen.marks.contains(Marks::GONE)
    });
    let rows: Vec<&Seen> = rows.collect();
    let (flow, copy) = published(&seen, layout)?;
    // A row that says where it is to be sent has made no message elsewhere.
    let said = [NO_DESTINATION, copy.place.as_destination()];
    let row = rows.into_iter().find(|row| said.contains(&row.partition))?;
    let copy = coordinate(layout, copy);
    if matches!(copy, Coordinate::Passing { .. }) {
        return None;
    }
    let kind = index.row(no).map(|row| row.kind).unwrap_or_default();
    let pair = Pair {
        kind,
        row: coordinate(layout, row),
        version: None,
        copy,
    };
    Some((flow, pair))
}

/// An event's message at a destination, with its flow. A resend of ours says nothing about who
/// publishes.
pub(super) fn published<'a>(seen: &'a [Seen], layout: &Layout) -> Option<(usize, &'a Seen)> {
    seen.iter().find_map(|seen| {
        let planned = layout.place(seen.place)?;
        let published =
            planned.place.role == PlaceRole::Destination && !seen.marks.contains(Marks::OWN_RESEND);
        Some((planned.flow.filter(|_| published)?, seen))
    })
}

/// Rows and messages themselves; what is gone or too large is left out.
async fn fetched(session: &Session, pairs: &[Pair]) -> Result<Samples, Failure> {
    let coordinates: Vec<Coordinate> = pairs.iter().map(|pair| pair.row.clone()).collect();
    let rows = rows(session, &coordinates, MAX_SAMPLE_BYTES).await?;
    let copies = copies(session, pairs).await?;
    let Some(outbox) = &session.profile.outbox else {
        return Ok(Samples::new());
    };
    let roles = roles(outbox);
    let mut found = Samples::new();
    for ((pair, row), copy) in pairs.iter().zip(rows).zip(copies) {
        let (Some(row), Some(copy)) = (row, copy) else {
            continue;
        };
        let whole = row.payload_len <= MAX_SAMPLE_BYTES && copy.payload_len <= MAX_SAMPLE_BYTES;
        if whole {
            let sample = Sample {
                sheet: Sheet::of(&row, &roles),
                stamp: copy.stamp.at,
                wire: wire(copy, style(session)),
            };
            found.push((pair.kind.clone(), sample));
        }
    }
    Ok(found)
}

/// The messages of pairs, in this order.
pub(super) async fn copies(
    session: &Session,
    pairs: &[Pair],
) -> Result<Vec<Option<Copy>>, Failure> {
    let broker = session.sources.broker()?;
    let mut copies = Vec::with_capacity(pairs.len());
    for some in pairs.chunks(SAMPLES) {
        let at: Vec<Coordinate> = some.iter().map(|pair| pair.copy.clone()).collect();
        let fetched = broker.copies(&at, MAX_SAMPLE_BYTES).await;
        copies.extend(fetched.map_err(|error| failure::of_source("broker", &error))?);
    }
    Ok(copies)
}

/// Outbox rows by coordinate, in this order.
pub(super) async fn rows(
    session: &Session,
    at: &[Coordinate],
    max_bytes: u64,
) -> Result<Vec<Option<Row>>, Failure> {
    let Some(columns) = at.first().and_then(|at| columns_of(session, at)) else {
        return Ok(vec![None; at.len()]);
    };
    let keys = at.iter().map(|at| match at {
        Coordinate::Row { key, .. } => RowKey(key.clone()),
        // An outbox holds rows only, so this names none.
        _ => RowKey(String::new()),
    });
    let keys: Vec<RowKey> = keys.collect();
    let database = session.sources.database(DATABASE)?;
    let rows = database.rows(columns, &keys, max_bytes).await;
    rows.map_err(|error| failure::of_source(DATABASE, &error))
}

/// A copy without what tells of its journey.
pub(super) fn wire(copy: Copy, style: Style) -> Wire {
    let mut gone = Vec::new();
    let properties = match style {
        // There they are what headers say, decoded.
        Style::Log => Vec::new(),
        Style::Queues => strip::properties(copy.properties, &mut gone),
    };
    Wire {
        key: copy.key,
        headers: strip::headers(copy.headers, &mut gone),
        properties: properties
            .into_iter()
            .filter(|(name, _)| name != "exchange")
            .collect(),
        payload: copy.payload,
    }
}
