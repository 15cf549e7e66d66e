//! In which order, how often and between which judgements evidence arrives does not matter.

use proptest::prelude::*;
use waybill_model::{EventRow, Phase, VerdictClass};

use super::feed;
use super::generate::history;
use super::histories::{SHUFFLED, config};
use super::history::{Fact, History};
use crate::tests::company::secs;
use crate::{Counts, Index};

/// The facts in the order of the keys. Readings of one row or message keep theirs: the latest
/// counts.
pub(super) fn shuffled<'a>(facts: &[&'a Fact], keys: &[u16]) -> Vec<&'a Fact> {
    let mut order: Vec<usize> = (0..facts.len()).collect();
    order.sort_by_key(|&idx| keys.get(idx).copied().unwrap_or(0));
    for at in 0..order.len() {
        for later in at + 1..order.len() {
            if order[later] < order[at] && same_row(facts[order[at]], facts[order[later]]) {
                order.swap(at, later);
            }
        }
    }
    order.into_iter().map(|idx| facts[idx]).collect()
}

fn same_row(one: &Fact, other: &Fact) -> bool {
    match (one, other) {
        (Fact::Seen(one), Fact::Seen(other)) => one.coordinate() == other.coordinate(),
        _ => false,
    }
}

/// Begins the last scan of the history, with nothing told.
pub(super) fn begun(history: &History) -> Index {
    let mut index = history.index();
    let last = history.scans.last().expect("there is one scan at least");
    index.begin_scan(secs(last.began));
    for place in &last.failed {
        index.failed(*place, "refused");
    }
    index
}

/// Lines and counts after the last judgement. What is suspected and what confirmed depends on when
/// was judged, and is left out; so are the numbers, which are given in the order of arrival.
fn told(history: &History, facts: &[&Fact], pauses: &[u8]) -> (Vec<EventRow>, Counts) {
    let mut index = begun(history);
    let last = history.scans.last().and_then(|scan| scan.judged.last());
    let moment = *last.expect("every scan is judged");
    for (nth, fact) in facts.iter().enumerate() {
        feed::tell(&mut index, fact);
        if pauses.iter().any(|&pause| usize::from(pause) == nth) {
            feed::judge(&mut index, moment, history.slack);
        }
    }
    feed::judge(&mut index, moment, history.slack);
    let rows = index.in_time_order().iter().map(|&no| {
        let mut row = index.row(no).expect("what stands in the order is visible");
        row.no = 0;
        row.verdict.phase = Phase::Suspected;
        row
    });
    let mut rows: Vec<EventRow> = rows.collect();
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    let mut counts = index.counts().clone();
    for class in VerdictClass::ALL {
        counts.classes[class as usize].confirmed = 0;
    }
    (rows, counts)
}

proptest! {
    #![proptest_config(config(SHUFFLED))]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        history in history(),
        keys in prop::collection::vec(any::<u16>(), 0..60),
        pauses in prop::collection::vec(0_u8..60, 0..4),
        twice in any::<bool>(),
    ) {
        let facts: Vec<&Fact> = history.facts().collect();
        let mut other = shuffled(&facts, &keys);
        if twice {
            other.extend(facts.iter().copied());
        }
        prop_assert_eq!(told(&history, &facts, &[]), told(&history, &other, &pauses));
    }
}
