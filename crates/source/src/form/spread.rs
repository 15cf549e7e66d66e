//! Headers that are the members of an object in the row, whatever they are called.

use super::learn::Sample;
use super::sheet::{Cell, Place, Roles, Sheet};
use super::{Said, learn};
use crate::content::string;

/// An object whose members become headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) place: Place,
    /// No sample had a member in it, so how one would become a header was never seen.
    pub(super) unseen: bool,
    /// A member that is null becomes a header without a value.
    pub(super) nulls: bool,
}

impl Spread {
    /// The headers it makes of a row.
    pub(super) fn make(&self, sheet: &Sheet) -> Result<Vec<(String, Said)>, String> {
        let members = sheet.members(&self.place).unwrap_or_default();
        if self.unseen && !members.is_empty() {
            return Err(format!(
                "it has headers in {}, and no row whose message was seen has any",
                self.place
            ));
        }
        let headers = members.into_iter().map(|(name, value)| {
            let said = match (string(value), value) {
                (Some(text), _) => Said::Bytes(text),
                (None, b"null") if self.nulls => Said::Null,
                (None, b"null") => Said::Nothing,
                (None, value) => Said::Bytes(value.to_vec()),
            };
            (name, said)
        });
        Ok(headers.collect())
    }
}

/// The object all of whose members are headers of every sample.
pub(super) fn find(samples: &[Sample], roles: &Roles) -> Option<Spread> {
    let mut places: Vec<&Place> = Vec::new();
    for sample in samples {
        for (place, cell) in sample.sheet.cells() {
            let object = matches!(cell, Cell::Text(_) | Cell::Json(_))
                && sample.sheet.members(place).is_some();
            if object && !places.contains(&place) {
                places.push(place);
            }
        }
    }
    let mut found: Vec<(usize, Spread)> = Vec::new();
    for place in places {
        for nulls in [false, true] {
            let spread = Spread {
                place: place.clone(),
                unseen: false,
                nulls,
            };
            let seen: Option<usize> = samples.iter().map(|s| covered(&spread, s)).sum();
            found.extend(seen.filter(|n| *n > 0).map(|n| (n, spread)));
        }
    }
    // The first of those that explain most.
    let best = found.iter().map(|(n, _)| *n).max();
    let best = found.into_iter().find(|(n, _)| Some(*n) == best);
    best.map(|(_, spread)| spread)
        .or_else(|| unseen(samples, roles))
}

/// How many headers it makes of a sample; `None` when one of them is not there.
fn covered(spread: &Spread, sample: &Sample) -> Option<usize> {
    let made = spread.make(&sample.sheet).ok()?;
    let there = made
        .iter()
        .all(|(name, said)| learn::header(&sample.wire, name) == *said);
    there.then_some(made.len())
}

/// The column of headers, as long as it is empty in all samples.
fn unseen(samples: &[Sample], roles: &Roles) -> Option<Spread> {
    let place = Place::column(roles.headers.as_ref()?);
    let is_empty = |sample: &Sample| sample.sheet.members(&place).is_none_or(|m| m.is_empty());
    samples.iter().all(is_empty).then_some(Spread {
        place,
        unseen: true,
        nulls: false,
    })
}
