//! A row with every place in it that a message may take something from.

use std::collections::BTreeMap;
use std::fmt;

use waybill_model::{InColumn, Micros, reconstructed_id};

use super::time::TimeSpelling;
use crate::Row;
use crate::content::members;

/// How deep a column's JSON is looked into.
const MAX_DEPTH: usize = 5;

/// Places of one row at most: wide documents are of no more use than their first members.
const MAX_PLACES: usize = 400;

/// In place of a pointer: whether the number in the column is 1.
const IS_FIRST: &str = "?";

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

    /// An id that is made anew for each message: no column has this name.
    pub(super) fn new_id(nth: usize) -> Self {
        Self {
            column: String::new(),
            pointer: format!("/{nth}"),
        }
    }

    /// Whether a version is the first: no pointer is written so.
    pub(super) fn is_first(version: &str) -> Self {
        Self {
            column: version.to_owned(),
            pointer: IS_FIRST.to_owned(),
        }
    }

    /// Whether its value may stand in a message; what is not a value of the row only decides.
    pub(super) fn is_value(&self) -> bool {
        self.pointer != IS_FIRST
    }

    /// Whether it is a column as it stands in the row.
    pub(super) fn is_column(&self) -> bool {
        self.pointer.is_empty() && !self.column.is_empty()
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
            _ if self.column.is_empty() => f.write_str("a new id"),
            IS_FIRST => write!(f, "whether {} is 1", self.column),
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
    /// Of a business table.
    pub state: Option<StateRoles>,
}

/// What the columns of a business table mean. A service makes its messages of the state that it
/// stores, by its own words: whatever no message was seen for stays unknown, and ids that it makes
/// up can be made up anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateRoles {
    /// The version of the state.
    pub version: String,
    /// When it was written.
    pub written: String,
    /// Pointers into bodies whose values nobody is to be shown.
    pub hidden: Vec<String>,
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
    /// What local times of the row are off from UTC, as far as its own time shows.
    shift: i64,
    /// What ids that are made anew are made from.
    seed: String,
}

impl Sheet {
    /// Takes a row to pieces.
    pub fn of(row: &Row, roles: &Roles) -> Self {
        let mut sheet = Self {
            cells: BTreeMap::new(),
            at: row.at,
            shift: 0,
            seed: String::new(),
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
        if let Some(state) = &roles.state {
            sheet.of_state(state);
        }
        sheet
    }

    /// The same, with what ids are made from: the same for the same event.
    pub fn seeded(mut self, event: &str) -> Self {
        event.clone_into(&mut self.seed);
        self
    }

    fn of_state(&mut self, state: &StateRoles) {
        let version = self.cell(&Place::column(&state.version));
        let is_first = version.map(|cell| cell.bytes() == b"1");
        if let Some(is_first) = is_first {
            let told = Cell::Json(is_first.to_string().into_bytes());
            self.cells.insert(Place::is_first(&state.version), told);
        }
        let written = self.time(&Place::column(&state.written), false);
        if let (Some(at), Some(written)) = (self.at, written) {
            self.shift = at.since(written);
        }
    }

    /// The time that stands in a place; read as a local time of the database where `is_local`.
    pub(super) fn time(&self, place: &Place, is_local: bool) -> Option<Micros> {
        let text = self.cell(place)?.bytes();
        let (_, at) = TimeSpelling::read(text).into_iter().next().or_else(|| {
            // PostgreSQL writes hours alone.
            let hours = text.strip_suffix(b"+00")?;
            TimeSpelling::read(hours).into_iter().next()
        })?;
        Some(if is_local { at.plus(self.shift) } else { at })
    }

    /// Whether its local times are other ones in UTC.
    pub(super) fn is_shifted(&self) -> bool {
        self.shift != 0
    }

    /// The same with an id that its message had and the row has not.
    pub(super) fn with_id(&mut self, nth: usize, id: &str) {
        let cell = Cell::Text(id.as_bytes().to_vec());
        self.cells.insert(Place::new_id(nth), cell);
    }

    /// The same with so many ids that are made anew.
    pub(super) fn with_new_ids(&self, n: usize) -> Self {
        let mut sheet = self.clone();
        for nth in 0..n {
            let is_own = nth == 0 && uuid::Uuid::try_parse(&self.seed).is_ok();
            let id = match is_own {
                true => self.seed.clone(),
                false => {
                    let nth = i64::try_from(nth).unwrap_or(i64::MAX);
                    reconstructed_id("id of a message", &self.seed, nth).0
                }
            };
            sheet.with_id(nth, &id);
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

    /// Every place inside of a document.
    pub(super) fn of_document(text: &[u8]) -> Self {
        let mut sheet = Self {
            cells: BTreeMap::new(),
            at: None,
            shift: 0,
            seed: String::new(),
        };
        sheet.look_into(&Place::column("body"), text, MAX_DEPTH);
        sheet
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
