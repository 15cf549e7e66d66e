//! Times as relays spell them.

use waybill_model::Micros;

/// How a time is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeSpelling {
    /// A whole number since 1970, of so many microseconds.
    Number(i64),
    /// Seconds since 1970 with what is behind the point.
    Seconds,
    /// Date and time in UTC, with this between them, these digits behind the second and this at its
    /// end.
    Text {
        between: char,
        digits: Digits,
        zone: Zone,
    },
}

/// How many digits stand behind the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    /// Always so many.
    Fixed(usize),
    /// None, three or six: as many as are needed.
    Threes,
    /// As many as are needed.
    Needed,
}

impl Digits {
    /// The digits of a time with the point before them, where there are any.
    fn write(self, at: Micros) -> String {
        let all = format!("{:06}000", at.0.rem_euclid(1_000_000));
        let needed = all.trim_end_matches('0').len();
        let n = match self {
            Self::Fixed(n) => n,
            Self::Threes => needed.div_ceil(3) * 3,
            Self::Needed => needed,
        };
        match n {
            0 => String::new(),
            n => format!(".{}", &all[..n]),
        }
    }
}

/// What stands at the end of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Z,
    Offset,
    None,
}

impl TimeSpelling {
    /// Reads a time: every way in which it may be spelled, the plainest first.
    pub(super) fn read(text: &[u8]) -> Vec<(Self, Micros)> {
        let Ok(text) = std::str::from_utf8(text) else {
            return Vec::new();
        };
        let number = Self::number(text);
        number.map_or_else(|| Self::texts(text), |found| vec![found])
    }

    fn number(text: &str) -> Option<(Self, Micros)> {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some((secs, behind)) = text.split_once('.') {
            let fits = secs.len() == 10 && (1..=9).contains(&behind.len());
            if !fits || !is_number(secs) || !is_number(behind) {
                return None;
            }
            let micros: i64 = format!("{behind:0<6}")[..6].parse().ok()?;
            let secs: i64 = secs.parse().ok()?;
            return Some((Self::Seconds, Micros(secs * 1_000_000 + micros)));
        }
        let unit = match text.len() {
            10 => 1_000_000,
            13 => 1000,
            16 => 1,
            _ => return None,
        };
        let number: i64 = text.parse().ok().filter(|_| is_number(text))?;
        Some((Self::Number(unit), Micros(number.checked_mul(unit)?)))
    }

    fn texts(text: &str) -> Vec<(Self, Micros)> {
        let between = match text.as_bytes().get(10) {
            Some(b'T') => 'T',
            Some(b' ') => ' ',
            _ => return Vec::new(),
        };
        let (bare, zone) = if let Some(bare) = text.strip_suffix('Z') {
            (bare, Zone::Z)
        } else if let Some(bare) = text.strip_suffix("+00:00") {
            (bare, Zone::Offset)
        } else {
            (text, Zone::None)
        };
        let digits = bare.split_once('.').map_or(0, |(_, digits)| digits.len());
        let Ok(at) = Micros::parse(&format!("{}Z", bare.replacen(' ', "T", 1))) else {
            return Vec::new();
        };
        let all = [Digits::Fixed(digits), Digits::Threes, Digits::Needed];
        let spellings = all.map(|digits| Self::Text {
            between,
            digits,
            zone,
        });
        // Digits that nobody keeps are written as zeros.
        let fits = |(nth, spelling): &(usize, Self)| *nth == 0 || spelling.write(at) == text;
        let found = spellings.into_iter().enumerate().filter(fits);
        found
            .filter(|_| digits <= 9)
            .map(|(_, spelling)| (spelling, at))
            .collect()
    }

    /// A time spelled so.
    pub(super) fn write(self, at: Micros) -> String {
        match self {
            Self::Number(unit) => at.0.div_euclid(unit).to_string(),
            Self::Seconds => {
                let secs = at.0.div_euclid(1_000_000);
                format!("{secs}.{:06}", at.0.rem_euclid(1_000_000))
            }
            Self::Text {
                between,
                digits,
                zone,
            } => {
                // Whole seconds come from the model's own spelling, which ends at the point.
                let shown = at.to_string();
                let whole = shown.split('.').next().unwrap_or(&shown);
                let mut text = whole.trim_end_matches('Z').to_owned();
                if between != 'T' {
                    text = text.replacen('T', &between.to_string(), 1);
                }
                text.push_str(&digits.write(at));
                text.push_str(match zone {
                    Zone::Z => "Z",
                    Zone::Offset => "+00:00",
                    Zone::None => "",
                });
                text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_was_read() {
        for text in [
            "1764519128",
            "1764519128123",
            "1764519128123456",
            "2025-11-30T16:12:08Z",
            "2025-11-30T16:12:08.5Z",
            "2025-11-30T16:12:08.123+00:00",
            "2025-11-30T16:12:08.123456",
            "2025-11-30T16:12:08.1234560Z",
            "2025-11-30 16:12:08.120",
            "1764519128.123456",
        ] {
            let found = TimeSpelling::read(text.as_bytes());
            assert!(!found.is_empty(), "{text}");
            for (spelling, at) in found {
                assert_eq!(spelling.write(at), text, "{spelling:?}");
            }
        }
        for none in ["", "12", "2025-11-30", "order-4711", "2025-11-30T99:12:08Z"] {
            assert_eq!(TimeSpelling::read(none.as_bytes()), [], "{none}");
        }
    }

    #[test]
    fn some_write_as_many_digits_as_are_needed() {
        let at = |text: &str| Micros::parse(text).expect("a time");
        let (short, long) = ("2025-11-30T16:12:08.120Z", "2025-11-30T16:12:08.120500Z");
        let found = TimeSpelling::read(short.as_bytes());
        let as_long: Vec<String> = found.iter().map(|(it, _)| it.write(at(long))).collect();
        assert_eq!(as_long, ["2025-11-30T16:12:08.120Z", long]);
    }
}
