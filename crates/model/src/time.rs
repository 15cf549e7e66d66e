//! Points in time, and whose clock said so.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z. Negative before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// From milliseconds since 1970, saturating.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// Milliseconds since 1970, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// `self` moved by `micros`, saturating.
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// How many microseconds `self` is after `other`; negative when before.
    pub const fn since(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }

    /// Parses RFC 3339 (`2026-11-20T14:03:12.418Z`, offsets allowed); a missing zone means UTC.
    pub fn parse(text: &str) -> Result<Self, ParseTimeError> {
        let text = text.trim();
        match Self::parse_with_zone(text) {
            Some(at) => Ok(at),
            None => text
                .parse::<jiff::civil::DateTime>()
                .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC))
                .map(|zoned| Self(zoned.timestamp().as_microsecond()))
                .map_err(|source| ParseTimeError {
                    text: text.to_owned(),
                    source,
                }),
        }
    }

    /// Parses RFC 3339 that names its zone; `None` for anything else.
    pub fn parse_with_zone(text: &str) -> Option<Self> {
        let at = text.trim().parse::<jiff::Timestamp>().ok()?;
        Some(Self(at.as_microsecond()))
    }
}

/// RFC 3339 in UTC with milliseconds; microseconds only when there are any.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) if self.0.rem_euclid(1000) == 0 => write!(f, "{at:.3}"),
            Ok(at) => write!(f, "{at:.6}"),
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

/// A text that is no time.
#[derive(Debug, thiserror::Error)]
#[error("'{text}' is not a time; write it like 2026-11-20T14:03:12.418Z")]
pub struct ParseTimeError {
    /// What was given.
    pub text: String,
    source: jiff::Error,
}

/// Whose clock a time was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// The producing service (a column set in code, Kafka CreateTime, AMQP `timestamp`).
    App,
    /// The database server (`now()`, commit time).
    Database,
    /// The broker (Kafka LogAppendTime).
    Broker,
    /// A consumer's host or its database (`processed_at`).
    Consumer,
    /// This machine.
    Waybill,
}

/// A time with its clock and resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When.
    pub at: Micros,
    /// Whose clock.
    pub clock: Clock,
    /// The clock's step in microseconds: 1 000 000 for AMQP `timestamp`, 1000 for Kafka.
    pub resolution_micros: u32,
}

/// A half-open interval of time: `from` included, `to` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First instant inside.
    pub from: Micros,
    /// First instant after.
    pub to: Micros,
}

impl Window {
    /// Whether `at` lies inside.
    pub fn contains(&self, at: Micros) -> bool {
        self.from <= at && at < self.to
    }

    /// Length in microseconds; 0 when reversed.
    pub fn len_micros(&self) -> i64 {
        self.to.since(self.from).max(0)
    }
}

/// A span of microseconds as one says it: `40 s`, `12 min`, `14 h`, `3 days`. A negative one is none.
pub fn span_in_words(micros: i64) -> String {
    let secs = micros.max(0) / 1_000_000;
    match secs {
        0..120 => format!("{secs} s"),
        120..7200 => format!("{} min", secs / 60),
        7200..172_800 => format!("{} h", secs / 3600),
        _ => format!("{} days", secs / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_zone_and_printed_in_utc() {
        for (text, expected) in [
            ("2026-11-20T14:03:12.418Z", "2026-11-20T14:03:12.418Z"),
            ("2026-11-20T14:03:12.418", "2026-11-20T14:03:12.418Z"),
            ("2026-11-20 14:03:12+01:00", "2026-11-20T13:03:12.000Z"),
            ("2026-11-20T14:03:12.418123Z", "2026-11-20T14:03:12.418123Z"),
        ] {
            assert_eq!(
                Micros::parse(text).expect("it is a time").to_string(),
                expected
            );
        }
    }

    #[test]
    fn a_window_excludes_its_end() {
        let window = Window {
            from: Micros(10),
            to: Micros(20),
        };
        assert!(window.contains(Micros(10)) && !window.contains(Micros(20)));
        assert_eq!(
            Window {
                from: Micros(20),
                to: Micros(10)
            }
            .len_micros(),
            0
        );
    }

    #[test]
    fn extreme_times_do_not_panic() {
        assert_eq!(Micros(i64::MAX).plus(1), Micros(i64::MAX));
        assert_eq!(Micros(i64::MAX).to_string(), "9223372036854775807 µs");
    }
}
