//! The event grid: filtered, in order of time, a stretch at a time.

use std::sync::PoisonError;

use waybill_filter::{Filter, FilterError};
use waybill_model::{Micros, Phase, VerdictClass, Window};
use waybill_protocol::{Code, Failure, GetRows, Rows, Select};

use super::fields::IndexedEvent;
use crate::clock::now;
use crate::session::{Book, Session};

/// Lines of one answer.
const MAX_ROWS: u32 = 1_000;

/// Events of one selection.
const MAX_SELECTED: usize = 100_000;

/// The numbers a filter yields, kept while nothing changes.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    generation: u64,
    filter: String,
    within: Option<Window>,
    nos: std::sync::Arc<[u32]>,
    at: Micros,
}

impl Found {
    /// Ages move on though nothing changes.
    fn is_aged(&self) -> bool {
        self.filter.contains("age") && now().since(self.at) > 1_000_000
    }
}

/// A stretch of the grid.
pub(crate) fn rows(session: &Session, asked: &GetRows) -> Result<Rows, Failure> {
    let book = session.book();
    let nos = matching(session, &book, &asked.filter, asked.within)?;
    let limit = asked.limit.min(MAX_ROWS) as usize;
    let first = usize::try_from(asked.offset).unwrap_or(usize::MAX);
    let lines: Vec<u32> = if asked.descending {
        nos.iter().rev().skip(first).take(limit).copied().collect()
    } else {
        nos.iter().skip(first).take(limit).copied().collect()
    };
    Ok(Rows {
        generation: book.generation,
        total: nos.len() as u64,
        rows: lines
            .into_iter()
            .filter_map(|no| book.index.row(no))
            .collect(),
    })
}

/// The numbers of all events a filter yields that may be resent in bulk.
pub(crate) fn select(session: &Session, asked: &Select) -> Result<Vec<u32>, Failure> {
    let book = session.book();
    let nos = matching(session, &book, &asked.filter, asked.within)?;
    let resendable = |no: &u32| {
        let verdict = book.index.verdict(*no);
        verdict.is_some_and(|v| {
            // What was never stored is not spread any further.
            v.phase == Phase::Confirmed
                && matches!(
                    v.class(),
                    VerdictClass::Missing | VerdictClass::DeadLettered
                )
        })
    };
    Ok(nos
        .iter()
        .copied()
        .filter(resendable)
        .take(MAX_SELECTED)
        .collect())
}

fn matching(
    session: &Session,
    book: &Book,
    text: &str,
    within: Option<Window>,
) -> Result<std::sync::Arc<[u32]>, Failure> {
    let mut cache = session.found.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = cache.as_ref()
        && found.generation == book.generation
        && found.filter == text
        && found.within == within
        && !found.is_aged()
    {
        return Ok(found.nos.clone());
    }
    let filter = Filter::parse(text).map_err(|error| bad_filter(&error))?;
    let nos = evaluated(session, book, &filter, within);
    *cache = Some(Found {
        generation: book.generation,
        filter: text.to_owned(),
        within,
        nos: nos.clone(),
        at: now(),
    });
    Ok(nos)
}

fn evaluated(
    session: &Session,
    book: &Book,
    filter: &Filter,
    within: Option<Window>,
) -> std::sync::Arc<[u32]> {
    let counted = book.counted();
    let window = within.map_or(counted, |within| Window {
        from: within.from.max(counted.from),
        to: within.to.min(counted.to),
    });
    let all = book.index.in_window(window);
    if filter.is_all() {
        return all.into();
    }
    let consumers: Vec<String> = session
        .layout
        .consumers
        .iter()
        .map(|c| c.name.clone())
        .collect();
    let now = now();
    let passes = |no: &u32| filter.matches(&IndexedEvent::new(&book.index, *no, &consumers, now));
    all.iter().copied().filter(passes).collect()
}

/// What is wrong with a filter, with its place in bytes as `start..end` in the detail.
fn bad_filter(error: &FilterError) -> Failure {
    let failure = Failure::new(Code::BadFilter, error.message.clone())
        .detail(format!("{}..{}", error.span.start, error.span.end));
    if error.suggestion.is_empty() {
        failure
    } else {
        failure.hint(format!("Did you mean '{}'?", error.suggestion))
    }
}
