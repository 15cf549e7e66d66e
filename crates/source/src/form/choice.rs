//! What messages say by a value of their row that does not stand in them: the type of the event, by
//! the operation or by whether it is the first version.

use super::Said;
use super::learn::Sample;
use super::sheet::{Cell, Place, Roles, Sheet};
use super::way::{Maker, Rank, Way};

/// A place with more values than this says what the row is, not of which kind.
const MAX_VALUES: usize = 6;

/// How often each value must have been seen.
const AT_LEAST: usize = 2;

/// What goes with each value of a place; `None` where the row has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) place: Place,
    said: Vec<(Option<Vec<u8>>, Said)>,
}

impl Choice {
    pub(super) fn make(&self, sheet: &Sheet) -> Said {
        let value = value(sheet, &self.place);
        let found = self.said.iter().find(|(of, _)| of.as_deref() == value);
        found.map_or(Said::Nothing, |(_, said)| said.clone())
    }

    /// Why it cannot be said for this row.
    pub(super) fn unseen(&self, sheet: &Sheet) -> Option<String> {
        let value = value(sheet, &self.place);
        let is_known = self.said.iter().any(|(of, _)| of.as_deref() == value);
        (!is_known).then(|| {
            format!(
                "goes with {}, and no message of a row was seen in which {}",
                self.place,
                of_kind(&self.place, value)
            )
        })
    }
}

/// Choices that make this part of every sample. What says which row it is chooses nothing: what
/// went with it may be any other value of that row; and what is chosen is a word.
pub(super) fn ways(said: &[&Said], samples: &[Sample], roles: &Roles) -> Vec<Way> {
    if !said.iter().all(|said| said.bytes().is_none_or(is_word)) {
        return Vec::new();
    }
    let mut places: Vec<&Place> = Vec::new();
    for sample in samples {
        for (place, _) in sample.sheet.cells() {
            let column = place.is_column() && !roles.telling.contains(place);
            let decides = column || !place.is_value();
            if decides && !places.contains(&place) {
                places.push(place);
            }
        }
    }
    let choices = places
        .into_iter()
        .filter_map(|place| choice(place, said, samples));
    let way = |choice| Way {
        maker: Maker::Chosen(choice),
        quoted: false,
        null: false,
        rank: Rank::Chosen,
    };
    choices.map(way).collect()
}

/// Whether a value is a name of something: letters, hardly a digit, no document of members.
pub(super) fn is_word(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let has_letters = value
        .iter()
        .any(|byte| byte.is_ascii_alphabetic() || *byte > 127);
    has_letters && digits <= 2 && !value.contains(&b'{')
}

fn choice(place: &Place, said: &[&Said], samples: &[Sample]) -> Option<Choice> {
    let mut found: Vec<(Option<Vec<u8>>, Said, usize)> = Vec::new();
    for (said, sample) in said.iter().zip(samples) {
        let value = value(&sample.sheet, place);
        match found.iter().position(|(of, ..)| of.as_deref() == value) {
            Some(nth) if found[nth].1 == **said => found[nth].2 += 1,
            Some(_) => return None,
            None if found.len() == MAX_VALUES => return None,
            None => found.push((value.map(<[u8]>::to_vec), (*said).clone(), 1)),
        }
    }
    let often = found.len() > 1 && found.iter().all(|(.., n)| *n >= AT_LEAST);
    often.then(|| Choice {
        place: place.clone(),
        said: found.into_iter().map(|(of, said, _)| (of, said)).collect(),
    })
}

pub(super) fn value<'a>(sheet: &'a Sheet, place: &Place) -> Option<&'a [u8]> {
    sheet.cell(place).map(Cell::bytes)
}

/// What a row says in a place, as a clause.
pub(super) fn of_kind(place: &Place, value: Option<&[u8]>) -> String {
    match (place.is_value(), value) {
        (true, value) => format!("{place} is {}", shown(value)),
        (false, Some(b"true")) => format!("{} is 1", place.column),
        (false, _) => format!("{} is above 1", place.column),
    }
}

/// A value as a part of a sentence.
pub(super) fn shown(value: Option<&[u8]>) -> String {
    const MAX_SHOWN: usize = 60;
    match value {
        None => "empty".to_owned(),
        Some(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let cut: String = text.chars().take(MAX_SHOWN).collect();
            match cut.len() < text.len() {
                true => format!("'{cut}…'"),
                false => format!("'{cut}'"),
            }
        }
    }
}
