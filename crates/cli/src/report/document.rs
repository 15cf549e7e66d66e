//! The documents of `--json`. Versioned: a field may be added, none changes its meaning or goes
//! without a new number. What each field means is said in `schema/check-1.json`.

use serde::Serialize;
use waybill_model::{
    Accounts, ConsumerVerdict, Control, Counted, EventRow, Fact, FlowBasis, Gap, GraceBasis,
    PlaceId, PublishVerdict, Recognised, SilentFlow, VerdictClass, Waiting, Window,
};
use waybill_protocol::{Counts, EdgeGrace, EventFacts, Failure, PlaceStatus};

use crate::check::ending::Reason;

/// Name and version of the document that `waybill check --json` prints.
pub(crate) const CHECK_SCHEMA: &str = "waybill.check/1";

/// Its JSON Schema.
pub(crate) const CHECK_SCHEMA_TEXT: &str = include_str!("../../schema/check-1.json");

/// What `waybill check --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct CheckDocument {
    pub(crate) schema: &'static str,
    pub(crate) waybill: &'static str,
    pub(crate) profile: String,
    pub(crate) window: Times,
    pub(crate) filter: String,
    /// Whether every place was read as far as it reaches, without a failure.
    pub(crate) complete: bool,
    /// The exit code, and why in words.
    pub(crate) exit: u8,
    pub(crate) because: String,
    /// Everything that was to be said of it, each with the exit code it asks for.
    pub(crate) reasons: Vec<Reason>,
    pub(crate) counts: CountsDocument,
    /// The same of what the filter lets through; nothing without a filter.
    pub(crate) filtered: Option<CountsDocument>,
    pub(crate) places: Vec<PlaceDocument>,
    /// When an event is late: to be published, and for each consumer.
    pub(crate) graces: Vec<GraceDocument>,
    /// Flows of which nothing was ever seen where it should be.
    pub(crate) silent: Vec<SilentDocument>,
    /// Everything that needs action, and everything unknown, that the filter lets through; where the
    /// filter names verdicts or flags, everything that it lets through.
    pub(crate) findings: Vec<FindingDocument>,
}

/// An interval in RFC 3339, end excluded; without `from` it has no beginning.
#[derive(Debug, Serialize)]
pub(crate) struct Times {
    pub(crate) from: Option<String>,
    pub(crate) to: String,
}

impl From<Window> for Times {
    fn from(window: Window) -> Self {
        Self {
            from: (window.from.0 > 0).then(|| window.from.to_string()),
            to: window.to.to_string(),
        }
    }
}

/// Events by class, all of the window.
#[derive(Debug, Serialize)]
pub(crate) struct CountsDocument {
    total: u64,
    missing: u64,
    phantom: u64,
    dead_lettered: u64,
    late: u64,
    unknown: u64,
    pending: u64,
    arrived: u64,
}

impl From<&Counts> for CountsDocument {
    fn from(counts: &Counts) -> Self {
        Self {
            total: counts.total,
            missing: counts.of(VerdictClass::Missing),
            phantom: counts.of(VerdictClass::Phantom),
            dead_lettered: counts.of(VerdictClass::DeadLettered),
            late: counts.of(VerdictClass::Late),
            unknown: counts.of(VerdictClass::Unknown),
            pending: counts.of(VerdictClass::Pending),
            arrived: counts.of(VerdictClass::Arrived),
        }
    }
}

/// One place and what was read of it.
#[derive(Debug, Serialize)]
pub(crate) struct PlaceDocument {
    /// What `coverage` of a finding names it by.
    id: PlaceId,
    name: String,
    role: &'static str,
    consumer: Option<String>,
    source: String,
    read: u64,
    complete: bool,
    /// Share of the window that was read without a gap, 0 to 1.
    covered: f32,
    coverage: Option<Times>,
    gaps: Vec<GapDocument>,
    failure: Option<String>,
    /// The chain of reasons behind the failure, and what to do about it.
    cause: Option<String>,
    advice: Option<String>,
    /// By what its messages are matched with the rest.
    matching: Option<MatchingDocument>,
    /// Of a table: what became of the rows that are not events of the window; of a channel: how
    /// many messages do not count, where there are any.
    accounts: Option<AccountsDocument>,
}

