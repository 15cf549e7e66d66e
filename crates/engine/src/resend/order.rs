//! The order of sending: by time, but never a newer version of an aggregate before an older one.

use std::collections::BTreeMap;

use waybill_model::Micros;

/// What the order depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) no: u32,
    pub(super) aggregate: String,
    pub(super) version: Option<i64>,
    pub(super) at: Micros,
}

/// Event numbers in the order of sending.
///
/// Each aggregate keeps the turns its events have by time, and takes them in order of version:
/// clocks of two instances may contradict the versions, and the versions are right.
pub(super) fn in_order(mut turns: Vec<Turn>) -> Vec<u32> {
    turns.sort_by_key(|turn| (turn.at, turn.version, turn.no));
    let mut of_aggregate: BTreeMap<String, Vec<Turn>> = BTreeMap::new();
    for turn in turns.iter().filter(|turn| !turn.aggregate.is_empty()) {
        of_aggregate
            .entry(turn.aggregate.clone())
            .or_default()
            .push(turn.clone());
    }
    for own in of_aggregate.values_mut() {
        // Reversed, so that the next one is taken from the end.
        own.sort_by_key(|turn| std::cmp::Reverse((turn.version, turn.at, turn.no)));
    }
    let next = |turn: Turn| match of_aggregate.get_mut(&turn.aggregate) {
        Some(own) => own.pop().map_or(turn.no, |first| first.no),
        None => turn.no,
    };
    turns.into_iter().map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(turns: &[(u32, &str, Option<i64>, i64)], expected: &[u32]) {
        let turns = turns
            .iter()
            .map(|&(no, aggregate, version, at)| Turn {
                no,
                aggregate: aggregate.to_owned(),
                version,
                at: Micros(at),
            })
            .collect();
        assert_eq!(in_order(turns), expected);
    }

    #[test]
    fn versions_beat_times_within_an_aggregate_and_only_there() {
        check(
            &[
                (1, "a", Some(8), 10),
                (2, "a", Some(7), 20),
                (3, "b", Some(1), 15),
                (4, "", None, 5),
            ],
            &[4, 2, 3, 1],
        );
    }

    #[test]
    fn without_versions_time_decides() {
        check(&[(1, "a", None, 20), (2, "a", None, 10)], &[2, 1]);
    }
}
