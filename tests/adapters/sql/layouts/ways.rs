//! The ways back, live: each statement is about the one row that is still as it was last seen and
//! in a state it is for, and a second run does nothing.

use waybill_layouts::{
    Condition, FoundTable, Guarded, Is, Layout, NEW_ID, Requeue, RequeueBy, State, TableLayout,
    layouts,
};

use super::row::Row;
use super::states::Stage;
use super::tried::Tried;
use super::{created, dbms, found};
use crate::sql::base::{Base, Product};
use waybill_tests::library_table::Made;

/// What a copy is called, by whoever plans it.
const COPY: &str = "'c0ffee00-0000-4000-8000-000000000001'";

/// A statement for a row as it was last seen.
fn bound(guarded: &Guarded, row: &Row) -> String {
    let mut names: Vec<&String> = guarded.bound.iter().collect();
    // `:retry_at` must not be taken for `:retry`.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.iter().fold(guarded.text.clone(), |text, name| {
        let value = match name.as_str() {
            NEW_ID => COPY,
            name => row.value(name),
        };
        text.replace(&format!(":{name}"), value)
    })
}

impl Stage<'_> {
    /// Every way back that this version has.
    pub(super) async fn put_back_by_every_way(&self, tried: &mut Tried) {
        let table = self.made.table();
        let mut n = 0;
        for requeue in table.requeues_of(self.found) {
            match requeue.by {
                RequeueBy::Update => {
                    tried.updates += self.update_from_everywhere(requeue).await;
                    tried.left_alone += self.leave_alone_what_is_elsewhere(requeue).await;
                }
                RequeueBy::InsertCopy => tried.copies += self.copy_from_everywhere(requeue).await,
                // Two tables have a part in it.
                RequeueBy::MoveBack => {}
                RequeueBy::Command | RequeueBy::Redeliver => {
                    self.is_no_statement(requeue);
                    tried.no_statement += 1;
                }
            }
            n += 1;
        }
        let of_version = self.made.version().no_requeue.as_ref();
        let why_none = of_version.or(table.no_requeue.as_ref());
        assert_eq!(n == 0, why_none.is_some(), "{:?} has {n} ways", self.made);
        assert_eq!(table.why_no_requeue(self.found).as_ref(), why_none);
        tried.none += usize::from(why_none.is_some());
    }

    /// The row is changed once, and not again; how many were tried.
    async fn update_from_everywhere(&self, requeue: &Requeue) -> usize {
        let guarded = self.update(requeue);
        let mut n = 0;
        for row in self.starts(requeue) {
            self.put(&row).await;
            let what = format!("{:?}: {} {row:?}", self.made, guarded.text);
            let statement = bound(&guarded, &row);
            assert_eq!(self.base.affected(&statement).await, 1, "{what}");
            let again = self.base.affected(&statement).await;
            assert_eq!(again, 0, "a second time: {what}");
            n += 1;
        }
        n
    }

    /// A row in a state the way is not for is not touched, not even by somebody who has just seen
    /// it; how many were tried.
    async fn leave_alone_what_is_elsewhere(&self, requeue: &Requeue) -> usize {
        let guarded = self.update(requeue);
        let mut n = 0;
        for state in self
            .visible()
            .filter(|state| self.is_elsewhere(requeue, state))
        {
            let row = Row::with(self.made, &state.when);
            self.put(&row).await;
            let what = format!("{:?} {:?}: {} {row:?}", self.made, state.name, guarded.text);
            let touched = self.base.affected(&bound(&guarded, &row)).await;
            assert_eq!(touched, 0, "{what}");
            n += 1;
        }
        n
    }

    /// A copy is made once, and the row stays; how many were tried.
    async fn copy_from_everywhere(&self, requeue: &Requeue) -> usize {
        let table = self.made.table();
        let guarded = table.guarded_copy(requeue, self.found, self.made.dbms());
        let guarded = guarded.unwrap_or_else(|| panic!("{:?} has a statement", self.made));
        let mut n = 0;
        for row in self.starts(requeue) {
            self.put(&row).await;
            self.count_on_from(&row).await;
            let what = format!("{:?}: {} {row:?}", self.made, guarded.text);
            let statement = bound(&guarded, &row);
            for (times, (copied, there)) in [(1, 2), (0, 2)].into_iter().enumerate() {
                let affected = self.base.affected(&statement).await;
                assert_eq!(affected, copied, "run {times}: {what}");
                assert_eq!(self.rows(self.made).await, there, "run {times}: {what}");
            }
            if guarded.bound.iter().any(|name| name == NEW_ID) {
                assert_eq!(self.rows_with_new_id().await, 1, "{what}");
            }
            self.clear(self.made).await;
            let of_nothing = self.base.affected(&statement).await;
            assert_eq!(of_nothing, 0, "its row is gone: {what}");
            n += 1;
        }
        n
    }

    /// The layout says what to do instead, and nobody is offered a statement.
    fn is_no_statement(&self, requeue: &Requeue) {
        let (table, dbms) = (self.made.table(), self.made.dbms());
        let what = format!("{:?}: {requeue:?}", self.made);
        let update = table.guarded_update(requeue, self.found, dbms);
        let copy = table.guarded_copy(requeue, self.found, dbms);
        let moved = table.guarded_move(requeue, self.found, (table, self.found), dbms);
        assert!(
            update.is_none() && copy.is_none() && moved.is_none(),
            "{what}"
        );
        let run = requeue.run.as_deref().unwrap_or_default();
        assert_eq!(requeue.by == RequeueBy::Command, !run.is_empty(), "{what}");
        assert!(requeue.then.ends_with(['.', ')']), "{what}");
    }

    fn update(&self, requeue: &Requeue) -> Guarded {
        let table = self.made.table();
        let guarded = table.guarded_update(requeue, self.found, self.made.dbms());
        guarded.unwrap_or_else(|| panic!("{:?} has a statement", self.made))
    }

    /// Rows from which a re-queue may start: one per state it is for, as far as the table tells
    /// states apart.
    fn starts(&self, requeue: &Requeue) -> Vec<Row> {
        let states = self
            .visible()
            .filter(|state| requeue.from.contains(&state.name));
        let mut rows: Vec<Row> = states
            .map(|state| Row::with(self.made, state.when.iter().chain(&requeue.only_when)))
            .collect();
        if rows.is_empty() {
            rows.push(Row::with(self.made, &requeue.only_when));
        }
        rows
    }

    /// Whether a row in this state can be in none that the way is for.
    fn is_elsewhere(&self, requeue: &Requeue, state: &State) -> bool {
        let mut from = self
            .visible()
            .filter(|from| requeue.from.contains(&from.name))
            .peekable();
        from.peek().is_some() && from.all(|from| excludes(&from.when, &state.when))
    }

    /// Rows that the service writes after this one get greater keys.
    async fn count_on_from(&self, row: &Row) {
        for (name, column) in self.made.columns() {
            if column.sql_type(self.made.dbms()) == Some("bigserial") {
                let table = self.made.real_name().replace('\'', "''");
                let last = row.value(&name);
                self.base
                    .execute(&format!(
                        "SELECT setval(pg_get_serial_sequence('{table}', '{name}'), {last})"
                    ))
                    .await;
            }
        }
    }

    pub(super) async fn clear(&self, made: &Made) {
        self.base
            .execute(&format!("DELETE FROM {}", made.real_name()))
            .await;
    }

    async fn rows(&self, made: &Made) -> u64 {
        self.count(&format!("SELECT count(*) FROM {}", made.real_name()))
            .await
    }

    /// Whatever else takes the new id, the key does.
    async fn rows_with_new_id(&self) -> u64 {
        let roles = self
            .made
            .table()
            .roles
            .as_ref()
            .expect("its rows are events");
        let id = &roles.id.as_ref().expect("they have ids").columns[0];
        let id = &self.found.column(id).expect("it is there").name;
        let table = self.made.real_name();
        let id = self.made.quoted(id);
        self.count(&format!("SELECT count(*) FROM {table} WHERE {id} = {COPY}"))
            .await
    }

    async fn count(&self, sql: &str) -> u64 {
        // Every database gives a text.
        let sql = sql.replace("count(*)", "CAST(count(*) AS CHAR(9))");
        let texts = self.base.texts(&sql).await;
        texts[0].trim().parse().expect("a number")
    }
}

