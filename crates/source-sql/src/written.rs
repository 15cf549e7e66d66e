//! Times as programs write them into text columns, whatever their language.

use waybill_model::Micros;

use crate::epoch::{Civil, When, of_day};
use crate::forms::Forms;

/// A text taken apart.
#[derive(Debug, Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    of_day: Option<i64>,
    /// Digits behind the second.
    digits: u32,
    afternoon: Option<bool>,
    /// Seconds from UTC.
    offset: Option<i64>,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Abbreviations of zones that mean one offset wherever they are used, in hours from UTC. `CST`,
/// `IST`, `BST` and their like mean several.
const ZONES: [(&str, i64); 22] = [
    ("z", 0),
    ("utc", 0),
    ("gmt", 0),
    ("ut", 0),
    ("wet", 0),
    ("west", 1),
    ("cet", 1),
    ("mez", 1),
    ("cest", 2),
    ("mesz", 2),
    ("eet", 2),
    ("eest", 3),
    ("msk", 3),
    ("jst", 9),
    ("kst", 9),
    ("est", -5),
    ("edt", -4),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// Words for "none".
const NONE: [&str; 9] = [
    "null",
    "nil",
    "none",
    "never",
    "infinity",
    "-infinity",
    "n/a",
    "-",
    "invalid date",
];

/// Whether a text says "none".
pub(crate) fn says_none(text: &str) -> bool {
    let text = text.trim();
    let zero = text.starts_with("0000-") || text.starts_with("0000/");
    text.is_empty() || zero || NONE.iter().any(|none| text.eq_ignore_ascii_case(none))
}

/// Reads a text: ISO 8601 in its usual spellings, a number as text, or as `toString()` and its
/// like write it in the languages there are.
pub(crate) fn read(text: &str, forms: &Forms) -> When {
    let text = text.trim();
    if text.is_empty() {
        return When::Missing;
    }
    if says_none(text) {
        return When::Sentinel;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text
            .parse()
            .map_or(When::Unreadable, |number| forms.whole(number));
    }
    if let Ok(number) = text.parse::<f64>() {
        return forms.real(number);
    }
    if let Some(at) = Micros::parse_with_zone(text) {
        return When::at(at, step(iso_digits(text)));
    }
    if let Ok(at) = Micros::parse(text) {
        return When::at(at, step(iso_digits(text))).in_zone(forms.zone);
    }
    taken_apart(text, forms).unwrap_or(When::Unreadable)
}

/// Whether the text names a day and a month as two small numbers with a slash, and which of the
/// two can only be the day: the first or the second.
pub(crate) fn day_first(text: &str) -> Option<bool> {
    let date = text.split_whitespace().next()?;
    let numbers: Vec<i64> = date
        .split('/')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    match numbers[..] {
        [first, second, year] if year > 31 && first > 12 && second <= 12 => Some(true),
        [first, second, year] if year > 31 && first <= 12 && second > 12 => Some(false),
        _ => None,
    }
}

fn taken_apart(text: &str, forms: &Forms) -> Option<When> {
    let mut parts = Parts::default();
    // Go adds what its monotonic clock says, JavaScript the zone's name in words.
    let text = text.split(" m=").next()?.split('(').next()?;
    let text = text.split('[').next()?;
    for word in text.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
        parts.take(word, forms)?;
    }
    parts.when(forms)
}

impl Parts {
    /// Takes one word in; `None` when it is nothing that belongs to a time.
    fn take(&mut self, word: &str, forms: &Forms) -> Option<()> {
        let lower = word.to_ascii_lowercase();
        if let Some((date, time)) = lower.split_once('t')
            && date.ends_with(|c: char| c.is_ascii_digit())
            && time.starts_with(|c: char| c.is_ascii_digit())
        {
            self.take_numbers(date, forms)?;
            return self.take_clock(time);
        }
        if lower.starts_with(|c: char| c.is_ascii_digit()) {
            return if lower.contains(':') {
                self.take_clock(&lower)
            } else {
                self.take_numbers(&lower, forms)
            };
        }
        self.take_word(&lower)
    }

