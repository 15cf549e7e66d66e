//! How the window says things: times, spans, counts and verdicts in a person's words.

use waybill_model::{
    ConsumerVerdict, EventRow, Finding, LagReason, Micros, Phase, PublishVerdict, StuckReason,
    UnknownReason, VerdictClass,
};

/// Which zone times are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Coordinated universal time.
    Utc,
    /// This machine's zone, as minutes east of UTC.
    Local(i32),
}

impl Zone {
    /// Minutes to add to UTC.
    pub fn minutes(self) -> i32 {
        match self {
            Self::Utc => 0,
            Self::Local(minutes) => minutes,
        }
    }

    /// What the switch says: `UTC` or `UTC+01:00`.
    pub fn label(self) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Local(minutes) => {
                let sign = if minutes < 0 { '−' } else { '+' };
                let abs = minutes.unsigned_abs();
                format!("UTC{sign}{:02}:{:02}", abs / 60, abs % 60)
            }
        }
    }
}

/// A calendar time in a zone; the parts that labels are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Year.
    pub year: i64,
    /// Month, from 1.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Microseconds since midnight.
    pub of_day: i64,
}

const DAY: i64 = 86_400_000_000;

/// Splits a time into calendar parts.
pub fn parts(at: Micros, zone: Zone) -> Parts {
    let local = at.0.saturating_add(i64::from(zone.minutes()) * 60_000_000);
    let (year, month, day) = civil_from_days(local.div_euclid(DAY));
    Parts {
        year,
        month,
        day,
        of_day: local.rem_euclid(DAY),
    }
}

/// Days since 1970 to year, month, day (the well-known era arithmetic; no library needed for this).
fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (
        year,
        u8::try_from(month).unwrap_or(1),
        u8::try_from(day).unwrap_or(1),
    )
}

/// `14:03:12.418`
pub fn clock(at: Micros, zone: Zone) -> String {
    let of_day = parts(at, zone).of_day;
    let (h, m, s) = hms(of_day);
    format!("{h:02}:{m:02}:{s:02}.{:03}", of_day / 1000 % 1000)
}

/// `2026-11-20 14:03:12.418`
pub fn date_clock(at: Micros, zone: Zone) -> String {
    format!("{} {}", date(at, zone), clock(at, zone))
}

/// `2026-11-20`
pub fn date(at: Micros, zone: Zone) -> String {
    let parts = parts(at, zone);
    format!("{:04}-{:02}-{:02}", parts.year, parts.month, parts.day)
}

/// `14:03` or `14:03:12`, as short as the whole of the time allows.
pub fn short_clock(at: Micros, zone: Zone) -> String {
    let (h, m, s) = hms(parts(at, zone).of_day);
    if s == 0 {
        format!("{h:02}:{m:02}")
    } else {
        format!("{h:02}:{m:02}:{s:02}")
    }
}

/// Hours, minutes and seconds of a time of day.
pub fn hms(of_day: i64) -> (i64, i64, i64) {
    let seconds = of_day / 1_000_000;
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A span a person reads at a glance: `412 µs`, `41 ms`, `1.2 s`, `4 m 12 s`, `2 h 05 m`, `3 d 4 h`.
pub fn span(micros: i64) -> String {
    let abs = micros.unsigned_abs();
    let text = match abs {
        0 => "0 ms".to_owned(),
        1..1_000 => format!("{abs} µs"),
        1_000..1_000_000 => format!("{} ms", abs / 1_000),
        1_000_000..10_000_000 => format!("{}.{} s", abs / 1_000_000, abs / 100_000 % 10),
        10_000_000..60_000_000 => format!("{} s", abs / 1_000_000),
        60_000_000..3_600_000_000 => {
            format!("{} m {:02} s", abs / 60_000_000, abs / 1_000_000 % 60)
        }
        3_600_000_000..86_400_000_000 => {
            format!("{} h {:02} m", abs / 3_600_000_000, abs / 60_000_000 % 60)
        }
        _ => format!("{} d {} h", abs / 86_400_000_000, abs / 3_600_000_000 % 24),
    };
    if micros < 0 {
        format!("−{text}")
    } else {
        text
    }
}

/// The narrow form for grid cells, relative to the stage before everything: `+41`, `+1.2s`, `+4m`.
pub fn delta(micros: i64) -> String {
    let sign = if micros < 0 { '−' } else { '+' };
    let abs = micros.unsigned_abs();
    match abs {
        0..1_000_000 => format!("{sign}{}", abs / 1_000),
        1_000_000..100_000_000 => format!("{sign}{}.{}s", abs / 1_000_000, abs / 100_000 % 10),
        100_000_000..6_000_000_000 => format!("{sign}{}m", abs / 60_000_000),
        _ => format!("{sign}{}h", abs / 3_600_000_000),
    }
}

/// Thousands set apart by a no-break space: `12 846`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// `1 event`, `12 events`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// `200 B`, `3.4 kB`, `20 MB`.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{}.{} kB", n / 1_000, n / 100 % 10),
        _ => format!("{}.{} MB", n / 1_000_000, n / 100_000 % 10),
    }
}

