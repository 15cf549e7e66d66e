//! Whose table is this? Every table of a database against every layout, with the reasons.

use crate::canon::{same, table_fits};
use crate::{FoundTable, Layout, Proposal, Strength, TableLayout, TableRole, hand_made, layouts};

mod fit;

mod signals;

mod words;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

use fit::Fit;
use signals::{Signals, Weight};

/// What there is to say about one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The table, as a profile names it.
    pub table: String,
    /// What it is.
    pub verdict: Verdict,
    /// All layouts whose columns it has, the surest first; those that are only possible, too.
    pub candidates: Vec<Candidate>,
    /// Layouts it comes near to, the nearest first.
    pub near: Vec<NearMiss>,
}

/// What a table is.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// A library's: the first candidate's.
    Recognised,
    /// Somebody's own outbox or inbox, as far as its columns tell.
    HandMade(Box<Proposal>),
    /// Neither.
    Nothing,
}

impl Explanation {
    /// Whose table it is, where that is known.
    pub fn recognised(&self) -> Option<&Candidate> {
        match self.verdict {
            Verdict::Recognised => self.candidates.first(),
            Verdict::HandMade(_) | Verdict::Nothing => None,
        }
    }

    /// How much it deserves to be looked at: outboxes before stores, stores before job queues,
    /// and the surer before the less sure; of somebody's own the one that more speaks for.
    fn rank(&self) -> (u8, TableRole, u8, std::cmp::Reverse<usize>) {
        match (&self.verdict, self.candidates.first()) {
            (Verdict::Recognised, Some(first)) => (
                0,
                first.role,
                u8::from(first.confidence != Confidence::Certain),
                std::cmp::Reverse(0),
            ),
            (Verdict::HandMade(proposal), _) => (
                1,
                proposal.role,
                u8::from(proposal.confidence == Confidence::Possible),
                std::cmp::Reverse(proposal.guesses.len()),
            ),
            _ => (2, TableRole::History, 0, std::cmp::Reverse(0)),
        }
    }
}

/// A layout whose columns a table has.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The library.
    pub layout: &'static Layout,
    /// Which of its tables.
    pub table: &'static TableLayout,
    /// What the table is for; its name decides where one shape serves several purposes.
    pub role: TableRole,
    /// The version whose columns it has exactly.
    pub version: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why, and why not.
    pub reasons: Vec<Reason>,
}

/// How sure it is that a table is a layout's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Its columns fit, and many a table's would: nobody's claim.
    Possible,
    /// Its columns and its ordinary name fit.
    Likely,
    /// Nobody else has such a table.
    Certain,
}

/// One reason, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It speaks for the layout.
    For(String),
    /// It speaks against it.
    Against(String),
    /// It would speak for it, and is not there.
    Missing(String),
}

/// A layout a table comes near to.
#[derive(Debug, Clone, PartialEq)]
pub struct NearMiss {
    /// The library.
    pub layout: &'static Layout,
    /// Which of its tables.
    pub table: &'static TableLayout,
    /// Columns it would have to have.
    pub lacking: Vec<String>,
    /// Columns it must not have.
    pub excess: Vec<String>,
}

/// What is to be said about every table that is somebody's outbox, inbox or the like, what
/// matters most first.
pub fn recognise(tables: &[FoundTable]) -> Vec<Explanation> {
    let mut found: Vec<Explanation> = tables
        .iter()
        .map(|table| explain(table, tables))
        .filter(|explanation| explanation.verdict != Verdict::Nothing)
        .collect();
    found.sort_by_key(Explanation::rank);
    found
}

/// Whose table this is, and why. `all` are the tables of the database: neighbours tell.
pub fn explain(table: &FoundTable, all: &[FoundTable]) -> Explanation {
    let mut candidates = Vec::new();
    let mut near = Vec::new();
    for layout in layouts() {
        for shape in &layout.tables {
            let fit = Fit::of(shape, table);
            if fit.is_whole() {
                candidates.push(judge(layout, shape, table, all));
            } else if fit.is_near() || fit.has(1) && is_named_so(shape, table) {
                near.push((fit.distance(), fit.miss(layout, shape)));
            }
        }
    }
    candidates.sort_by_key(|candidate| {
        let required = candidate.table.recognise.required.len();
        std::cmp::Reverse((candidate.confidence, required))
    });
    near.sort_by_key(|(distance, _)| *distance);
    let verdict = match candidates.first() {
        Some(first) if first.confidence > Confidence::Possible => Verdict::Recognised,
        _ => hand_made::propose(table).map_or(Verdict::Nothing, |proposal| {
            Verdict::HandMade(Box::new(proposal))
        }),
    };
    Explanation {
        table: table.full_name(),
        verdict,
        candidates,
        near: near.into_iter().map(|(_, miss)| miss).take(NEAR).collect(),
    }
}

/// How many near misses are told.
const NEAR: usize = 3;

fn judge(
    layout: &'static Layout,
    shape: &'static TableLayout,
    table: &FoundTable,
    all: &[FoundTable],
) -> Candidate {
    let signals = Signals::of(layout, shape, table, all);
    let confidence = confidence(shape.recognise.strength, &signals);
    Candidate {
        layout,
        table: shape,
        role: role(shape, table),
        version: signals.version.clone(),
        confidence,
        reasons: words::reasons(shape, &signals),
    }
}

fn confidence(strength: Strength, signals: &Signals) -> Confidence {
    let settled = strength == Strength::ColumnsAlone || signals.has(Weight::Telling);
    let named = signals.has(Weight::OrdinaryName);
    let doubted = !signals.against.is_empty();
    match (settled || named && signals.exact, named, doubted) {
        (true, _, false) => Confidence::Certain,
        (true, _, true) | (false, true, false) => Confidence::Likely,
        (false, _, _) => Confidence::Possible,
    }
}

fn role(shape: &TableLayout, table: &FoundTable) -> TableRole {
    let named = shape
        .name_roles
        .iter()
        .find(|named| table_fits(&named.name, &table.schema, &table.name));
    named.map_or(shape.role, |named| named.role)
}

fn is_named_so(shape: &TableLayout, table: &FoundTable) -> bool {
    let patterns = shape.names.iter();
    let patterns = patterns.chain(shape.name_roles.iter().map(|named| &named.name));
    patterns
        .into_iter()
        .any(|pattern| table_fits(pattern, &table.schema, &table.name))
}

/// The neighbours of a table: those in its schema.
fn neighbours<'a>(
    table: &'a FoundTable,
    all: &'a [FoundTable],
) -> impl Iterator<Item = &'a FoundTable> {
    all.iter()
        .filter(|other| other.schema == table.schema && !same(&other.name, &table.name))
}
