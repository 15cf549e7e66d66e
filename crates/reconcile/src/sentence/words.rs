//! Times, spans of time and lists in words.

use waybill_model::Micros;

/// The time of day in UTC with milliseconds, with the date when it is not that of `beside`.
pub(super) fn time(at: Micros, beside: Micros) -> String {
    cut(at, 12, beside)
}

/// The same to the second.
pub(super) fn time_to_second(at: Micros, beside: Micros) -> String {
    cut(at, 8, beside)
}

/// A span of time in its two largest units.
pub(super) fn span(micros: i64) -> String {
    let micros = micros.unsigned_abs();
    let (millis, secs) = (micros / 1000, micros / 1_000_000);
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {small_unit}"),
    };
    match secs {
        0 if millis == 0 => format!("{micros} µs"),
        0 => format!("{millis} ms"),
        1..10 => format!("{secs}.{} s", millis / 100 % 10),
        10..60 => format!("{secs} s"),
        60..3600 => two(secs / 60, "min", secs % 60, "s"),
        3600..86_400 => two(secs / 3600, "h", secs / 60 % 60, "min"),
        _ => two(secs / 86_400, "d", secs / 3600 % 24, "h"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The first `len` characters of the time of day; times beyond any calendar as they are.
fn cut(at: Micros, len: usize, beside: Micros) -> String {
    let (text, beside) = (at.to_string(), beside.to_string());
    let Some((date, time)) = text.split_once('T') else {
        return text;
    };
    let time = time.get(..len).unwrap_or(time);
    if beside.starts_with(date) {
        time.to_owned()
    } else {
        format!("{date} {time}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_day_unless_it_is_another_day() {
        let at = |text| Micros::parse(text).expect("it is a time");
        let noon = at("2026-11-20T12:00:00Z");
        assert_eq!(
            time(at("2026-11-20T14:03:12.418555Z"), noon),
            "14:03:12.418"
        );
        assert_eq!(
            time_to_second(at("2026-11-20T14:03:12.418Z"), noon),
            "14:03:12"
        );
        assert_eq!(
            time(at("2026-11-19T14:03:12Z"), noon),
            "2026-11-19 14:03:12.000"
        );
        assert_eq!(time(Micros(i64::MAX), noon), "9223372036854775807 µs");
    }

    #[test]
    fn spans_have_two_units_at_most() {
        let told: Vec<String> = [
            0,
            900,
            3_000,
            999_999,
            1_249_000,
            12_900_000,
            252_000_000,
            7_200_000_000,
            7_500_000_000,
            266_400_000_000,
        ]
        .into_iter()
        .map(span)
        .collect();
        assert_eq!(
            told.join(", "),
            "0 µs, 900 µs, 3 ms, 999 ms, 1.2 s, 12 s, 4 min 12 s, 2 h, 2 h 5 min, 3 d 2 h"
        );
    }

    #[test]
    fn lists_read_as_spoken() {
        assert_eq!(
            [list(&["a"]), list(&["a", "b"]), list(&["a", "b", "c"])],
            ["a", "a and b", "a, b and c"]
        );
    }
}
