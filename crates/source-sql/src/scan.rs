//! One read of one table, from its first statement to its coverage.

use std::collections::BTreeSet;
use std::sync::Arc;

use waybill_model::{Coverage, Gap, GapReason, Micros, Progress, Window};
use waybill_source::{Error, Result, RowQuery};

use crate::cell::Cell;
use crate::cursor::Position;
use crate::dialect::{Statement, Value};
use crate::fingerprint::{Told, fingerprint};
use crate::ledger::Watch;
use crate::link::{Doing, Horizon, Link};
use crate::outlet::{Outlet, Stop};
use crate::page::{Page, Taken, Wanted, after, key_text};
use crate::settle::Settled;
use crate::shape::{Kind, Order, Plan, Shape};
use crate::statements::{After, Statements};

/// A read in progress.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) link: Arc<dyn Link>,
    pub(crate) query: RowQuery,
    pub(crate) shape: Shape,
    pub(crate) plan: Plan,
    pub(crate) position: Position,
    /// Told by earlier reads.
    pub(crate) told_before: Told,
    /// How far the read before this one was complete; `None` when there was none.
    pub(crate) settled_before: Option<Micros>,
    /// The horizon when this read began.
    pub(crate) begun: Horizon,
    /// How far this read will be complete.
    pub(crate) settled: Settled,
    pub(crate) outlet: Outlet,
    pub(crate) progress: Progress,
    /// Smallest and largest number seen in this read.
    numbers: Option<(i64, i64)>,
    /// In time order: everything before this was read.
    pub(crate) reached: Option<Micros>,
    /// Rows were left unread because there were too many.
    pub(crate) capped: bool,
}

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
#[derive(Debug)]
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

/// Reads one table into the outlet: evidence, coverage, cursor; or evidence, coverage, error.
pub(crate) async fn read(link: Arc<dyn Link>, query: RowQuery, outlet: Outlet) {
    let asked = query.window;
    let place = query.place;
    let mut scan = match Scan::begin(link, query, outlet.clone()).await {
        Ok(scan) => scan,
        Err(error) => {
            let nothing = Coverage {
                place,
                partition: None,
                window: Window {
                    from: asked.from,
                    to: asked.from,
                },
                positions: None,
                gaps: vec![Gap {
                    window: asked,
                    reason: GapReason::Failed(error.chain()),
                }],
            };
            if outlet.covered(nothing).await.is_ok() {
                outlet.error(error).await.ok();
            }
            return;
        }
    };
    match scan.go().await {
        Ok(()) => scan.finish().await.ok(),
        Err(Stop::Failed(error)) => scan.fail(error).await.ok(),
        Err(Stop::Gone) => None,
    };
}

impl Scan {
    async fn begin(link: Arc<dyn Link>, query: RowQuery, outlet: Outlet) -> Result<Self> {
        let table = query.columns.table.clone();
        let shape = link.shape(&table).await?;
        let plan = Plan::new(&shape, &query.columns, link.dialect())?;
        let mut position = match &query.after {
            Some(cursor) => Position::from_cursor(cursor, &table)?,
            None => Position::start(&table, query.window.from),
        };
        let begun = link.horizon().await?;
        let settled = position.moments.settled(&begun);
        position.moments.note(&begun);
        let told_before = std::mem::take(&mut position.told);
        let settled_before = query.after.is_some().then_some(position.settled).flatten();
        Ok(Self {
            progress: Progress {
                total: shape.estimated_rows.filter(|_| query.after.is_none()),
                ..Progress::default()
            },
            link,
            query,
            shape,
            plan,
            position,
            told_before,
            settled_before,
            begun,
            settled,
            outlet,
            numbers: None,
            reached: None,
            capped: false,
        })
    }

    async fn go(&mut self) -> Result<(), Stop> {
        match (self.plan.order, self.query.after.is_some()) {
            (Order::Number, false) => self.all_by_number().await,
            (Order::Number, true) => self.more_by_number().await,
            (Order::Time, resumed) => self.by_time(resumed).await,
        }
    }

    async fn finish(mut self) -> Result<(), Stop> {
        if self.settled_before.is_none() {
            // There was no horizon behind which rows were read again.
            self.position.told.add_all(&self.told_before);
        }
        self.position.settled = Ord::max(self.settled.upto, self.position.settled);
        self.outlet.progress(self.progress).await?;
        self.outlet.covered(self.coverage(None)).await?;
        self.outlet.resume(self.position.to_cursor()).await
    }

    async fn fail(self, error: Error) -> Result<(), Stop> {
        tracing::debug!(table = %self.shape.name, error = %error.chain(), "Read broke off");
        self.outlet.covered(self.coverage(Some(&error))).await?;
        self.outlet.error(error).await
    }

