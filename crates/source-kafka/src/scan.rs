//! Reads a topic once, from the window's beginning to the end it has now.

use std::collections::BTreeMap;

use rdkafka::error::KafkaError;
use waybill_model::{Marks, Micros};
use waybill_source::{Chunk, CopyQuery, Error, Result};

use crate::astray;
use crate::connect::{ASK_LIMIT, Asker, Reader};
use crate::context::Context;
use crate::cursor::{self, Mark};
use crate::error::{Asked, Said, no_topic, sort};
use crate::inspect::{is_topic_name, partitions, topic_config};
use crate::offsets::{At, offsets};
use crate::open_tail;
use crate::outlet::{Gone, Outlet, now};
use crate::pump::{Pump, Stop};
use crate::span::{Bounds, Cleanup, Found, Span, Track, coverage, marks};
use crate::times::DISORDER_MICROS;

/// What a scan is going to read.
struct Plan {
    /// When the ends were asked for: what was published before lies below them.
    to: Micros,
    spans: BTreeMap<i32, Span>,
    /// What the search by time has found, of the partitions that are not resumed.
    found: BTreeMap<i32, Found>,
}

/// The whole scan, on a thread of its own.
pub(crate) fn run(asker: &Asker, query: &CopyQuery, outlet: &Outlet) -> Result<()> {
    let (reader, context) = asker.reader(&asker.settings.bulk())?;
    let mut plan = plan(asker, query, &reader, &context)?;
    let mut pump = Pump::new(query, &asker.settings, outlet, Marks::empty(), &plan.spans);
    let outcome = pump.run(&reader, &context).and_then(|()| {
        let tracks = &mut pump.tracks;
        astray::read_back(asker, query, outlet, &plan.found, &mut plan.spans, tracks)?;
        open_tail::read(asker, query, outlet, &plan.spans, &mut pump.tracks)
    });
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

/// Reads at most `n` messages right before where the reads up to the query's cursor began.
pub(crate) fn before(asker: &Asker, query: &CopyQuery, n: u64, outlet: &Outlet) -> Result<()> {
    let topic = query.channel.as_str();
    let marks = cursor::read(query.after.as_ref(), topic)?;
    let ids: Vec<i32> = marks
        .iter()
        .filter(|(_, mark)| mark.first.is_some())
        .map(|(id, _)| *id)
        .collect();
    let lows = asker.ask("read", "topic", topic, |client| {
        offsets(client, topic, &ids, At::Start)
    })?;
    let each = astray::share(n, ids.len());
    let before = |(id, low): (&i32, &i64)| {
        let first = marks.get(id)?.first?;
        Some((*id, Span::before(first, *low, each)))
    };
    let spans: BTreeMap<i32, Span> = lows.iter().filter_map(before).collect();
    let (reader, context) = asker.reader(&asker.settings.bulk())?;
    let mut pump = Pump::new(query, &asker.settings, outlet, Marks::empty(), &spans);
    match pump.run(&reader, &context) {
        Ok(()) => {}
        Err(Stop::Failed(error)) => return Err(error),
        Err(Stop::Dropped) => return Ok(()),
    }
    let told = conclude_before(asker, query, outlet, &spans, &pump.tracks, marks);
    // Nobody to tell is no failure of ours.
    told.or(Ok(()))
}

/// Says what a read of what lies before has closed, and where the next one would end.
fn conclude_before(
    asker: &Asker,
    query: &CopyQuery,
    outlet: &Outlet,
    spans: &BTreeMap<i32, Span>,
    tracks: &BTreeMap<i32, Track>,
    mut marks: BTreeMap<i32, Mark>,
) -> Result<(), Gone> {
    let both = |(id, track): (&i32, &Track)| {
        let (span, mark) = (spans.get(id)?, marks.get(id)?);
        Some((*id, track.up_to(mark, span)))
    };
    let tracks: BTreeMap<i32, Track> = tracks.iter().filter_map(both).collect();
    let cleanup = cleanup(asker, query, &tracks);
    for (id, track) in &tracks {
        let (Some(span), Some(mark)) = (spans.get(id), marks.get_mut(id)) else {
            continue;
        };
        mark.hole = track.hole;
        mark.first = (span.start > span.low).then_some(span.start);
        if mark.first.is_none() {
            let covered = coverage(query.place, *id, span, track, cleanup, mark.to, None);
            outlet.send(Chunk::Covered(covered))?;
        }
    }
    outlet.send(Chunk::Resume(cursor::write(&query.channel, marks)))
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
    for &id in &ids {
        let (Some(low), Some(end), Some(high)) = (lows.get(&id), ends.get(&id), highs.get(&id))
        else {
            return Err(silent(topic, id));
        };
        let bounds = Bounds {
            low: *low,
            end: *end,
            high: *high,
        };
        let hit = found.get(&id).copied().unwrap_or(Found::CannotTell);
        let span = Span::new(bounds, hit, given.get(&id).copied(), query.window.from);
        spans.insert(id, span);
    }
    if let Some(most) = query.max_messages {
        astray::keep_newest(most, &mut spans);
    }
    Ok(Plan { to, spans, found })
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
    let cleanup = cleanup(asker, query, tracks);
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
    let marks = marks(&plan.spans, tracks, plan.to);
    outlet.send(Chunk::Resume(cursor::write(&query.channel, marks)))
}

fn cleanup(asker: &Asker, query: &CopyQuery, tracks: &BTreeMap<i32, Track>) -> Cleanup {
    if tracks.values().any(|track| track.hole.is_some()) {
        topic_config(asker, &query.channel).cleanup
    } else {
        // Without a hole nothing was compacted away, whatever the topic is set to.
        Cleanup::Keeps
    }
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
