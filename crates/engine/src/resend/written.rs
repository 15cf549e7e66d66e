//! What the messages of a plan look like that are not copies: made of rows as their relay makes
//! them, where that is proven.

use std::collections::BTreeMap;
use std::sync::Arc;

use waybill_model::{BodySource, Coordinate, Marks, PlaceRole, ShownMessage};
use waybill_protocol::Failure;
use waybill_source::Row;
use waybill_source::form::{Form, Sheet, Wire};

use super::choose::coordinate;
use super::letter::{columns_of, row_of_version, style};
use super::pairs::{self, Group, wire};
use super::plan::Candidate;
use super::proof::{Doubt, Proof, proofs};
use super::states::states;
use crate::clock::now;
use crate::failure;
use crate::session::{BROKER, Session};

/// Rows fetched at once, bodies included.
const AT_ONCE: usize = 20;

/// Bodies above this are fetched one at a time.
const MAX_BODY_BYTES: u64 = 4 * 1024 * 1024;

/// No broker takes larger ones.
const MAX_WHOLE_BYTES: u64 = 128 * 1024 * 1024;

/// How one row becomes a message.
#[derive(Debug, Clone)]
pub(super) enum OfRow {
    /// As its relay makes it.
    Made {
        form: Arc<Form>,
        key: Option<Vec<u8>>,
        bytes: u64,
    },
    /// Nobody knows.
    Doubted { doubt: Doubt, bytes: u64 },
    /// The row is gone, or cannot be read; why.
    Gone(String),
}

/// What is known of the messages of a plan.
#[derive(Debug, Default)]
pub(super) struct Written {
    rows: BTreeMap<u32, OfRow>,
    /// Any message of a flow.
    examples: BTreeMap<usize, Wire>,
}

impl Written {
    pub(super) fn row(&self, no: u32) -> Option<&OfRow> {
        self.rows.get(&no)
    }

    pub(super) fn example(&self, flow: usize) -> Option<&Wire> {
        self.examples.get(&flow)
    }
}

/// Makes a message of every row of a plan, to see that it can be made and how large it is.
pub(super) async fn written(
    session: &Arc<Session>,
    planned: &[(&Candidate, BodySource)],
    shown: &[ShownMessage],
) -> Result<Written, Failure> {
    let mut wanted: Vec<Group> = Vec::new();
    let mut of_rows: Vec<(&Candidate, &Coordinate)> = Vec::new();
    let mut of_states: Vec<(&Candidate, &Coordinate)> = Vec::new();
    let mut flows: Vec<usize> = Vec::new();
    for (candidate, body) in planned {
        match body {
            BodySource::Copy { .. } => continue,
            BodySource::Reconstructed { coordinate } => of_states.push((candidate, coordinate)),
            BodySource::OutboxRow { coordinate } => {
                of_rows.push((candidate, coordinate));
                wanted.push((candidate.choice.flow, candidate.row.kind.clone()));
            }
        }
        flows.push(candidate.choice.flow);
    }
    wanted.sort();
    wanted.dedup();
    let proofs = proofs(session, &wanted, shown).await?;
    let mut found = Written::default();
    for some in of_rows.chunks(AT_ONCE) {
        let at: Vec<Coordinate> = some.iter().map(|(_, at)| (*at).clone()).collect();
        let rows = pairs::rows(session, &at, MAX_BODY_BYTES).await?;
        for ((candidate, at), row) in some.iter().zip(rows) {
            let proof = proofs.of(candidate.choice.flow, &candidate.row.kind);
            let made = match row {
                Some(row) => of_row(session, at, row, proof).await?,
                None => OfRow::Gone(format!("its row ({at}) is gone")),
            };
            found.rows.insert(candidate.row.no, made);
        }
    }
    of_business(session, &of_states, &mut found).await?;
    flows.sort_unstable();
    flows.dedup();
    found.examples = examples(session, &flows).await?;
    Ok(found)
}

/// Makes a message of every business row whose flow has no template.
async fn of_business(
    session: &Arc<Session>,
    planned: &[(&Candidate, &Coordinate)],
    found: &mut Written,
) -> Result<(), Failure> {
    let flows = &session.profile.flows;
    let own = |flow: usize| flows.get(flow).is_some_and(|flow| flow.template.is_none());
    let planned: Vec<_> = planned.iter().filter(|(c, _)| own(c.choice.flow)).collect();
    let wanted = planned.iter().map(|(c, at)| (c.choice.flow, (*at).clone()));
    let states = states(session, &wanted.collect::<Vec<_>>()).await?;
    for (candidate, at) in planned {
        let row = match columns_of(session, at) {
            Some(columns) => row_of_version(session, columns, at, candidate.row.version).await,
            None => Err("its table is gone from the profile".to_owned()),
        };
        let made = match row {
            Ok(row) => states.of(session, candidate, at, &row),
            Err(why) => OfRow::Gone(why),
        };
        found.rows.insert(candidate.row.no, made);
    }
    Ok(())
}

async fn of_row(
    session: &Session,
    at: &Coordinate,
    row: Row,
    proof: Proof,
) -> Result<OfRow, Failure> {
    let bytes = row.payload_len;
    let form = match proof {
        Proof::Proven(form) => form,
        Proof::Not(doubt) => return Ok(OfRow::Doubted { doubt, bytes }),
    };
    let row = match bytes > MAX_BODY_BYTES {
        false => Some(row),
        true => {
            let whole = pairs::rows(session, std::slice::from_ref(at), MAX_WHOLE_BYTES).await?;
            whole.into_iter().next().flatten()
        }
    };
    let (Some(row), Some(outbox)) = (row, &session.profile.outbox) else {
        return Ok(OfRow::Gone(format!("its row ({at}) is gone")));
    };
    let sheet = Sheet::of(&row, &pairs::roles(outbox));
    Ok(match form.rebuild(&sheet, now()) {
        Ok(made) => OfRow::Made {
            form,
            bytes: made.payload.as_ref().map_or(0, |body| body.len() as u64),
            key: made.key,
        },
        Err(why) => OfRow::Doubted {
            doubt: Doubt::of_row(why),
            bytes,
        },
    })
}

/// The youngest message of each flow: where its messages carry what.
async fn examples(session: &Session, flows: &[usize]) -> Result<BTreeMap<usize, Wire>, Failure> {
    let at: Vec<(usize, Coordinate)> = flows
        .iter()
        .filter_map(|flow| Some((*flow, youngest(session, *flow)?)))
        .collect();
    if at.is_empty() {
        return Ok(BTreeMap::new());
    }
    let coordinates: Vec<Coordinate> = at.iter().map(|(_, at)| at.clone()).collect();
    let copies = session.sources.broker()?.copies(&coordinates, 0).await;
    let copies = copies.map_err(|error| failure::of_source(BROKER, &error))?;
    let examples = at.into_iter().zip(copies);
    Ok(examples
        .filter_map(|((flow, _), copy)| Some((flow, wire(copy?, style(session)))))
        .collect())
}

fn youngest(session: &Session, flow: usize) -> Option<Coordinate> {
    let book = session.book();
    let order = book.index.in_time_order();
    // As far as samples are looked for.
    order.iter().rev().take(50_000).find_map(|no| {
        let seen = book.index.facts(*no).into_iter().find(|seen| {
            let here = session.layout.place(seen.place).is_some_and(|planned| {
                planned.place.role == PlaceRole::Destination && planned.flow == Some(flow)
            });
            here && !seen.marks.contains(Marks::OWN_RESEND)
        })?;
        let at = coordinate(&session.layout, &seen);
        (!matches!(at, Coordinate::Passing { .. })).then_some(at)
    })
}
