//! The records of transactions that have not ended: written, but shown to no careful consumer yet.

use std::collections::BTreeMap;

use waybill_model::Marks;
use waybill_source::CopyQuery;

use crate::connect::Asker;
use crate::outlet::Outlet;
use crate::pump::{Pump, Stop};
use crate::span::{Span, Track};

/// A transaction that holds back more than this is not looked into; the gap says enough.
const MAX_RECORDS: u64 = 10_000;

/// Reads what lies between the last stable offset and the end of each partition, marked as open,
/// and notes in `tracks` what was seen.
pub(crate) fn read(
    asker: &Asker,
    query: &CopyQuery,
    outlet: &Outlet,
    spans: &BTreeMap<i32, Span>,
    tracks: &mut BTreeMap<i32, Track>,
) -> Result<(), Stop> {
    let tails: BTreeMap<_, _> = spans
        .iter()
        .filter(|(_, span)| span.high > span.end)
        .map(|(id, span)| {
            let tail = Span {
                start: span.end,
                end: span.high,
                ..*span
            };
            (*id, tail)
        })
        .filter(|(_, tail)| tail.len() <= MAX_RECORDS)
        .collect();
    if tails.is_empty() {
        return Ok(());
    }
    let (reader, context) = asker.reader(&asker.settings.picking())?;
    let mut pump = Pump::new(
        query,
        &asker.settings,
        outlet,
        Marks::OPEN_TRANSACTION,
        &tails,
    );
    pump.run(&reader, &context)?;
    for (id, tail) in &pump.tracks {
        if let Some(track) = tracks.get_mut(id) {
            track.open = tail.earliest;
            track.open_seen = tail.done;
        }
    }
    Ok(())
}
