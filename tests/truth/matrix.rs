//! What was said against what was so, counted per verdict.

use std::collections::BTreeMap;

use serde::Serialize;
use waybill_model::{ConsumerVerdict, EventRow, Flags, GraceBasis, PublishVerdict, VerdictClass};
use waybill_world::{Expected, Ledger};

use crate::apart::Strays;
use crate::look::Looked;
use crate::unknown::Unknown;

/// How often a verdict was right, said wrongly, and not said where it was due.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Count {
    r#true: u64,
    r#false: u64,
    missed: u64,
    /// `unknown` was said instead, and the ledger marks the event as unknowable for that reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unknowable: BTreeMap<&'static str, u64>,
    /// Of those missed: `unknown` was said instead, and it could have been known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unexcused: BTreeMap<&'static str, u64>,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.r#true += other.r#true;
        self.r#false += other.r#false;
        self.missed += other.missed;
        for (all, here) in [
            (&mut self.unknowable, other.unknowable),
            (&mut self.unexcused, other.unexcused),
        ] {
            for (why, n) in here {
                *all.entry(why).or_default() += n;
            }
        }
    }
}

/// The confusion of everything that was said.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Matrix {
    /// Of publications.
    publish: BTreeMap<&'static str, Count>,
    /// Of consumers, all together.
    consumers: BTreeMap<&'static str, Count>,
    /// Of the flags that the ledger knows about.
    flags: BTreeMap<&'static str, Count>,
    /// Messages that cannot be put together with their event, by what was said of them. Nothing but
    /// their presence may be.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    apart: BTreeMap<&'static str, Count>,
    /// Events that Waybill saw and nobody made, and the other way round.
    invented: Vec<String>,
    unseen: Vec<String>,
    /// The first wrong verdicts, to look into.
    wrong: Vec<Wrong>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Wrong {
    id: String,
    who: &'static str,
    said: String,
    so: String,
    faults: Vec<&'static str>,
}

/// A verdict as a word, and the reason if it is `unknown`.
type Word = (&'static str, Option<&'static str>);

/// As many wrong verdicts as anybody looks at.
const MAX_WRONG: usize = 50;

/// What began this soon after the window did may seem to have begun before it.
const EDGE_MICROS: i64 = 330_000_000;

/// A relay may take so long before the grace of what comes after begins.
const ON_ITS_WAY_MICROS: i64 = 30_000_000;

/// The flags that follow from what happened.
const FLAGS: [(Flags, &str); 4] = [
    (Flags::DUPLICATE, "duplicate"),
    (Flags::OUT_OF_ORDER, "out-of-order"),
    (Flags::PAYLOAD_MISMATCH, "payload-mismatch"),
    (Flags::SKEW, "skew"),
];

impl Matrix {
    pub(crate) fn new(ledger: &Ledger, looked: &Looked) -> Self {
        let mut matrix = Self::default();
        let mut said: BTreeMap<&str, &EventRow> = looked
            .rows
            .iter()
            .map(|row| (row.id.as_str(), row))
            .collect();
        let mut strays = Strays::default();
        for expected in ledger.expected() {
            strays.note(&expected);
            // Whoever saw the row before it was deleted knows the event by that.
            let before = expected.id_before.as_ref();
            let row = said
                .remove(expected.id.as_str())
                .or_else(|| said.remove(before?.as_str()));
            match row {
                Some(row) => matrix.compare(row, &young(expected, looked)),
                // A clock that is minutes off may put an event before the window.
                None if expected.traceless || expected.at < looked.from.plus(EDGE_MICROS) => {}
                None => matrix.unseen.push(expected.id.to_string()),
            }
        }
        for (id, row) in said {
            match strays.wrongly_said(row) {
                Some(wrong) => matrix.count_apart(row, &wrong),
                None => matrix.invented.push(id.to_owned()),
            }
        }
        matrix
    }

    /// Whether nothing was said wrongly and nothing was left unsaid.
    pub(crate) fn all_true(&self) -> bool {
        let clean = |count: &Count| count.r#false == 0 && count.missed == 0;
        let all = [&self.publish, &self.consumers, &self.flags, &self.apart];
        all.iter().all(|counts| counts.values().all(clean))
            && self.invented.is_empty()
            && self.unseen.is_empty()
    }

    /// How much is given up.
    pub(crate) fn unknown(&self) -> Unknown {
        let mut unknown = Unknown::default();
        for count in self.publish.values().chain(self.consumers.values()) {
            let excused: u64 = count.unknowable.values().sum();
            unknown.verdicts += count.r#true + count.missed + excused;
            for (why, n) in count.unknowable.iter().chain(&count.unexcused) {
                *unknown.given_up.entry(why).or_default() += n;
            }
        }
        unknown
    }

    /// Takes in what was counted in another world; what was wrong there is handed back.
    pub(crate) fn add(&mut self, other: Self) -> Vec<Wrong> {
        let pairs = [
            (&mut self.publish, other.publish),
            (&mut self.consumers, other.consumers),
            (&mut self.flags, other.flags),
            (&mut self.apart, other.apart),
        ];
        for (all, counts) in pairs {
            for (word, count) in counts {
                all.entry(word).or_default().add(count);
            }
        }
        self.invented.extend(other.invented);
        self.unseen.extend(other.unseen);
        other.wrong
    }

