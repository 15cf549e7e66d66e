//! By what the messages of a destination tell of the rows of a business table, and whether chance
//! explains it.

use std::collections::{HashMap, HashSet};

use waybill_model::{BusinessTable, Carrier};
use waybill_source::{Row, RowKey};

use super::changes::Changes;
use super::letters::Letter;
use super::likeness::{content, looks_like_id};
use super::matching::all;

/// A service publishes what it has stored at once: a message is no more than this younger than its
/// row, or older, in microseconds.
const SOON: i64 = 10_000_000;
const BEFORE: i64 = 2_000_000;

/// One in a million, as a natural logarithm.
const UNLIKELY: f64 = 14.0;

/// Fewer pairs may be chance.
const ENOUGH: usize = 3;

/// Aggregate places that are held against every version place.
const PLACES: usize = 8;

/// Pairs that are compared with each other.
pub(super) const COMPARED: usize = 40;

/// Why chance does not explain that messages tell of a table's rows; what says most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// The aggregates' ids are nobody else's.
    Ids,
    /// They follow their rows at once.
    AtOnce,
    /// They say what their rows say, and none came before its row.
    Content,
}

impl Control {
    /// The same as a sentence.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Ids => "Nobody else can have their ids.",
            Self::AtOnce => "They follow their rows at once, which chance does not explain.",
            Self::Content => "They say what their rows say.",
        }
    }
}

/// What messages tell.
#[derive(Debug, Clone)]
pub(super) struct Telling {
    pub(super) aggregate: Carrier,
    pub(super) version: Carrier,
    /// Messages and the rows of just their version.
    pub(super) pairs: Vec<(usize, RowKey)>,
    /// Messages of a version that a later one has overwritten.
    pub(super) overtaken: usize,
    /// Why chance does not explain the pairs.
    pub(super) control: Option<Control>,
    /// Messages that came before the row of their version was written.
    pub(super) too_early: usize,
}

impl Telling {
    /// How much it explains.
    pub(super) fn rank(&self) -> (bool, usize) {
        (self.control.is_some(), self.pairs.len() + self.overtaken)
    }
}

/// What speaks most for a table; `None` where no message tells of any of its rows.
pub(super) fn telling(letters: &[Letter], changes: &Changes) -> Option<Telling> {
    let carriers = all(&[], letters);
    let texts = |carrier: &Carrier| -> Vec<Option<String>> {
        letters.iter().map(|letter| letter.text(carrier)).collect()
    };
    let is_known = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|id| changes.newest.contains_key(id))
    };
    let mut aggregates: Vec<(usize, &Carrier, Vec<Option<String>>)> = carriers
        .iter()
        .map(|carrier| (carrier, texts(carrier)))
        .map(|(carrier, texts)| {
            (
                texts.iter().filter(|it| is_known(it)).count(),
                carrier,
                texts,
            )
        })
        .filter(|(hits, ..)| *hits > 0)
        .collect();
    aggregates.sort_by_key(|(hits, carrier, _)| (std::cmp::Reverse(*hits), is_odd(carrier, "id")));
    aggregates.truncate(PLACES);
    let versions = carriers.iter().filter(|carrier| is_called_version(carrier));
    let versions: Vec<(&Carrier, Vec<Option<i64>>)> = versions
        .map(|carrier| {
            let numbers = texts(carrier).into_iter().map(|it| it?.parse().ok());
            (carrier, numbers.collect())
        })
        .collect();
    let mut best: Option<Telling> = None;
    for (_, aggregate, ids) in &aggregates {
        for (version, numbers) in versions.iter().filter(|(it, _)| it != aggregate) {
            let told = held(aggregate, version, ids, numbers, changes);
            let more = best.as_ref().is_none_or(|best| told.rank() > best.rank());
            if more && !told.pairs.is_empty() {
                best = Some(told);
            }
        }
    }
    best.map(|best| controlled(best, letters, changes))
}

fn held(
    aggregate: &Carrier,
    version: &Carrier,
    ids: &[Option<String>],
    numbers: &[Option<i64>],
    changes: &Changes,
) -> Telling {
    let mut telling = Telling {
        aggregate: aggregate.clone(),
        version: version.clone(),
        pairs: Vec::new(),
        overtaken: 0,
        control: None,
        too_early: 0,
    };
    for (nth, (id, number)) in ids.iter().zip(numbers).enumerate() {
        let (Some(id), Some(number)) = (id, number) else {
            continue;
        };
        match changes.rows.get(&(id.clone(), *number)) {
            Some((_, key)) => telling.pairs.push((nth, key.clone())),
            None => {
                let newest = changes.newest.get(id);
                telling.overtaken += usize::from(newest.is_some_and(|newest| newest > number));
            }
        }
    }
    telling
}

