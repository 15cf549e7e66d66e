//! Which transactions may still add rows.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;
use waybill_model::Micros;

use crate::link::{Horizon, Oldest};

/// The clock, and how many microseconds ago the oldest open transaction began. `trx_started` is in
/// the server's own zone and whole seconds. A transaction that has run for five minutes without
/// writing anything is taken for a reader.
pub(crate) const HORIZON: &str = include_str!("../../sql/mysql_horizon.sql");

/// The clock alone, for users who may not see transactions.
pub(crate) const CLOCK: &str =
    "SELECT CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS SIGNED)";

/// Takes the row of [`HORIZON`] apart.
pub(crate) fn horizon(row: &MySqlRow) -> Result<Horizon, sqlx::Error> {
    let now = Micros(row.try_get(0)?);
    let age: Option<i64> = row.try_get(1)?;
    Ok(Horizon {
        now,
        ended_below: None,
        begun_below: None,
        oldest: age.map_or(Oldest::None, |age| Oldest::Since(now.plus(-age.max(0)))),
    })
}

/// What is known without the right to see transactions.
pub(crate) fn blind(row: &MySqlRow) -> Result<Horizon, sqlx::Error> {
    Ok(Horizon {
        now: Micros(row.try_get(0)?),
        ended_below: None,
        begun_below: None,
        oldest: Oldest::Hidden,
    })
}