/// Whether nothing can be both.
fn excludes(one: &[Condition], other: &[Condition]) -> bool {
    one.iter().any(|one| {
        let mut same_column = other.iter().filter(|other| other.column == one.column);
        same_column.any(|other| contradict(one, other) || contradict(other, one))
    })
}

fn contradict(one: &Condition, other: &Condition) -> bool {
    let is_filled = |condition: &Condition| condition.is != Some(Is::Null);
    let differ = !one.one_of.is_empty()
        && !other.one_of.is_empty()
        && one.one_of.iter().all(|value| !other.one_of.contains(value));
    let ruled_out =
        !one.one_of.is_empty() && one.one_of.iter().all(|value| other.none_of.contains(value));
    let empty = one.is == Some(Is::Null) && is_filled(other);
    let past = one.is == Some(Is::Past) && other.is == Some(Is::Future);
    let list = one.is == Some(Is::List) && other.is == Some(Is::EmptyList);
    differ || ruled_out || empty || past || list
}

/// Dead letters of a layout with the table they go back to.
struct Dead {
    table: &'static TableLayout,
    requeue: &'static Requeue,
    to: &'static TableLayout,
}

fn dead_letters() -> impl Iterator<Item = Dead> {
    layouts().iter().flat_map(|layout: &Layout| {
        let tables = layout.tables.iter();
        let ways = tables.flat_map(|table| table.requeues.iter().map(move |way| (table, way)));
        ways.filter_map(|(table, requeue)| {
            let to = layout.table(requeue.to.as_deref()?)?;
            Some(Dead { table, requeue, to })
        })
    })
}

