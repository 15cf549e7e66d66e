//! How far a follow has come, and what that proves. Pure.

use std::collections::{BTreeMap, VecDeque};

use waybill_model::{Coverage, Gap, GapReason, Micros, PlaceId, Window};

use super::ends::{Ends, Tick};
use crate::cursor::Mark;

/// How many looks a transaction may stay open and each of them be remembered by itself.
const MAX_UNDECIDED: usize = 1000;

/// All partitions being followed.
#[derive(Debug)]
pub(crate) struct Following {
    place: PlaceId,
    parts: BTreeMap<i32, Part>,
}

/// One partition being followed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// The first offset read.
    start: i64,
    /// Where the read began that this goes on from, if something may lie before.
    first: Option<i64>,
    /// The last hole that the reads before have met.
    hole: Option<Micros>,
    /// The next offset to read.
    next: i64,
    /// Everything published from here…
    from: Micros,
    /// … to here was seen.
    to: Micros,
    /// Retention took what was published between `from` and this.
    lost_to: Option<Micros>,
    /// An end that is not reached yet.
    target: Option<(Micros, Ends)>,
    /// Everything published up to here is committed or aborted …
    decided: Micros,
    /// … and what was published up to each of these moments lies below the offset beside it, which
    /// open transactions still keep from being so. On a topic that is always written to in
    /// transactions some are open at any time, but not always the same ones.
    undecided: VecDeque<(Micros, i64)>,
}

impl Following {
    /// Starts each partition at its mark, else at its end.
    pub(crate) fn new(place: PlaceId, first: &Tick, given: &BTreeMap<i32, Mark>) -> Self {
        let parts = first
            .ends
            .iter()
            .map(|(id, ends)| (*id, Part::new(first, *ends, given.get(id).copied())));
        Self {
            place,
            parts: parts.collect(),
        }
    }

    /// The next offset of each partition.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (i32, i64)> + '_ {
        self.parts.iter().map(|(id, part)| (*id, part.next))
    }

    /// Takes note of where partitions end now; returns those that are new.
    pub(crate) fn aim(&mut self, tick: &Tick) -> Vec<i32> {
        let mut new = Vec::new();
        for (id, ends) in &tick.ends {
            let part = self.parts.entry(*id).or_insert_with(|| {
                new.push(*id);
                Part::whole(*ends)
            });
            // An older end is reached sooner: coverage moves even while we lag behind.
            part.target.get_or_insert((tick.asked, *ends));
        }
        new
    }

    /// Whether any end is still to be reached.
    pub(crate) fn is_aiming(&self) -> bool {
        self.parts.values().any(|part| part.target.is_some())
    }

    /// Everything up to these offsets was read.
    pub(crate) fn reached(&mut self, id: i32, next: i64) {
        if let Some(part) = self.parts.get_mut(&id) {
            part.next = Ord::max(part.next, next);
        }
    }

    /// Extends the coverage of partitions that have reached their end.
    pub(crate) fn settle(&mut self) {
        for part in self.parts.values_mut() {
            let Some((asked, ends)) = part.target else {
                continue;
            };
            if part.next < ends.end {
                continue;
            }
            part.target = None;
            part.to = Ord::max(part.to, asked);
            part.decide(asked, ends);
        }
    }

    /// What is covered by now.
    pub(crate) fn coverage(&self) -> impl Iterator<Item = Coverage> + '_ {
        self.parts.iter().map(|(id, part)| Coverage {
            place: self.place,
            partition: u32::try_from(*id).ok(),
            window: Window {
                from: part.from,
                to: part.to,
            },
            positions: Some((part.start, part.next)),
            gaps: part.gaps(),
        })
    }

    /// Where a later read goes on.
    pub(crate) fn marks(&self) -> BTreeMap<i32, Mark> {
        let mark = |part: &Part| Mark {
            next: part.next,
            to: part.to,
            first: part.first,
            hole: part.hole,
            open: (!part.undecided.is_empty()).then_some(part.decided),
        };
        self.parts
            .iter()
            .map(|(id, part)| (*id, mark(part)))
            .collect()
    }
}

impl Part {
    fn new(first: &Tick, ends: Ends, mark: Option<Mark>) -> Self {
        let (start, from, lost_to) = match mark {
            None => (ends.end, first.answered, None),
            Some(mark) if mark.next > ends.high => {
                (ends.low, Micros(i64::MIN), Some(first.answered))
            }
            Some(mark) if mark.next < ends.low => (ends.low, mark.to, Some(first.answered)),
            Some(mark) => (mark.next, mark.to, None),
        };
        Self {
            start,
            first: mark.and_then(|mark| mark.first),
            hole: mark.and_then(|mark| mark.hole),
            next: start,
            from,
            to: from,
            lost_to,
            target: None,
            decided: from,
            undecided: VecDeque::new(),
        }
    }

    /// A partition that was made while we followed.
    fn whole(ends: Ends) -> Self {
        Self {
            start: ends.low,
            first: None,
            hole: None,
            next: ends.low,
            from: Micros(i64::MIN),
            to: Micros(i64::MIN),
            lost_to: None,
            target: None,
            decided: Micros(i64::MIN),
            undecided: VecDeque::new(),
        }
    }

