//! One way in which a part of a message is made of a row, and which ways hold for all samples.

use std::fmt;

use waybill_model::Micros;

use super::choice::{self, Choice};
use super::learn::Sample;
use super::rebuild::Care;
use super::sheet::{Cell, Place, Roles, Sheet};
use super::spelling::{Spelling, quoted};
use super::time::TimeSpelling;
use super::{Said, learn};
use crate::content::{is_document, same};

/// A relay writes its own time into a message within this, by whatever clock.
const SENT_WITHIN_MICROS: i64 = 60_000_000;

/// Where a time of sending comes from.
pub(super) const SENDING: &str = "the time of sending";

/// What a part of a message is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Maker {
    /// Always the same.
    Constant(Said),
    /// A value of the row.
    Cell(Place, Spelling),
    /// Values of the row with text between them: `order.{type}`.
    Joined(Vec<Piece>),
    /// The time the row was written.
    Written(TimeSpelling),
    /// A time in the row; a local one, where that is set.
    At(Place, TimeSpelling, bool),
    /// What messages had for each value of a place.
    Chosen(Choice),
    /// The time of sending.
    Sent(TimeSpelling),
}

/// A piece of a joined text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Cell(Place),
}

/// How much stands behind a way where two that agreed until now disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The column whose meaning it is, or the value of the same name.
    Meant,
    /// Some other value of the row.
    Found,
    /// What goes with a value of the row.
    Chosen,
    /// It was the same in all samples.
    Constant,
    /// It is a time near the sending.
    Time,
}

/// A way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) maker: Maker,
    /// In JSON: the value is written as a string.
    pub(super) quoted: bool,
    /// Where the row has nothing the message has a null.
    pub(super) null: bool,
    pub(super) rank: Rank,
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(_) => f.write_str("what all samples had"),
            Self::Cell(place, _) => write!(f, "{place}"),
            Self::Joined(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => f.write_str(text),
                Piece::Cell(place) => write!(f, "{{{place}}}"),
            }),
            Self::Written(_) => f.write_str("the time of the row"),
            Self::At(place, ..) => write!(f, "the time in {place}"),
            Self::Chosen(choice) => write!(f, "what goes with {}", choice.place),
            Self::Sent(_) => f.write_str(SENDING),
        }
    }
}

impl Way {
    /// What it makes of a row.
    pub(super) fn make(&self, sheet: &Sheet, now: Micros) -> Said {
        let made = match &self.maker {
            Maker::Constant(said) => return said.clone(),
            Maker::Cell(place, spelling) => self.of_cell(sheet, place, *spelling),
            Maker::Joined(pieces) => joined(pieces, sheet),
            Maker::Written(spelling) => sheet.at.map(|at| spelling.write(at).into_bytes()),
            Maker::At(place, spelling, is_local) => {
                let at = sheet.time(place, *is_local);
                at.map(|at| spelling.write(at).into_bytes())
            }
            Maker::Chosen(choice) => return choice.make(sheet),
            Maker::Sent(spelling) => Some(spelling.write(now).into_bytes()),
        };
        let made = match made {
            Some(text) if self.quoted => quoted(&text),
            made => made,
        };
        match made {
            Some(bytes) => Said::Bytes(bytes),
            None if self.null => Said::Null,
            None => Said::Nothing,
        }
    }

    fn of_cell(&self, sheet: &Sheet, place: &Place, spelling: Spelling) -> Option<Vec<u8>> {
        let cell = sheet.cell(place)?;
        // A document is not written as a string by anybody who has it as one.
        if self.quoted && matches!(cell, Cell::Json(_)) {
            return None;
        }
        spelling.of(cell.bytes())
    }
}

fn joined(pieces: &[Piece], sheet: &Sheet) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.extend_from_slice(part.as_bytes()),
            Piece::Cell(place) => text.extend_from_slice(sheet.cell(place)?.bytes()),
        }
    }
    Some(text)
}

/// Which kind of part ways are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes: a key, a header, a property.
    Bytes,
    /// A value inside a JSON body.
    Json,
}

