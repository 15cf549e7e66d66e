//! Times that are numbers or texts, and the numbers and texts a window becomes in SQL.
//!
//! A number does not say its unit, but its size does: no system wrote events before 1973 or will
//! after 2286, so the units' ranges do not overlap.

use waybill_model::{Micros, Window};

/// What a time column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// A point in time, and the clock's step in microseconds as far as the value shows it.
    At { at: Micros, step: u32 },
    /// NULL.
    Missing,
    /// Something that is no time.
    Unreadable,
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

/// Seconds, milliseconds, tenths of milliseconds (enqueue, Ecotone), microseconds,
/// .NET ticks of 100 ns since the year 1, nanoseconds.
const UNITS: [Unit; 6] = [
    unit(0, 100_000_000_000, (1_000_000, 1), 0, 1_000_000),
    unit(100_000_000_000, 10_000_000_000_000, (1000, 1), 0, 1000),
    unit(10_000_000_000_000, 100_000_000_000_000, (100, 1), 0, 100),
    unit(100_000_000_000_000, 100_000_000_000_000_000, (1, 1), 0, 1),
    unit(
        100_000_000_000_000_000,
        1_000_000_000_000_000_000,
        (1, 10),
        621_355_968_000_000_000,
        1,
    ),
    unit(1_000_000_000_000_000_000, i64::MAX, (1, 1000), 0, 1),
];

const fn unit(from: i64, to: i64, micros: (i64, i64), at_1970: i64, step: u32) -> Unit {
    Unit {
        from,
        to,
        micros,
        at_1970,
        step,
    }
}

/// Reads a number since an epoch.
pub(crate) fn from_int(number: i64) -> When {
    let Some(unit) = UNITS.iter().find(|u| u.from <= number && number < u.to) else {
        return When::Unreadable;
    };
    let (times, over) = unit.micros;
    // Widened: seconds up to 10^11 times 10^6 still fit, but only just.
    let micros = i128::from(number - unit.at_1970) * i128::from(times) / i128::from(over);
    i64::try_from(micros).map_or(When::Unreadable, |micros| When::At {
        at: Micros(micros),
        step: unit.step,
    })
}

/// Reads a number with a fraction: seconds, or one of the larger units without its fraction.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the branches keep it inside i64; a float's own precision is what is lost"
)]
pub(crate) fn from_real(number: f64) -> When {
    if !(0.0..9.0e18).contains(&number) {
        return When::Unreadable;
    }
    if number < 1.0e11 {
        return When::At {
            at: Micros((number * 1.0e6) as i64),
            step: 1,
        };
    }
    from_int(number as i64)
}

/// Reads a text: ISO 8601 in its usual spellings, or a number as text.
pub(crate) fn from_text(text: &str) -> When {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_or(When::Unreadable, from_int);
    }
    match Micros::parse(text) {
        Ok(at) => When::At {
            at,
            step: step_of(text),
        },
        Err(_) => When::Unreadable,
    }
}

/// The number ranges a window becomes in a column whose unit nobody knows, `from` included, `to`
/// excluded. At most one of them matches a given column.
pub(crate) fn int_ranges(window: Window) -> Vec<(i64, i64)> {
    UNITS
        .iter()
        .filter_map(|unit| {
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
        })
        .collect()
}

/// `2026-11-20 14:03:12.418123` in UTC, as every database reads it; `None` outside the years 1
/// to 9999.
pub(crate) fn civil(at: Micros) -> Option<String> {
    let text = at.to_string();
    let text = text.strip_suffix('Z')?;
    (text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(10) == Some(&b'T'))
        .then(|| text.replacen('T', " ", 1))
}

fn step_of(text: &str) -> u32 {
    let digits = text.split_once('.').map_or(0, |(_, rest)| {
        rest.bytes().take_while(u8::is_ascii_digit).count()
    });
    10_u32.pow(6 - u32::try_from(digits).unwrap_or(6).min(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T14:03:12.418Z
    const AT: i64 = 1_795_183_392_418_000;

    fn micros(when: When) -> Option<i64> {
        match when {
            When::At { at, .. } => Some(at.0),
            When::Missing | When::Unreadable => None,
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
            (621_355_968_000_000_000 + AT * 10, AT),
        ] {
            assert_eq!(micros(from_int(number)), Some(expected), "{number}");
        }
        assert_eq!(from_int(-1), When::Unreadable);
        assert_eq!(
            micros(from_real(1_795_183_392.5)),
            Some(1_795_183_392_500_000)
        );
        assert_eq!(from_real(f64::NAN), When::Unreadable);
    }

    #[test]
    fn texts_show_their_resolution() {
        for (text, expected) in [
            ("2026-11-20T14:03:12.418Z", Some((AT, 1000))),
            ("2026-11-20 14:03:12.418", Some((AT, 1000))),
            ("2026-11-20 15:03:12.418000+01", Some((AT, 1))),
            ("1795183392418", Some((AT, 1000))),
            ("yesterday", None),
            ("", None),
        ] {
            let read = match from_text(text) {
                When::At { at, step } => Some((at.0, step)),
                When::Missing | When::Unreadable => None,
            };
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn every_unit_finds_its_numbers_in_the_window_again() {
        let window = Window {
            from: Micros(AT),
            to: Micros(AT + 5_000_000),
        };
        let inside = |number: i64| {
            int_ranges(window)
                .iter()
                .any(|(from, to)| (*from..*to).contains(&number))
        };
        for (first, last) in [
            (AT / 1_000_000 + 1, AT / 1_000_000 + 5),
            (AT / 1000, AT / 1000 + 4999),
            (AT, AT + 4_999_999),
            (AT * 1000, AT * 1000 + 4_999_999_999),
        ] {
            assert!(inside(first) && inside(last), "{first}");
            assert!(!inside(first - 1) && !inside(last + 1), "{first}");
        }
    }

    #[test]
    fn civil_times_are_what_databases_read() {
        assert_eq!(
            civil(Micros(AT + 5)).as_deref(),
            Some("2026-11-20 14:03:12.418005")
        );
        assert_eq!(civil(Micros(i64::MIN)), None);
        assert_eq!(civil(Micros(i64::MAX)), None);
    }
}