    /// What is proven now; with `failed`, up to where the read broke off.
    fn coverage(&self, failed: Option<&Error>) -> Coverage {
        let asked = self.query.window;
        let from = Ord::max(asked.from, self.position.from);
        let settled = Ord::max(self.settled.upto, self.settled_before);
        let to = settled.map_or(from, |upto| upto.clamp(from, Ord::max(from, asked.to)));
        let mut gaps = Vec::new();
        let mut gap = |from: Micros, to: Micros, reason| {
            if from < to {
                gaps.push(Gap {
                    window: Window { from, to },
                    reason,
                });
            }
        };
        if self.settled.held_back {
            gap(
                to,
                Ord::min(asked.to, self.begun.now),
                GapReason::OpenTransactions,
            );
        }
        if self.capped {
            gap(from, asked.to, GapReason::Cap);
        }
        if let Some(error) = failed {
            // Numbers do not follow time, so rows of any time may be among the unread ones.
            let reached = self.reached.unwrap_or(from).clamp(from, to);
            gap(reached, asked.to, GapReason::Failed(error.chain()));
        }
        Coverage {
            place: self.query.place,
            partition: None,
            window: Window { from, to },
            positions: self
                .numbers
                .map(|(first, last)| (first, last.saturating_add(1))),
            gaps,
        }
    }

    /// Runs one statement, tells what is news, and keeps what the next read must know.
    pub(crate) async fn page(
        &mut self,
        statement: Statement,
        bulk: bool,
        window: Window,
        news: News,
    ) -> Result<Brought, Stop> {
        let kinds = self.kinds();
        let doing = Doing::reading(&self.query.columns.table);
        let near = Ord::min(
            self.settled.upto.unwrap_or(Micros(i64::MIN)),
            self.settled_before.unwrap_or(Micros(i64::MAX)),
        );
        let mut page = Page::new(&self.plan, &self.query, window, self.begun.now, near);
        let mut brought = Brought {
            rows: 0,
            last: None,
            taken: Vec::new(),
            keys: Vec::new(),
            present: BTreeSet::new(),
            last_print: None,
        };
        let wanted = match (news, self.plan.order) {
            (News::All, _) => Wanted::All,
            (News::Untold, _) => Wanted::Untold(&self.told_before, &self.position.told),
            (News::Changed, Order::Number) => Wanted::ChangedNumber(&self.position.unsent),
            (News::Changed, Order::Time) => Wanted::ChangedKey(&self.position.unsent),
        };
        let rowid = self
            .shape
            .rowid
            .as_ref()
            .is_some_and(|rowid| !rowid.never_reused);
        let plan = &self.plan;
        let mut each = |cells: &[Cell<'_>]| {
            brought.taken.push(page.take(cells, wanted));
            if plan.order == Order::Time {
                page.remember(cells);
                if news == News::Changed {
                    brought.present.insert(key_text(plan, cells));
                }
            }
            if rowid {
                brought.last_print = Some(row_print(plan, cells));
            }
        };
        if bulk {
            self.link
                .select_bulk(&doing, statement, &kinds, &mut each)
                .await?;
        } else {
            self.link
                .select(&doing, statement, &kinds, &mut each)
                .await?;
        }
        brought.rows = page.rows();
        brought.last = page.last().cloned();
        self.progress.done += page.rows();
        self.progress.bytes += page.bytes();
        let batches = page.into_batches();
        if self.plan.order == Order::Time {
            for batch in &batches {
                let number = |idx: usize| batch.positions[idx].to_string();
                brought
                    .keys
                    .extend((0..batch.len()).map(|idx| match batch.keys.get(idx) {
                        "" => number(idx),
                        key => key.to_owned(),
                    }));
            }
        }
        self.keep(&brought);
        self.outlet.batches(batches).await?;
        if let Some(total) = &mut self.progress.total {
            *total = Ord::max(*total, self.progress.done);
        }
        self.outlet.progress(self.progress).await?;
        Ok(brought)
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
                _ => {}
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

    pub(crate) fn statements(&self) -> Statements<'_> {
        Statements {
            dialect: self.link.dialect(),
            shape: &self.shape,
            plan: &self.plan,
        }
    }

    /// A statement for [`Link::select_bulk`], where all of `values` can be written into it.
    pub(crate) fn bulk_statement(&self, values: &[&Value]) -> Option<Statement> {
        let possible =
            self.link.has_bulk() && values.iter().all(|value| Statement::can_inline(value));
        let at = self.plan.columns[self.plan.at].kind;
        let comparable = at.is_time() || matches!(at, Kind::Int(_) | Kind::Decimal | Kind::Real(_));
        (possible && comparable).then(|| Statement::inline(self.link.dialect()))
    }

    fn kinds(&self) -> Vec<Kind> {
        self.plan.columns.iter().map(|column| column.kind).collect()
    }
}

/// Tells whether the row with a number is still the one that had it: by key, id and time, which
/// do not change when a row is sent.
fn row_print(plan: &Plan, cells: &[Cell<'_>]) -> u64 {
    let mut marks = waybill_model::Marks::default();
    let text = |cell: &Cell<'_>, marks: &mut waybill_model::Marks| {
        cell.text(marks).unwrap_or_default().into_owned()
    };
    let mut name = text(&cells[plan.key], &mut marks);
    if let Some(id) = plan.id {
        name.push('\u{1f}');
        name.push_str(&text(&cells[id], &mut marks));
    }
    let at = match cells[plan.at].when() {
        crate::epoch::When::At { at, .. } => Some(at),
        _ => None,
    };
    fingerprint(
        &name,
        at,
        waybill_model::NO_VERSION,
        waybill_model::Marks::empty(),
    )
}
