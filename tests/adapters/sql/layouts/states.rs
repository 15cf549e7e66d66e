//! Rows in every state, live: the reader says of each what its library would say, and the re-queue
//! statement changes exactly the row that is still as it was last seen.

use std::sync::Arc;

use waybill_engine::tables::Tables;
use waybill_layouts::{Dbms, FoundTable, Guarded, Requeue, RequeueBy, State, StateName, layouts};
use waybill_model::{Marks, Micros, OutboxSettings, Window};
use waybill_source::{Database, RowColumns, RowQuery};

use super::row::Row;
use super::{created, dbms, dropped, found, rounds};
use crate::sql::base::{Base, Product, drain, now, query};
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

/// The newest version of every table on a database; older ones have fewer columns, no others.
fn newest(dbms: Dbms) -> Vec<Made> {
    let tables = layouts().iter().flat_map(|layout| &layout.tables);
    tables
        .filter_map(|table| {
            let versions = table.known_versions();
            versions
                .iter()
                .find_map(|version| Made::of(table, version, dbms))
        })
        .collect()
}

/// A layout's table on a server.
struct Stage<'a> {
    base: &'a Base,
    database: &'a Arc<dyn Database>,
    made: &'a Made,
    found: &'a FoundTable,
}

impl Stage<'_> {
    async fn put(&self, row: &Row) {
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

    /// Runs a re-queue for a row as it was last seen; how many rows it changed.
    async fn requeue(&self, guarded: &Guarded, row: &Row) -> u64 {
        let mut bound: Vec<&String> = guarded.bound.iter().collect();
        // `:retry_at` must not be taken for `:retry`.
        bound.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let statement = bound.iter().fold(guarded.text.clone(), |text, name| {
            text.replace(&format!(":{name}"), row.value(name))
        });
        self.base.affected(&statement).await
    }
}

fn columns(outbox: &OutboxSettings) -> RowColumns {
    let states = (outbox.sent_states.clone(), outbox.failed_states.clone());
    let status = outbox.status.clone();
    RowColumns {
        table: outbox.table.clone(),
        key: outbox.key.clone(),
        id: Some(outbox.id.clone()),
        aggregate_type: outbox.aggregate_type.clone(),
        fixed_aggregate_type: None,
        aggregate_id: outbox.aggregate_id.clone(),
        version: outbox.version.clone(),
        kind: outbox.kind.clone(),
        at: outbox.created_at.clone(),
        sent_at: outbox.sent_at.clone(),
        failed_at: outbox.failed_at.clone(),
        status: status.map(|column| (column, states.0, states.1)),
        attempts: outbox.attempts.clone(),
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

/// States in which a row is there to be read.
fn visible(made: &Made) -> impl Iterator<Item = &'static State> {
    made.table().states.iter().filter(|state| !state.row_gone)
}

/// What was tried on one database.
#[derive(Debug, Default)]
struct Tried {
    states: usize,
    statements: usize,
}

async fn every_state(product: Product) -> Tried {
    let base = Base::new(product, "layouts_states").await;
    let database = base.open().await;
    let mut tried = Tried::default();
    for round in rounds(newest(dbms(product))) {
        let tables = created(&base, &database, &round).await;
        for made in &round {
            let stage = Stage {
                base: &base,
                database: &database,
                made,
                found: found(&base, &tables, made),
            };
            tried.states += stage.read_every_state(&tables).await;
            tried.statements += stage.requeue_from_everywhere().await;
        }
        dropped(&base, &round).await;
    }
    tried
}

impl Stage<'_> {
    /// The reader says of each state what the library would say; how many were read.
    async fn read_every_state(&self, tables: &Tables) -> usize {
        let explanation = tables.explain(self.found);
        let candidate = explanation.recognised().expect("it is recognised");
        let Ok(mapped) = candidate.outbox_settings(self.found) else {
            return 0;
        };
        let limits = mapped.limits.join(" ");
        let mut n = 0;
        for state in visible(self.made) {
            let row = Row::with(self.made, &state.when);
            self.put(&row).await;
            let told = self.marks(&mapped.settings).await & (Marks::SENT | Marks::FAILED);
            let what = format!("{:?} {:?}: {row:?}", self.made, state.name);
            match expected(self.made.id(), state.name) {
                Some(expected) => assert_eq!(told, expected, "{what}"),
                None => assert!(limits.contains("was given up"), "{what}: {limits}"),
            }
            n += 1;
        }
        n
    }

    /// A re-queue changes the row once, and not again; how many were tried.
    async fn requeue_from_everywhere(&self) -> usize {
        let requeues = self.made.table().requeues.iter();
        let mut n = 0;
        for requeue in requeues.filter(|requeue| requeue.by == RequeueBy::Update) {
            let table = self.made.table();
            let guarded = table.guarded_update(requeue, self.found, self.made.dbms());
            let guarded = guarded.unwrap_or_else(|| panic!("{:?} has a statement", self.made));
            for row in starts(self.made, requeue) {
                self.put(&row).await;
                let what = format!("{:?}: {} {row:?}", self.made, guarded.text);
                assert_eq!(self.requeue(&guarded, &row).await, 1, "{what}");
                let again = self.requeue(&guarded, &row).await;
                assert_eq!(again, 0, "a second time: {what}");
                n += 1;
            }
        }
        n
    }
}

/// Rows from which a re-queue may start: one per state it is for, as far as the table tells
/// states apart.
fn starts(made: &Made, requeue: &Requeue) -> Vec<Row> {
    let states = visible(made).filter(|state| requeue.from.contains(&state.name));
    let mut rows: Vec<Row> = states
        .map(|state| Row::with(made, state.when.iter().chain(&requeue.only_when)))
        .collect();
    if rows.is_empty() {
        rows.push(Row::with(made, &requeue.only_when));
    }
    rows
}

#[tokio::test]
async fn every_state_is_read_and_left_again_on_postgres() {
    let tried = every_state(Product::Postgres).await;
    assert!(tried.states > 70 && tried.statements > 50, "{tried:?}");
}

#[tokio::test]
async fn every_state_is_read_and_left_again_on_mariadb() {
    let tried = every_state(Product::MariaDb).await;
    assert!(tried.states > 40 && tried.statements > 30, "{tried:?}");
}

#[tokio::test]
async fn every_state_is_read_and_left_again_on_sqlite() {
    let tried = every_state(Product::Sqlite).await;
    assert!(tried.states > 20 && tried.statements > 15, "{tried:?}");
}
