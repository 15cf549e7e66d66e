//! What one statement brings: rows told, and what the next read must know of them.

use std::collections::BTreeSet;

use waybill_model::{Batch, Marks, Micros, NO_VERSION, Window};
use waybill_source::Result;

use crate::accounts::add_found;
use crate::cell::Cell;
use crate::dialect::Statement;
use crate::epoch::When;
use crate::fingerprint::fingerprint;
use crate::ledger::Watch;
use crate::link::{Doing, Horizon};
use crate::outlet::Stop;
use crate::page::{Page, Taken, Wanted, after, key_text};
use crate::scan::Scan;
use crate::settle::CLOCKS_MICROS;
use crate::shape::{Kind, Order, Plan};
use crate::statements::After;

/// Which rows of a statement are news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// All in the window.
    All,
    /// Those not told yet.
    Untold,
    /// Those known as unsent that are in another state.
    Changed,
}

/// What one statement brought.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// Rows that went by.
    pub(crate) rows: u64,
    /// In time order: where the next page begins.
    pub(crate) last: Option<After>,
    /// The rows, taken in or left out.
    pub(crate) taken: Vec<Taken>,
    /// The keys of those that were taken in, where they are no numbers.
    pub(crate) keys: Vec<String>,
    /// The keys of all rows that went by, where it was asked what became of some.
    pub(crate) present: BTreeSet<String>,
    /// SQLite: identifies the row with the largest number.
    pub(crate) last_print: Option<u64>,
}

impl Scan {
    /// Runs one statement, tells what is news, and keeps what the next read must know. What came
    /// before a failure is told, too.
    pub(crate) async fn page(
        &mut self,
        statement: Statement,
        bulk: bool,
        window: Window,
        news: News,
    ) -> Result<Brought, Stop> {
        let kinds = self.kinds();
        let doing = Doing::reading(&self.query.columns.table);
        let mut bringing = self.bringing(window, news);
        let mut each = |cells: &[Cell<'_>]| bringing.take(cells);
        let link = &self.link;
        let result = if bulk {
            link.select_bulk(&doing, statement, &kinds, &mut each).await
        } else {
            link.select(&doing, statement, &kinds, &mut each).await
        };
        let (accounts, (before, after)) = bringing.page.accounts();
        let (brought, bytes, batches) = bringing.finish();
        self.accounts.add(accounts);
        add_found(&mut self.accounts, before, after);
        self.progress.done += brought.rows;
        self.progress.bytes += bytes;
        self.keep(&brought);
        self.outlet.batches(batches).await?;
        if let Some(total) = &mut self.progress.total {
            *total = Ord::max(*total, self.progress.done);
        }
        self.outlet.progress(self.progress).await?;
        result?;
        Ok(brought)
    }

    fn bringing(&self, window: Window, news: News) -> Bringing<'_> {
        // Rows behind either horizon may be read again, by this read or by the next one.
        let near = Ord::min(
            self.settled.upto.unwrap_or(Micros(i64::MIN)),
            self.settled_before.unwrap_or(Micros(i64::MAX)),
        );
        let near = match self.plan.order {
            Order::Time => near.plus(-CLOCKS_MICROS),
            Order::Number | Order::Key => near,
        };
        let rowid = self.shape.rowid.as_ref();
        Bringing {
            page: Page::new(&self.plan, &self.query, window, self.begun.now, near),
            plan: &self.plan,
            wanted: match (news, self.plan.order) {
                (News::All, _) => Wanted::All,
                (News::Untold, _) => Wanted::Untold(&self.told_before, &self.position.told),
                (News::Changed, Order::Number) => Wanted::ChangedNumber(&self.position.unsent),
                (News::Changed, Order::Time | Order::Key) => {
                    Wanted::ChangedKey(&self.position.unsent)
                }
            },
            note_keys: news == News::Changed && self.plan.order == Order::Time,
            note_prints: rowid.is_some_and(|rowid| !rowid.never_reused),
            brought: Brought::default(),
        }
    }

    /// Keeps for the next read what was told, and what is not sent yet.
    fn keep(&mut self, brought: &Brought) {
        let track = self.plan.has_state();
        let mut keys = brought.keys.iter();
        for taken in &brought.taken {
            if let Some(print) = taken.fingerprint {
                self.position.told.add(print);
            }
            if taken.left_out {
                continue;
            }
            if let Some(number) = taken.number {
                let (first, last) = self.numbers.unwrap_or((number, number));
                self.numbers = Some((first.min(number), last.max(number)));
            }
            match (self.plan.order, taken.number, keys.next()) {
                (Order::Number, Some(number), _) if track => {
                    self.position.unsent.see_number(number, taken.marks);
                }
                (Order::Time, _, Some(key)) if track => {
                    let at = taken.at.unwrap_or(self.begun.now);
                    self.position.unsent.see_key(key, at, taken.marks);
                }
                (Order::Number | Order::Time | Order::Key, _, _) => {}
            }
        }
    }

