//! In which form a column's times are written: told by the column as a whole, from some of its
//! newest values, because one value alone may be read in several ways.

use serde::{Deserialize, Serialize};
use waybill_model::{Micros, Window, Zone};
use waybill_source::Result;

use crate::cell::Cell;
use crate::dialect::{Dialect, Statement};
use crate::epoch::When;
use crate::link::{Doing, Link};
use crate::numbers::Numbers;
use crate::sample::newest_first;
use crate::shape::{Column, Kind, Shape};
use crate::written;

/// How many values are looked at.
const VALUES: u32 = 200;

/// Events are written after 2000 and, those that are due later apart, before long.
const SINCE: Micros = Micros(946_684_800_000_000);
const AHEAD_MICROS: i64 = 2 * 366 * 86_400_000_000;

/// How the times of a column are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forms {
    /// What its numbers are.
    pub(crate) numbers: Numbers,
    /// Whether the day stands before the month between slashes; `None` where no value tells.
    pub(crate) day_first: Option<bool>,
    /// The zone of those that name none; `None` where nobody knows it. It is the profile's, not the
    /// column's.
    #[serde(skip)]
    pub(crate) zone: Option<Zone>,
}

impl Default for Forms {
    fn default() -> Self {
        Self {
            numbers: Numbers::default(),
            day_first: None,
            zone: Some(Zone::UTC),
        }
    }
}

impl Forms {
    /// In which form numbers are taken, where it is not the usual one, for people.
    pub(crate) fn said(&self) -> Option<&'static str> {
        match self.numbers {
            Numbers::Units => None,
            Numbers::Digits => Some("the digits of a date and a time of day"),
            Numbers::JulianDays => Some("julian days"),
            Numbers::OleDays => Some("days since 1899-12-30"),
        }
    }

    /// Reads a whole number.
    pub(crate) fn whole(&self, number: i64) -> When {
        self.of_number(self.numbers.whole(number))
    }

    /// Reads a number with a fraction.
    pub(crate) fn real(&self, number: f64) -> When {
        self.of_number(self.numbers.real(number))
    }

    /// What is counted since a moment is the same everywhere; a calendar's days are not.
    fn of_number(&self, read: When) -> When {
        match self.numbers {
            Numbers::Units => read,
            Numbers::Digits | Numbers::JulianDays | Numbers::OleDays => read.in_zone(self.zone),
        }
    }

    /// A window as the column's numbers tell it.
    pub(crate) fn window_of_numbers(&self, window: Window) -> Window {
        match self.numbers {
            Numbers::Units => window,
            Numbers::Digits | Numbers::JulianDays | Numbers::OleDays => self.local(window),
        }
    }

    /// A window as clocks of the zone show it, or of all zones where nobody knows which.
    pub(crate) fn local(&self, window: Window) -> Window {
        match self.zone {
            Some(zone) => Window {
                from: zone.local(window.from),
                to: zone.local(window.to),
            },
            None => Window {
                from: window.from.plus(-Zone::WEST_MICROS),
                to: window.to.plus(Zone::EAST_MICROS),
            },
        }
    }

    /// Whether a clock in an unknown zone may have shown this in the window.
    pub(crate) fn may_be_in(&self, window: Window, local: Micros) -> bool {
        self.local(window).contains(local)
    }

    /// Since when, at the earliest, a clock shows this.
    pub(crate) fn earliest(&self, local: Micros) -> Micros {
        match self.zone {
            Some(zone) => zone.moment(local),
            None => local.plus(-Zone::EAST_MICROS),
        }
    }

    /// The same for a column whose times are local, or are not.
    pub(crate) fn of_column(self, is_local: bool) -> Self {
        match is_local {
            true => self,
            false => Self {
                zone: Some(Zone::UTC),
                ..self
            },
        }
    }

    /// Decides from values of a column.
    fn of<'a>(values: impl Iterator<Item = Cell<'a>> + Clone, now: Micros) -> Self {
        let day_first = values.clone().find_map(|cell| match cell {
            Cell::Text(bytes) => written::day_first(std::str::from_utf8(bytes).ok()?),
            _ => None,
        });
        let near = Window {
            from: SINCE,
            to: now.plus(AHEAD_MICROS),
        };
        let hits = |numbers: Numbers| {
            let forms = Self {
                numbers,
                day_first,
                zone: Some(Zone::UTC),
            };
            let read = values.clone().map(move |cell| cell.when(&forms));
            read.filter(|when| matches!(when, When::At { at, .. } if near.contains(*at)))
                .count()
        };
        // The first of the best: units since an epoch, unless another says more.
        let mut best = (Numbers::Units, hits(Numbers::Units));
        for numbers in Numbers::ALL {
            let hits = hits(numbers);
            if hits > best.1 {
                best = (numbers, hits);
            }
        }
        Self {
            numbers: best.0,
            day_first,
            zone: Some(Zone::UTC),
        }
    }
}

