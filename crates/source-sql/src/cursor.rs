//! What a read leaves behind for the next one.

use serde::{Deserialize, Serialize};
use waybill_model::Micros;
use waybill_source::{Cursor, Error, Result};

use crate::fingerprint::Told;
use crate::forms::Forms;
use crate::ledger::Ledger;
use crate::settle::Moments;
use crate::unsent::Unsent;

/// Changes when old cursors cannot be read any more.
const VERSION: u8 = 1;

/// The state of a table between two reads. [`Cursor`] holds it as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    version: u8,
    /// The table, so that a cursor is not used for another one.
    table: String,
    /// Rows with an earlier time were never asked for.
    pub(crate) from: Micros,
    /// The largest number seen, where numbers order the read.
    pub(crate) last: Option<i64>,
    /// SQLite: the row with that number, to notice when the number was given to another.
    pub(crate) last_print: Option<u64>,
    /// Rows with a time before this are all seen.
    pub(crate) settled: Option<Micros>,
    /// Rows after that which were told.
    pub(crate) told: Told,
    /// Numbers without a row.
    pub(crate) ledger: Ledger,
    /// Rows that were not sent yet.
    pub(crate) unsent: Unsent,
    /// How its times are read, once there were some.
    #[serde(default)]
    pub(crate) forms: Option<Forms>,
    /// Horizons seen, for databases that hide others' transactions.
    pub(crate) moments: Moments,
    /// Rows that say sent and lie in the future, when they were counted.
    #[serde(default)]
    pub(crate) moved: u64,
}

impl Position {
    /// Before anything was read.
    pub(crate) fn start(table: &str, from: Micros) -> Self {
        Self {
            version: VERSION,
            table: table.to_owned(),
            from,
            last: None,
            last_print: None,
            settled: None,
            told: Told::default(),
            ledger: Ledger::default(),
            unsent: Unsent::default(),
            forms: None,
            moments: Moments::default(),
            moved: 0,
        }
    }

    /// Reads a cursor back. Fails when it is not one of this table.
    pub(crate) fn from_cursor(cursor: &Cursor, table: &str) -> Result<Self> {
        let position: Self = serde_json::from_str(&cursor.0).map_err(|source| Error::Read {
            name: format!("the cursor of table {table}"),
            source: source.into(),
        })?;
        if position.version != VERSION || position.table != table {
            return Err(Error::Unsupported {
                what: format!(
                    "a cursor of table {} cannot continue a read of table {table}",
                    position.table
                ),
            });
        }
        Ok(position)
    }

    /// As the next read will get it.
    pub(crate) fn to_cursor(&self) -> Cursor {
        Cursor(serde_json::to_string(self).expect("numbers, texts and maps are JSON"))
    }
}

#[cfg(test)]
mod tests {
    use waybill_model::Marks;

    use super::*;

    #[test]
    fn a_cursor_is_read_back_as_it_was_written() {
        let mut position = Position::start("outbox", Micros(0));
        position.last = Some(-7);
        position.settled = Some(Micros(5));
        position.told.add(u64::MAX);
        position.unsent.see_number(3, Marks::ATTEMPTED);
        position.unsent.see_key("k", Micros(1), Marks::empty());
        let cursor = position.to_cursor();
        assert_eq!(
            Position::from_cursor(&cursor, "outbox").expect("ours"),
            position
        );
    }

    #[test]
    fn a_cursor_of_another_table_is_refused() {
        let cursor = Position::start("outbox", Micros(0)).to_cursor();
        let error = Position::from_cursor(&cursor, "inbox").expect_err("another table");
        assert_eq!(
            error.to_string(),
            "a cursor of table outbox cannot continue a read of table inbox"
        );
        Position::from_cursor(&Cursor("x".to_owned()), "inbox").expect_err("no JSON");
    }
}
