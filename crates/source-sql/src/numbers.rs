//! Times that are numbers, and the ranges of numbers a window becomes in SQL.
//!
//! A number does not say what it counts. The units since an epoch do not overlap in any year in
//! which events are written; what does overlap with them (digits of a calendar, days) is told by
//! the column as a whole, see [`crate::forms`].

use waybill_model::{Micros, Window};

use crate::dialect::Value;
use crate::epoch::{Civil, DAY, LAST_OF_32_BITS, PLAUSIBLE, SECOND, When, civil, of_day};

/// What the numbers of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Numbers {
    /// A unit of time since an epoch, told by the number's size.
    #[default]
    Units,
    /// The digits of a calendar: 20261128111238.
    Digits,
    /// Days since noon of the first day of 4714 BC, as SQLite's `julianday()` has them.
    JulianDays,
    /// Days since 1899-12-30, as spreadsheets and OLE automation have them.
    OleDays,
}

/// A unit of time since an epoch, recognised by the size of the number.
struct Unit {
    /// Numbers from here …
    from: i64,
    /// … to below here are in this unit.
    to: i64,
    /// Microseconds per unit, as a fraction.
    micros: (i64, i64),
    /// What the number says at 1970.
    at_1970: i64,
    /// The clock's step in microseconds.
    step: u32,
}

/// Seconds, milliseconds, tenths of milliseconds (enqueue, Ecotone), microseconds, 100 ns since
/// 1601 (Windows) and since the year 1 (.NET), nanoseconds.
const UNITS: [Unit; 7] = [
    unit(0, 100_000_000_000, (1_000_000, 1), 0, 1_000_000),
    unit(100_000_000_000, 10_000_000_000_000, (1000, 1), 0, 1000),
    unit(10_000_000_000_000, 100_000_000_000_000, (100, 1), 0, 100),
    unit(100_000_000_000_000, 100_000_000_000_000_000, (1, 1), 0, 1),
    unit(
        100_000_000_000_000_000,
        300_000_000_000_000_000,
        (1, 10),
        116_444_736_000_000_000,
        1,
    ),
    unit(
        300_000_000_000_000_000,
        1_000_000_000_000_000_000,
        (1, 10),
        621_355_968_000_000_000,
        1,
    ),
    unit(1_000_000_000_000_000_000, i64::MAX, (1, 1000), 0, 1),
];

/// Lengths of calendar digits (to the day, minute, second, millisecond), and the step in
/// microseconds.
const DIGITS: [(u32, u32); 4] = [(8, 1_000_000), (12, 1_000_000), (14, 1_000_000), (17, 1000)];

/// Julian days at 1970, and days since 1899-12-30 then.
const JULIAN_1970: f64 = 2_440_587.5;
const OLE_1970: f64 = 25_569.0;

/// .NET's `DateTime.MaxValue` in ticks.
const DOTNET_MAX: i64 = 3_155_378_975_999_999_999;

/// Zones: a default may have been moved to UTC from anywhere.
const ZONES: i64 = 15 * 3600;

const fn unit(from: i64, to: i64, micros: (i64, i64), at_1970: i64, step: u32) -> Unit {
    Unit {
        from,
        to,
        micros,
        at_1970,
        step,
    }
}

impl Numbers {
    /// All of them, the commonest first.
    pub(crate) const ALL: [Self; 4] = [Self::Units, Self::Digits, Self::JulianDays, Self::OleDays];

    /// Reads a whole number.
    pub(crate) fn whole(self, number: i64) -> When {
        let read = match self {
            Self::Units => since_an_epoch(number),
            Self::Digits => calendar_digits(number),
            Self::JulianDays | Self::OleDays => self.days(number as f64),
        };
        checked(read, is_default(number))
    }

