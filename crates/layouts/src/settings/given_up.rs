//! By what a table says that a row was given up.

use crate::{FoundTable, Is, StateName, TableLayout};

/// The column that is filled when a row was given up, where that alone says so.
pub(super) fn given_up_at(shape: &TableLayout) -> Option<&str> {
    let mut states = shape.states.iter();
    let failed = states.find(|state| state.name == StateName::Failed)?;
    match failed.when.as_slice() {
        [only] if only.is == Some(Is::NotNull) => Some(&only.column),
        _ => None,
    }
}

/// The same as it is spelled in the table that was found.
pub(super) fn failed_at(shape: &TableLayout, found: &FoundTable) -> Option<String> {
    let column = found.column(given_up_at(shape)?)?;
    Some(column.name.clone())
}
