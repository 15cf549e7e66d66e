//! Everything about one event, with row and copies fetched from their sources.

use waybill_model::{Copy, EventDetail, Fact, OutboxRow, Stage};
use waybill_protocol::{Code, EventFacts, Failure};
use waybill_reconcile::Seen;
use waybill_source::RowKey;

use super::fact::fact;
use super::mask::masked;
use crate::failure;
use crate::session::{Reading, Session};

/// Bodies above this are shown by their head.
const MAX_SHOWN_BYTES: u64 = 256 * 1024;

/// Copies fetched for one event.
const MAX_COPIES: usize = 10;

/// Neighbours shown before and after.
const HISTORY: usize = 8;

/// Everything about one event.
pub(crate) async fn detail(session: &Session, no: u32) -> Result<EventDetail, Failure> {
    let (mut detail, seen) = known(session, no)?;
    let outbox = seen.iter().find(|seen| seen.stage == Stage::Outbox);
    if let Some(outbox) = outbox {
        match outbox_row(session, outbox).await {
            Ok(row) => detail.outbox_row = row.map(|row| shown_row(row, &session.profile.masks)),
            Err(failure) => detail.problems.push(sentence(&failure)),
        }
        note_attempts(session, &mut detail);
    }
    match copies(session, &detail.facts).await {
        Ok((copies, problems)) => {
            detail.copies = copies;
            detail.problems.extend(problems);
        }
        Err(failure) => detail.problems.push(sentence(&failure)),
    }
    Ok(detail)
}

/// Sentences and evidence of several events, without asking anybody; unknown numbers are left out.
pub(crate) fn facts(session: &Session, events: &[u32]) -> Vec<EventFacts> {
    let facts_of = |&no: &u32| {
        let (detail, _) = known(session, no).ok()?;
        Some(EventFacts {
            no,
            sentence: detail.sentence,
            facts: detail.facts,
            rests_on: session.book().index.rests_on(no),
            controls: session.book().index.controls(no),
        })
    };
    events.iter().filter_map(facts_of).collect()
}

/// What the index knows, without asking anybody.
fn known(session: &Session, no: u32) -> Result<(EventDetail, Vec<Seen>), Failure> {
    let book = session.book();
    let row = book.index.row(no).ok_or_else(|| {
        Failure::new(
            Code::Stale,
            "This event is no longer part of what was read.",
        )
    })?;
    let seen = book.index.facts(no);
    let facts = seen
        .iter()
        .filter_map(|seen| fact(seen, &session.layout))
        .collect();
    let detail = EventDetail {
        sentence: book.index.sentence(no),
        history: book.index.siblings(no, HISTORY),
        row,
        facts,
        outbox_row: None,
        copies: Vec::new(),
        problems: Vec::new(),
    };
    Ok((detail, seen))
}

/// The outbox row an observation was made of; `None` when it is gone.
pub(crate) async fn outbox_row(
    session: &Session,
    seen: &Seen,
) -> Result<Option<OutboxRow>, Failure> {
    let Some(planned) = session.layout.place(seen.place) else {
        return Ok(None);
    };
    let Reading::Rows { columns, .. } = &planned.reading else {
        return Ok(None);
    };
    let source = &planned.place.source;
    let database = session.sources.database(source)?;
    let key = RowKey(if seen.position == waybill_model::NO_POSITION {
        seen.key.clone()
    } else {
        seen.position.to_string()
    });
    let rows = database.rows(columns, &[key], MAX_SHOWN_BYTES).await;
    let rows = rows.map_err(|error| failure::of_source(source, &error))?;
    Ok(rows.into_iter().next().flatten().map(|row| OutboxRow {
        columns: row.columns,
        payload: row.payload,
        payload_len: row.payload_len,
    }))
}

fn shown_row(mut row: OutboxRow, masks: &[String]) -> OutboxRow {
    row.payload = row.payload.map(|body| masked(body, masks));
    // A body in a column that the profile does not call the payload, or headers with a copy of it.
    for text in row
        .columns
        .iter_mut()
        .filter_map(|(_, value)| value.as_mut())
    {
        if !masks.is_empty() && text.trim_start().starts_with(['{', '[']) {
            *text = String::from_utf8_lossy(&masked(text.clone().into_bytes(), masks)).into_owned();
        }
    }
    row
}

/// Puts what the row says about attempts and errors beside the outbox fact.
fn note_attempts(session: &Session, detail: &mut EventDetail) {
    let (Some(settings), Some(row)) = (&session.profile.outbox, &detail.outbox_row) else {
        return;
    };
    let value = |column: &Option<String>| {
        let column = column.as_deref()?;
        let (_, value) = row.columns.iter().find(|(name, _)| name == column)?;
        value.clone().filter(|text| !text.is_empty())
    };
    let attempts = value(&settings.attempts).map(|n| format!("attempts {n}"));
    let error = value(&settings.error).map(|text| format!("\"{text}\""));
    let said: Vec<String> = attempts.into_iter().chain(error).collect();
    if let Some(fact) = detail
        .facts
        .iter_mut()
        .find(|fact| fact.stage == Stage::Outbox)
        && !said.is_empty()
    {
        let mut parts = said;
        if !fact.note.is_empty() {
            parts.insert(0, fact.note.clone());
        }
        fact.note = parts.join(" · ");
    }
}

async fn copies(session: &Session, facts: &[Fact]) -> Result<(Vec<Copy>, Vec<String>), Failure> {
    let on_broker =
        |fact: &&Fact| !matches!(fact.coordinate, waybill_model::Coordinate::Row { .. });
    let at: Vec<_> = facts
        .iter()
        .filter(on_broker)
        .map(|fact| fact.coordinate.clone())
        .take(MAX_COPIES)
        .collect();
    if at.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let broker = session.sources.broker()?;
    let fetched = broker.copies(&at, MAX_SHOWN_BYTES).await;
    let fetched = fetched.map_err(|error| failure::of_source("broker", &error))?;
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (coordinate, copy) in at.iter().zip(fetched) {
        match copy {
            Some(mut copy) => {
                copy.payload = copy
                    .payload
                    .map(|body| masked(body, &session.profile.masks));
                found.push(copy);
            }
            None => problems.push(format!(
                "The copy at {coordinate} can no longer be fetched."
            )),
        }
    }
    Ok((found, problems))
}

fn sentence(failure: &Failure) -> String {
    if failure.detail.is_empty() {
        failure.message.clone()
    } else {
        format!("{} ({})", failure.message, failure.detail)
    }
}