/// The share as a percentage that never rounds up to all: 0.9996 is `99.9 %`.
pub fn percent(share: f64) -> String {
    if share >= 1.0 {
        return "100 %".to_owned();
    }
    let tenths = (share.max(0.0) * 1000.0).floor() as u64;
    if tenths.is_multiple_of(10) || tenths < 900 {
        format!("{} %", tenths / 10)
    } else {
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

/// Which tone a class of verdicts has; the CSS class says the colour.
pub fn tone(class: VerdictClass) -> &'static str {
    match class {
        VerdictClass::Missing | VerdictClass::Phantom => "tone-missing",
        VerdictClass::DeadLettered => "tone-dead",
        VerdictClass::Late => "tone-late",
        VerdictClass::Unknown => "tone-unknown",
        VerdictClass::Pending => "tone-muted",
        VerdictClass::Arrived => "tone-fine",
    }
}

/// The heading of a class in rail and tabs.
pub fn class_label(class: VerdictClass) -> &'static str {
    match class {
        VerdictClass::Missing => "Missing",
        VerdictClass::Phantom => "Never stored",
        VerdictClass::DeadLettered => "Dead-lettered",
        VerdictClass::Late => "Late",
        VerdictClass::Unknown => "Cannot know",
        VerdictClass::Pending => "On its way",
        VerdictClass::Arrived => "Arrived",
    }
}

/// A class as the end of a sentence that starts with a count.
pub fn class_sentence(class: VerdictClass) -> &'static str {
    match class {
        VerdictClass::Missing => "should have arrived somewhere and did not",
        VerdictClass::Phantom => "were published, but never stored",
        VerdictClass::DeadLettered => "were given up on by a consumer",
        VerdictClass::Late => "are late",
        VerdictClass::Unknown => "cannot be judged; each says why",
        VerdictClass::Pending => "are on their way, and not late",
        VerdictClass::Arrived => "arrived everywhere",
    }
}

/// What the grid's pill says about one event.
pub fn finding(row: &EventRow, consumers: &[String]) -> String {
    match row.verdict.finding() {
        Finding::Arrived => "Arrived".to_owned(),
        Finding::Publish(verdict) => publish(&verdict).to_owned(),
        Finding::Consumer(no, verdict) => {
            let name = consumers
                .get(usize::from(no.0))
                .map_or("a consumer", String::as_str);
            consumer(&verdict, name)
        }
    }
}

/// A publish verdict as a label.
pub fn publish(verdict: &PublishVerdict) -> &'static str {
    match verdict {
        PublishVerdict::NotChecked(_) => "Not checked",
        PublishVerdict::Phantom => "Never stored",
        PublishVerdict::Published => "Published",
        PublishVerdict::Unroutable => "Reached no queue",
        PublishVerdict::InOpenTransaction => "In an open transaction",
        PublishVerdict::MissingOutboxRow => "Stored, never published",
        PublishVerdict::Pending => "Waiting for the relay",
        PublishVerdict::Stuck(_) => "Never published",
        PublishVerdict::LostInPublish => "Lost in publishing",
        PublishVerdict::Unknown(_) => "Cannot know",
    }
}

