//! Which transactions may still add rows.

use sqlx::postgres::PgRow;
use sqlx::Row as _;
use waybill_model::Micros;

use crate::link::{Horizon, Oldest};

/// The clock, the snapshot's bounds, the oldest open transaction, and how many sessions hide
/// theirs from us. A transaction that has run for five minutes without writing anything is taken
/// for a reader, a backup for example; it would hold the horizon back for hours.
pub(crate) const HORIZON: &str = include_str!("../../sql/postgres_horizon.sql");

/// Takes the row of [`HORIZON`] apart.
pub(crate) fn horizon(row: &PgRow) -> Result<Horizon, sqlx::Error> {
    let oldest: Option<i64> = row.try_get(3)?;
    let hidden: i64 = row.try_get(4)?;
    Ok(Horizon {
        now: Micros(row.try_get(0)?),
        ended_below: Some(row.try_get(1)?),
        begun_below: Some(row.try_get(2)?),
        oldest: match (hidden, oldest) {
            (1.., _) => Oldest::Hidden,
            (_, Some(oldest)) => Oldest::Since(Micros(oldest)),
            (_, None) => Oldest::None,
        },
    })
}