/// All ways that make this part of every sample, the best first.
pub(super) fn ways(
    name: &str,
    kind: Kind,
    said: &[&Said],
    samples: &[Sample],
    roles: &Roles,
) -> Vec<Way> {
    let Some(first) = said.iter().position(|said| said.bytes().is_some()) else {
        return only_null(said);
    };
    let Said::Bytes(target) = said[first] else {
        return Vec::new();
    };
    let mut found = candidates(name, kind, target, &samples[first], roles);
    // Where values are the same in one row, another tells them apart.
    for (said, sample) in said.iter().zip(samples).skip(first + 1) {
        let joins = said.bytes().map(|text| joins(kind, text, sample, roles));
        let joins = joins.into_iter().flatten();
        let new: Vec<Way> = joins.filter(|way| !found.contains(way)).collect();
        found.extend(new);
    }
    found.retain(|way| holds(way, kind, said, samples));
    found.retain(|way| is_seen_enough(way, samples.len()));
    plain_first(&mut found);
    times_first(&mut found, &samples[first].sheet);
    for way in &mut found {
        if is_hardly_meant(way, name, samples) {
            way.rank = Rank::Found;
        }
    }
    if learn::may_be_constant(target, samples.len()) && said.iter().all(|s| is(kind, s, target)) {
        found.push(Way {
            maker: Maker::Constant(Said::Bytes(target.clone())),
            quoted: false,
            null: false,
            rank: Rank::Constant,
        });
    }
    if found.is_empty() && roles.state.is_some() {
        found = choice::ways(said, samples, roles);
    }
    found.sort_by_key(|way| way.rank);
    found
}

/// Of a value that is spelled as it stands in the row, other spellings say nothing more.
fn plain_first(found: &mut Vec<Way>) {
    let as_is = |way: &Way| match &way.maker {
        Maker::Cell(place, Spelling::AsIs) => Some((place.clone(), way.quoted)),
        _ => None,
    };
    let plain: Vec<(Place, bool)> = found.iter().filter_map(as_is).collect();
    found.retain(|way| match &way.maker {
        Maker::Cell(_, Spelling::AsIs) => true,
        Maker::Cell(place, _) => !plain.contains(&(place.clone(), way.quoted)),
        _ => true,
    });
}

/// How a time stands in a row is how it was read, and says less than that it is one.
fn times_first(found: &mut Vec<Way>, sheet: &Sheet) {
    let told = |way: &Way| matches!(way.maker, Maker::Written(_) | Maker::At(..));
    if found.iter().any(told) {
        found.retain(|way| match &way.maker {
            Maker::Cell(place, _) => sheet.time(place, false).is_none(),
            _ => true,
        });
    }
}

/// A number that was the same in all rows and is called otherwise in messages may be any number.
fn is_hardly_meant(way: &Way, name: &str, samples: &[Sample]) -> bool {
    let Maker::Cell(place, _) = &way.maker else {
        return false;
    };
    let values: Vec<Option<&[u8]>> = samples
        .iter()
        .map(|sample| sample.sheet.cell(place).map(Cell::bytes))
        .collect();
    let first = values.first().copied().flatten().unwrap_or_default();
    let is_number = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    is_number
        && samples.len() > 1
        && values.iter().all(|value| *value == Some(first))
        && !learn::akin(place.name(), name)
}

/// What stands between values is always the same, and as doubtful as anything else that is.
fn is_seen_enough(way: &Way, n_samples: usize) -> bool {
    let Maker::Joined(pieces) = &way.maker else {
        return true;
    };
    pieces.iter().all(|piece| match piece {
        Piece::Text(text) => learn::may_be_constant(text.as_bytes(), n_samples),
        Piece::Cell(_) => true,
    })
}

/// A part that is null wherever it is there at all.
fn only_null(said: &[&Said]) -> Vec<Way> {
    let all_null = !said.is_empty() && said.iter().all(|said| **said == Said::Null);
    let null = all_null.then_some(Way {
        maker: Maker::Constant(Said::Null),
        quoted: false,
        null: false,
        rank: Rank::Constant,
    });
    null.into_iter().collect()
}

fn is(kind: Kind, said: &Said, target: &[u8]) -> bool {
    said.bytes().is_some_and(|bytes| match kind {
        Kind::Bytes => bytes == target,
        Kind::Json => same_value(bytes, target),
    })
}

