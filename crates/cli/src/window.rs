//! `--since`, `--from` and `--to` as a window.

use anyhow::{Context as _, bail};
use waybill_model::{Micros, Window};
use waybill_protocol::TimeSpec;

use crate::args::Scope;

impl Scope {
    /// The window that was asked for. `now` closes a window that has a start only.
    pub(crate) fn time_spec(&self, now: Micros) -> anyhow::Result<TimeSpec> {
        let Some(from) = &self.from else {
            return Ok(TimeSpec::Last {
                secs: secs(&self.since)?,
            });
        };
        let from = Micros::parse(from).context("failed to read --from")?;
        let to = match &self.to {
            Some(to) => Micros::parse(to).context("failed to read --to")?,
            None => now,
        };
        if to <= from {
            bail!("the window ends ({to}) before it begins ({from})");
        }
        Ok(TimeSpec::Fixed(Window { from, to }))
    }
}

fn secs(text: &str) -> anyhow::Result<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => bail!("'{text}' is not a length of time; write 30s, 15m, 1h or 2d"),
    };
    let number: u64 = digits
        .parse()
        .with_context(|| format!("failed to read the number in '{text}'"))?;
    match number.checked_mul(factor) {
        Some(secs) if secs > 0 && secs <= 366 * 86_400 => Ok(secs),
        _ => bail!("'{text}' is not between one second and a year"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_or_refused_with_advice() {
        assert_eq!(secs("90s").ok(), Some(90));
        assert_eq!(secs("2d").ok(), Some(172_800));
        for wrong in [
            "",
            "h",
            "1",
            "1w",
            "-1h",
            "0s",
            "99999999999999999999d",
            "9999999d",
        ] {
            assert!(secs(wrong).is_err(), "{wrong}");
        }
    }
}