/// The accounts of a place. A number that nobody counted is null.
#[derive(Debug, Serialize)]
pub(crate) struct AccountsDocument {
    in_window: u64,
    no_time: u64,
    sentinel: u64,
    unreadable: u64,
    before: CountedDocument,
    after: CountedDocument,
    sent_after: u64,
    unsent_before: Option<WaitingDocument>,
    unsent_after: Option<WaitingDocument>,
    of_others: u64,
    whose_unknown: u64,
    sentences: Vec<String>,
}

/// Rows as far as they were counted.
#[derive(Debug, Serialize)]
struct CountedDocument {
    rows: Option<u64>,
    /// There are more than that.
    more: bool,
}

/// Unsent rows outside the window.
#[derive(Debug, Serialize)]
struct WaitingDocument {
    #[serde(flatten)]
    counted: CountedDocument,
    since: Option<String>,
}

impl From<Counted> for CountedDocument {
    fn from(counted: Counted) -> Self {
        let (rows, more) = match counted {
            Counted::Exactly(rows) => (Some(rows), false),
            Counted::MoreThan(rows) => (Some(rows), true),
            Counted::NotCounted => (None, false),
        };
        Self { rows, more }
    }
}

impl From<Waiting> for WaitingDocument {
    fn from(waiting: Waiting) -> Self {
        Self {
            counted: waiting.rows.into(),
            since: waiting.since.map(|at| at.to_string()),
        }
    }
}

impl From<&Accounts> for AccountsDocument {
    fn from(accounts: &Accounts) -> Self {
        Self {
            in_window: accounts.in_window,
            no_time: accounts.no_time,
            sentinel: accounts.sentinel,
            unreadable: accounts.unreadable,
            before: accounts.before.into(),
            after: accounts.after.into(),
            sent_after: accounts.sent_after,
            unsent_before: accounts.unsent_before.map(WaitingDocument::from),
            unsent_after: accounts.unsent_after.map(WaitingDocument::from),
            of_others: accounts.of_others,
            whose_unknown: accounts.whose_unknown,
            sentences: accounts.sentences(),
        }
    }
}

/// By what the messages of a place are matched, and the sample that says so.
#[derive(Debug, Serialize)]
pub(crate) struct MatchingDocument {
    by: Recognised,
    sampled: u32,
    by_id: u32,
    by_version: u32,
    sentence: String,
}

impl MatchingDocument {
    fn new(found: &FlowBasis, told: &str) -> Self {
        Self {
            by: found.recognised,
            sampled: found.sampled,
            by_id: found.by_id,
            by_version: found.by_version,
            sentence: told.to_owned(),
        }
    }
}

/// A span that may have been missed.
#[derive(Debug, Serialize)]
pub(crate) struct GapDocument {
    #[serde(flatten)]
    times: Times,
    reason: String,
}

impl From<&Gap> for GapDocument {
    fn from(gap: &Gap) -> Self {
        Self {
            times: gap.window.into(),
            reason: gap.reason.to_string(),
        }
    }
}

impl PlaceDocument {
    /// What was read of one place; `consumers` are the profile's, in its order.
    pub(crate) fn new(status: &PlaceStatus, consumers: &[String]) -> Self {
        let role = status.place.role;
        let consumer = role
            .consumer()
            .and_then(|no| consumers.get(usize::from(no.0)));
        let failed = |part: fn(&Failure) -> &String| {
            let text = status.failure.as_ref().map(part);
            text.filter(|text| !text.is_empty()).cloned()
        };
        Self {
            id: status.place.id,
            name: status.place.name.clone(),
            role: role.name(),
            consumer: consumer.cloned(),
            source: status.place.source.clone(),
            read: status.progress.done,
            complete: status.complete,
            covered: status.covered,
            coverage: status.window.map(Times::from),
            gaps: status.gaps.iter().map(GapDocument::from).collect(),
            failure: failed(|failure| &failure.message),
            cause: failed(|failure| &failure.detail),
            advice: failed(|failure| &failure.hint),
            matching: status
                .basis
                .map(|found| MatchingDocument::new(&found, &status.matched)),
            accounts: status.accounts.as_ref().map(AccountsDocument::from),
        }
    }
}

/// When an event is late on one edge.
#[derive(Debug, Serialize)]
pub(crate) struct GraceDocument {
    /// From the copy to this consumer; `None`: from the outbox row to the copy.
    consumer: Option<String>,
    /// In seconds.
    secs: f64,
    #[serde(flatten)]
    basis: GraceBasis,
    sentence: String,
}