    fn count_apart(&mut self, row: &EventRow, wrong: &[&'static str]) {
        if wrong.is_empty() {
            let (word, _) = of_publish(&row.verdict.publish);
            self.apart.entry(word).or_default().r#true += 1;
        }
        for word in wrong {
            self.apart.entry(word).or_default().r#false += 1;
        }
    }

    fn compare(&mut self, row: &EventRow, expected: &Expected) {
        let said = of_publish(&row.verdict.publish);
        let or: Vec<Word> = expected.publish_or.iter().map(of_publish).collect();
        let so = of_publish(&expected.publish).0;
        if count(&mut self.publish, said, so, &or) {
            self.note(expected, "publish", said, so);
        }
        let consumers = expected.consumers.iter().zip(&expected.consumers_or);
        for (cell, (so, or)) in row.consumers.iter().zip(consumers) {
            let said = of_consumer(&cell.verdict);
            let or: Vec<Word> = or.iter().map(of_consumer).collect();
            let so = of_consumer(so).0;
            if count(&mut self.consumers, said, so, &or) {
                self.note(expected, "consumer", said, so);
            }
        }
        for (flag, name) in FLAGS {
            let (said, so) = (
                row.verdict.flags.contains(flag),
                expected.flags.contains(flag),
            );
            let count = self.flags.entry(name).or_default();
            match (said, so) {
                (true, true) => count.r#true += 1,
                (false, true) => {
                    count.missed += 1;
                    self.note(expected, "flag", ("none", None), name);
                }
                (true, false) if !expected.flags_or.contains(flag) => {
                    count.r#false += 1;
                    self.note(expected, "flag", (name, None), "none");
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, expected: &Expected, who: &'static str, said: Word, so: &str) {
        if self.wrong.len() < MAX_WRONG {
            let (word, reason) = said;
            self.wrong.push(Wrong {
                id: expected.id.to_string(),
                who,
                said: reason.map_or_else(|| word.to_owned(), |why| format!("{word}: {why}")),
                so: so.to_owned(),
                faults: expected.faults.iter().map(|it| it.name()).collect(),
            });
        }
    }
}

/// What may be said besides of an event that was not late yet when it was looked at, by a grace
/// that was learnt. What the profile sets has passed for all events of a past.
fn young(mut expected: Expected, looked: &Looked) -> Expected {
    let age = looked.at.since(expected.at);
    let is_young = |edge: usize| {
        let grace = looked.graces.get(edge).map(|edge| edge.grace);
        let learnt = grace.filter(|grace| grace.basis != GraceBasis::Set);
        learnt.is_some_and(|grace| age <= grace.micros.saturating_add(ON_ITS_WAY_MICROS))
    };
    if expected.publish.class().needs_action() && is_young(0) {
        expected.publish_or.push(match expected.publish {
            PublishVerdict::Phantom => PublishVerdict::Published,
            _ => PublishVerdict::Pending,
        });
    }
    let consumers = expected.consumers.iter().zip(&mut expected.consumers_or);
    for (edge, (verdict, or)) in (1..).zip(consumers) {
        if verdict.class() == VerdictClass::Missing && is_young(edge) {
            or.push(ConsumerVerdict::InFlight);
        }
    }
    expected
}

/// Counts one verdict; whether it was wrong.
fn count(
    counts: &mut BTreeMap<&'static str, Count>,
    said: Word,
    so: &'static str,
    or: &[Word],
) -> bool {
    let (word, reason) = said;
    if word == so {
        counts.entry(so).or_default().r#true += 1;
        return false;
    }
    let excused = or.contains(&said);
    match reason {
        Some(why) if excused => {
            *counts
                .entry(so)
                .or_default()
                .unknowable
                .entry(why)
                .or_default() += 1;
        }
        None if excused => counts.entry(word).or_default().r#true += 1,
        Some(why) => {
            let due = counts.entry(so).or_default();
            due.missed += 1;
            *due.unexcused.entry(why).or_default() += 1;
        }
        None => {
            counts.entry(so).or_default().missed += 1;
            counts.entry(word).or_default().r#false += 1;
        }
    }
    !excused
}

fn of_publish(verdict: &PublishVerdict) -> Word {
    let reason = match verdict {
        PublishVerdict::Unknown(reason) => Some(reason.name()),
        _ => None,
    };
    (verdict.name(), reason)
}

fn of_consumer(verdict: &ConsumerVerdict) -> Word {
    let reason = match verdict {
        ConsumerVerdict::Unknown(reason) => Some(reason.name()),
        _ => None,
    };
    (verdict.name(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True, false and missed of `so` after one verdict, and false of what was said.
    fn check(said: Word, so: &'static str, or: &[Word], expected: [u64; 4]) {
        let mut counts = BTreeMap::new();
        count(&mut counts, said, so, or);
        let of = |word| {
            let count: Option<&Count> = counts.get(word);
            count.map_or([0; 3], |it| [it.r#true, it.r#false, it.missed])
        };
        let wrongly = of(said.0)[1];
        let [right, falsely, missed] = of(so);
        assert_eq!([right, falsely, missed, wrongly], expected, "{said:?}");
    }

    #[test]
    fn a_verdict_is_true_false_missed_or_excused() {
        let lost = "lost-in-publish";
        let unknown = ("unknown", Some("retention-passed"));
        check((lost, None), lost, &[], [1, 0, 0, 0]);
        check(("published", None), lost, &[], [0, 0, 1, 1]);
        check(unknown, lost, &[], [0, 0, 1, 0]);
        check(unknown, lost, &[unknown], [0, 0, 0, 0]);
        check(
            ("unknown", Some("not-covered")),
            lost,
            &[unknown],
            [0, 0, 1, 0],
        );
    }
}
