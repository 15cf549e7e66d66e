//! Rows in every state, live: the reader says of each what its library would say.

use std::sync::Arc;

use waybill_engine::tables::Tables;
use waybill_layouts::{FoundTable, State, StateName, Unmappable};
use waybill_model::{Marks, Micros, OutboxSettings, Window};
use waybill_source::{Database, RowColumns, RowQuery};

use super::row::Row;
use super::tried::Tried;
use crate::sql::base::{Base, drain, now, query};
use waybill_tests::library_table::Made;

/// States a profile has no words for; the limits of the mapping say so, too.
const WITHOUT_WORDS: [(&str, StateName); 2] = [
    ("graphile-worker", StateName::Failed),
    ("occurred-on-utc-outbox", StateName::Failed),
];

/// Now, as people write it.
pub(super) fn now_text(between: char) -> String {
    let text = now().plus(-60_000_000).to_string();
    let text = text
        .trim_end_matches('Z')
        .replace('T', &between.to_string());
    text.chars().take(23).collect()
}

/// Now, as a number.
pub(super) fn now_unix(per_second: i64) -> String {
    (now().plus(-60_000_000).0 / (1_000_000 / per_second)).to_string()
}

/// A layout's table on a server.
pub(super) struct Stage<'a> {
    pub(super) base: &'a Base,
    pub(super) database: &'a Arc<dyn Database>,
    pub(super) made: &'a Made,
    pub(super) found: &'a FoundTable,
}

impl Stage<'_> {
    /// Makes this the only row of the table.
    pub(super) async fn put(&self, row: &Row) {
        let delete = format!("DELETE FROM {}", self.made.real_name());
        self.base.execute(&delete).await;
        self.base.execute(&row.insert(self.made)).await;
    }

    /// What the reader says of the row in the table.
    async fn marks(&self, outbox: &OutboxSettings) -> Marks {
        let query = RowQuery {
            window: Window {
                from: Micros(0),
                to: now().plus(20 * 365 * 86_400_000_000),
            },
            ..query(&columns(outbox), None)
        };
        let seen = drain(self.database.read(query)).await;
        assert!(seen.error.is_none(), "{:?}: {:?}", self.made, seen.error);
        assert_eq!(seen.seen.len(), 1, "{:?}: {:?}", self.made, seen.seen);
        seen.seen[0].marks
    }
}

fn columns(outbox: &OutboxSettings) -> RowColumns {
    let states = (outbox.sent_states.clone(), outbox.failed_states.clone());
    let status = outbox.status.clone();
    RowColumns {
        destination: None,
        table: outbox.table.clone(),
        key: outbox.key.clone(),
        id: Some(outbox.id.clone()),
        aggregate_type: outbox.aggregate_type.clone(),
        fixed_aggregate_type: None,
        aggregate_id: outbox.aggregate_id.clone(),
        version: outbox.version.clone(),
        kind: outbox.kind.clone(),
        at: outbox.created_at.clone(),
        zone: waybill_source::Zoning::default(),
        sent_at: outbox.sent_at.clone(),
        failed_at: outbox.failed_at.clone(),
        status: status.map(|column| (column, states.0, states.1)),
        attempts: outbox.attempts.clone(),
        due: None,
        wanted: std::collections::BTreeMap::new(),
        only: None,
        payload: outbox.payload.clone(),
        compare: None,
    }
}

/// What the reader must say of a row in this state.
fn expected(id: &str, state: StateName) -> Option<Marks> {
    if WITHOUT_WORDS.contains(&(id, state)) {
        return None;
    }
    Some(match state {
        StateName::Done => Marks::SENT,
        StateName::Failed => Marks::FAILED,
        _ => Marks::default(),
    })
}

impl Stage<'_> {
    /// The states in which a row of this version is there to be read.
    pub(super) fn visible(&self) -> impl Iterator<Item = &'static State> {
        let found = self.found;
        let states = self.made.table().states.iter();
        states.filter(move |state| !state.row_gone && state.fits(found))
    }

    /// The reader says of each state what the library would say. A table that no profile reads as
    /// an outbox (inboxes, dead letters, rows of several messages) says why.
    pub(super) async fn read_every_state(&self, tables: &Tables, tried: &mut Tried) {
        let explanation = tables.explain(self.found);
        let candidate = explanation.recognised().expect("it is recognised");
        let mapped = match candidate.outbox_settings(self.found) {
            Ok(mapped) => mapped,
            Err(Unmappable(why)) => {
                assert!(why.ends_with('.'), "{:?}: {why}", self.made);
                tried.unread += self.visible().count();
                return;
            }
        };
        let limits = mapped.limits.join(" ");
        for state in self.visible() {
            let row = Row::with(self.made, &state.when);
            self.put(&row).await;
            let told = self.marks(&mapped.settings).await & (Marks::SENT | Marks::FAILED);
            let what = format!("{:?} {:?}: {row:?}", self.made, state.name);
            match expected(self.made.id(), state.name) {
                Some(expected) => assert_eq!(told, expected, "{what}"),
                None => assert!(limits.contains("was given up"), "{what}: {limits}"),
            }
            tried.states += 1;
        }
    }
}
