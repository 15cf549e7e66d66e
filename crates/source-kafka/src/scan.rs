//! Reads a topic once, from the window's beginning to the end it has now.

use std::collections::BTreeMap;

use rdkafka::error::KafkaError;
use waybill_model::{Marks, Micros};
use waybill_source::{Chunk, CopyQuery, Error, Result};

use crate::connect::{ASK_LIMIT, Asker, Reader};
use crate::context::Context;
use crate::cursor::{self, Mark};
use crate::error::{Asked, Said, no_topic, sort};
use crate::inspect::{is_topic_name, partitions, topic_config};
use crate::offsets::{At, offsets};
use crate::open_tail;
use crate::outlet::{Gone, Outlet, now};
use crate::pump::{Pump, Stop};
use crate::span::{Bounds, DISORDER_MICROS, Found, Span, Track, coverage, marks};

/// What a scan is going to read.
struct Plan {
    /// When the ends were asked for: what was published before lies below them.
    to: Micros,
    spans: BTreeMap<i32, Span>,
}

/// The whole scan, on a thread of its own.
pub(crate) fn run(asker: &Asker, query: &CopyQuery, outlet: &Outlet) -> Result<()> {
    let (reader, context) = asker.reader(&asker.settings.bulk())?;
    let plan = plan(asker, query, &reader, &context)?;
    let mut pump = Pump::new(query, &asker.settings, outlet, Marks::empty(), &plan.spans);
    let outcome = pump
        .run(&reader, &context)
        .and_then(|()| open_tail::read(asker, query, outlet, &plan.spans, &mut pump.tracks));
    let failure = match outcome {
        Ok(()) => None,
        Err(Stop::Failed(error)) => Some(error),
        Err(Stop::Dropped) => return Ok(()),
    };
    match conclude(asker, query, outlet, &plan, &pump.tracks, failure.as_ref()) {
        Ok(()) => failure.map_or(Ok(()), Err),
        Err(Gone) => Ok(()),
    }
}

/// Finds out what there is to read.
fn plan(asker: &Asker, query: &CopyQuery, reader: &Reader, context: &Context) -> Result<Plan> {
    let topic = query.channel.as_str();
    if !is_topic_name(topic) {
        return Err(no_topic(topic, std::iter::empty(), &asker.settings));
    }
    let given = cursor::read(query.after.as_ref(), topic)?;
    let ids = partitions(asker, topic)?;
    let found = search(asker, topic, &ids, &given, query.window.from)?;
    let to = now();
    let ask = |at: At| {
        asker.ask("read", "topic", topic, |client| {
            offsets(client, topic, &ids, at)
        })
    };
    // The end of what is committed comes last: a record that arrives in between would look like an
    // open transaction.
    let (lows, highs) = (ask(At::Start)?, ask(At::End)?);
    let ends = offsets(reader, topic, &ids, At::End)
        .map_err(|error| unanswered(asker, context, topic, &error))?;
    let mut spans = BTreeMap::new();
    for id in ids {
        let (Some(low), Some(end), Some(high)) = (lows.get(&id), ends.get(&id), highs.get(&id))
        else {
            return Err(silent(topic, id));
        };
        let bounds = Bounds {
            low: *low,
            end: *end,
            high: *high,
        };
        let found = found.get(&id).copied().unwrap_or(Found::CannotTell);
        let span = Span::new(bounds, found, given.get(&id).copied(), query.window.from);
        spans.insert(id, span);
    }
    Ok(Plan { to, spans })
}

/// A partition that was left out would look as if nothing had been published there.
pub(crate) fn silent(topic: &str, partition: i32) -> Error {
    Error::Read {
        name: format!("topic {topic}"),
        source: Said::boxed(format!(
            "partition {partition} does not say where it begins and ends"
        )),
    }
}

/// Where the window begins in each partition that is not resumed.
fn search(
    asker: &Asker,
    topic: &str,
    ids: &[i32],
    given: &BTreeMap<i32, Mark>,
    from: Micros,
) -> Result<BTreeMap<i32, Found>> {
    let ids: Vec<_> = ids
        .iter()
        .copied()
        .filter(|id| !given.contains_key(id))
        .collect();
    let ask = |at: At| {
        asker.ask("read", "topic", topic, |client| {
            offsets(client, topic, &ids, at)
        })
    };
    // Asked before the search, so that a record written meanwhile is not skipped.
    let (lows, ends) = (ask(At::Start)?, ask(At::End)?);
    let hits = ask(At::Time(from.plus(-DISORDER_MICROS)))?;
    let missed = |id: &i32| !hits.contains_key(id) && lows.get(id) < ends.get(id);
    // A broker that can search by time finds something since 1970 wherever there is a record.
    let searches = if ids.iter().any(missed) {
        let any = ask(At::Time(Micros(0)))?;
        ids.iter()
            .filter(|id| missed(id))
            .all(|id| any.contains_key(id))
    } else {
        true
    };
    Ok(ids
        .iter()
        .map(|id| {
            let found = match (hits.get(id), ends.get(id)) {
                (Some(hit), _) => Found::At(*hit),
                (None, Some(end)) if searches => Found::NoneBefore(*end),
                _ => Found::CannotTell,
            };
            (*id, found)
        })
        .collect())
}

/// Sends what was covered and where to go on.
fn conclude(
    asker: &Asker,
    query: &CopyQuery,
    outlet: &Outlet,
    plan: &Plan,
    tracks: &BTreeMap<i32, Track>,
    failure: Option<&Error>,
) -> Result<(), Gone> {
    let cleanup = if tracks.values().any(|track| track.hole.is_some()) {
        topic_config(asker, &query.channel).cleanup
    } else {
        // Without a hole nothing was compacted away, whatever the topic is set to.
        crate::span::Cleanup::Keeps
    };
    let why = failure.map(Error::chain);
    for (id, track) in tracks {
        let Some(span) = plan.spans.get(id) else {
            continue;
        };
        let covered = coverage(
            query.place,
            *id,
            span,
            track,
            cleanup,
            plan.to,
            why.as_deref(),
        );
        outlet.send(Chunk::Covered(covered))?;
    }
    let marks = marks(tracks.iter().map(|(id, track)| (*id, track)), plan.to);
    outlet.send(Chunk::Resume(cursor::write(&query.channel, marks)))
}

fn unanswered(asker: &Asker, context: &Context, topic: &str, error: &KafkaError) -> Error {
    let asked = Asked {
        action: "read",
        what: "topic",
        name: topic,
        within: ASK_LIMIT,
    };
    sort(error, asked, &asker.settings, context)
}