impl GraceDocument {
    /// The document of one edge; `consumers` are the profile's, in its order.
    pub(crate) fn new(edge: &EdgeGrace, consumers: &[String]) -> Self {
        let name = |no: waybill_model::ConsumerNo| consumers.get(usize::from(no.0)).cloned();
        Self {
            consumer: edge.consumer.and_then(name),
            secs: edge.grace.micros as f64 / 1e6,
            basis: edge.grace.basis,
            sentence: edge.sentence.clone(),
        }
    }
}

/// A flow of which nothing was ever seen where it should be.
#[derive(Debug, Serialize)]
pub(crate) struct SilentDocument {
    place: PlaceId,
    consumer: Option<String>,
    expected: u64,
    since: String,
    unidentified: u64,
    by_chance: u64,
    sentence: String,
}

impl SilentDocument {
    /// The document of one flow; `consumers` are the profile's, in its order.
    pub(crate) fn new(flow: &SilentFlow, consumers: &[String]) -> Self {
        let name = |no: waybill_model::ConsumerNo| consumers.get(usize::from(no.0)).cloned();
        Self {
            place: flow.place,
            consumer: flow.consumer.and_then(name),
            expected: flow.expected,
            since: flow.since.to_string(),
            unidentified: flow.unidentified,
            by_chance: flow.by_chance,
            sentence: flow.sentence.clone(),
        }
    }
}

/// One event that is not where it should be.
#[derive(Debug, Serialize)]
pub(crate) struct FindingDocument {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    aggregate: String,
    version: Option<i64>,
    at: String,
    class: VerdictClass,
    phase: waybill_model::Phase,
    match_basis: waybill_model::MatchBasis,
    publish: PublishVerdict,
    consumers: Vec<ConsumerDocument>,
    flags: Vec<&'static str>,
    sentence: String,
    evidence: Vec<EvidenceDocument>,
    /// Places that hold nothing more of it, and whose reading the verdict rests on.
    coverage: Vec<PlaceId>,
    /// What shows that such things are found there.
    controls: Vec<Control>,
}

/// What one consumer made of it.
#[derive(Debug, Serialize)]
pub(crate) struct ConsumerDocument {
    name: String,
    #[serde(flatten)]
    verdict: ConsumerVerdict,
    at: Option<String>,
}

/// One piece of evidence, to be looked up.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceDocument {
    stage: waybill_model::Stage,
    consumer: Option<String>,
    strength: waybill_model::Strength,
    #[serde(rename = "where")]
    coordinate: waybill_model::Coordinate,
    at: String,
    clock: waybill_model::Clock,
    note: String,
}

impl From<&Fact> for EvidenceDocument {
    fn from(fact: &Fact) -> Self {
        Self {
            stage: fact.stage,
            consumer: fact.consumer.clone(),
            strength: fact.strength,
            coordinate: fact.coordinate.clone(),
            at: fact.stamp.at.to_string(),
            clock: fact.stamp.clock,
            note: fact.note.clone(),
        }
    }
}

impl FindingDocument {
    /// The document of one line of the grid, with its sentence and evidence.
    pub(crate) fn new(row: &EventRow, names: &[String], known: Option<&EventFacts>) -> Self {
        let cells = row.consumers.iter().zip(names);
        Self {
            id: row.id.to_string(),
            kind: row.kind.clone(),
            aggregate: row.aggregate.clone(),
            version: row.version,
            at: row.at.to_string(),
            class: row.class,
            phase: row.verdict.phase,
            match_basis: row.verdict.basis,
            publish: row.verdict.publish.clone(),
            consumers: cells
                .map(|(cell, name)| ConsumerDocument {
                    name: name.clone(),
                    verdict: cell.verdict.clone(),
                    at: cell.at.map(|at| at.to_string()),
                })
                .collect(),
            flags: row.verdict.flags.names().collect(),
            sentence: known.map_or_else(String::new, |known| known.sentence.clone()),
            evidence: known.map_or_else(Vec::new, |known| {
                known.facts.iter().map(EvidenceDocument::from).collect()
            }),
            coverage: known.map_or_else(Vec::new, |known| known.rests_on.clone()),
            controls: known.map_or_else(Vec::new, |known| known.controls.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
