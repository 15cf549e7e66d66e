//! Messages that a service makes of what it stores: ids that it makes up for each of them, and what
//! no message was seen for.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::choice::{is_word, of_kind, shown, value};
use super::layers::peeled;
use super::learn::{self, Sample};
use super::rebuild::Form;
use super::sheet::{Place, Roles, Sheet, StateRoles};
use super::way::{Maker, Way};
use super::{Said, Wire};

/// With fewer samples than this, that ids differ says little.
const FEW: usize = 3;

/// A column with more values than this says what the row is, not of which kind.
const MAX_KINDS: usize = 4;

/// Parts that say how to read a message rather than what it tells.
const OF_READING: [&str; 4] = ["content-type", "content-encoding", "app-id", "charset"];

/// Where a made-up id comes from.
pub(super) const MADE_UP: &str = "an id that is made anew";

/// What the rows were like whose messages were seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Kinds {
    /// Columns with few values, each seen more than once, with these values.
    few: Vec<(Place, BTreeSet<Option<Vec<u8>>>)>,
    /// Columns that hold something in one of them.
    filled: BTreeSet<String>,
    /// Words that all messages had, with where they stand.
    words: Vec<(String, String)>,
}

impl Kinds {
    pub(super) fn of(samples: &[Sample], state: &StateRoles, form: &Form) -> Self {
        let mut places: BTreeSet<Place> = BTreeSet::new();
        let mut filled = BTreeSet::new();
        let version = Place::column(&state.version);
        for (place, _) in samples.iter().flat_map(|sample| sample.sheet.cells()) {
            if place.is_column() {
                filled.insert(place.column.clone());
                places.insert(place.clone());
            }
        }
        // Whether it is the first says more than its number.
        places.remove(&version);
        places.insert(Place::is_first(&state.version));
        let few = places.into_iter().filter_map(|place| {
            let values = samples.iter().map(|sample| value(&sample.sheet, &place));
            let values: Vec<Option<&[u8]>> = values.collect();
            let kinds: BTreeSet<Option<Vec<u8>>> = values
                .iter()
                .map(|value| value.map(<[u8]>::to_vec))
                .collect();
            let often = |kind: &Option<Vec<u8>>| {
                values
                    .iter()
                    .filter(|value| **value == kind.as_deref())
                    .count()
                    > 1
            };
            let tells = kinds
                .iter()
                .all(|kind| often(kind) && is_kind(kind.as_deref()));
            ((tells && kinds.len() <= MAX_KINDS) || !place.is_value()).then_some((place, kinds))
        });
        Self {
            few: few.collect(),
            filled,
            words: form.words(),
        }
    }

    /// Why nobody can say what the message of this row looks like.
    pub(super) fn unseen(&self, sheet: &Sheet) -> Option<String> {
        let columns = sheet.cells().filter(|(place, _)| place.is_column());
        let mut columns = columns.map(|(place, _)| &place.column);
        if let Some(column) = columns.find(|column| !self.filled.contains(*column)) {
            return Some(format!(
                "its {column} holds something, which was empty in all rows whose messages were seen"
            ));
        }
        let (part, word) = self.words.first()?;
        let unseen = self.few.iter().find(|(place, kinds)| {
            let value = value(sheet, place).map(<[u8]>::to_vec);
            !kinds.contains(&value)
        });
        unseen.map(|(place, _)| {
            format!(
                "its {part} was '{word}' in all messages that were seen, and none was of a row in which {}",
                of_kind(place, value(sheet, place))
            )
        })
    }
}

/// Whether a value may say of which kind a row is.
fn is_kind(value: Option<&[u8]>) -> bool {
    value.is_none_or(|value| is_word(value) || matches!(value, b"0" | b"1"))
}

/// Whether a word that all messages have may be another one in a message of another kind.
pub(super) fn may_differ(part: &str, value: &[u8]) -> bool {
    let part = part.to_ascii_lowercase();
    is_word(value) && !OF_READING.iter().any(|of| part.ends_with(of))
}

/// The samples with the ids that were made up for their messages, and how many each has: ids that
/// no two messages share and that no row holds.
pub(super) fn with_made_up_ids(samples: &[Sample]) -> (Vec<Sample>, usize) {
    let mut samples = samples.to_vec();
    if samples.len() < FEW {
        return (samples, 0);
    }
    let parts: Vec<Vec<(String, String)>> = samples.iter().map(|s| ids(&s.wire)).collect();
    let mut classes: Vec<Vec<String>> = Vec::new();
    for (name, _) in parts.first().into_iter().flatten() {
        let of_name = parts.iter().map(|parts| {
            let of_name = parts.iter().find(|(n, _)| n == name);
            of_name.map(|(_, id)| id.clone())
        });
        let Some(ids) = of_name.collect::<Option<Vec<String>>>() else {
            continue;
        };
        let distinct: BTreeSet<&String> = ids.iter().collect();
        let is_made_up = ids
            .iter()
            .all(|id| is_random(id) && id[14..15] == ids[0][14..15]);
        let is_of_row = samples
            .iter()
            .zip(&ids)
            .any(|(sample, id)| holds(&sample.sheet, id));
        if is_made_up && distinct.len() == ids.len() && !is_of_row && !classes.contains(&ids) {
            classes.push(ids);
        }
    }
    for (nth, ids) in classes.iter().enumerate() {
        for (sample, id) in samples.iter_mut().zip(ids) {
            sample.sheet.with_id(nth, id);
        }
    }
    (samples, classes.len())
}