    /// Reads a number with a fraction: seconds, days, or one of the larger units without its
    /// fraction.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the branches keep it inside i64; a float's own precision is what is lost"
    )]
    pub(crate) fn real(self, number: f64) -> When {
        if !(-9.0e18..9.0e18).contains(&number) {
            return When::Unreadable;
        }
        let read = match self {
            Self::JulianDays | Self::OleDays => self.days(number),
            Self::Units if (0.0..1.0e11).contains(&number) => {
                Some((Micros((number * 1.0e6) as i64), 1))
            }
            Self::Units => since_an_epoch(number as i64),
            Self::Digits => calendar_digits(number as i64),
        };
        checked(read, is_default(number as i64) || is_default_day(number))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast to integers saturates, and what is far off is implausible"
    )]
    fn days(self, number: f64) -> Option<(Micros, u32)> {
        let at_1970 = match self {
            Self::JulianDays => JULIAN_1970,
            Self::OleDays => OLE_1970,
            Self::Units | Self::Digits => return None,
        };
        // A float has some 40 µs left of a julian day.
        let millis = ((number - at_1970) * 86_400_000.0).round() as i64;
        Some((Micros::from_millis(millis), 1000))
    }

    /// The ranges of numbers that lie in a window, `from` included, `to` excluded, in rising order;
    /// none where the window has no plausible time.
    pub(crate) fn ranges(self, window: Window) -> Vec<(Value, Value)> {
        let window = Window {
            from: Ord::max(window.from, PLAUSIBLE.from),
            to: Ord::min(window.to, PLAUSIBLE.to),
        };
        if window.from >= window.to {
            return Vec::new();
        }
        let ints = |ranges: Vec<(i64, i64)>| {
            let as_values = |(from, to)| (Value::Int(from), Value::Int(to));
            ranges.into_iter().map(as_values).collect()
        };
        match self {
            Self::Units => ints(unit_ranges(window)),
            Self::Digits => ints(digit_ranges(window)),
            Self::JulianDays => vec![day_range(window, JULIAN_1970)],
            Self::OleDays => vec![day_range(window, OLE_1970)],
        }
    }
}

/// What was read, as far as it is plausible.
fn checked(read: Option<(Micros, u32)>, default: bool) -> When {
    match read {
        _ if default => When::Sentinel,
        Some((at, step)) if PLAUSIBLE.contains(at) => When::at(at, step),
        Some(_) | None => When::Unreadable,
    }
}

fn since_an_epoch(number: i64) -> Option<(Micros, u32)> {
    let unit = UNITS.iter().find(|u| u.from <= number && number < u.to)?;
    let (times, over) = unit.micros;
    // Widened: seconds up to 10^11 times 10^6 still fit, but only just.
    let micros = i128::from(number - unit.at_1970) * i128::from(times) / i128::from(over);
    Some((Micros(i64::try_from(micros).ok()?), unit.step))
}

fn calendar_digits(number: i64) -> Option<(Micros, u32)> {
    let text = number.to_string();
    let &(_, step) = DIGITS.iter().find(|(len, _)| *len as usize == text.len())?;
    let part = |from: usize, len: usize| -> i64 {
        let part = text.get(from..from + len);
        part.and_then(|part| part.parse().ok()).unwrap_or(0)
    };
    let civil = Civil {
        year: part(0, 4),
        month: part(4, 2),
        day: part(6, 2),
        of_day: of_day(part(8, 2), part(10, 2), part(12, 2), part(14, 3) * 1000)?,
    };
    Some((civil.in_utc()?, step))
}

/// Whether a number is what languages and databases write for "none".
pub(crate) fn is_default(number: i64) -> bool {
    const YEAR_9999: i64 = 253_402_300_799;
    let near = |at: i64, per_second: i64| {
        (number.saturating_sub(at)).unsigned_abs() <= (ZONES * per_second).unsigned_abs()
    };
    number <= 0
        || number == i64::MAX
        || number == LAST_OF_32_BITS
        || number == LAST_OF_32_BITS * 1000
        || number == i64::from(u32::MAX)
        || number == DOTNET_MAX
        || number == DOTNET_MAX + 1
        || near(YEAR_9999, 1)
        || near(YEAR_9999 * 1000 + 999, 1000)
        || near(YEAR_9999 * SECOND + 999_999, SECOND)
        || [99_991_231, 99_991_231_235_959, 99_991_231_235_959_999].contains(&number)
        || [10_101, 10_101_000_000, 19_700_101, 19_700_101_000_000].contains(&number)
}

/// Whether a number of days stands for the year 1, 1970 or 9999.
pub(crate) fn is_default_day(number: f64) -> bool {
    const DAYS: [f64; 3] = [1_721_425.5, JULIAN_1970, 5_373_484.5];
    DAYS.iter().any(|day| (number - day).abs() <= 1.0)
}

fn unit_ranges(window: Window) -> Vec<(i64, i64)> {
    let ranges = UNITS.iter().filter_map(|unit| {
        let (times, over) = unit.micros;
        let number = |at: Micros| {
            let exact = i128::from(at.0) * i128::from(over);
            let times = i128::from(times);
            // Rounded up: the first number that is not before the instant.
            let number = exact.div_euclid(times)
                + i128::from(exact.rem_euclid(times) != 0)
                + i128::from(unit.at_1970);
            i64::try_from(number.clamp(i128::from(unit.from), i128::from(unit.to)))
                .unwrap_or(unit.to)
        };
        let (from, to) = (number(window.from), number(window.to));
        (from < to).then_some((from, to))
    });
    ranges.collect()
}

