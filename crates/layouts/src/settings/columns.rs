//! Roles into columns, as far as a profile can name them.

use super::Unmappable;
use crate::{FoundTable, Spot};

/// Takes columns by their role and notes what a profile cannot say about them.
pub(super) struct Take<'a> {
    found: &'a FoundTable,
    pub(super) limits: Vec<String>,
}

impl<'a> Take<'a> {
    pub(super) fn of(found: &'a FoundTable) -> Self {
        Self {
            found,
            limits: Vec::new(),
        }
    }

    pub(super) fn must(&self, spot: &Spot, what: &str) -> Result<String, Unmappable> {
        let Some(column) = real(spot, self.found) else {
            return Err(Unmappable(format!(
                "There is no column with {what} ({spot})."
            )));
        };
        match &spot.pointer {
            None => Ok(column),
            Some(pointer) => Err(Unmappable(format!(
                "Column {column} holds {what} inside of its JSON, at {pointer}, and a profile names whole columns."
            ))),
        }
    }

    /// The same for a fact that may stand inside a column's JSON.
    pub(super) fn must_somewhere(&self, spot: &Spot, what: &str) -> Result<String, Unmappable> {
        let none = || Unmappable(format!("There is no column with {what} ({spot})."));
        self.may_somewhere(Some(spot)).ok_or_else(none)
    }

    pub(super) fn may_somewhere(&self, spot: Option<&Spot>) -> Option<String> {
        let column = real(spot?, self.found)?;
        Some(match &spot?.pointer {
            Some(pointer) => format!("{column}#{pointer}"),
            None => column,
        })
    }

    pub(super) fn may(&mut self, spot: Option<&Spot>, what: &str) -> Option<String> {
        let spot = spot?;
        let column = real(spot, self.found)?;
        let Some(pointer) = &spot.pointer else {
            return Some(column);
        };
        self.limits.push(format!(
            "Column {column} holds {what} inside of its JSON, at {pointer}, and a profile names whole columns: left out."
        ));
        None
    }
}

/// The column as the database spells it.
pub(super) fn real(spot: &Spot, found: &FoundTable) -> Option<String> {
    let column = spot.columns.iter().find_map(|name| found.column(name))?;
    Some(column.name.clone())
}
