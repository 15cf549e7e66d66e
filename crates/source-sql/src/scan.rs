//! One read of one table, from its first statement to its coverage.

use std::sync::Arc;

use waybill_model::{Accounts, Coverage, Gap, GapReason, Micros, Progress, Window};
use waybill_source::{Error, Result, RowQuery, Zoning};

use crate::cursor::Position;
use crate::dialect::{Statement, Value};
use crate::fingerprint::Told;
use crate::forms::{self, Forms};
use crate::link::{Horizon, Link, Oldest};
use crate::outlet::{Outlet, Stop};
use crate::settle::Settled;
use crate::shape::{Kind, Order, Plan, Shape};
use crate::shown::{Replica, Shown};
use crate::statements::Statements;

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
    /// What of the table we are not shown.
    pub(crate) shown: Shown,
    /// How far this read will be complete.
    pub(crate) settled: Settled,
    pub(crate) outlet: Outlet,
    pub(crate) progress: Progress,
    /// Smallest and largest number seen in this read.
    pub(crate) numbers: Option<(i64, i64)>,
    /// In time order: everything before this was read.
    pub(crate) reached: Option<Micros>,
    /// Rows were left unread because there were too many.
    pub(crate) capped: bool,
    /// What became of the rows that were not asked for.
    pub(crate) accounts: Accounts,
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
        let mut plan = Plan::new(&shape, &query.columns, link.dialect())?;
        let mut position = match &query.after {
            Some(cursor) => Position::from_cursor(cursor, &table)?,
            None => Position::start(&table, query.window.from),
        };
        let shown = link.shown(&shape).await?;
        let begun = as_of_replica(link.horizon().await?, shown.replica.as_ref());
        plan.forms = match position.forms {
            Some(forms) => forms,
            None => match plan.at_column() {
                Some(at) => forms::look(&*link, &shape, at, crate::here::now()).await?,
                None => Forms::default(),
            },
        };
        plan.forms.zone = plan.at.and_then(|at| plan.zone_of(at));
        let mut settled = position.moments.settled(&begun);
        if matches!(&shown.replica, Some(Replica { applied: None, .. })) {
            settled.upto = None;
        }
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
            shown,
            settled,
            outlet,
            numbers: None,
            reached: None,
            capped: false,
            accounts: Accounts::default(),
        })
    }

    async fn go(&mut self) -> Result<(), Stop> {
        if self.query.after.is_none() {
            self.account().await;
        }
        match (self.plan.order, self.query.after.is_some()) {
            (Order::Number, false) => self.all_by_number().await,
            (Order::Number, true) => self.more_by_number().await,
            (Order::Time, resumed) => self.by_time(resumed).await,
            (Order::Key, resumed) => self.by_key(resumed).await,
        }
    }

    async fn finish(mut self) -> Result<(), Stop> {
        if self.settled_before.is_none() {
            // There was no horizon behind which rows were read again.
            self.position.told.add_all(&self.told_before);
        }
        self.position.settled = Ord::max(self.settled.upto, self.position.settled);
        if self.progress.done > 0 {
            self.position.forms = Some(self.plan.forms);
        }
        self.outlet.progress(self.progress).await?;
        self.accounts.times_are = self.plan.forms.said().map(str::to_owned);
        self.accounts.timeless = self.plan.at.is_none();
        self.outlet.accounted(self.accounts.clone()).await?;
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
        if let Some(replica) = &self.shown.replica {
            let how = replica.how.clone();
            gap(to, asked.to, GapReason::ReplicaBehind(how));
        } else if self.settled.held_back {
            gap(
                to,
                Ord::min(asked.to, self.begun.now),
                GapReason::OpenTransactions,
            );
        }
        if self.settled.hidden_micros > 0 {
            let young = self.begun.now.plus(-self.settled.hidden_micros);
            gap(Ord::max(from, young), to, self.hidden_transactions());
        }
        if let Some(why) = &self.shown.hidden_rows {
            gap(from, asked.to, GapReason::RowsHidden(why.clone()));
        }
        if self.capped {
            gap(from, asked.to, GapReason::Cap);
        }
        if let Zoning::Unknown(why) = &self.query.columns.zone
            && self.plan.at.is_some()
            && self.plan.forms.zone.is_none()
        {
            gap(from, asked.to, GapReason::ZoneUnknown(why.clone()));
        }
        if self.position.moved > 0 {
            gap(from, asked.to, GapReason::NoTimes(self.moved_times()));
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

    fn hidden_transactions(&self) -> GapReason {
        match &self.shown.replica {
            Some(replica) => GapReason::ReplicaBehind(replica.how.clone()),
            None => GapReason::TransactionsHidden(self.link.shows_transactions().to_owned()),
        }
    }

    /// A row that says sent cannot have been written in the future: a time that is moved on when a
    /// row is sent places it where nobody looks for it.
    fn moved_times(&self) -> String {
        format!(
            "{} rows that say sent lie in the future: '{}' is not when they were written",
            self.position.moved,
            self.query.columns.at.as_deref().unwrap_or_default()
        )
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
        let comparable = self.plan.at_column().is_none_or(|at| {
            at.kind.is_time() || matches!(at.kind, Kind::Int(_) | Kind::Decimal | Kind::Real(_))
        });
        (possible && comparable).then(|| Statement::inline(self.link.dialect()))
    }
}

/// A replica shows the other server as it was when it had applied what it has: transactions that
/// are open there are nowhere to be seen.
fn as_of_replica(horizon: Horizon, replica: Option<&Replica>) -> Horizon {
    match replica.and_then(|replica| replica.applied) {
        Some(applied) => Horizon {
            now: Ord::min(horizon.now, applied),
            oldest: Oldest::Hidden,
            ..horizon
        },
        None => horizon,
    }
}
