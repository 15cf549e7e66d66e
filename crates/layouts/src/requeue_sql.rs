//! The guarded statements that make a library send a row again.
//!
//! Each is about one primary key and does nothing when the row is no longer as it was last seen.
//! Values that come from the row are named parameters, for whoever runs it to bind.

mod copies;
mod sql;

pub use copies::Moved;

use sql::Sql;

use crate::{Dbms, FoundTable, Requeue, RequeueBy, TableLayout};

/// The parameter of an id that nothing has yet. Who plans a copy makes it, once for each plan.
pub const NEW_ID: &str = "new_id";

/// A statement and the columns whose last seen values it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// The text. `:name` stands for the last seen value of the column of that name.
    pub text: String,
    /// Columns whose values are bound, in the order in which they occur: the primary key, then
    /// what must not have changed; [`NEW_ID`] behind them where a copy takes one.
    pub bound: Vec<String>,
}

impl TableLayout {
    /// The statement of a re-queue by `UPDATE`, with the real names of a table that was found.
    /// `None` for other ways, and where the table lacks a column the statement needs.
    pub fn guarded_update(
        &self,
        requeue: &Requeue,
        found: &FoundTable,
        dbms: Dbms,
    ) -> Option<Guarded> {
        if requeue.by != RequeueBy::Update {
            return None;
        }
        let sql = Sql {
            shape: self,
            found,
            dbms,
        };
        let (guards, bound) = sql.guards(requeue)?;
        Some(Guarded {
            text: format!(
                "UPDATE {} SET {} WHERE {guards}",
                sql.table(),
                sql.assignments(requeue)?
            ),
            bound,
        })
    }
}

#[cfg(test)]
mod tests;