/// Whether two JSON values are the same to who reads them: a number in a string is a text, and a
/// document in one may be spelled otherwise.
fn same_value(one: &[u8], other: &[u8]) -> bool {
    let string = crate::content::string;
    match (string(one), string(other)) {
        (Some(one), Some(other)) if !one.starts_with(b"{") && !one.starts_with(b"[") => {
            one == other
        }
        _ => same(one, other),
    }
}

fn holds(way: &Way, kind: Kind, said: &[&Said], samples: &[Sample]) -> bool {
    said.iter().zip(samples).all(|(said, sample)| {
        if let Maker::Sent(spelling) = &way.maker {
            return is_near(said, *spelling, way.quoted, sample.stamp);
        }
        match way.make(&sample.sheet, sample.stamp) {
            Said::Bytes(made) => is(kind, said, &made),
            other => other == **said,
        }
    })
}

fn is_near(said: &Said, spelling: TimeSpelling, is_quoted: bool, stamp: Micros) -> bool {
    let text = said.bytes().and_then(|bytes| match is_quoted {
        true => crate::content::string(bytes),
        false => Some(bytes.to_vec()),
    });
    let read = text.map(|text| TimeSpelling::read(&text));
    read.into_iter()
        .flatten()
        .any(|(found, at)| found == spelling && at.since(stamp).abs() <= SENT_WITHIN_MICROS)
}

/// Ways that make this part of one sample.
fn candidates(name: &str, kind: Kind, target: &[u8], sample: &Sample, roles: &Roles) -> Vec<Way> {
    let mut makers: Vec<(Maker, bool, Rank)> = Vec::new();
    let spellings: &[Spelling] = match kind {
        Kind::Bytes => &Spelling::ALL,
        Kind::Json => Spelling::TEXTS,
    };
    for (place, _) in sample.sheet.cells().filter(|(place, _)| place.is_value()) {
        let named = learn::akin(place.name(), name);
        for spelling in spellings
            .iter()
            .filter(|it| named || **it != Spelling::Truth)
        {
            for is_quoted in [false, true] {
                let maker = Maker::Cell(place.clone(), *spelling);
                makers.push((maker, is_quoted, rank(place, name, roles)));
            }
        }
    }
    let plain = crate::content::string(target).filter(|_| kind == Kind::Json);
    let is_quoted = plain.is_some();
    let text = plain.unwrap_or_else(|| target.to_vec());
    for (spelling, at) in TimeSpelling::read(&text) {
        makers.push((Maker::Written(spelling), is_quoted, Rank::Found));
        makers.extend(times(spelling, at, name, sample, roles).map(|(m, r)| (m, is_quoted, r)));
        makers.push((Maker::Sent(spelling), is_quoted, Rank::Time));
    }
    let joined = joins(kind, target, sample, roles);
    let both = makers.into_iter().flat_map(|(maker, quoted, rank)| {
        [false, true].map(|null| Way {
            maker: maker.clone(),
            quoted,
            null,
            rank,
        })
    });
    both.chain(joined)
        .filter(|way| {
            matches!(way.maker, Maker::Sent(_))
                || match way.make(&sample.sheet, sample.stamp) {
                    Said::Bytes(made) => {
                        (kind == Kind::Bytes || is_document(&made))
                            && is(kind, &Said::Bytes(made), target)
                    }
                    Said::Nothing | Said::Null => false,
                }
        })
        .collect()
}

/// The text of one sample, as values with text between them.
fn joins(kind: Kind, target: &[u8], sample: &Sample, roles: &Roles) -> Vec<Way> {
    let plain = crate::content::string(target).filter(|_| kind == Kind::Json);
    let quoted = plain.is_some();
    // A document is no text with values in it: its parts are looked at one by one.
    if kind == Kind::Json && !quoted {
        return Vec::new();
    }
    let text = plain.unwrap_or_else(|| target.to_vec());
    let pieces = pieces_of(&text, &sample.sheet, roles);
    let way = |pieces: Vec<Piece>| {
        [false, true].map(|null| Way {
            maker: Maker::Joined(pieces.clone()),
            quoted,
            null,
            rank: Rank::Found,
        })
    };
    pieces.into_iter().flat_map(way).collect()
}