/// The samples whose rows have a value in common with this one that says of which kind it is: for
/// each such column those alone, most first.
pub fn of_the_same_kind<T: Clone>(samples: &[(T, Sample)], sheet: &Sheet) -> Vec<Vec<(T, Sample)>> {
    let columns = sheet.cells().map(|(place, _)| place);
    let columns = columns.filter(|place| place.is_column() && is_kind(value(sheet, place)));
    let alike = columns.map(|place| {
        let wanted = value(sheet, place);
        let alike = samples
            .iter()
            .filter(|(_, sample)| value(&sample.sheet, place) == wanted);
        alike.cloned().collect::<Vec<_>>()
    });
    let mut alike: Vec<Vec<(T, Sample)>> = alike
        .filter(|alike| alike.len() >= FEW && alike.len() < samples.len())
        .collect();
    alike.sort_by_key(|alike| std::cmp::Reverse(alike.len()));
    alike
}

fn holds(sheet: &Sheet, id: &str) -> bool {
    let same = |text: &[u8]| uuid(text).is_some_and(|it| it == id);
    sheet.cells().any(|(_, cell)| same(cell.bytes()))
}

/// Every UUID in a message with where it stands.
fn ids(wire: &Wire) -> Vec<(String, String)> {
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    parts.extend(wire.key.iter().map(|key| ("key".to_owned(), key.clone())));
    for (name, value) in &wire.headers {
        parts.extend(
            value
                .iter()
                .map(|value| (format!("header {name}"), value.clone())),
        );
    }
    for (name, value) in &wire.properties {
        parts.push((name.clone(), value.clone().into_bytes()));
    }
    if let Some(body) = &wire.payload {
        let document = Sheet::of_document(&peeled(body).1);
        for (place, cell) in document.cells() {
            parts.push((place.pointer.clone(), cell.bytes().to_vec()));
        }
    }
    let parts = parts.into_iter();
    parts
        .filter_map(|(name, value)| Some((name, uuid(&value)?)))
        .collect()
}

/// Whether a UUID says that it was drawn by lot or by time: what is made of a name, or is a
/// checksum of the same length, cannot be made anew.
fn is_random(id: &str) -> bool {
    let by = |at: usize| id.as_bytes().get(at).copied().unwrap_or_default();
    matches!(by(14), b'1' | b'4' | b'6' | b'7') && matches!(by(19), b'8' | b'9' | b'a' | b'b')
}

fn uuid(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.len() >= 32)?;
    Some(Uuid::try_parse(text).ok()?.hyphenated().to_string())
}

/// What stands in messages in this part and cannot be made of their rows, with an example.
pub(super) fn unmade(part: &str, said: &[&Said], samples: &[Sample], roles: &Roles) -> String {
    let plain = || format!("{part} is not in the row");
    let Some(state) = &roles.state else {
        return plain();
    };
    let hidden = |pointer: &String| part.starts_with(pointer.as_str());
    let example = said.iter().zip(samples);
    let example = example.filter(|_| !state.hidden.iter().any(hidden));
    let mut example = example.filter_map(|(said, sample)| Some((said.bytes()?, sample)));
    let Some((expected, sample)) = example.next() else {
        return plain();
    };
    let name = part.strip_suffix(" of the body").unwrap_or(part);
    let name = name.rsplit(['/', ' ']).next().unwrap_or_default();
    let mut cells = sample.sheet.cells().filter(|(place, _)| place.is_column());
    let nearest = cells.find(|(place, _)| learn::akin(place.name(), name));
    let expected = match part.ends_with(" of the body") {
        true => as_written(expected),
        false => shown(Some(expected)),
    };
    match nearest {
        Some((place, cell)) => format!(
            "{part} is {expected} in a message, and {place} of its row is {}",
            shown(Some(cell.bytes()))
        ),
        None => format!("{part} is {expected} in a message, and in no column of its row"),
    }
}

/// A JSON value as it is written, which says whether it is a text.
fn as_written(value: &[u8]) -> String {
    let shown = shown(Some(value));
    shown.trim_matches('\'').to_owned()
}

/// A way's source as a plan tells it.
pub(super) fn source(ways: &[Way]) -> String {
    match ways.first().map(|way| &way.maker) {
        Some(Maker::Cell(place, _)) if !place.is_column() && place.column.is_empty() => {
            MADE_UP.to_owned()
        }
        Some(maker) => maker.to_string(),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests;
