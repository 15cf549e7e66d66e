//! When an event is late: set, or three times what nearly all of the youngest took.

use waybill_model::{ConsumerNo, Marks};

use super::event::Event;
use super::history::Sighting;
use super::known::Known;
use crate::GraceRule;

/// Seconds from the outbox row to the copy. Only what has one id teaches: what belongs together
/// otherwise is found, and may be taken back.
pub(super) fn publish_grace(all: &[Event<'_>], known: &Known<'_>) -> i64 {
    let mut ways = Vec::new();
    for event in all {
        for row in &event.rows {
            ways.extend(copies(event).map(|copy| (*row, copy)));
        }
    }
    seconds(&known.shape.grace.publish, ways, known)
}

/// Seconds from the copy to the inbox row of one consumer.
pub(super) fn consume_grace(no: ConsumerNo, all: &[Event<'_>], known: &Known<'_>) -> i64 {
    let reads = known.shape.consumers[usize::from(no.0)].destination;
    let mut ways = Vec::new();
    for event in all {
        for copy in copies(event).filter(|copy| reads.is_none_or(|place| place == copy.place)) {
            let rows = event.inbox.iter().filter(|(consumer, _)| *consumer == no);
            ways.extend(rows.map(|(_, row)| (copy, *row)));
        }
    }
    seconds(&known.shape.grace.consume, ways, known)
}

/// Copies that do not say that Waybill has sent them.
fn copies<'a>(event: &'a Event<'_>) -> impl Iterator<Item = &'a Sighting> {
    let foreign = |copy: &&&Sighting| !copy.marks.contains(Marks::OWN_RESEND);
    event.copies.iter().filter(foreign).copied()
}

fn seconds(rule: &GraceRule, ways: Vec<(&Sighting, &Sighting)>, known: &Known<'_>) -> i64 {
    let learning = match rule {
        GraceRule::Set(micros) => return micros / 1_000_000,
        GraceRule::Learnt(learning) => learning,
    };
    let timed = ways
        .iter()
        .filter(|(from, to)| from.is_timed() && to.is_timed());
    let mut took: Vec<(i64, i64)> = timed
        .map(|(from, to)| (to.at - from.way_to(to), 0.max(from.way_to(to))))
        .collect();
    took.sort_unstable();
    let older = took.len().saturating_sub(learning.youngest);
    let mut took: Vec<i64> = took[older..].iter().map(|(_, took)| *took).collect();
    if took.len() < learning.enough {
        return learning.cold_micros / 1_000_000;
    }
    took.sort_unstable();
    // So few that the slowest of them counts.
    let slowest = took.last().copied().unwrap_or(0);
    let least = learning.least_micros / 1_000_000;
    let most = learning.most_micros / 1_000_000;
    (slowest * 3).clamp(least, most) + known.slack
}
