//! Ticks: round instants with labels that say no more than the step needs.

use waybill_model::{Micros, Window};

/// How many seconds local time is ahead of UTC; 0 shows UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Zone {
    /// Seconds east of Greenwich.
    pub offset_secs: i32,
}

/// A labelled instant on the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// When.
    pub at: Micros,
    /// `14:03`, `14:03:12`, `14:03:12.418`, or `20 Nov` at midnight.
    pub label: String,
    /// Whether it begins the next larger unit (a minute among seconds, a day among hours).
    pub major: bool,
}

const MILLI: i64 = 1000;
const SECOND: i64 = 1000 * MILLI;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps that divide the next larger unit, so that ticks stay put while panning.
const STEPS: [i64; 36] = [
    100,
    200,
    500,
    MILLI,
    2 * MILLI,
    5 * MILLI,
    10 * MILLI,
    20 * MILLI,
    50 * MILLI,
    100 * MILLI,
    200 * MILLI,
    500 * MILLI,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
    91 * DAY,
    364 * DAY,
    3640 * DAY,
];

/// The ticks of a view, at most `max` of them (at least one step is always tried).
pub fn ticks(view: Window, max: usize, zone: Zone) -> Vec<Tick> {
    let span = view.len_micros();
    let max = i64::try_from(max.max(1)).unwrap_or(i64::MAX);
    let fitting = STEPS.iter().find(|&&step| span / step < max);
    let Some(&step) = fitting else {
        return Vec::new();
    };
    let offset = i64::from(zone.offset_secs) * SECOND;
    let first = ceil_to(view.from.0.saturating_add(offset), step);
    (0..max)
        .map(|nth| first.saturating_add(nth.saturating_mul(step)))
        .take_while(|local| local.saturating_sub(offset) < view.to.0)
        .map(|local| Tick {
            at: Micros(local.saturating_sub(offset)),
            label: label(local, step),
            major: local.rem_euclid(larger_unit(step)) == 0,
        })
        .collect()
}

fn ceil_to(at: i64, step: i64) -> i64 {
    let down = at.div_euclid(step).saturating_mul(step);
    if down < at {
        down.saturating_add(step)
    } else {
        down
    }
}

fn larger_unit(step: i64) -> i64 {
    let units = [MILLI, SECOND, MINUTE, HOUR];
    units.into_iter().find(|&unit| step < unit).unwrap_or(DAY)
}

fn label(local: i64, step: i64) -> String {
    let of_day = local.rem_euclid(DAY);
    if of_day == 0 {
        return date(local.div_euclid(DAY), step);
    }
    let (hour, minute) = (of_day / HOUR, of_day / MINUTE % 60);
    let (second, micro) = (of_day / SECOND % 60, of_day % SECOND);
    if step >= MINUTE {
        format!("{hour:02}:{minute:02}")
    } else if step >= SECOND {
        format!("{hour:02}:{minute:02}:{second:02}")
    } else if step >= MILLI {
        format!("{hour:02}:{minute:02}:{second:02}.{:03}", micro / MILLI)
    } else {
        format!(
            "{hour:02}:{minute:02}:{second:02}.{:03} {:03}",
            micro / MILLI,
            micro % MILLI
        )
    }
}

fn date(days: i64, step: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (year, month, day) = civil(days);
    let month = MONTHS[(month - 1) as usize % 12];
    if step < 7 * DAY {
        format!("{day} {month}")
    } else {
        format!("{day} {month} {year}")
    }
}

/// Year, month and day of a day counted from 1970, in the Gregorian calendar. Years begin in
/// March, so that the leap day is the last of its year; 146 097 days are 400 years.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(from: &str, span: i64, max: usize, offset_secs: i32, expected: Expect) {
        let from = Micros::parse(from).expect("it is a time");
        let view = Window {
            from,
            to: from.plus(span),
        };
        let labels: Vec<String> = ticks(view, max, Zone { offset_secs })
            .into_iter()
            .map(|tick| {
                if tick.major {
                    format!("[{}]", tick.label)
                } else {
                    tick.label
                }
            })
            .collect();
        expected.assert_eq(&labels.join(" "));
    }

    #[test]
    fn labels_say_no_more_than_the_step_needs() {
        check(
            "2026-11-20T14:03:12.418Z",
            10 * MILLI,
            6,
            0,
            expect!["14:03:12.418 14:03:12.420 14:03:12.422 14:03:12.424 14:03:12.426"],
        );
        check(
            "2026-11-20T14:03:57Z",
            10 * SECOND,
            6,
            0,
            expect!["14:03:58 [14:04:00] 14:04:02 14:04:04 14:04:06"],
        );
        check(
            "2026-11-20T13:03:57Z",
            HOUR,
            5,
            0,
            expect!["13:15 13:30 13:45 [14:00]"],
        );
    }

    #[test]
    fn midnight_is_a_date() {
        check(
            "2024-02-28T18:00:00Z",
            2 * DAY,
            5,
            0,
            expect!["[29 Feb] 12:00 [1 Mar] 12:00"],
        );
        check(
            "2025-12-20T00:00:00Z",
            60 * DAY,
            10,
            0,
            expect![[
                "[25 Dec 2025] [1 Jan 2026] [8 Jan 2026] [15 Jan 2026] [22 Jan 2026] [29 Jan 2026] [5 Feb 2026] [12 Feb 2026]"
            ]],
        );
    }

    #[test]
    fn local_midnight_counts_not_the_one_of_greenwich() {
        check(
            "2026-11-20T20:00:00Z",
            6 * HOUR,
            7,
            3600,
            expect!["21:00 22:00 23:00 [21 Nov] 01:00 02:00"],
        );
    }

    #[test]
    fn extreme_views_do_not_panic() {
        let all = Window {
            from: Micros(i64::MIN),
            to: Micros(i64::MAX),
        };
        assert!(ticks(all, 10, Zone::default()).len() <= 10);
        assert!(
            ticks(
                Window {
                    from: Micros(7),
                    to: Micros(7)
                },
                10,
                Zone::default()
            )
            .is_empty()
        );
    }
}
