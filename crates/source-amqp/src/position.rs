//! A place in a stream, as a cursor.

use waybill_model::Micros;
use waybill_source::Cursor;

/// Where the next read goes on, and since when everything up to there has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The next offset to read.
    pub(crate) next: i64,
    /// Everything that arrived before this lies before `next`.
    pub(crate) at: Micros,
}

impl Position {
    pub(crate) fn cursor(self) -> Cursor {
        Cursor(format!("{}@{}", self.next, self.at.0))
    }

    /// `None` for a text that is no cursor of ours.
    pub(crate) fn of(cursor: &Cursor) -> Option<Self> {
        let (next, at) = cursor.0.split_once('@')?;
        Some(Self {
            next: next.parse().ok().filter(|next| *next >= 0)?,
            at: Micros(at.parse().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let position = Position {
            next: 42,
            at: Micros(-7),
        };
        assert_eq!(Position::of(&position.cursor()), Some(position));
        for wrong in ["", "42", "x@1", "-1@1"] {
            assert_eq!(Position::of(&Cursor(wrong.to_owned())), None, "{wrong}");
        }
    }
}
