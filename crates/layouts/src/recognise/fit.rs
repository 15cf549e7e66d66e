//! Whether a table has the columns a layout asks for.

use super::NearMiss;
use crate::{FoundTable, Layout, TableLayout};

/// What a table lacks of a layout's columns, and what it has that it must not have.
pub(super) struct Fit {
    n_required: usize,
    lacking: Vec<String>,
    excess: Vec<String>,
}

impl Fit {
    pub(super) fn of(shape: &TableLayout, table: &FoundTable) -> Self {
        let recognise = &shape.recognise;
        let pick = |names: &[String], there: bool| -> Vec<String> {
            let wanted = |name: &&String| table.column(name).is_some() == there;
            names.iter().filter(wanted).cloned().collect()
        };
        Self {
            n_required: recognise.required.len(),
            lacking: pick(&recognise.required, false),
            excess: pick(&recognise.forbid, true),
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.lacking.is_empty() && self.excess.is_empty()
    }

    /// Whether at least `n` of the columns are there.
    pub(super) fn has(&self, n: usize) -> bool {
        self.n_required - self.lacking.len() >= n
    }

    /// Whether most of the columns are there, so that somebody might wonder.
    pub(super) fn is_near(&self) -> bool {
        self.has(2) && self.lacking.len() * 3 <= self.n_required
    }

    /// In hundredths of the columns: how far it is from a fit.
    pub(super) fn distance(&self) -> usize {
        (self.lacking.len() + self.excess.len()) * 100 / self.n_required.max(1)
    }

    pub(super) fn miss(self, layout: &'static Layout, table: &'static TableLayout) -> NearMiss {
        NearMiss {
            layout,
            table,
            lacking: self.lacking,
            excess: self.excess,
        }
    }
}