/// Every pair of versions on one database; how many moves were tried.
async fn dead_letters_go_back(product: Product) -> usize {
    let base = Base::new(product, "layouts_moves").await;
    let database = base.open().await;
    let mut n = 0;
    for dead in dead_letters() {
        for version in dead.table.known_versions() {
            for to_version in dead.to.known_versions() {
                let from = Made::of(dead.table, &version, dbms(product));
                let to = Made::of(dead.to, &to_version, dbms(product));
                let (Some(from), Some(to)) = (from, to) else {
                    continue;
                };
                let round = vec![from, to];
                let tables = created(&base, &database, &round).await;
                let [from, to] = [&round[0], &round[1]];
                let stage = Stage {
                    base: &base,
                    database: &database,
                    made: from,
                    found: found(&base, &tables, from),
                };
                let into = found(&base, &tables, to);
                n += stage.move_back(dead.requeue, (to, into)).await;
                super::dropped(&base, &round).await;
            }
        }
    }
    n
}

impl Stage<'_> {
    /// The row arrives once, and is dead no longer; how many were tried.
    async fn move_back(&self, requeue: &Requeue, (to, into): (&Made, &FoundTable)) -> usize {
        let table = self.made.table();
        let target = (to.table(), into);
        let moved = table.guarded_move(requeue, self.found, target, self.made.dbms());
        let moved = moved.unwrap_or_else(|| panic!("{:?} has a statement", self.made));
        let mut n = 0;
        for row in self.starts(requeue) {
            self.clear(to).await;
            self.put(&row).await;
            let what = format!("{:?}: {moved:?} {row:?}", self.made);
            let [insert, delete] = [&moved.insert, &moved.delete].map(|one| bound(one, &row));
            // Somebody else has touched it since it was seen.
            let stale = Row::with(self.made, &[]).differing(&requeue.unchanged[0]);
            for guarded in [&moved.insert, &moved.delete] {
                let touched = self.base.affected(&bound(guarded, &stale)).await;
                assert_eq!(touched, 0, "not as it was seen: {what}");
            }
            for (run, affected) in [1, 0].into_iter().enumerate() {
                assert_eq!(
                    self.base.affected(&insert).await,
                    affected,
                    "run {run}: {what}"
                );
                assert_eq!(
                    self.base.affected(&delete).await,
                    affected,
                    "run {run}: {what}"
                );
                assert_eq!(self.rows(self.made).await, 0, "run {run}: {what}");
                assert_eq!(self.rows(to).await, 1, "run {run}: {what}");
            }
            n += 1;
        }
        n
    }
}

#[tokio::test]
async fn dead_letters_go_back_where_they_came_from() {
    for (product, expected) in [
        (Product::Postgres, 2),
        (Product::MariaDb, 1),
        (Product::Sqlite, 1),
    ] {
        let n = dead_letters_go_back(product).await;
        assert_eq!(n, expected, "{product:?}");
    }
}
