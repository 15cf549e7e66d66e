//! What time it is, and how the tables write it.

use std::time::{SystemTime, UNIX_EPOCH};

use waybill_model::Micros;

/// This machine's time.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// `2026-11-20T14:03:12.418123Z`: always six digits, so that texts sort as times do.
pub(crate) fn iso(at: Micros) -> String {
    zoned(at, "T", "Z")
}

/// `2026-11-20 14:03:12.418123`, as MySQL reads a DATETIME(6).
pub(crate) fn plain(at: Micros) -> String {
    zoned(at, " ", "")
}

fn zoned(at: Micros, between: &str, after: &str) -> String {
    // Beyond the years 1 to 9999 there is no calendar; the world never goes there.
    let time = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let civil = jiff::tz::TimeZone::UTC.to_datetime(time);
    format!(
        "{:04}-{:02}-{:02}{between}{:02}:{:02}:{:02}.{:06}{after}",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second(),
        civil.subsec_nanosecond() / 1000,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_six_digits() {
        let at = Micros::parse("2026-11-20T14:03:12.418Z").expect("it is a time");
        assert_eq!(iso(at), "2026-11-20T14:03:12.418000Z");
        assert_eq!(plain(at), "2026-11-20 14:03:12.418000");
    }
}
