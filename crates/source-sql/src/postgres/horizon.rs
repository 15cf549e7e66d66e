//! Which transactions may still add rows.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use waybill_model::Micros;

use crate::link::{Horizon, Oldest};
use crate::postgres::hidden::Hidden;

/// The clock, the snapshot's bounds, the oldest open transaction, whether others are hidden for
/// certain, and the names of those of which we are shown no more.
///
/// A transaction that has run for five minutes without writing anything is taken for a reader, a
/// backup for example; it would hold the horizon back for hours. Transactions are hidden by a
/// missing right, by two-phase commit, and on a standby, whose clock is the last commit it replayed.
pub(crate) const HORIZON: &str = include_str!("../../sql/postgres_horizon.sql");

/// Takes the row of [`HORIZON`] apart.
pub(crate) fn horizon(row: &PgRow, hidden: &mut Hidden) -> Result<Horizon, sqlx::Error> {
    let now: Option<i64> = row.try_get(0)?;
    let oldest: Option<i64> = row.try_get(3)?;
    let open: Option<String> = row.try_get(5)?;
    let unseen = hidden.look(Micros(now.unwrap_or(0)), open.as_deref().unwrap_or(""));
    Ok(Horizon {
        // A standby that has replayed nothing has nothing settled.
        now: Micros(now.unwrap_or(0)),
        ended_below: Some(row.try_get(1)?),
        begun_below: Some(row.try_get(2)?),
        oldest: match (row.try_get(4)?, unseen, oldest) {
            (true, ..) | (false, Oldest::Hidden, _) => Oldest::Hidden,
            (false, Oldest::Since(unseen), Some(oldest)) => {
                Oldest::Since(Micros(oldest.min(unseen.0)))
            }
            (false, Oldest::Since(unseen), None) => Oldest::Since(unseen),
            (false, Oldest::None, Some(oldest)) => Oldest::Since(Micros(oldest)),
            (false, Oldest::None, None) => Oldest::None,
        },
    })
}