fn controlled(mut telling: Telling, letters: &[Letter], changes: &Changes) -> Telling {
    let id_of = |nth: &usize| letters.get(*nth)?.text(&telling.aggregate);
    let ids = telling.pairs.iter().filter_map(|(nth, _)| id_of(nth));
    telling.control = if ids.into_iter().any(|id| looks_like_id(&id)) {
        Some(Control::Ids)
    } else if lie_near(&telling, letters, changes) {
        Some(Control::AtOnce)
    } else {
        None
    };
    telling.too_early = too_early(&telling, letters, changes);
    telling
}

/// How many messages came before the row of their version: what was not stored yet was not told of.
fn too_early(telling: &Telling, letters: &[Letter], changes: &Changes) -> usize {
    let at_of = changes.times_by_key();
    let pairs = telling.pairs.iter();
    let early = pairs.filter(|(nth, key)| {
        let times = letters.get(*nth).zip(at_of.get(key));
        times.is_some_and(|(letter, written)| letter.at().0.saturating_add(BEFORE) < *written)
    });
    early.count()
}

/// Whether messages lie near their rows in time, where rows lie apart.
fn lie_near(telling: &Telling, letters: &[Letter], changes: &Changes) -> bool {
    let at_of = changes.times_by_key();
    let n_rows = changes.times.len().max(1) as f64;
    let (mut hits, mut unlikely, mut expected) = (0_usize, 0.0, 0.0);
    for (nth, key) in &telling.pairs {
        let (Some(letter), Some(written)) = (letters.get(*nth), at_of.get(key)) else {
            continue;
        };
        let came = letter.at().0;
        let near = came.saturating_sub(SOON)..=came.saturating_add(BEFORE);
        let until = changes.times.partition_point(|at| at.0 <= *near.end());
        let here = until - changes.times.partition_point(|at| at.0 < *near.start());
        let chance = (here.max(1) as f64 / n_rows).min(1.0);
        expected += chance;
        if near.contains(written) {
            hits += 1;
            unlikely -= chance.ln();
        }
    }
    hits >= ENOUGH && hits as f64 >= 3.0 * expected && unlikely >= UNLIKELY
}

/// Whether messages say what their rows say, beside id and version, and not what others' say. A
/// topic of another place, or of another life of the table, may say the same; its messages do not
/// come after the rows.
pub(super) fn say_the_same(
    telling: &Telling,
    letters: &[Letter],
    rows: &HashMap<RowKey, Row>,
    table: &BusinessTable,
) -> bool {
    let pairs: Vec<(HashSet<String>, HashSet<String>)> = telling
        .pairs
        .iter()
        .filter_map(|(nth, key)| Some((said(rows.get(key)?, table), letters.get(*nth)?.words())))
        .take(COMPARED)
        .collect();
    if telling.too_early * 10 > telling.pairs.len() {
        return false;
    }
    let found = content(&pairs);
    found.same >= ENOUGH
        && found.same * 10 >= found.compared * 9
        && found.same_by_chance * 3 <= found.same
}

/// What a row says beside what it is recognised by.
fn said(row: &Row, table: &BusinessTable) -> HashSet<String> {
    let roles = [&table.id, &table.version, &table.changed_at];
    let is_own = |name: &String| !roles.contains(&name) && table.key.as_ref() != Some(name);
    let columns = row.columns.iter().filter(|(name, _)| is_own(name));
    columns.filter_map(|(_, value)| value.clone()).collect()
}

fn is_called_version(carrier: &Carrier) -> bool {
    let name = last_name(carrier);
    ["version", "revision", "seq"]
        .iter()
        .any(|it| name.contains(it))
        || name == "rev"
}

/// Whether a place is not called so.
fn is_odd(carrier: &Carrier, name: &str) -> bool {
    !last_name(carrier).ends_with(name)
}

fn last_name(carrier: &Carrier) -> String {
    let text = carrier.to_string();
    let last = text.rsplit(['/', ':']).next().unwrap_or_default();
    waybill_layouts::canon(last)
}