/// Columns of a business table that hold this time; an outbox has its own time alone.
fn times(
    spelling: TimeSpelling,
    at: Micros,
    name: &str,
    sample: &Sample,
    roles: &Roles,
) -> impl Iterator<Item = (Maker, Rank)> {
    let written = roles.state.as_ref().map(|state| state.written.as_str());
    let columns = sample.sheet.cells().map(|(place, _)| place);
    let columns = columns.filter(move |place| place.is_column() && written.is_some());
    let is_local: &[bool] = match sample.sheet.is_shifted() {
        true => &[false, true],
        false => &[false],
    };
    columns.flat_map(move |place| {
        is_local.iter().filter_map(move |is_local| {
            // The row's own time is told by itself.
            let found = sample.sheet.time(place, *is_local)?;
            let is_own = written == Some(place.column.as_str()) && sample.sheet.at == Some(found);
            let near = found.since(at).abs() < 1_000_000 && !is_own;
            let rank = match learn::alike(place.name(), name) {
                true => Rank::Meant,
                false => Rank::Found,
            };
            near.then(|| (Maker::At(place.clone(), spelling, *is_local), rank))
        })
    })
}

fn rank(place: &Place, name: &str, roles: &Roles) -> Rank {
    let is = |role: &Option<String>| role.as_ref() == Some(&place.column);
    let told = roles.telling.contains(place) || (place.pointer.is_empty() && is(&roles.payload));
    let same_name = learn::alike(place.name(), name);
    if told || is(&roles.headers) || same_name {
        Rank::Meant
    } else {
        Rank::Found
    }
}

/// A text taken apart into values that tell what the event is and what stands between them.
fn pieces_of(text: &[u8], sheet: &Sheet, roles: &Roles) -> Option<Vec<Piece>> {
    let text = std::str::from_utf8(text).ok()?;
    let told: Vec<(Place, &str)> = roles
        .telling
        .iter()
        .filter_map(|place| {
            let value = std::str::from_utf8(sheet.cell(place)?.bytes()).ok()?;
            (!value.is_empty()).then_some((place.clone(), value))
        })
        .collect();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut between = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let apart = !text[..text.len() - rest.len()].ends_with(char::is_alphanumeric);
        let here = told.iter().filter(|(_, value)| {
            let behind = rest.strip_prefix(value);
            apart && behind.is_some_and(|behind| !behind.starts_with(char::is_alphanumeric))
        });
        match here.max_by_key(|(_, value)| value.len()) {
            Some((place, value)) => {
                if !between.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut between)));
                }
                pieces.push(Piece::Cell(place.clone()));
                rest = &rest[value.len()..];
            }
            None => {
                between.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    if !between.is_empty() {
        pieces.push(Piece::Text(between));
    }
    let joins = pieces.len() > 1 && pieces.iter().any(|piece| matches!(piece, Piece::Cell(_)));
    joins.then_some(pieces)
}

/// Makes a part of a message of a row; or says which ways that agreed until now do not here.
pub(super) fn make(ways: &[Way], sheet: &Sheet, now: Micros, care: Care) -> Result<Said, String> {
    let Some(best) = ways.first() else {
        return Ok(Said::Nothing);
    };
    let made = best.make(sheet, now);
    if care == Care::None {
        return Ok(made);
    }
    if let Maker::Chosen(choice) = &best.maker
        && let Some(why) = choice.unseen(sheet)
    {
        return Err(why);
    }
    let doubted = |way: &&Way| match (best.rank, way.rank) {
        (Rank::Meant, rank) => rank == Rank::Meant,
        (Rank::Found, rank) => rank != Rank::Time,
        (Rank::Chosen, rank) => rank == Rank::Chosen,
        (Rank::Constant | Rank::Time, _) => false,
    };
    let differs = |way: &&Way| match (&way.make(sheet, now), &made) {
        (Said::Bytes(one), Said::Bytes(other)) => !same_value(one, other),
        (Said::Bytes(_), _) | (_, Said::Bytes(_)) => true,
        // Whether nothing is written as a null is no more than a detail of one value, unless all of
        // the message is made of such values.
        (one, other) => care == Care::Strict && one != other,
    };
    match ways.iter().filter(doubted).find(differs) {
        Some(other) if other.maker == best.maker => Err(format!(
            "is empty in {}, and whether it is left out then or written as a null was not seen",
            best.maker
        )),
        Some(other) => Err(format!(
            "may be {} or {}, which were the same in all messages that were seen and are not in this row",
            best.maker, other.maker
        )),
        None => Ok(made),
    }
}
