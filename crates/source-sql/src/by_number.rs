//! Reading a table whose rows are numbered: in strides of numbers, then what came late.

use waybill_model::{Micros, Window};
use waybill_source::Result;

use crate::bring::News;
use crate::dialect::Statement;
use crate::outlet::Stop;
use crate::scan::Scan;

/// Rows per statement on the quick way. A stride is read to its end before it is handed on, so
/// that a slow reader keeps no statement open; this many rows are some twenty megabytes.
const BULK_ROWS: u32 = 100_000;

/// The same where bodies come along, so that a statement of large ones ends in time.
const BULK_ROWS_WITH_BODIES: u32 = 10_000;

/// How far rows may lie from where their time says, when an index on the time finds the first
/// and last number of a window.
const DISORDER_MICROS: i64 = 600_000_000;

/// How many of the newest numbers are read again near the horizon: as many as are remembered as
/// told, so that an hour-long transaction does not make every read tell an hour again.
const NEWEST: i64 = 20_000;

/// How many ranges of numbers go into one statement.
const RANGES: usize = 100;

/// How many rows without a number are looked at.
pub(crate) const MAX_ODD_ROWS: u32 = 100_000;

/// Where the strides of a read end.
#[derive(Debug, Clone, Copy)]
enum Strides {
    /// Numbers are dense: so many of them hold a stride's rows, up to the table's largest.
    Dense {
        span: i64,
        smallest: i64,
        largest: i64,
    },
    /// Each end is looked up in the index.
    LookedUp,
}

impl Scan {
    /// The first read.
    pub(crate) async fn all_by_number(&mut self) -> Result<(), Stop> {
        let (after, up_to) = self.bounds().await?;
        if after.is_some() || up_to.is_some() {
            // The estimate is of the whole table.
            self.progress.total = None;
        }
        self.strides(after, up_to, News::All).await?;
        self.odd_rows(News::All).await
    }

    /// What is new since the last read.
    pub(crate) async fn more_by_number(&mut self) -> Result<(), Stop> {
        if self.numbers_were_given_again().await? {
            self.position.last = None;
            self.position.unsent = crate::unsent::Unsent::default();
            return self.all_by_number().await;
        }
        self.gaps().await?;
        self.near_the_horizon().await?;
        match self.position.last {
            Some(last) => self.strides(Some(last), None, News::All).await?,
            None => self.all_by_number().await?,
        }
        self.changed_numbers().await?;
        self.odd_rows(News::Untold).await
    }

    async fn strides(
        &mut self,
        mut after: Option<i64>,
        up_to: Option<i64>,
        news: News,
    ) -> Result<(), Stop> {
        let window = self.query.window;
        let strides = self.plan_strides(after).await?;
        let mut last = self.position.last;
        loop {
            let end = self.stride_end(strides, after).await?;
            let done = end.is_none() || up_to.is_some_and(|up_to| end >= Some(up_to));
            let end = if done { up_to } else { end };
            let horizon = self.link.horizon().await?;
            let (statement, bulk) = match self.bulk_statement(&[]) {
                Some(statement) => (statement, true),
                None => (Statement::new(self.link.dialect()), false),
            };
            let statement = self.statements().by_number(statement, after, end, window);
            let brought = self.page(statement, bulk, window, news).await?;
            self.watch(last, horizon, &brought.taken);
            let largest = brought.taken.iter().filter_map(|row| row.number).max();
            if largest > last {
                last = largest;
                self.position.last = last;
                self.position.last_print = brought.last_print;
            }
            if done {
                break;
            }
            // Rows outside the window were walked over as well.
            let walked = u64::from(self.stride_rows());
            self.progress.done += walked.saturating_sub(brought.rows);
            after = end;
        }
        // What was missing behind us may be there by now, and most of it can be closed.
        self.gaps().await
    }

    async fn plan_strides(&self, after: Option<i64>) -> Result<Strides> {
        let Some(estimated) = self.shape.estimated_rows.filter(|rows| *rows > 0) else {
            return Ok(Strides::LookedUp);
        };
        if after.is_some() && self.query.after.is_some() {
            return Ok(Strides::LookedUp);
        }
        let ends = self
            .numbers(self.statements().ends())
            .await?
            .unwrap_or_default();
        let (Some(smallest), Some(largest)) = (
            ends.first().copied().flatten(),
            ends.get(1).copied().flatten(),
        ) else {
            return Ok(Strides::LookedUp);
        };
        let per_row = i128::from(largest) - i128::from(smallest);
        let per_row = per_row / i128::from(estimated) + 1;
        Ok(if per_row <= 2 {
            Strides::Dense {
                span: i64::from(self.stride_rows()) * i64::try_from(per_row).unwrap_or(1),
                smallest,
                largest,
            }
        } else {
            Strides::LookedUp
        })
    }

    async fn stride_end(&self, strides: Strides, after: Option<i64>) -> Result<Option<i64>> {
        match strides {
            Strides::Dense {
                span,
                smallest,
                largest,
            } => {
                let end = after.unwrap_or(smallest).saturating_add(span);
                Ok((end < largest).then_some(end))
            }
            Strides::LookedUp => {
                let statement = self.statements().number_after(after, self.stride_rows());
                let row = self.numbers(statement).await?;
                Ok(row.and_then(|row| row.first().copied().flatten()))
            }
        }
    }

