//! The one place that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use waybill_model::Micros;

/// Now, by this machine's clock.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 is a broken machine; 0 keeps the arithmetic defined.
    Micros(since.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX)))
}
