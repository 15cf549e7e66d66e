//! A row with every place in it that a message may take something from.

use std::collections::BTreeMap;
use std::fmt;

use waybill_model::{InColumn, Micros};

use crate::Row;
use crate::content::members;

/// How deep a column's JSON is looked into.
const MAX_DEPTH: usize = 5;

/// Places of one row at most: wide documents are of no more use than their first members.
const MAX_PLACES: usize = 400;

/// A place in a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The column.
    pub column: String,
    /// JSON pointer (RFC 6901) into it; `""` is the whole column.
    pub pointer: String,
}

impl Place {
    /// A whole column.
    pub fn column(name: &str) -> Self {
        Self {
            column: name.to_owned(),
            pointer: String::new(),
        }
    }

    /// As a profile writes it: `column`, or `column#/pointer`.
    pub fn of(role: &str) -> Self {
        let found = InColumn::of(role);
        Self {
            column: found.column.to_owned(),
            pointer: found.pointer.unwrap_or_default().to_owned(),
        }
    }

    /// The last step of its pointer, else its column: what its value is called.
    pub(super) fn name(&self) -> &str {
        match self.pointer.rsplit_once('/') {
            Some((_, last)) => last,
            None => &self.column,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.column),
            pointer => write!(f, "{}#{pointer}", self.column),
        }
    }
}

/// What the columns of an outbox mean, as far as it decides between ways that both fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    /// The body.
    pub payload: Option<String>,
    /// Headers as JSON.
    pub headers: Option<String>,
    /// Places that say what the event is: its id, its type, its aggregate, its version.
    pub telling: Vec<Place>,
    /// Columns whose values change when the row is sent: what they say now was not on any message.
    pub changing: Vec<String>,
}

/// What stands in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// A column's text, the bytes of the body, or the text of a JSON string.
    Text(Vec<u8>),
    /// Any other JSON value as it is written there.
    Json(Vec<u8>),
}

impl Cell {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) | Self::Json(bytes) => bytes,
        }
    }
}

/// A row, taken to pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    cells: BTreeMap<Place, Cell>,
    /// When it was written.
    pub(super) at: Option<Micros>,
}

impl Sheet {
    /// Takes a row to pieces.
    pub fn of(row: &Row, roles: &Roles) -> Self {
        let mut sheet = Self {
            cells: BTreeMap::new(),
            at: row.at,
        };
        let lasting = |name: &String| !roles.changing.contains(name);
        for (name, value) in row.columns.iter().filter(|(name, _)| lasting(name)) {
            if let Some(value) = value {
                sheet.add(Place::column(name), value.as_bytes());
            }
        }
        if let (Some(name), Some(body)) = (&roles.payload, &row.payload) {
            sheet.add(Place::column(name), body);
        }
        sheet
    }

    pub(super) fn cell(&self, place: &Place) -> Option<&Cell> {
        self.cells.get(place)
    }

    /// Every place with what stands there.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&Place, &Cell)> {
        self.cells.iter()
    }

    /// The members of a place that holds an object.
    pub(super) fn members(&self, place: &Place) -> Option<Vec<(String, &[u8])>> {
        self.cell(place).and_then(|cell| members(cell.bytes()))
    }

    fn add(&mut self, place: Place, text: &[u8]) {
        self.look_into(&place, text, MAX_DEPTH);
        self.cells.insert(place, Cell::Text(text.to_vec()));
    }

    fn look_into(&mut self, place: &Place, text: &[u8], depth: usize) {
        if depth == 0 {
            return;
        }
        for (name, value) in members(text).unwrap_or_default() {
            if self.cells.len() >= MAX_PLACES {
                return;
            }
            let step = name.replace('~', "~0").replace('/', "~1");
            let inside = Place {
                column: place.column.clone(),
                pointer: format!("{}/{step}", place.pointer),
            };
            let cell = match crate::content::string(value) {
                Some(text) => Cell::Text(text),
                None if value == b"null" => continue,
                None => Cell::Json(value.to_vec()),
            };
            self.look_into(&inside, value, depth - 1);
            self.cells.insert(inside, cell);
        }
    }
}