fn digit_ranges(window: Window) -> Vec<(i64, i64)> {
    let number = |at: Micros, len: usize| -> Option<i64> {
        // To the millisecond at least, so that there are 17 digits.
        let text = civil(at)?;
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.get(..len)?.parse().ok()
    };
    let ranges = DIGITS.iter().filter_map(|&(len, _)| {
        // One more at the end: digits are cut, not rounded.
        let to = number(window.to, len as usize)?.saturating_add(1);
        Some((number(window.from, len as usize)?, to))
    });
    ranges.collect()
}

fn day_range(window: Window, at_1970: f64) -> (Value, Value) {
    // A millisecond to each side for what a float loses.
    let days = |at: Micros| at.0 as f64 / DAY as f64 + at_1970;
    (
        Value::Real(days(window.from.plus(-1000))),
        Value::Real(days(window.to.plus(1000))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T14:03:12.418Z
    const AT: i64 = 1_795_183_392_418_000;

    fn micros(when: When) -> Option<i64> {
        match when {
            When::At { at, .. } => Some(at.0),
            When::Local(_) | When::Missing | When::Sentinel | When::Unreadable => None,
        }
    }

    #[test]
    fn the_size_of_a_number_is_its_unit() {
        for (number, expected) in [
            (AT / 1_000_000, AT / 1_000_000 * 1_000_000),
            (AT / 1000, AT),
            (AT / 100, AT),
            (AT, AT),
            (AT * 1000, AT),
            (116_444_736_000_000_000 + AT * 10, AT),
            (621_355_968_000_000_000 + AT * 10, AT),
        ] {
            assert_eq!(
                micros(Numbers::Units.whole(number)),
                Some(expected),
                "{number}"
            );
        }
        assert_eq!(
            micros(Numbers::Units.real(1_795_183_392.5)),
            Some(1_795_183_392_500_000)
        );
        assert_eq!(Numbers::Units.real(f64::NAN), When::Unreadable);
        assert_eq!(Numbers::Units.whole(42), When::Unreadable);
    }

    #[test]
    fn what_stands_for_none_is_no_time() {
        for number in [
            0,
            -1,
            -62_135_596_800,
            i64::MAX,
            2_147_483_647,
            253_402_300_799,
            253_402_300_799_999,
            3_155_378_975_999_999_999,
        ] {
            assert_eq!(Numbers::Units.whole(number), When::Sentinel, "{number}");
        }
        assert_eq!(Numbers::JulianDays.real(2_440_587.5), When::Sentinel);
    }

    #[test]
    fn digits_and_days_are_read_where_the_column_has_them() {
        let secs = AT / 1_000_000 * 1_000_000;
        let digits = |number| micros(Numbers::Digits.whole(number));
        assert_eq!(digits(20_261_120_140_312), Some(secs));
        assert_eq!(digits(20_261_120_140_312_418), Some(AT));
        assert_eq!(digits(20_261_120), Some(AT - (AT % DAY)));
        assert_eq!(digits(20_261_320_140_312), None);
        let julian = AT as f64 / DAY as f64 + JULIAN_1970;
        assert_eq!(micros(Numbers::JulianDays.real(julian)), Some(AT));
        let ole = AT as f64 / DAY as f64 + OLE_1970;
        assert_eq!(micros(Numbers::OleDays.real(ole)), Some(AT));
    }

    #[test]
    fn every_form_finds_its_numbers_in_the_window_again() {
        let window = Window {
            from: Micros(AT),
            to: Micros(AT + 5_000_000),
        };
        let inside = |numbers: Numbers, number: i64| {
            numbers.ranges(window).iter().any(|(from, to)| {
                let number = number as f64;
                let bound = |value: &Value| match value {
                    Value::Int(number) => *number as f64,
                    Value::Real(number) => *number,
                    _ => f64::NAN,
                };
                (bound(from)..bound(to)).contains(&number)
            })
        };
        for (first, last) in [
            (AT / 1_000_000 + 1, AT / 1_000_000 + 5),
            (AT / 1000, AT / 1000 + 4999),
            (AT, AT + 4_999_999),
        ] {
            assert!(inside(Numbers::Units, first) && inside(Numbers::Units, last));
            assert!(!inside(Numbers::Units, first - 1) && !inside(Numbers::Units, last + 1));
        }
        assert!(inside(Numbers::Digits, 20_261_120_140_313));
        assert!(!inside(Numbers::Digits, 20_261_120_140_311));
        assert!(inside(Numbers::Digits, 20_261_120), "a date is cut");
    }
}