    /// Takes note of what was published until `asked`, and of what is decided by now.
    fn decide(&mut self, asked: Micros, ends: Ends) {
        if self.undecided.len() == MAX_UNDECIDED {
            // What lies below the newest of them lies below the next one too.
            self.undecided.pop_back();
        }
        self.undecided.push_back((asked, ends.high));
        while let Some((at, _)) = self.undecided.pop_front_if(|(_, high)| *high <= ends.end) {
            self.decided = Ord::max(self.decided, at);
        }
    }

    fn gaps(&self) -> Vec<Gap> {
        let lost = self
            .lost_to
            .map(|until| (self.from, until, GapReason::Retention));
        let open = (!self.undecided.is_empty()).then_some((
            self.decided,
            self.to,
            GapReason::OpenTransactions,
        ));
        [lost, open]
            .into_iter()
            .flatten()
            .map(|(from, to, reason)| Gap {
                window: Window {
                    from,
                    to: Ord::min(to, self.to),
                },
                reason,
            })
            .filter(|gap| gap.window.from < gap.window.to)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// A tick at a second; asking takes half a second.
    fn tick(second: i64, end: i64, high: i64) -> Tick {
        Tick {
            asked: Micros(second * 1_000_000),
            answered: Micros(second * 1_000_000 + 500_000),
            ends: BTreeMap::from([(0, Ends { low: 5, end, high })]),
        }
    }

    fn mark(next: i64) -> BTreeMap<i32, Mark> {
        let to = Micros(1_000_000);
        BTreeMap::from([(
            0,
            Mark {
                next,
                to,
                first: None,
                hole: None,
                open: None,
            },
        )])
    }

    /// Follows through the ticks, reading to the offset beside each.
    fn check(given: &BTreeMap<i32, Mark>, ticks: &[(Tick, i64)], expected: Expect) {
        let mut following = Following::new(PlaceId(0), &ticks[0].0, given);
        for (tick, next) in ticks {
            assert_eq!(following.aim(tick), [0; 0]);
            following.reached(0, *next);
            following.settle();
        }
        let seconds = |at: Micros| {
            if at.0 == i64::MIN {
                "ever".to_owned()
            } else {
                format!("{}", at.0 as f64 / 1e6)
            }
        };
        let covered = following.coverage().next().expect("one partition");
        let mut text = format!(
            "{}..{} at {:?}",
            seconds(covered.window.from),
            seconds(covered.window.to),
            covered.positions.expect("it has positions")
        );
        for gap in covered.gaps {
            text.push_str(&format!(
                "; {}..{} {}",
                seconds(gap.window.from),
                seconds(gap.window.to),
                gap.reason
            ));
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn from_now_on_means_after_the_first_answer() {
        check(
            &BTreeMap::new(),
            &[(tick(10, 7, 7), 0), (tick(11, 8, 8), 8)],
            expect!["10.5..11 at (7, 8)"],
        );
    }

    #[test]
    fn coverage_waits_until_the_end_is_reached() {
        check(
            &BTreeMap::new(),
            &[
                (tick(10, 7, 7), 0),
                (tick(11, 9, 9), 8),
                (tick(12, 20, 20), 9),
            ],
            expect!["10.5..11 at (7, 9)"],
        );
    }

    #[test]
    fn a_follow_goes_on_at_its_mark() {
        check(&mark(6), &[(tick(10, 7, 7), 7)], expect!["1..10 at (6, 7)"]);
    }

    #[test]
    fn what_was_removed_since_the_mark_is_a_gap() {
        check(
            &mark(2),
            &[(tick(10, 7, 7), 7), (tick(12, 7, 7), 7)],
            expect!["1..12 at (5, 7); 1..10.5 retention has removed older entries"],
        );
        check(
            &mark(100),
            &[(tick(10, 7, 7), 7), (tick(12, 7, 7), 7)],
            expect!["ever..12 at (5, 7); ever..10.5 retention has removed older entries"],
        );
    }

    #[test]
    fn open_transactions_are_a_gap_until_they_end() {
        let ticks = [
            (tick(10, 7, 7), 7),
            (tick(11, 7, 7), 7),
            (tick(12, 7, 9), 7),
            (tick(13, 7, 9), 7),
        ];
        check(
            &BTreeMap::new(),
            &ticks,
            expect!["10.5..13 at (7, 7); 11..13 transactions are still open"],
        );
        let ended = [&ticks[..], &[(tick(14, 10, 10), 10)]].concat();
        check(&BTreeMap::new(), &ended, expect!["10.5..14 at (7, 10)"]);
    }

    #[test]
    fn transactions_that_follow_one_another_hide_only_the_last_moments() {
        let ticks = [
            (tick(10, 7, 7), 7),
            (tick(11, 7, 9), 7),
            (tick(12, 9, 12), 9),
            (tick(13, 11, 15), 11),
        ];
        // What was there at 11 ended at 9, what was there at 12 has not reached 12 yet.
        check(
            &BTreeMap::new(),
            &ticks,
            expect!["10.5..13 at (7, 11); 11..13 transactions are still open"],
        );
    }

    #[test]
    fn a_partition_that_appears_is_followed_from_its_beginning() {
        let mut following = Following::new(PlaceId(0), &tick(10, 7, 7), &BTreeMap::new());
        let mut grown = tick(11, 7, 7);
        grown.ends.insert(
            1,
            Ends {
                low: 0,
                end: 2,
                high: 2,
            },
        );
        assert_eq!(following.aim(&grown), [1]);
        assert_eq!(following.positions().collect::<Vec<_>>(), [(0, 7), (1, 0)]);
    }
}
