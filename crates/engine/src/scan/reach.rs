//! How far beyond the window each kind of place has to be read. Pure.

use waybill_model::{GraceSettings, Micros, PlaceRole, Window};
use waybill_protocol::TimeSpec;

/// A window, and what has to be read so that the events in it can be judged.
///
/// A copy may be published long after its event, so brokers, inboxes and dead letters are read to
/// now. Clocks differ, so everything is read from a little before. A row may be written long
/// before its copy, and that it is not there counts only where rows were read, so tables are read
/// from well before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Events that begin in here are judged.
    pub(crate) window: Window,
    rows_before_micros: i64,
    /// The window ends now, and moves on with it.
    pub(crate) open: bool,
}

/// Everything is read from this much before, for clocks that differ.
const BEFORE_MICROS: i64 = 30_000_000;

/// Rows are read at most this much before, however patient the profile is with its relay.
const MAX_ROWS_BEFORE_MICROS: i64 = 3_600_000_000;

/// Rows are read this much beyond a window's end: the outbox row of a change is not later.
const AFTER_MICROS: i64 = 120_000_000;

/// Reads to the end are asked for up to this long after now, for clocks that run ahead.
const AHEAD_MICROS: i64 = 3_600_000_000;

impl Reach {
    /// Of what the user asked for, at this moment.
    pub(crate) fn of(spec: TimeSpec, grace: &GraceSettings, now: Micros) -> Self {
        let publish_secs = grace
            .publish_secs
            .unwrap_or(GraceSettings::COLD_PUBLISH_SECS);
        let patience = i64::from(publish_secs) * 2_000_000;
        let rows_before_micros = (BEFORE_MICROS + patience).min(MAX_ROWS_BEFORE_MICROS);
        let (window, open) = match spec {
            TimeSpec::Last { secs } => {
                let micros = i64::try_from(secs)
                    .unwrap_or(i64::MAX)
                    .saturating_mul(1_000_000);
                // Microseconds before 1970 are nobody's events, and databases refuse such dates.
                let from = Micros(now.plus(micros.saturating_neg()).0.max(0));
                (Window { from, to: now }, true)
            }
            TimeSpec::Fixed(window) => (window, window.to >= now),
        };
        Self {
            window,
            rows_before_micros,
            open,
        }
    }

    /// The same, moving on with the clock.
    pub(crate) fn opened(self) -> Self {
        Self { open: true, ..self }
    }

    /// What to read of a place of this role.
    pub(crate) fn of_role(&self, role: PlaceRole, now: Micros) -> Window {
        let is_table = matches!(role, PlaceRole::Business | PlaceRole::Outbox);
        let before = if is_table {
            self.rows_before_micros
        } else {
            BEFORE_MICROS
        };
        let to = if is_table && !self.open {
            self.window.to.plus(AFTER_MICROS)
        } else {
            now.plus(AHEAD_MICROS).max(self.window.to)
        };
        Window {
            from: Micros(self.window.from.plus(-before).0.max(0)),
            to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(10_000_000_000);

    #[test]
    fn the_last_minute_is_read_from_a_little_before_and_open_ended() {
        let reach = Reach::of(TimeSpec::Last { secs: 60 }, &GraceSettings::default(), NOW);
        assert_eq!(reach.window.from, NOW.plus(-60_000_000));
        let read = reach.of_role(PlaceRole::Outbox, NOW);
        // A minute, half a minute for clocks, and twice the two minutes a relay is given.
        assert_eq!(read.from, NOW.plus(-330_000_000));
        let copies = reach.of_role(PlaceRole::Destination, NOW);
        assert_eq!(copies.from, NOW.plus(-90_000_000));
        assert!(read.to > NOW);
    }

    #[test]
    fn of_a_past_window_the_broker_is_read_to_now_and_tables_are_not() {
        let window = Window {
            from: Micros(1_000_000_000),
            to: Micros(2_000_000_000),
        };
        let reach = Reach::of(TimeSpec::Fixed(window), &GraceSettings::default(), NOW);
        assert!(reach.of_role(PlaceRole::Destination, NOW).to > NOW);
        assert_eq!(
            reach.of_role(PlaceRole::Business, NOW).to,
            Micros(2_120_000_000)
        );
    }

    #[test]
    fn nothing_is_asked_for_before_1970() {
        let reach = Reach::of(
            TimeSpec::Last { secs: u64::MAX },
            &GraceSettings::default(),
            NOW,
        );
        assert_eq!(reach.of_role(PlaceRole::Outbox, NOW).from, Micros(0));
    }
}