/// Looks at some of a column's newest values.
pub(crate) async fn look(
    link: &dyn Link,
    shape: &Shape,
    column: &Column,
    now: Micros,
) -> Result<Forms> {
    if !needs_a_look(column.kind) {
        return Ok(Forms::default());
    }
    let mut values: Vec<Kept> = Vec::new();
    let mut each = |cells: &[Cell<'_>]| values.extend(cells.first().and_then(Kept::of));
    let doing = Doing::reading(&shape.name);
    let statement = statement(link.dialect(), shape, column);
    link.select(&doing, statement, &[column.kind], &mut each)
        .await?;
    Ok(Forms::of(values.iter().map(Kept::cell), now))
}

fn needs_a_look(kind: Kind) -> bool {
    match kind {
        Kind::Int(_) | Kind::Real(_) | Kind::Decimal | Kind::Text | Kind::Dynamic => true,
        Kind::Bool
        | Kind::Jsonb
        | Kind::Bytes
        | Kind::Uuid
        | Kind::Timestamp
        | Kind::TimestampTz
        | Kind::Date
        | Kind::Other => false,
    }
}

fn statement(dialect: Dialect, shape: &Shape, column: &Column) -> Statement {
    let mut sql = Statement::new(dialect);
    sql.sql("SELECT ").column(column).sql(" FROM ");
    sql.table(&shape.schema, &shape.name);
    if let Some(newest) = newest_first(shape) {
        sql.sql(" ORDER BY ").name(newest).sql(" DESC");
    }
    sql.sql(&format!(" LIMIT {VALUES}"));
    sql
}

/// A value that outlives its row.
enum Kept {
    Int(i64),
    Real(f64),
    Text(Vec<u8>),
}

impl Kept {
    fn of(cell: &Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Int(number) => Some(Self::Int(*number)),
            Cell::Real(number) => Some(Self::Real(*number)),
            Cell::Text(bytes) => Some(Self::Text(bytes.to_vec())),
            Cell::Owned(text) => Some(Self::Text(text.clone().into_bytes())),
            Cell::Null
            | Cell::Bool(_)
            | Cell::Bytes(_)
            | Cell::Uuid(_)
            | Cell::Time(_)
            | Cell::NoTime => None,
        }
    }

    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Int(number) => Cell::Int(*number),
            Self::Real(number) => Cell::Real(*number),
            Self::Text(bytes) => Cell::Text(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-28
    const NOW: Micros = Micros(1_795_824_000_000_000);

    fn numbers(values: &[i64]) -> Numbers {
        Forms::of(values.iter().map(|number| Cell::Int(*number)), NOW).numbers
    }

    #[test]
    fn the_column_tells_what_its_numbers_are() {
        assert_eq!(numbers(&[1_795_823_000, 1_795_823_100]), Numbers::Units);
        // As tenths of milliseconds they would lie in 2034.
        assert_eq!(
            numbers(&[20_261_127_111_238, 20_261_127_111_239]),
            Numbers::Digits
        );
        assert_eq!(numbers(&[20_261_127]), Numbers::Digits);
        assert_eq!(numbers(&[17_958_230_000_000]), Numbers::Units);
        let days = [2_461_372.5, 2_461_372.75].map(Cell::Real);
        let forms = Forms::of(days.iter().cloned(), NOW);
        assert_eq!(forms.numbers, Numbers::JulianDays);
        assert_eq!(numbers(&[]), Numbers::Units);
        assert_eq!(numbers(&[1, 2, 3]), Numbers::Units);
    }

    #[test]
    fn one_value_tells_what_stands_first_in_all() {
        let texts =
            ["11/12/2026 10:00", "13/12/2026 10:00"].map(|text| Cell::Text(text.as_bytes()));
        let forms = Forms::of(texts.iter().cloned(), NOW);
        assert_eq!(forms.day_first, Some(true));
    }
}
