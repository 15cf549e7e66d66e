//! This machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use waybill_model::Micros;

/// Now; a clock before 1970 counts as 1970.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
