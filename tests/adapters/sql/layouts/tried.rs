//! What was tried on one database, so that nothing is left out unnoticed.

use std::collections::BTreeSet;

use waybill_layouts::{Dbms, layouts};

/// How much was tried.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// Ids of the tables' layouts.
    pub(super) ids: BTreeSet<String>,
    /// Versions of tables.
    pub(super) tables: usize,
    /// States that the reader was asked about.
    pub(super) states: usize,
    /// States of tables that no profile reads as an outbox.
    pub(super) unread: usize,
    /// Rows put back by an update.
    pub(super) updates: usize,
    /// Rows that an update had to leave alone.
    pub(super) left_alone: usize,
    /// Rows put back by a copy.
    pub(super) copies: usize,
    /// Ways that are no statement.
    pub(super) no_statement: usize,
    /// Versions that say why they have no way back.
    pub(super) none: usize,
    /// Ids of the layouts of inboxes.
    pub(super) inboxes: BTreeSet<String>,
    /// Versions of their tables.
    pub(super) inbox_tables: usize,
    /// States of inbox rows that the reader was asked about.
    pub(super) inbox_states: usize,
    /// Inbox rows that were processed between two reads.
    pub(super) turned: usize,
}

impl Tried {
    /// Every table that exists on the database was there, and of each thing there was no less
    /// than when this was written: `[versions, states, unread, updates, left alone, copies,
    /// no statement, none, inboxes, states of those, turned]`. A new layout raises them; what lowers them took something away.
    pub(super) fn is_all(&self, dbms: Dbms, least: [usize; 11]) {
        let tables = layouts().iter().flat_map(|layout| &layout.tables);
        let on = tables.filter(|table| table.is_on(dbms));
        let on: BTreeSet<String> = on.map(|table| table.id.clone()).collect();
        let left_out: Vec<&String> = on.difference(&self.ids).collect();
        assert!(left_out.is_empty(), "left out: {left_out:?}");
        let tables = layouts().iter().flat_map(|layout| &layout.tables);
        let inboxes = tables.filter(|table| table.is_on(dbms) && table.inbox.is_some());
        let inboxes: BTreeSet<String> = inboxes.map(|table| table.id.clone()).collect();
        let left_out: Vec<&String> = inboxes.difference(&self.inboxes).collect();
        assert!(left_out.is_empty(), "inboxes left out: {left_out:?}");
        let tried = [
            self.tables,
            self.states,
            self.unread,
            self.updates,
            self.left_alone,
            self.copies,
            self.no_statement,
            self.none,
            self.inbox_tables,
            self.inbox_states,
            self.turned,
        ];
        let is_less = tried.iter().zip(&least).any(|(tried, least)| tried < least);
        assert!(!is_less, "less than {least:?}: {tried:?}, {self:#?}");
    }
}
