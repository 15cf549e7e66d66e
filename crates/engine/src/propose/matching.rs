//! By what messages and rows belong together: carriers that were seen to agree.

use std::collections::{BTreeMap, HashMap, HashSet};

use waybill_layouts::{BrokerKind, Layout, general_carriers};
use waybill_model::{Carrier, Carriers, InColumn, OutboxSettings, canonical_id};
use waybill_source::{Row, RowKey};

use super::letters::{Letter, members};
use super::likeness::looks_like_id;
use super::others::Counting;
use super::rows::value;

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Matching {
    pub(super) carriers: Carriers,
    pub(super) why: Vec<String>,
    /// Whose messages count, goal by goal.
    pub(super) counting: Vec<Counting>,
}

/// Where a library's messages carry what, in general where it does not say.
pub(super) fn known(layout: Option<&'static Layout>, broker: BrokerKind) -> Carriers {
    let general = general_carriers(broker);
    layout.map_or_else(
        || Carriers {
            id: general.id.clone(),
            kind: general.kind.clone(),
            aggregate: general.aggregate.clone(),
            version: general.version.clone(),
        },
        |layout| layout.carriers(broker),
    )
}

/// A place of messages in which ids were seen.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) carrier: Carrier,
    /// Somebody speaks of it as an id's place, and it is no member of a body, which may be called
    /// `id` whatever it is.
    pub(super) made_for_ids: bool,
    /// What the messages carry there, each value once.
    pub(super) values: HashSet<String>,
    /// Messages that carry anything there.
    pub(super) carried: usize,
    /// Which messages carry an id, and which.
    pub(super) hits: BTreeMap<usize, String>,
}

/// The places of messages in which ids stand that differ from message to message, those that are
/// known first.
pub(super) fn candidates(
    known: &[Carrier],
    letters: &[Letter],
    is_id: impl Fn(&str) -> bool,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (nth, carrier) in all(known, letters).into_iter().enumerate() {
        let mut candidate = Candidate {
            made_for_ids: nth < known.len() && !matches!(carrier, Carrier::Json(_)),
            values: HashSet::new(),
            carried: 0,
            hits: BTreeMap::new(),
            carrier,
        };
        for (nth, letter) in letters.iter().enumerate() {
            let Some(text) = letter.text(&candidate.carrier) else {
                continue;
            };
            candidate.carried += 1;
            if is_id(&text) {
                candidate.hits.insert(nth, text.clone());
            }
            candidate.values.insert(text);
        }
        let ids: HashSet<&String> = candidate.hits.values().collect();
        let (n_hits, n_ids) = (candidate.hits.len(), ids.len());
        if n_hits > 0 && is_believed(nth < known.len(), letters.len(), n_hits, n_ids) {
            found.push(candidate);
        }
    }
    found
}

/// The fewest of these that find all that can be found, with the messages that they find.
pub(super) fn fewest(candidates: &[Candidate]) -> (Vec<Carrier>, usize) {
    let mut found: HashSet<usize> = HashSet::new();
    let mut chosen = Vec::new();
    loop {
        let gain = |it: &Candidate| it.hits.keys().filter(|nth| !found.contains(*nth)).count();
        // Of equals the first, which is the one that is trusted most.
        let best = candidates.iter().rev().max_by_key(|it| gain(it));
        let Some(best) = best.filter(|it| gain(it) > 0) else {
            return (chosen, found.len());
        };
        chosen.push(best.carrier.clone());
        found.extend(best.hits.keys());
    }
}

/// A quantity of 5 is in every outbox whose ids are numbers. So an id differs from message to
/// message, and one in a place nobody speaks of is in most of them.
fn is_believed(known: bool, letters: usize, hits: usize, ids: usize) -> bool {
    match known {
        true => ids * 2 >= hits,
        false => ids * 10 >= hits * 9 && hits * 2 >= letters,
    }
}

/// What is known, then everything that was seen, each once.
pub(super) fn all(known: &[Carrier], letters: &[Letter]) -> Vec<Carrier> {
    let mut all: Vec<Carrier> = known.to_vec();
    for carrier in letters.iter().flat_map(Letter::carriers) {
        if !all.contains(&carrier) {
            all.push(carrier);
        }
    }
    all
}

/// A place inside of bodies that may be the event's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BodyId {
    /// As a profile names it.
    pub(super) place: String,
    /// How little its name is an id's.
    odd: usize,
    /// How many messages have it.
    hits: usize,
}

impl BodyId {
    /// A name says more than a number: where each event is about another product, the product's
    /// number is in as many messages.
    pub(super) fn rank(&self) -> (std::cmp::Reverse<usize>, usize) {
        (std::cmp::Reverse(self.odd), self.hits)
    }
}

