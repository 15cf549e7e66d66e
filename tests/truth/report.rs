//! The document that is printed.

use std::collections::BTreeMap;

use serde::Serialize;
use waybill_world::{Ledger, Situation};

use crate::arguments::{Arguments, Broker, Database, Ids, Outbox};
use crate::live::Timing;
use crate::look::Looked;
use crate::matrix::Matrix;
use crate::told::Told;

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    seed: u64,
    events: usize,
    db: Database,
    broker: Broker,
    #[serde(skip_serializing_if = "Option::is_none")]
    situation: Option<Situation>,
    ids: Ids,
    outbox: Outbox,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_audit_stream: bool,
    /// How many events each fault has hit, as the ledger knows it.
    faults: BTreeMap<&'static str, u64>,
    /// Events that more than one fault has hit.
    combined: u64,
    seconds: Seconds,
    /// How many verdicts are given up, and why.
    unknown: String,
    /// When an event was late.
    graces: Vec<String>,
    /// What was told of a small world, and what should have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<Told>,
    #[serde(flatten)]
    matrix: Matrix,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<Timing>,
}

/// How long things took.
#[derive(Debug, Serialize)]
pub(crate) struct Seconds {
    /// Making the world and what happened in it.
    pub(crate) world: f64,
    /// Reading it, or the longest that a last look took.
    pub(crate) scan: f64,
}

impl Report {
    pub(crate) fn new(
        arguments: &Arguments,
        ledger: &Ledger,
        matrix: Matrix,
        seconds: Seconds,
        looked: &Looked,
        live: Option<Timing>,
        told: Option<Told>,
    ) -> Self {
        let mut faults = BTreeMap::new();
        let mut combined = 0;
        for entry in ledger.entries() {
            for fault in &entry.faults {
                *faults.entry(fault.name()).or_default() += 1;
            }
            combined += u64::from(entry.faults.len() > 1);
        }
        Self {
            schema: "waybill.truth/2",
            seed: arguments.seed,
            events: ledger.len(),
            db: arguments.db,
            broker: arguments.broker,
            situation: arguments.situation,
            ids: arguments.ids,
            outbox: arguments.outbox,
            no_audit_stream: arguments.no_audit_stream,
            faults,
            combined,
            seconds,
            unknown: matrix.unknown().line(&arguments.options()),
            told,
            graces: looked
                .graces
                .iter()
                .map(|edge| edge.sentence.clone())
                .collect(),
            matrix,
            live,
        }
    }

    /// What was counted.
    pub(crate) fn into_matrix(self) -> Matrix {
        self.matrix
    }

    /// Whether nothing was said wrongly and nothing was left unsaid.
    pub(crate) fn all_true(&self) -> bool {
        self.told.as_ref().is_none_or(Told::is_true)
            && self.matrix.all_true()
            && self.live.as_ref().is_none_or(Timing::all_in_time)
    }
}
