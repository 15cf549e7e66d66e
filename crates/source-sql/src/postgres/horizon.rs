//! Which transactions may still add rows.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use waybill_model::Micros;

use crate::link::{Horizon, Oldest};

/// The clock, the snapshot's bounds, the oldest open transaction, and whether others are hidden.
///
/// A transaction that has run for five minutes without writing anything is taken for a reader, a
/// backup for example; it would hold the horizon back for hours. Transactions are hidden by a
/// missing right, by two-phase commit, and on a standby, whose clock is the last commit it replayed.
pub(crate) const HORIZON: &str = include_str!("../../sql/postgres_horizon.sql");

/// Takes the row of [`HORIZON`] apart.
pub(crate) fn horizon(row: &PgRow) -> Result<Horizon, sqlx::Error> {
    let now: Option<i64> = row.try_get(0)?;
    let oldest: Option<i64> = row.try_get(3)?;
    Ok(Horizon {
        // A standby that has replayed nothing has nothing settled.
        now: Micros(now.unwrap_or(0)),
        ended_below: Some(row.try_get(1)?),
        begun_below: Some(row.try_get(2)?),
        oldest: match (row.try_get(4)?, oldest) {
            (true, _) => Oldest::Hidden,
            (false, Some(oldest)) => Oldest::Since(Micros(oldest)),
            (false, None) => Oldest::None,
        },
    })
}
