//! The time window as a person writes it: `now-1h`, two times, or an interval pasted from a log.

use waybill_model::{Micros, Window};

/// One end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// So many microseconds before now.
    BeforeNow(i64),
    /// A fixed time.
    At(Micros),
}

impl End {
    /// The time it stands for.
    pub fn resolve(self, now: Micros) -> Micros {
        match self {
            Self::BeforeNow(micros) => now.plus(-micros),
            Self::At(at) => at,
        }
    }
}

/// A window that may move along with the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Where it begins.
    pub from: End,
    /// Where it ends.
    pub to: End,
}

/// The presets of the time menu.
pub const PRESETS: [(&str, i64); 8] = [
    ("5m", 5 * MINUTE),
    ("15m", 15 * MINUTE),
    ("1h", HOUR),
    ("3h", 3 * HOUR),
    ("6h", 6 * HOUR),
    ("12h", 12 * HOUR),
    ("1d", DAY),
    ("7d", 7 * DAY),
];

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Asked {
    /// The last `micros` until now.
    pub fn last(micros: i64) -> Self {
        Self {
            from: End::BeforeNow(micros),
            to: End::BeforeNow(0),
        }
    }

    /// A fixed window.
    pub fn fixed(window: Window) -> Self {
        Self {
            from: End::At(window.from),
            to: End::At(window.to),
        }
    }

    /// Whether it moves with the clock.
    pub fn follows_now(self) -> bool {
        matches!(self.to, End::BeforeNow(0))
    }

    /// The window it stands for at `now`.
    pub fn resolve(self, now: Micros) -> Window {
        Window {
            from: self.from.resolve(now),
            to: self.to.resolve(now),
        }
    }

    /// Reads what a person typed or pasted. The error is a sentence.
    ///
    /// One expression is the beginning, up to now. Two are separated by `/`, `→`, ` to `, `..`,
    /// ` - ` or a comma, which is what logs and other tools write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (from, to) = split(text);
        let from = end(from)?;
        let to = match to {
            Some(to) => end(to)?,
            None => End::BeforeNow(0),
        };
        let asked = Self { from, to };
        if !asked.is_forward() {
            return Err("The window ends before it begins.".to_owned());
        }
        Ok(asked)
    }

    fn is_forward(self) -> bool {
        match (self.from, self.to) {
            (End::BeforeNow(from), End::BeforeNow(to)) => from > to,
            (End::At(from), End::At(to)) => from < to,
            _ => true,
        }
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    for separator in ["→", "/", "..", " to ", " - ", " – ", ","] {
        if let Some((from, to)) = text.split_once(separator) {
            return (from, Some(to));
        }
    }
    (text, None)
}

fn end(text: &str) -> Result<End, String> {
    let text = text.trim().trim_matches(['"', '[', ']', '(', ')']);
    if let Some(back) = text.strip_prefix("now") {
        let back = back.trim();
        if back.is_empty() {
            return Ok(End::BeforeNow(0));
        }
        let span = back
            .strip_prefix(['-', '−'])
            .ok_or_else(|| format!("'{text}' lies in the future; write now-1h."))?;
        return length(span.trim()).map(End::BeforeNow);
    }
    if let Ok(micros) = length(text) {
        return Ok(End::BeforeNow(micros));
    }
    Micros::parse(text).map(End::At).map_err(|_source| {
        format!("'{text}' is not a time. Write now-1h, 15m or 2026-11-20T14:03:12Z.")
    })
}

/// `90s`, `15m`, `6h`, `2d`, `1w`, `250ms`.
fn length(text: &str) -> Result<i64, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let unit = match text[digits..].trim() {
        "ms" => 1_000,
        "s" => SECOND,
        "m" | "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        other => return Err(format!("'{other}' is not a unit; use s, m, h, d or w.")),
    };
    let n: i64 = text[..digits]
        .parse()
        .map_err(|_source| format!("'{text}' needs a number."))?;
    n.checked_mul(unit)
        .ok_or_else(|| format!("'{text}' is too long."))
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::BeforeNow(0) => f.write_str("now"),
            Self::BeforeNow(micros) => {
                let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")];
                let found = units.into_iter().find(|(unit, _)| micros % unit == 0);
                let (unit, name) = found.unwrap_or((1_000, "ms"));
                write!(f, "now-{}{name}", micros / unit)
            }
            Self::At(at) => at.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = match Asked::parse(text) {
            Ok(asked) => format!("{} | {}", asked.from, asked.to),
            Err(why) => why,
        };
        assert_eq!(shown, expected, "for {text}");
    }

    #[test]
    fn people_write_windows_in_many_ways() {
        check("now-1h", "now-1h | now");
        check("15m", "now-15m | now");
        check("now-90s to now-30s", "now-90s | now-30s");
        check("now-24h", "now-1d | now");
        check(
            "2026-11-20T14:00:00Z/2026-11-20T14:10:31Z",
            "2026-11-20T14:00:00.000Z | 2026-11-20T14:10:31.000Z",
        );
        check(
            "[2026-11-20 14:00:00 - 2026-11-20 14:10:31]",
            "2026-11-20T14:00:00.000Z | 2026-11-20T14:10:31.000Z",
        );
    }

    #[test]
    fn what_makes_no_sense_is_said_in_a_sentence() {
        check("now-30s to now-1h", "The window ends before it begins.");
        check("now+1h", "'now+1h' lies in the future; write now-1h.");
        check(
            "yesterday",
            "'yesterday' is not a time. Write now-1h, 15m or 2026-11-20T14:03:12Z.",
        );
    }
}