/// Why a publish verdict is what it is, where there is more to say than the label.
pub fn publish_reason(verdict: &PublishVerdict) -> Option<String> {
    let text = match verdict {
        PublishVerdict::Stuck(StuckReason::RelayIdle) => "the relay has sent nothing since",
        PublishVerdict::Stuck(StuckReason::HeadOfLine) => "an older unsent event stands before it",
        PublishVerdict::Stuck(StuckReason::AttemptsExhausted) => "the relay tried and gave up",
        PublishVerdict::Stuck(StuckReason::PassedOver) => "the relay passed over it",
        PublishVerdict::Stuck(StuckReason::OpenTransaction) => {
            "its broker transaction has been open for more than 15 minutes"
        }
        PublishVerdict::Unknown(reason) => unknown(*reason),
        PublishVerdict::NotChecked(why) => return Some(why.clone()),
        _ => return None,
    };
    Some(text.to_owned())
}

/// A consumer's verdict as a label that names it.
pub fn consumer(verdict: &ConsumerVerdict, name: &str) -> String {
    match verdict {
        ConsumerVerdict::NotDue => format!("{name}: not yet due"),
        ConsumerVerdict::Processed => format!("Processed by {name}"),
        ConsumerVerdict::DeadLettered => format!("Dead-lettered by {name}"),
        ConsumerVerdict::Failed => format!("Failed at {name}"),
        ConsumerVerdict::Lagging(LagReason::Unprocessed) => format!("Unprocessed by {name}"),
        ConsumerVerdict::NotRouted => format!("Not routed to {name}"),
        ConsumerVerdict::Retrying => format!("{name} tries again"),
        ConsumerVerdict::InFlight => format!("On its way to {name}"),
        ConsumerVerdict::Lagging(_) => format!("Waiting for {name}"),
        ConsumerVerdict::LostByConsumer => format!("Lost by {name}"),
        ConsumerVerdict::Passed => format!("{name} moved past it"),
        ConsumerVerdict::Unknown(_) => format!("Cannot know: {name}"),
    }
}

/// Why a consumer's verdict is what it is, where there is more to say than the label.
pub fn consumer_reason(verdict: &ConsumerVerdict) -> Option<&'static str> {
    match verdict {
        ConsumerVerdict::Processed => Some("its inbox row is there"),
        ConsumerVerdict::Passed => Some("moved past it; nothing tells whether it was processed"),
        ConsumerVerdict::LostByConsumer => Some("moved past it, and its inbox does not hold it"),
        ConsumerVerdict::NotRouted => Some("no binding leads to it"),
        ConsumerVerdict::DeadLettered => Some("lies among its dead letters"),
        ConsumerVerdict::Failed => Some("its inbox says received, and failed"),
        ConsumerVerdict::Lagging(LagReason::NoConsumers) => Some("nobody is attached"),
        ConsumerVerdict::Lagging(LagReason::Behind) => Some("it works, but is behind"),
        ConsumerVerdict::Lagging(LagReason::Stalled) => Some("it has stopped moving"),
        ConsumerVerdict::Lagging(LagReason::NeverConsumed) => {
            Some("it has never consumed anything")
        }
        ConsumerVerdict::Lagging(LagReason::Unprocessed) => {
            Some("its inbox says received, not processed")
        }
        ConsumerVerdict::Retrying => Some("failed, will be tried again"),
        ConsumerVerdict::InFlight => Some("on its way, and not late"),
        ConsumerVerdict::NotDue => Some("not yet due"),
        ConsumerVerdict::Unknown(reason) => Some(unknown(*reason)),
    }
}

