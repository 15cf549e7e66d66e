//! Inbox rows in every state, live: what counts as processed is what the library has processed, and
//! reading on sees a row that is processed later.

use std::collections::BTreeMap;

use waybill_engine::session::inbox_columns;
use waybill_engine::tables::Tables;
use waybill_layouts::{StateName, TableRole};
use waybill_model::{Marks, Micros, Observation, Window};
use waybill_source::{Cursor, RowColumns, RowQuery};

use super::row::{Row, id};
use super::states::Stage;
use super::tried::Tried;
use crate::sql::base::{Yield, drain, now, query};

/// What an inbox row says of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Processed,
    Failed,
    Received,
}

impl Says {
    /// As an index takes the marks of an inbox row.
    fn of(marks: Marks) -> Self {
        if marks.contains(Marks::FAILED) {
            Self::Failed
        } else if marks.contains(Marks::SENT) {
            Self::Processed
        } else {
            Self::Received
        }
    }

    /// As the library means it.
    fn meant(state: StateName) -> Self {
        match state {
            StateName::Done => Self::Processed,
            StateName::Failed => Self::Failed,
            _ => Self::Received,
        }
    }
}

/// The last that was told of each event.
fn by_id(all: &Yield) -> BTreeMap<String, &Observation> {
    all.seen
        .iter()
        .map(|seen| (seen.id.clone(), seen))
        .collect()
}

impl Stage<'_> {
    /// Whether it goes by a name under which it is an inbox, or is never anything else.
    fn is_inbox(&self) -> bool {
        let table = self.made.table();
        let named = table.name_roles.iter();
        let mut named = named.filter(|it| it.role == TableRole::Inbox);
        table.inbox.is_some()
            && (table.role != TableRole::Outbox || named.any(|it| self.made.is_called(&it.name)))
    }

    /// Of rows in every state those that are processed count, and no other; those that are turned
    /// into processed ones count as soon as reading goes on.
    pub(super) async fn read_inbox(&self, tables: &Tables, tried: &mut Tried) {
        let explanation = tables.explain(self.found);
        let candidate = explanation.recognised().expect("it is recognised");
        let mapped = candidate.inbox_settings(self.found, None);
        if !self.is_inbox() {
            assert!(mapped.is_err(), "{:?} is no inbox", self.made);
            return;
        }
        let mapped = mapped.unwrap_or_else(|why| panic!("{:?}: {why}", self.made));
        let columns = inbox_columns(&mapped.settings);
        self.clear(self.made).await;
        let rows = self.rows_in_every_state();
        for (_, row) in &rows {
            self.base.execute(&row.insert(self.made)).await;
        }
        let first = self.read_inbox_from(&columns, None).await;
        let told = by_id(&first);
        for (nth, (state, row)) in rows.iter().enumerate() {
            let says = told.get(&id(nth)).map(|seen| Says::of(seen.marks));
            let what = format!("{:?} {state:?}: {row:?}", self.made);
            assert_eq!(says, Some(Says::meant(*state)), "{what}");
            tried.inbox_states += 1;
        }
        assert_eq!(told.len(), rows.len(), "{:?}: {told:?}", self.made);
        tried.turned += self.turn(&columns, &rows, &first).await;
        tried.inbox_tables += 1;
        tried.inboxes.insert(self.made.id().to_owned());
    }

    /// Rows in the states in which the library can be seen, numbered.
    fn rows_in_every_state(&self) -> Vec<(StateName, Row)> {
        let states = self.visible();
        let mut rows: Vec<(StateName, Row)> = states
            .map(|state| (state.name, Row::with(self.made, &state.when)))
            .collect();
        if rows.is_empty() {
            // That it is there is all there is to it.
            rows.push((StateName::Done, Row::with(self.made, &[]).timed(self.made)));
        }
        // The youngest row is the one that changes, where there is one.
        rows.sort_by_key(|(state, _)| *state != StateName::Done);
        let numbered = rows.into_iter().enumerate();
        numbered
            .map(|(nth, (state, row))| (state, row.numbered(self.made, nth)))
            .collect()
    }

    /// Rows that were not processed are, from one read to the next; how many.
    async fn turn(&self, columns: &RowColumns, rows: &[(StateName, Row)], first: &Yield) -> usize {
        let done = rows.iter().find(|(state, _)| *state == StateName::Done);
        let (_, done) = done.expect("a library's inbox has rows that are processed");
        let waiting = rows.iter().enumerate();
        let waiting = waiting.filter(|(_, (state, _))| *state != StateName::Done);
        let waiting: Vec<usize> = waiting.map(|(nth, _)| nth).collect();
        for nth in &waiting {
            let turned = done.clone().numbered(self.made, *nth);
            let changed = self.base.affected(&turned.update(self.made)).await;
            assert_eq!(changed, 1, "{:?}: {turned:?}", self.made);
        }
        let then = self.read_inbox_from(columns, first.resume.clone()).await;
        let (before, after) = (by_id(first), by_id(&then));
        for nth in &waiting {
            let what = format!("{:?}: {:?}", self.made, rows[*nth]);
            let now = after.get(&id(*nth));
            let now = now.unwrap_or_else(|| panic!("reading on sees it: {what}"));
            assert_eq!(Says::of(now.marks), Says::Processed, "{what}");
            let row = |seen: &Observation| (seen.position, seen.key.clone());
            assert_eq!(row(now), row(before[&id(*nth)]), "the same row: {what}");
        }
        let told = after.len();
        assert_eq!(told, waiting.len(), "nothing else: {:?}", self.made);
        waiting.len()
    }

    async fn read_inbox_from(&self, columns: &RowColumns, after: Option<Cursor>) -> Yield {
        let query = RowQuery {
            window: Window {
                from: Micros(0),
                to: now().plus(20 * 365 * 86_400_000_000),
            },
            ..query(columns, after)
        };
        let all = drain(self.database.read(query)).await;
        assert!(all.error.is_none(), "{:?}: {:?}", self.made, all.error);
        all
    }
}
