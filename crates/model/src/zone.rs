//! How far a clock on the wall is from UTC.

use std::fmt;
use std::str::FromStr;

use crate::Micros;

const MINUTE: i64 = 60_000_000;

/// An offset from UTC: that of times which are written without one.
///
/// It is one number. Where clocks are put forward in summer it holds for a part of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Zone {
    /// East of UTC is positive.
    minutes: i16,
}

/// A text that is no offset from UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseZoneError(String);

impl Zone {
    /// The one without an offset.
    pub const UTC: Self = Self { minutes: 0 };

    /// Offsets are quarters of an hour, in microseconds.
    pub const STEP_MICROS: i64 = 15 * MINUTE;

    /// The farthest in the west, and in the east.
    const FARTHEST: std::ops::RangeInclusive<i64> = -12 * 60..=14 * 60;

    /// How much later than UTC says a row may have been written, in microseconds.
    pub const WEST_MICROS: i64 = 12 * 60 * MINUTE;

    /// How much earlier than UTC says a row may have been written, in microseconds.
    pub const EAST_MICROS: i64 = 14 * 60 * MINUTE;

    /// The zone that is so far from UTC, to the nearest quarter of an hour; `None` where no place
    /// on earth is.
    pub fn nearest(micros: i64) -> Option<Self> {
        let steps = (micros + Self::STEP_MICROS / 2).div_euclid(Self::STEP_MICROS);
        Self::of_minutes(steps * 15)
    }

    fn of_minutes(minutes: i64) -> Option<Self> {
        let fits = Self::FARTHEST.contains(&minutes);
        let minutes = i16::try_from(minutes).ok()?;
        fits.then_some(Self { minutes })
    }

    /// Its distance from UTC in microseconds; positive in the east.
    pub fn micros(self) -> i64 {
        i64::from(self.minutes) * MINUTE
    }

    /// The moment at which its clocks show what `local` shows when it is taken for UTC.
    pub fn moment(self, local: Micros) -> Micros {
        local.plus(-self.micros())
    }

    /// What its clocks show then, as if it were UTC.
    pub fn local(self, moment: Micros) -> Micros {
        moment.plus(self.micros())
    }
}

/// `UTC`, `+05:30`, `-05:00`.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.unsigned_abs();
        match minutes {
            0 => f.write_str("UTC"),
            minutes => write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60),
        }
    }
}

impl FromStr for Zone {
    type Err = ParseZoneError;

    /// `UTC` or `Z`, else a sign, hours and perhaps minutes: `-05:00`, `+0530`, `+8`.
    fn from_str(text: &str) -> Result<Self, ParseZoneError> {
        let wrong = || ParseZoneError(text.to_owned());
        let bare = text.trim();
        if bare.eq_ignore_ascii_case("utc") || bare.eq_ignore_ascii_case("z") {
            return Ok(Self::UTC);
        }
        let (sign, rest) = match bare.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            Some(_) | None => return Err(wrong()),
        };
        let (hours, minutes) = match (rest.split_once(':'), rest.len()) {
            (Some(parts), _) => parts,
            (None, 1 | 2) => (rest, "0"),
            (None, 4) => rest.split_at_checked(2).ok_or_else(wrong)?,
            (None, _) => return Err(wrong()),
        };
        let number = |digits: &str| {
            let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<i64>().ok().filter(|_| all).ok_or_else(wrong)
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        let valid = hours <= 14 && minutes < 60;
        let zone = Self::of_minutes(sign * (hours * 60 + minutes));
        zone.filter(|_| valid).ok_or_else(wrong)
    }
}

impl fmt::Display for ParseZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is no offset from UTC: write UTC, or one from -12:00 to +14:00 such as -05:00",
            self.0
        )
    }
}

impl std::error::Error for ParseZoneError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_and_written() {
        for (text, shown) in [
            ("UTC", "UTC"),
            ("z", "UTC"),
            ("+00:00", "UTC"),
            ("-05:00", "-05:00"),
            ("-5", "-05:00"),
            ("+0530", "+05:30"),
            (" +5:45 ", "+05:45"),
            ("+14:00", "+14:00"),
            ("-12", "-12:00"),
        ] {
            let zone: Zone = text.parse().expect(text);
            assert_eq!(zone.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_offset_is_refused() {
        for text in [
            "",
            "5",
            "EST",
            "+15:00",
            "-12:15",
            "+05:60",
            "+5:",
            "+:30",
            "+-5",
            "+٥",
            "+050",
            "Europe/Berlin",
            "+99999999999999999999",
        ] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_clock_on_the_wall_shows_a_moment() {
        let zone: Zone = "-05:00".parse().expect("it is one");
        let noon = Micros(12 * 60 * MINUTE);
        assert_eq!(zone.moment(noon), Micros(17 * 60 * MINUTE));
        assert_eq!(zone.local(zone.moment(noon)), noon);
        assert_eq!(Zone::nearest(-5 * 60 * MINUTE - 7 * MINUTE), Some(zone));
        assert_eq!(Zone::nearest(15 * 60 * MINUTE), None);
    }
}
