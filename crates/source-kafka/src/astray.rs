//! Where times lead nowhere: what a search by time has passed over is read by offsets, as far as
//! the limit allows.
//!
//! A search by time finds the first message that says to be young enough. That is where the window
//! begins when messages say when they were published; a producer that writes seconds for
//! milliseconds, the time of its business, or none, leads it to the end of the log.

use std::collections::BTreeMap;

use waybill_model::Marks;
use waybill_source::CopyQuery;

use crate::connect::Asker;
use crate::inspect::topic_config;
use crate::outlet::Outlet;
use crate::pump::{Pump, Stop};
use crate::span::{Found, Short, Span, Track};

/// How many messages of a topic are read where no time leads, unless the profile says otherwise:
/// some seconds' work, and more than a topic that is looked at by hand gets in a day.
const MOST: u64 = 200_000;

/// Goes on backwards in the partitions whose times do not vouch for where reading began.
pub(crate) fn read_back(
    asker: &Asker,
    query: &CopyQuery,
    outlet: &Outlet,
    found: &BTreeMap<i32, Found>,
    spans: &mut BTreeMap<i32, Span>,
    tracks: &mut BTreeMap<i32, Track>,
) -> Result<(), Stop> {
    let doubted = doubted(asker, query, found, spans, tracks);
    if doubted.is_empty() {
        return Ok(());
    }
    let read: u64 = spans.values().map(Span::len).sum();
    let most = query.max_messages.unwrap_or(MOST).saturating_sub(read);
    let each = share(most, doubted.len());
    let mut earlier = BTreeMap::new();
    for id in doubted {
        let Some(span) = spans.get_mut(&id) else {
            continue;
        };
        let before = *span;
        span.reach_back(each);
        let stretch = Span {
            end: before.start,
            high: before.start,
            ..*span
        };
        earlier.insert(id, stretch);
    }
    let (reader, context) = asker.reader(&asker.settings.bulk())?;
    let mut pump = Pump::new(query, &asker.settings, outlet, Marks::empty(), &earlier);
    let outcome = pump.run(&reader, &context);
    for (id, back) in &pump.tracks {
        let (Some(span), Some(track)) = (spans.get_mut(id), tracks.get_mut(id)) else {
            continue;
        };
        *track = track.behind(back);
        // Where the way back broke off, nothing before it is known either.
        if !back.done || span.start > span.low && !track.order.leads() {
            span.short = Some(Short::Astray);
        }
    }
    outcome
}

/// The partitions in which messages of the window may lie before what was read.
fn doubted(
    asker: &Asker,
    query: &CopyQuery,
    found: &BTreeMap<i32, Found>,
    spans: &BTreeMap<i32, Span>,
    tracks: &BTreeMap<i32, Track>,
) -> Vec<i32> {
    let hit = |id: &i32| matches!(found.get(id), Some(Found::At(_)));
    // Producers that write true times into one partition do so into all.
    let vouched = tracks.iter().any(|(id, it)| hit(id) && it.order.vouches());
    let silent = |id: &i32| matches!(found.get(id), Some(Found::NoneBefore(_)));
    let reached = |id: &i32| spans.get(id).is_none_or(|span| span.start <= span.low);
    let candidates = found.keys().filter(|id| !reached(id));
    let doubted: Vec<i32> = candidates
        .filter(|id| {
            let leads = tracks.get(id).is_none_or(|track| track.order.leads());
            !leads || silent(id) && !vouched
        })
        .copied()
        .collect();
    let by_broker = || topic_config(asker, &query.channel).broker_time;
    if doubted.iter().all(silent) && !doubted.is_empty() && by_broker() {
        // Times that the broker wrote lead where they say, also where nothing is.
        return Vec::new();
    }
    doubted
}

/// Leaves out all but the newest messages of a topic, in each partition its share.
pub(crate) fn keep_newest(most: u64, spans: &mut BTreeMap<i32, Span>) {
    let total: u64 = spans.values().map(Span::len).sum();
    if total <= most {
        return;
    }
    for span in spans.values_mut() {
        let share = u128::from(span.len()) * u128::from(most) / u128::from(total);
        span.keep_newest(i64::try_from(share).unwrap_or(i64::MAX));
    }
}

/// What each of some partitions may be read of.
pub(crate) fn share(most: u64, n: usize) -> i64 {
    let each = most / u64::try_from(n.max(1)).unwrap_or(1);
    i64::try_from(each).unwrap_or(i64::MAX)
}