    fn stride_rows(&self) -> u32 {
        if self.link.has_bulk() {
            let rows = match self.plan.body {
                Some(_) => BULK_ROWS_WITH_BODIES,
                None => BULK_ROWS,
            };
            Ord::max(self.query.page_rows, rows)
        } else {
            Ord::max(self.query.page_rows, 1)
        }
    }

    /// The numbers between which the window's rows lie, where an index on the time finds them.
    async fn bounds(&self) -> Result<(Option<i64>, Option<i64>)> {
        let is_time = self.plan.at_column().is_some_and(|at| at.kind.is_time());
        if !self.plan.at_indexed || !is_time {
            return Ok((None, None));
        }
        let around = Window {
            from: self.query.window.from.plus(-DISORDER_MICROS),
            to: self.query.window.to.plus(DISORDER_MICROS),
        };
        let before = Window {
            from: Micros(i64::MIN),
            to: around.from,
        };
        let behind = Window {
            from: around.to,
            to: Micros(i64::MAX),
        };
        let any_before = self
            .numbers(self.statements().any_in(before))
            .await?
            .is_some();
        let any_behind = around.to < self.begun.now
            && self
                .numbers(self.statements().any_in(behind))
                .await?
                .is_some();
        if !(any_before || any_behind) || self.any_without_time().await? {
            return Ok((None, None));
        }
        let ends = self
            .numbers(self.statements().ends_in(around))
            .await?
            .unwrap_or_default();
        let end = |idx: usize| ends.get(idx).copied().flatten();
        Ok((
            end(0)
                .filter(|_| any_before)
                .map(|first| first.saturating_sub(1)),
            end(1).filter(|_| any_behind),
        ))
    }

    /// Whether there is a row that belongs to every window, wherever its number is, because its
    /// time is none.
    async fn any_without_time(&self) -> Result<bool> {
        let found = self.numbers(self.statements().any_unreadable()).await?;
        Ok(found.is_some())
    }

    /// Looks into the gaps again, and closes those nobody can fill any more.
    async fn gaps(&mut self) -> Result<(), Stop> {
        let open = self.position.ledger.open();
        if open.is_empty() {
            return Ok(());
        }
        let horizon = self.link.horizon().await?;
        let window = self.query.window;
        for ranges in open.chunks(RANGES) {
            let statement = Statement::new(self.link.dialect());
            let statement = self.statements().in_ranges(statement, ranges, window);
            // A merged gap holds rows that were told; only those near the horizon are known.
            let brought = self.page(statement, false, window, News::Untold).await?;
            for row in brought.taken.iter().filter_map(|row| row.number) {
                self.position.ledger.fill(row);
            }
        }
        self.position.ledger.close(&horizon);
        Ok(())
    }

    /// Reads the rows behind the settled horizon again: numbers may be handed out in blocks, so
    /// that a smaller one comes much later than a larger one.
    async fn near_the_horizon(&mut self) -> Result<(), Stop> {
        let (Some(settled), Some(last)) = (self.settled_before, self.position.last) else {
            return Ok(());
        };
        if self.link.capabilities().exact_horizon && self.shape.rowid.is_some() {
            return Ok(());
        }
        let window = Window {
            from: Ord::max(settled, self.query.window.from),
            to: self.query.window.to,
        };
        let after = last.saturating_sub(NEWEST);
        let statement = Statement::new(self.link.dialect());
        let statement = self
            .statements()
            .by_number(statement, Some(after), Some(last), window);
        self.page(statement, false, window, News::Untold).await?;
        Ok(())
    }

    /// Asks what became of the rows that were not sent.
    async fn changed_numbers(&mut self) -> Result<(), Stop> {
        if !self.plan.has_state() {
            return Ok(());
        }
        let window = self.query.window;
        for ranges in self.position.unsent.runs().chunks(RANGES) {
            let statement = Statement::new(self.link.dialect());
            let statement = self.statements().changed_in(statement, ranges);
            self.page(statement, false, window, News::Changed).await?;
        }
        Ok(())
    }

    /// Rows without a number.
    async fn odd_rows(&mut self, news: News) -> Result<(), Stop> {
        let number = &self.plan.columns[self.plan.number];
        if !number.info.nullable {
            return Ok(());
        }
        let window = self.query.window;
        let statement = Statement::new(self.link.dialect());
        let statement = self
            .statements()
            .without_number(statement, window, MAX_ODD_ROWS);
        let brought = self.page(statement, false, window, news).await?;
        self.capped |= brought.rows >= u64::from(MAX_ODD_ROWS);
        Ok(())
    }

    /// SQLite gives the numbers of deleted rows to new ones, unless the table says otherwise.
    async fn numbers_were_given_again(&self) -> Result<bool> {
        let (Some(rowid), Some(last)) = (&self.shape.rowid, self.position.last) else {
            return Ok(false);
        };
        if rowid.never_reused {
            return Ok(false);
        }
        let everything = Window {
            from: Micros(i64::MIN),
            to: Micros(i64::MAX),
        };
        let statement = Statement::new(self.link.dialect());
        let before = last.saturating_sub(1);
        let statement =
            self.statements()
                .by_number(statement, Some(before), Some(last), everything);
        let found = self.print_of(statement).await?;
        Ok(found != self.position.last_print)
    }
}
