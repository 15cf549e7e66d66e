//! What a time column holds, and the texts a window becomes in SQL.

use waybill_model::{Micros, Window, Zone};

/// What a time column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// A point in time, and the clock's step in microseconds as far as the value shows it.
    At { at: Micros, step: u32 },
    /// What a clock in an unknown zone shows, as if it were UTC.
    Local(Micros),
    /// NULL, or an empty text.
    Missing,
    /// A value that stands for "none": year 1, 1970, year 9999, infinity, a zero date.
    Sentinel,
    /// Something that is no time.
    Unreadable,
}

/// No system of today wrote an event before 1980 or will after 2100: what lies outside is a
/// default of some language or database, and stands for "none".
pub(crate) const PLAUSIBLE: Window = Window {
    from: Micros(315_532_800_000_000),
    to: Micros(4_102_444_800_000_000),
};

/// 2038-01-19 03:14:07, the last second of MySQL's `timestamp` and of 32 bits: never an event's.
pub(crate) const LAST_OF_32_BITS: i64 = 2_147_483_647;

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;

impl When {
    /// A point in time, unless it is one that stands for "none".
    pub(crate) fn at(at: Micros, step: u32) -> Self {
        if is_sentinel(at) {
            Self::Sentinel
        } else {
            Self::At { at, step }
        }
    }

    /// The same, of a clock in that zone; `None` where nobody knows in which.
    pub(crate) fn in_zone(self, zone: Option<Zone>) -> Self {
        match (self, zone) {
            (Self::At { at, step }, Some(zone)) => Self::At {
                at: zone.moment(at),
                step,
            },
            (Self::At { at, .. }, None) => Self::Local(at),
            (Self::Local(_) | Self::Missing | Self::Sentinel | Self::Unreadable, _) => self,
        }
    }
}

/// Whether a time stands for "none".
pub(crate) fn is_sentinel(at: Micros) -> bool {
    !PLAUSIBLE.contains(at) || at.0.div_euclid(SECOND) == LAST_OF_32_BITS
}

/// `2026-11-20 14:03:12.418123` in UTC, as every database reads it; `None` outside the years 1
/// to 9999.
pub(crate) fn civil(at: Micros) -> Option<String> {
    let text = at.to_string();
    let text = text.strip_suffix('Z')?;
    (text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(10) == Some(&b'T'))
        .then(|| text.replacen('T', " ", 1))
}

/// A date and a time of day as they stand on a calendar and a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    /// Microseconds since midnight.
    pub(crate) of_day: i64,
}

impl Civil {
    /// The instant at which a clock in UTC shows it; `None` where no calendar has the date.
    pub(crate) fn in_utc(self) -> Option<Micros> {
        let valid = (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in(self.year, self.month)).contains(&self.day)
            && (0..DAY + SECOND).contains(&self.of_day);
        valid.then(|| Micros(days_since_1970(self.year, self.month, self.day) * DAY + self.of_day))
    }
}

/// The time of day; `None` where no clock shows it. A leap second is one.
pub(crate) fn of_day(hour: i64, minute: i64, second: i64, micros: i64) -> Option<i64> {
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    valid.then(|| ((hour * 60 + minute) * 60 + second) * SECOND + micros)
}

/// Days from 1970-01-01 to a date, counted in years that begin in March, so that the leap day is
/// the last of its year.
pub(crate) fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + of_year - 719_468
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T14:03:12.418Z
    const AT: i64 = 1_795_183_392_418_000;

    #[test]
    fn civil_times_are_what_databases_read() {
        assert_eq!(
            civil(Micros(AT + 5)).as_deref(),
            Some("2026-11-20 14:03:12.418005")
        );
        assert_eq!(civil(Micros(i64::MIN)), None);
        assert_eq!(civil(Micros(i64::MAX)), None);
    }

    #[test]
    fn calendars_know_their_leap_days() {
        let at = |year, month, day| {
            let civil = Civil {
                year,
                month,
                day,
                of_day: 0,
            };
            civil.in_utc().map(|at| at.to_string()[..10].to_owned())
        };
        assert_eq!(at(2024, 2, 29).as_deref(), Some("2024-02-29"));
        assert_eq!(at(2026, 2, 29), None);
        assert_eq!(at(2026, 13, 1), None);
        assert_eq!(at(2026, 11, 30).as_deref(), Some("2026-11-30"));
    }

    #[test]
    fn defaults_of_languages_stand_for_none() {
        for (text, expected) in [
            ("0001-01-01T00:00:00Z", true),
            ("1899-12-30T00:00:00Z", true),
            ("1970-01-01T00:00:00Z", true),
            ("1970-01-01T14:00:00Z", true),
            ("2038-01-19T03:14:07.999Z", true),
            ("9999-12-29T23:59:59.999Z", true),
            ("2026-11-20T14:03:12.418Z", false),
            ("2038-01-19T03:14:08Z", false),
        ] {
            let at = Micros::parse(text).expect("it is a time");
            assert_eq!(is_sentinel(at), expected, "{text}");
        }
    }
}
