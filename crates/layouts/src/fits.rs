//! What of a layout holds for a table that was found: versions of a table differ in their columns.
//!
//! A guard whose column is not there is no guard, so what names such a column does not hold at all.

use crate::{Condition, FoundTable, Requeue, RequeueBy, State, TableLayout, Version};

impl TableLayout {
    /// The states that rows of a table that was found can be in.
    pub fn states_of<'a>(&'a self, found: &'a FoundTable) -> impl Iterator<Item = &'a State> {
        self.states.iter().filter(|state| state.fits(found))
    }

    /// The ways back that a table that was found has the columns for.
    pub fn requeues_of<'a>(&'a self, found: &'a FoundTable) -> impl Iterator<Item = &'a Requeue> {
        self.requeues.iter().filter(|requeue| requeue.fits(found))
    }

    /// Why its rows are in no state that can be told, where other versions' are.
    pub fn why_no_states(&self, found: &FoundTable) -> Option<String> {
        if self.states.is_empty() || self.states_of(found).next().is_some() {
            return None;
        }
        let why = self.of_version(found, |version| &version.no_states);
        Some(
            why.unwrap_or_else(|| {
                "It lacks the columns that say in which state a row is.".to_owned()
            }),
        )
    }

    /// Why there is no way back for its rows.
    pub fn why_no_requeue(&self, found: &FoundTable) -> Option<String> {
        if self.requeues_of(found).next().is_some() {
            return None;
        }
        let why = self.of_version(found, |version| &version.no_requeue);
        why.or_else(|| self.no_requeue.clone())
            .or_else(|| Some("It lacks columns that the library's way back goes by.".to_owned()))
    }

    fn of_version(
        &self,
        found: &FoundTable,
        why: impl Fn(&Version) -> &Option<String>,
    ) -> Option<String> {
        let mut versions = self.versions.iter().filter(|v| has_none(found, &v.without));
        versions.find_map(|version| why(version).clone())
    }
}

impl State {
    /// Whether rows of this table can be in it.
    pub fn fits(&self, found: &FoundTable) -> bool {
        has_none(found, &self.lacking) && self.when.iter().all(|condition| condition.fits(found))
    }
}

impl Requeue {
    /// Whether it is a way back for rows of this table.
    pub fn fits(&self, found: &FoundTable) -> bool {
        let guarded = self.unchanged.iter().chain(&self.once);
        // What is moved back is written to another table.
        let written = self.set.keys().chain(&self.set_anew);
        let written = written.filter(|_| self.by != RequeueBy::MoveBack);
        has_none(found, &self.lacking)
            && guarded
                .chain(written)
                .all(|name| found.column(name).is_some())
            && self.only_when.iter().all(|guard| guard.fits(found))
    }
}

impl Condition {
    fn fits(&self, found: &FoundTable) -> bool {
        let mut names = std::iter::once(&self.column).chain(&self.at_least);
        names.all(|name| found.column(name).is_some())
    }
}

fn has_none(found: &FoundTable, names: &[String]) -> bool {
    names.iter().all(|name| found.column(name).is_none())
}