/// A place inside the bodies of rows that holds an id of their messages, where no column does.
pub(super) fn id_in_body(
    outbox: &OutboxSettings,
    rows: &[&Row],
    known: &[Carrier],
    letters: &[Letter],
) -> Option<BodyId> {
    let payload = outbox.payload.as_deref()?;
    let mut pointers: Vec<String> = Vec::new();
    for body in rows.iter().filter_map(|row| row.payload.as_deref()) {
        for pointer in members(body) {
            if !pointers.contains(&pointer) {
                pointers.push(pointer);
            }
        }
    }
    pointers.sort_by_key(|pointer| (plainness(pointer), pointer.clone()));
    let mut best: Option<BodyId> = None;
    for pointer in pointers {
        let place = format!("{payload}#{pointer}");
        let values: Vec<String> = rows
            .iter()
            .filter_map(|row| value(row, outbox, &place))
            .map(|text| canonical_id(&text).into_owned())
            .collect();
        let ids: HashSet<&String> = values.iter().collect();
        // What several rows share is no event's id.
        if ids.len() < values.len() || values.len() < rows.len() {
            continue;
        }
        // An order's number and an amount differ from row to row as well.
        let odd = plainness(&pointer);
        if odd >= EXPLICIT && !values.iter().all(|value| looks_like_id(value)) {
            continue;
        }
        let (_, hits) = fewest(&candidates(known, letters, |id| {
            ids.contains(&id.to_owned())
        }));
        let found = BodyId { place, odd, hits };
        if hits > 0 && best.as_ref().is_none_or(|best| found.rank() > best.rank()) {
            best = Some(found);
        }
    }
    best
}

/// So many of those names are an event's and nothing else's.
const EXPLICIT: usize = 3;

/// Where the id stands inside the bodies of rows that are deleted once they are sent, messages carry
/// it at the same place of theirs: all of them have one there, and each another.
pub(super) fn id_of_rows(outbox: &OutboxSettings, letters: &[Letter]) -> Option<Carrier> {
    let InColumn { column, pointer } = InColumn::of(&outbox.id);
    let in_body = outbox.payload.as_deref() == Some(column) && outbox.deletes_after_send;
    let place = Carrier::Json(pointer.filter(|_| in_body)?.to_owned());
    let told: Option<HashSet<String>> = letters.iter().map(|it| it.text(&place)).collect();
    let each = told?;
    (!letters.is_empty() && each.len() * 10 >= letters.len() * 9).then_some(place)
}

/// What people call an event's id comes first.
fn plainness(pointer: &str) -> usize {
    const NAMES: [&str; 6] = ["eventid", "messageid", "msgid", "id", "uuid", "guid"];
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let name = waybill_layouts::canon(name);
    let nth = NAMES.iter().position(|known| *known == name);
    nth.unwrap_or(NAMES.len())
}

/// Carriers of another fact, as far as rows and messages that belong together agree about it.
/// `None` where rows do not tell it.
pub(super) fn agreed(
    place: Option<&str>,
    outbox: &OutboxSettings,
    known: &[Carrier],
    pairs: &[(&Row, &Letter)],
) -> Option<Vec<Carrier>> {
    let place = place?;
    let told: Vec<(String, &Letter)> = pairs
        .iter()
        .filter_map(|(row, letter)| Some((value(row, outbox, place)?, *letter)))
        .map(|(text, letter)| (canonical_id(&text).into_owned(), letter))
        .collect();
    if told.is_empty() {
        return None;
    }
    let letters: Vec<Letter> = told.iter().map(|(_, letter)| (*letter).clone()).collect();
    let agrees = |carrier: &Carrier| {
        let same =
            |(text, letter): &&(String, &Letter)| letter.text(carrier).as_ref() == Some(text);
        told.iter().filter(same).count() * 10 >= told.len() * 9
    };
    Some(
        all(known, &letters)
            .into_iter()
            .find(agrees)
            .into_iter()
            .collect(),
    )
}

/// The rows and messages that belong together.
pub(super) fn pairs<'a>(
    carriers: &[Carrier],
    letters: &'a [Letter],
    keys: &HashMap<String, RowKey>,
    rows: &'a HashMap<RowKey, Row>,
) -> Vec<(&'a Row, &'a Letter)> {
    let row = |letter: &Letter| {
        let mut ids = carriers.iter().filter_map(|carrier| letter.text(carrier));
        let key = ids.find_map(|id| keys.get(&id))?;
        rows.get(key)
    };
    letters
        .iter()
        .filter_map(|letter| Some((row(letter)?, letter)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_like_an_id_is_not_believed() {
        for (known, letters, hits, ids, believed) in [
            (true, 200, 3, 3, true),
            (true, 200, 200, 100, true),
            (true, 200, 200, 7, false),
            (false, 200, 200, 190, true),
            (false, 200, 200, 100, false),
            (false, 200, 30, 30, false),
        ] {
            let said = is_believed(known, letters, hits, ids);
            assert_eq!(said, believed, "{known} {letters} {hits} {ids}");
        }
    }

    #[test]
    fn what_people_call_an_id_comes_first() {
        let mut pointers = ["/product", "/data/id", "/event_id", "/messageId"];
        pointers.sort_by_key(|pointer| plainness(pointer));
        assert_eq!(
            pointers,
            ["/event_id", "/messageId", "/data/id", "/product"]
        );
    }
}