    /// Enters the numbers of rows that came in rising order into the gap ledger.
    pub(crate) fn watch(&mut self, last: Option<i64>, horizon: Horizon, taken: &[Taken]) {
        if self.link.capabilities().exact_horizon && self.shape.rowid.is_some() {
            return;
        }
        let mut watch = Watch::new(last, &self.begun, horizon);
        for row in taken {
            if let Some(number) = row.number {
                watch.row(number, row.at);
            }
        }
        self.position.ledger.enter(watch);
    }

    /// One row of integers, NULL where there is none; `None` without a row.
    pub(crate) async fn numbers(&self, statement: Statement) -> Result<Option<Vec<Option<i64>>>> {
        let mut found = None;
        let mut each = |cells: &[Cell<'_>]| {
            found.get_or_insert_with(|| cells.iter().map(Cell::int).collect());
        };
        let doing = Doing::reading(&self.query.columns.table);
        let kind = self.plan.columns[self.plan.number].kind;
        self.link
            .select(&doing, statement, &[kind, kind], &mut each)
            .await?;
        Ok(found)
    }

    /// The place of the only row of a statement.
    pub(crate) async fn place_of(&self, statement: Statement) -> Result<Option<After>> {
        let mut found = None;
        let plan = &self.plan;
        let mut each = |cells: &[Cell<'_>]| found = after(plan, cells);
        let doing = Doing::reading(&self.query.columns.table);
        self.link
            .select(&doing, statement, &self.kinds(), &mut each)
            .await?;
        Ok(found)
    }

    /// Identifies the only row of a statement.
    pub(crate) async fn print_of(&self, statement: Statement) -> Result<Option<u64>> {
        let mut found = None;
        let plan = &self.plan;
        let mut each = |cells: &[Cell<'_>]| found = Some(row_print(plan, cells));
        let doing = Doing::reading(&self.query.columns.table);
        self.link
            .select(&doing, statement, &self.kinds(), &mut each)
            .await?;
        Ok(found)
    }

    fn kinds(&self) -> Vec<Kind> {
        self.plan.columns.iter().map(|column| column.kind).collect()
    }
}

/// A statement at work.
struct Bringing<'a> {
    page: Page<'a>,
    plan: &'a Plan,
    wanted: Wanted<'a>,
    note_keys: bool,
    note_prints: bool,
    brought: Brought,
}

impl Bringing<'_> {
    fn take(&mut self, cells: &[Cell<'_>]) {
        let taken = self.page.take(cells, self.wanted);
        self.brought.taken.push(taken);
        if self.plan.order != Order::Number {
            self.page.remember(cells);
        }
        if self.note_keys {
            self.brought.present.insert(key_text(self.plan, cells));
        }
        if self.note_prints {
            self.brought.last_print = Some(row_print(self.plan, cells));
        }
    }

    fn finish(mut self) -> (Brought, u64, Vec<Batch>) {
        self.brought.rows = self.page.rows();
        self.brought.last = self.page.last().cloned();
        let bytes = self.page.bytes();
        let batches = self.page.into_batches();
        if self.plan.order == Order::Time {
            self.brought.keys = batches.iter().flat_map(keys).collect();
        }
        (self.brought, bytes, batches)
    }
}

/// The keys of a batch as texts.
fn keys(batch: &Batch) -> impl Iterator<Item = String> + use<'_> {
    (0..batch.len()).map(|idx| match batch.keys.get(idx) {
        "" => batch.positions[idx].to_string(),
        key => key.to_owned(),
    })
}

/// Tells whether the row with a number is still the one that had it: by key, id and time, as far as
/// those do not change when a row is sent.
fn row_print(plan: &Plan, cells: &[Cell<'_>]) -> u64 {
    let mut marks = Marks::default();
    let text =
        |cell: &Cell<'_>, marks: &mut Marks| cell.text(marks).unwrap_or_default().into_owned();
    let mut name = text(&cells[plan.key], &mut marks);
    if let Some(id) = &plan.id {
        name.push('\u{1f}');
        name.push_str(&text(&cells[id.idx], &mut marks));
    }
    let at = match plan.when(cells) {
        When::At { at, .. } if !plan.time_tells_state() => Some(at),
        _ => None,
    };
    fingerprint(&name, at, NO_VERSION, Marks::empty())
}