/// Why nothing can be said.
pub fn unknown(reason: UnknownReason) -> &'static str {
    match reason {
        UnknownReason::RetentionPassed => "retention has removed what could have told",
        UnknownReason::Compacted => "the topic is compacted",
        UnknownReason::NotCovered => "that time was not read without a gap",
        UnknownReason::NoObserver => "nothing observed the destination at that time",
        UnknownReason::OutboxCleaned => "the outbox deletes its rows",
        UnknownReason::NoMatchableId => "it carries no usable id",
        UnknownReason::Ambiguous => "its id fits several events",
        UnknownReason::NoCommittedOffset => "the group has no committed offset",
        UnknownReason::QueueMayDrop => "the queue may have dropped it",
        UnknownReason::NoProbe => "nothing is configured that could tell",
        UnknownReason::OpenTransactions => "open transactions may still bring the row",
        UnknownReason::NotGathered => "this evidence is not gathered for this source",
        UnknownReason::SourceFailed => "the source could not be read",
        UnknownReason::InboxCleaned => "its inbox row was unprocessed, and is gone",
        UnknownReason::UntrueTimes => "the messages' times do not say when they were published",
        UnknownReason::NotBound => "the audit stream is not bound for everything",
        UnknownReason::ClockAhead => "its time lies ahead of the clock",
        UnknownReason::WhoseUnknown => "it does not say whose message it is",
        UnknownReason::OtherPublisher => "it names another publisher than those with a row",
        UnknownReason::RowGone => "its business row was deleted, or never stored",
        UnknownReason::ScanLimit => "the scan's own limit was reached",
        UnknownReason::CommittedBeyondEnd => "its committed offset is of another life of the topic",
        UnknownReason::NoControl => "no neighbour was ever found there",
        UnknownReason::OneOfThese => "it may be one that cannot be recognised",
        UnknownReason::NoTime => "its row carries no time",
        UnknownReason::RowsHidden => "the database hides some of the rows",
        UnknownReason::ReplicaBehind => "the replica has not come so far",
        UnknownReason::TransactionsHidden => "open transactions are hidden",
        UnknownReason::ZoneUnknown => "nobody said in which zone its time is",
    }
}

/// How sure a verdict is.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Suspected => "suspected, seen by one scan",
        Phase::Confirmed => "confirmed by two scans",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_at_a_glance() {
        for (micros, expected) in [
            (0, "0 ms"),
            (412, "412 µs"),
            (41_900, "41 ms"),
            (1_250_000, "1.2 s"),
            (252_000_000, "4 m 12 s"),
            (7_500_000_000, "2 h 05 m"),
            (-2_000, "−2 ms"),
        ] {
            assert_eq!(span(micros), expected);
        }
    }

    #[test]
    fn deltas_fit_a_cell() {
        for (micros, expected) in [
            (2_000, "+2"),
            (999_999, "+999"),
            (1_250_000, "+1.2s"),
            (252_000_000, "+4m"),
        ] {
            assert_eq!(delta(micros), expected);
        }
    }

    #[test]
    fn nothing_rounds_up_to_complete() {
        for (share, expected) in [
            (1.0, "100 %"),
            (0.99999, "99.9 %"),
            (0.5, "50 %"),
            (0.0, "0 %"),
            (0.456, "45 %"),
        ] {
            assert_eq!(percent(share), expected);
        }
    }

    #[test]
    fn times_are_shown_in_the_zone_asked_for() {
        let at = Micros::parse("2026-03-01T23:30:12.418Z").expect("a time");
        assert_eq!(date_clock(at, Zone::Utc), "2026-03-01 23:30:12.418");
        assert_eq!(date_clock(at, Zone::Local(60)), "2026-03-02 00:30:12.418");
        assert_eq!(Zone::Local(-210).label(), "UTC−03:30");
        let leap = Micros::parse("2024-02-29T12:00:00Z").expect("a time");
        assert_eq!(date(leap, Zone::Utc), "2024-02-29");
        assert_eq!(date(Micros(-1), Zone::Utc), "1969-12-31");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(12_846), "12\u{a0}846");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000_000), "1\u{a0}000\u{a0}000");
    }
}
