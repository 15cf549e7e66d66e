//! What was said against what was so, counted per verdict.

use std::collections::BTreeMap;

use serde::Serialize;
use waybill_model::{ConsumerVerdict, EventRow, PublishVerdict};
use waybill_world::{Expected, Ledger, Planted};

use crate::arguments::{Arguments, Broker, Database};
use crate::look::Looked;

/// The document that is printed.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    seed: u64,
    events: usize,
    db: Database,
    broker: Broker,
    planted: BTreeMap<String, u32>,
    scan_seconds: f64,
    /// Of publications.
    publish: BTreeMap<&'static str, Count>,
    /// Of consumers, all together.
    consumers: BTreeMap<&'static str, Count>,
    /// Events that Waybill saw and nobody made, and the other way round.
    invented: Vec<String>,
    unseen: Vec<String>,
    /// The first wrong verdicts, to look into.
    wrong: Vec<Wrong>,
}

/// How often a verdict was right, said wrongly, and not said where it was due.
#[derive(Debug, Default, Serialize)]
struct Count {
    r#true: u64,
    r#false: u64,
    missed: u64,
    /// Of those missed: `unknown` was said instead, with these reasons.
    unknown: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct Wrong {
    id: String,
    who: String,
    said: String,
    so: String,
}

/// As many wrong verdicts as anybody looks at.
const MAX_WRONG: usize = 50;

impl Report {
    pub(crate) fn new(
        arguments: &Arguments,
        planted: &[Planted],
        ledger: &Ledger,
        looked: &Looked,
    ) -> Self {
        let planted = planted
            .iter()
            .map(|it| (it.fault.name().to_owned(), it.events))
            .collect();
        let mut report = Self {
            schema: "waybill.truth/1",
            seed: arguments.seed,
            events: arguments.events,
            db: arguments.db,
            broker: arguments.broker,
            planted,
            scan_seconds: looked.took_micros as f64 / 1e6,
            publish: BTreeMap::new(),
            consumers: BTreeMap::new(),
            invented: Vec::new(),
            unseen: Vec::new(),
            wrong: Vec::new(),
        };
        let mut rows: BTreeMap<&str, &EventRow> = looked
            .rows
            .iter()
            .map(|row| (row.id.as_str(), row))
            .collect();
        for expected in ledger.expected() {
            match rows.remove(expected.id.as_str()) {
                Some(row) => report.compare(row, &expected),
                None => report.unseen.push(expected.id.to_string()),
            }
        }
        report.invented = rows.keys().map(|id| (*id).to_owned()).collect();
        report
    }

    /// Whether nothing was said wrongly and nothing was left unsaid.
    pub(crate) fn all_true(&self) -> bool {
        let clean = |count: &Count| count.r#false == 0 && count.missed == 0;
        self.publish
            .values()
            .chain(self.consumers.values())
            .all(clean)
            && self.invented.is_empty()
            && self.unseen.is_empty()
    }

    fn compare(&mut self, row: &EventRow, expected: &Expected) {
        let id = &row.id.0;
        let said = (row.verdict.publish.name(), reason_of(&row.verdict.publish));
        let wrong = count(&mut self.publish, said, expected.publish.name());
        self.note(wrong, id, "publish", said.0, expected.publish.name());
        for (cell, so) in row.consumers.iter().zip(&expected.consumers) {
            let said = (cell.verdict.name(), reason_of_consumer(&cell.verdict));
            let wrong = count(&mut self.consumers, said, so.name());
            self.note(wrong, id, "consumer", said.0, so.name());
        }
    }

    fn note(&mut self, wrong: bool, id: &str, who: &str, said: &str, so: &str) {
        if wrong && self.wrong.len() < MAX_WRONG {
            self.wrong.push(Wrong {
                id: id.to_owned(),
                who: who.to_owned(),
                said: said.to_owned(),
                so: so.to_owned(),
            });
        }
    }
}

/// Counts one verdict; whether it was wrong.
fn count(
    counts: &mut BTreeMap<&'static str, Count>,
    (said, reason): (&'static str, Option<&'static str>),
    so: &'static str,
) -> bool {
    if said == so {
        counts.entry(so).or_default().r#true += 1;
        return false;
    }
    let due = counts.entry(so).or_default();
    due.missed += 1;
    if let Some(reason) = reason {
        *due.unknown.entry(reason).or_default() += 1;
    } else {
        counts.entry(said).or_default().r#false += 1;
    }
    true
}

fn reason_of(verdict: &PublishVerdict) -> Option<&'static str> {
    match verdict {
        PublishVerdict::Unknown(reason) => Some(reason.name()),
        _ => None,
    }
}

fn reason_of_consumer(verdict: &ConsumerVerdict) -> Option<&'static str> {
    match verdict {
        ConsumerVerdict::Unknown(reason) => Some(reason.name()),
        _ => None,
    }
}
