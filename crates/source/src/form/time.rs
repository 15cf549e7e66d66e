//! Times as relays spell them.

use waybill_model::Micros;

/// How a time is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeSpelling {
    /// A whole number since 1970, of so many microseconds.
    Number(i64),
    /// Date and time with so many digits behind the second, in UTC, with this at its end.
    Text { digits: usize, zone: Zone },
}

/// What stands at the end of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Z,
    Offset,
    None,
}

impl TimeSpelling {
    /// Reads a time and notes how it was spelled.
    pub(super) fn read(text: &[u8]) -> Option<(Self, Micros)> {
        let text = std::str::from_utf8(text).ok()?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let unit = match text.len() {
                10 => 1_000_000,
                13 => 1000,
                16 => 1,
                _ => return None,
            };
            let number: i64 = text.parse().ok()?;
            return Some((Self::Number(unit), Micros(number.checked_mul(unit)?)));
        }
        if text.as_bytes().get(10) != Some(&b'T') {
            return None;
        }
        let (bare, zone) = if let Some(bare) = text.strip_suffix('Z') {
            (bare, Zone::Z)
        } else if let Some(bare) = text.strip_suffix("+00:00") {
            (bare, Zone::Offset)
        } else {
            (text, Zone::None)
        };
        let digits = bare.split_once('.').map_or(0, |(_, digits)| digits.len());
        let at = Micros::parse(&format!("{bare}Z")).ok()?;
        (digits <= 9).then_some((Self::Text { digits, zone }, at))
    }

    /// A time spelled so.
    pub(super) fn write(self, at: Micros) -> String {
        match self {
            Self::Number(unit) => at.0.div_euclid(unit).to_string(),
            Self::Text { digits, zone } => {
                // Whole seconds come from the model's own spelling, which ends at the point.
                let shown = at.to_string();
                let whole = shown.split('.').next().unwrap_or(&shown);
                let mut text = whole.trim_end_matches('Z').to_owned();
                if digits > 0 {
                    let behind = format!("{:06}000", at.0.rem_euclid(1_000_000));
                    text.push('.');
                    text.push_str(&behind[..digits]);
                }
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
        ] {
            let (spelling, at) = TimeSpelling::read(text.as_bytes()).expect(text);
            assert_eq!(spelling.write(at), text);
        }
        for none in ["", "12", "2025-11-30", "order-4711", "2025-11-30T99:12:08Z"] {
            assert_eq!(TimeSpelling::read(none.as_bytes()), None, "{none}");
        }
    }
}
