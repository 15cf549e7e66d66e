//! The rows that a read was not for: how many lie outside its window, and which of them wait.
//! Each by one bounded statement, at the beginning of the first read.

use waybill_model::{Accounts, Counted, Marks, Micros, Waiting, Window};
use waybill_source::Result;

use crate::cell::Cell;
use crate::dialect::Statement;
use crate::epoch::When;
use crate::link::Doing;
use crate::page::state;
use crate::scan::Scan;
use crate::shape::{Kind, Plan};

/// Rows are counted up to here.
const MOST: u64 = 10_000;

/// Above so many rows nothing is counted that no index finds: it would be a walk over all of them.
const MOST_TO_WALK: u64 = 5_000_000;

/// A clock may run ahead by so much; a row that was sent cannot be from later.
const AHEAD_MICROS: i64 = 3_600_000_000;

/// What lies on one side of the window.
#[derive(Debug, Default)]
struct Side {
    rows: u64,
    /// Rows that say sent and lie in the future.
    sent_in_future: u64,
    unsent: u64,
    last: Option<Micros>,
    oldest_unsent: Option<Micros>,
}

impl Scan {
    /// Counts what lies outside the window; what cannot be counted says so.
    pub(crate) async fn account(&mut self) {
        if self.plan.at.is_none() {
            // Whatever the window, each row is read.
            self.accounts.before = Counted::Exactly(0);
            self.accounts.after = Counted::Exactly(0);
            return;
        }
        let asked = self.query.window;
        let before = Window {
            from: Micros(i64::MIN),
            to: asked.from,
        };
        let after = Window {
            from: asked.to,
            to: Micros(i64::MAX),
        };
        let tells = self.plan.has_state();
        // What cannot be counted once takes as long the next time.
        let older = self.side(before, false).await;
        let later = match &older {
            Some(_) => self.side(after, false).await,
            None => None,
        };
        self.accounts.before = counted(older.as_ref(), |side| side.rows);
        self.accounts.last_before = older.as_ref().and_then(|side| self.last(side));
        self.accounts.after = counted(later.as_ref(), |side| side.rows);
        self.accounts.sent_after = later.as_ref().map_or(0, |side| side.sent_in_future);
        self.position.moved = self.accounts.sent_after;
        if tells {
            let able = older.is_some() && later.is_some();
            let older = match able {
                true => self.side(before, true).await,
                false => None,
            };
            self.accounts.unsent_before = Some(waiting(older.as_ref()));
            let later = match &older {
                Some(_) => self.side(after, true).await,
                None => None,
            };
            self.accounts.unsent_after = Some(waiting(later.as_ref()));
        }
    }

    /// The youngest row of a side: of all of them, or of those that an index put first.
    fn last(&self, side: &Side) -> Option<Micros> {
        side.last
            .filter(|_| side.rows <= MOST || self.plan.at_indexed)
    }

    /// Looks at one side of the window, at no more than [`MOST`] rows and one; `None` where that is
    /// too much to ask, or failed.
    async fn side(&self, window: Window, unsent: bool) -> Option<Side> {
        let large = self.shape.estimated_rows > Some(MOST_TO_WALK);
        if window.from >= window.to || large && (unsent || !self.plan.at_indexed) {
            return (window.from >= window.to).then(Side::default);
        }
        match self.look_at(window, unsent).await {
            Ok(side) => Some(side),
            Err(error) => {
                tracing::debug!(error = %error.chain(), "Could not count rows outside the window");
                None
            }
        }
    }

    async fn look_at(&self, window: Window, unsent: bool) -> Result<Side> {
        let statement = Statement::new(self.link.dialect());
        let rows = MOST + 1;
        let statement = self
            .statements()
            .outside_the_window(statement, window, unsent, rows);
        let mut side = Side::default();
        let plan = &self.plan;
        let asked = self.query.window;
        let future = self.begun.now.plus(AHEAD_MICROS);
        let mut each = |cells: &[Cell<'_>]| side.take(plan, cells, (window, asked), future);
        let doing = Doing::reading(&self.query.columns.table);
        let kinds: Vec<Kind> = plan.unbodied().map(|column| column.kind).collect();
        self.link
            .select(&doing, statement, &kinds, &mut each)
            .await?;
        Ok(side)
    }
}

impl Side {
    fn take(
        &mut self,
        plan: &Plan,
        cells: &[Cell<'_>],
        (window, asked): (Window, Window),
        future: Micros,
    ) {
        let at = match plan.when(cells) {
            When::At { at, .. } if window.contains(at) => at,
            // What lies on this side in some zone and in the window in another was read.
            When::Local(at) if window.contains(at) && !plan.forms.may_be_in(asked, at) => at,
            When::At { .. }
            | When::Local(_)
            | When::Missing
            | When::Sentinel
            | When::Unreadable => return,
        };
        self.rows += 1;
        self.last = Ord::max(self.last, Some(at));
        let state = state(plan, cells);
        if state.contains(Marks::SENT) {
            self.sent_in_future += u64::from(at > future);
        } else if !state.contains(Marks::FAILED) {
            self.unsent += 1;
            self.oldest_unsent = Some(self.oldest_unsent.map_or(at, |oldest| oldest.min(at)));
        }
    }
}

fn counted(side: Option<&Side>, of: impl Fn(&Side) -> u64) -> Counted {
    match side {
        None => Counted::NotCounted,
        Some(side) if of(side) > MOST => Counted::MoreThan(MOST),
        Some(side) => Counted::Exactly(of(side)),
    }
}

fn waiting(side: Option<&Side>) -> Waiting {
    Waiting {
        rows: counted(side, |side| side.unsent),
        since: side.and_then(|side| side.oldest_unsent),
    }
}

/// Rows that the reader itself found outside the window, because the database cannot compare their
/// times.
pub(crate) fn add_found(accounts: &mut Accounts, before: u64, after: u64) {
    let add = |counted: Counted, rows: u64| match counted {
        Counted::Exactly(so_far) => Counted::Exactly(so_far + rows),
        Counted::MoreThan(so_far) => Counted::MoreThan(so_far),
        Counted::NotCounted => Counted::NotCounted,
    };
    accounts.before = add(accounts.before, before);
    accounts.after = add(accounts.after, after);
}