    fn take_word(&mut self, word: &str) -> Option<()> {
        let head = word.get(..3).unwrap_or(word).trim_end_matches('.');
        if let Some((_, hours)) = ZONES.iter().find(|(name, _)| *name == word) {
            // Go writes the offset and then its name.
            self.offset.get_or_insert(hours * 3600);
        } else if word == "am" || word == "pm" {
            self.afternoon = Some(word == "pm");
        } else if let Some(offset) = offset(word) {
            self.offset = Some(offset);
        } else if let Some(month) = MONTHS.iter().position(|name| *name == head) {
            self.month = Some(i64::try_from(month).ok()? + 1);
        } else if !DAYS.contains(&head) && (self.offset.is_none() || !is_name(word)) {
            return None;
        }
        Some(())
    }

    /// A date, a day or a year.
    fn take_numbers(&mut self, word: &str, forms: &Forms) -> Option<()> {
        let pieces: Vec<&str> = word.split(['-', '/', '.']).collect();
        let number = |at: usize| pieces.get(at)?.parse::<i64>().ok();
        match pieces.len() {
            1 if word.len() == 4 => self.year = number(0),
            1 if word.len() == 8 => {
                let number = number(0)?;
                self.set(number / 10_000, number / 100 % 100, number % 100);
            }
            1 if word.len() <= 2 => self.day = number(0),
            3 if pieces[0].len() == 4 => self.set(number(0)?, number(1)?, number(2)?),
            3 if pieces[2].len() == 4 || pieces[2].len() == 2 => {
                let year = number(2)?;
                let year = if year < 100 { year + 2000 } else { year };
                if let Some(month) = MONTHS.iter().position(|name| *name == pieces[1]) {
                    self.set(year, i64::try_from(month).ok()? + 1, number(0)?);
                } else {
                    let (first, second) = (number(0)?, number(1)?);
                    let days_first = word.contains('.') || forms.day_first?;
                    let (day, month) = if days_first {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    self.set(year, month, day);
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn set(&mut self, year: i64, month: i64, day: i64) {
        (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
    }

    /// `11:12:38.123456789`, `11:12`, `111238`, each with or without an offset or "am" behind it.
    fn take_clock(&mut self, word: &str) -> Option<()> {
        let end = word
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ',')))
            .unwrap_or(word.len());
        let (clock, rest) = word.split_at(end);
        let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
        let pieces: Vec<i64> = if clock.contains(':') {
            let parts = clock.split(':').map(|part| part.parse().ok());
            parts.collect::<Option<_>>()?
        } else {
            let parts = (0..clock.len()).step_by(2);
            let parts = parts.map(|at| clock.get(at..at + 2)?.parse().ok());
            parts.collect::<Option<_>>()?
        };
        let [hour, minute, second] = match pieces[..] {
            [hour, minute] => [hour, minute, 0],
            [hour, minute, second] => [hour, minute, second],
            _ => return None,
        };
        let padded = format!("{fraction:0<6}");
        let micros = padded.get(..6)?.parse().ok()?;
        self.digits = u32::try_from(fraction.len()).ok()?;
        self.of_day = Some(of_day(hour, minute, second, micros)?);
        if rest.is_empty() {
            Some(())
        } else {
            self.take_word(rest)
        }
    }

    fn when(self, forms: &Forms) -> Option<When> {
        const HALF_DAY: i64 = 12 * 3600 * 1_000_000;
        let mut of_day = self.of_day.unwrap_or(0);
        if let Some(afternoon) = self.afternoon {
            of_day = of_day % HALF_DAY + if afternoon { HALF_DAY } else { 0 };
        }
        let civil = Civil {
            year: self.year?,
            month: self.month?,
            day: self.day?,
            of_day,
        };
        let at = civil.in_utc()?;
        let step = step(self.digits);
        Some(match self.offset {
            Some(offset) => When::at(at.plus(-offset * 1_000_000), step),
            None => When::at(at, step).in_zone(forms.zone),
        })
    }
}

/// `+0100`, `+01:00`, `+01`, each with or without `GMT` or `UTC` before it, in seconds from UTC.
fn offset(word: &str) -> Option<i64> {
    let bare = word.trim_start_matches("gmt").trim_start_matches("utc");
    let (sign, rest) = match bare.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let number: i64 = digits.parse().ok()?;
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number, 0),
        3 | 4 => (number / 100, number % 100),
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// The name of a zone whose offset stood before it, as Go writes it.
fn is_name(word: &str) -> bool {
    word.len() <= 6 && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn iso_digits(text: &str) -> u32 {
    let digits = text.split_once(['.', ',']).map_or(0, |(_, rest)| {
        rest.bytes().take_while(u8::is_ascii_digit).count()
    });
    u32::try_from(digits).unwrap_or(6)
}

fn step(digits: u32) -> u32 {
    10_u32.pow(6 - digits.min(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T14:03:12.418Z
    const AT: i64 = 1_795_183_392_418_000;

    fn told(text: &str) -> Option<(i64, u32)> {
        match read(text, &Forms::default()) {
            When::At { at, step } => Some((at.0, step)),
            When::Local(_) | When::Missing | When::Sentinel | When::Unreadable => None,
        }
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
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn every_language_writes_the_same_second() {
        let second = (AT / 1_000_000) * 1_000_000;
        for text in [
            "2026-11-20 14:03:12.000000123 +0000 UTC m=+0.012345678",
            "2026-11-20 15:03:12 +0100 CET",
            "2026-11-20 15:03:12 +0100",
            "Fri Nov 20 14:03:12 UTC 2026",
            "Fri Nov 20 15:03:12 CET 2026",
            "Fri Nov 20 14:03:12 2026",
            "Fri Nov 20 2026 15:03:12 GMT+0100 (Central European Standard Time)",
            "Fri, 20 Nov 2026 14:03:12 GMT",
            "Fri, 20 Nov 2026 09:03:12 -0500",
            "2026/11/20 14:03:12",
            "2026-11-20T15:03:12+01:00[Europe/Berlin]",
            "20.11.2026 14:03:12",
            "20-NOV-26 14:03:12",
            "20261120T140312Z",
            "2026-11-20 02:03:12 PM",
            "2026-11-20 14:03:12 UTC",
            "2026-11-20 14:03:12,000",
        ] {
            assert_eq!(told(text).map(|(at, _)| at), Some(second), "{text}");
        }
    }

    #[test]
    fn what_says_none_or_several_things_is_no_time() {
        let none = Forms::default();
        for text in [
            "0000-00-00 00:00:00",
            "never",
            "0001-01-01 00:00:00 +0000 UTC",
        ] {
            assert_eq!(read(text, &none), When::Sentinel, "{text}");
        }
        for text in [
            "11/12/2026 14:03:12",
            "Fri Nov 20 14:03:12 CST 2026",
            "OrderPlaced",
            "2026-13-20 14:03:12",
            "order 2026",
        ] {
            assert_eq!(read(text, &none), When::Unreadable, "{text}");
        }
        assert_eq!(day_first("20/11/2026 14:03"), Some(true));
        assert_eq!(day_first("11/20/2026"), Some(false));
        assert_eq!(day_first("11/12/2026"), None);
        let american = Forms {
            day_first: Some(false),
            ..none
        };
        let read_so = read("11/20/2026 2:03:12 PM", &american);
        assert_eq!(
            read_so,
            When::at(Micros(AT / 1_000_000 * 1_000_000), 1_000_000)
        );
    }
}
