//! A check as text: what was read, what was found, event by event.

use waybill_model::{Accounts, EventRow, Finding, PublishVerdict, VerdictClass};
use waybill_protocol::{
    ClockOffset, Counts, EventFacts, Failure, Group, Opened, PlaceStatus, Status,
};

use crate::check::ending::Reason;
use crate::failures::failures;
use crate::output;

/// Prints what was read and how much was found; with a filter, what it lets through.
pub(crate) fn before(opened: &Opened, status: &Status, filtered: Option<&Counts>) {
    output::line(&format!(
        "{}  {} → {}",
        opened.profile.name, status.window.from, status.window.to
    ));
    for flow in &status.silent {
        output::line(&format!("  ! {}.", flow.sentence));
    }
    for place in &status.places {
        output::line(&place_line(place));
        for told in place.accounts.iter().flat_map(Accounts::sentences) {
            output::line(&format!("      {told}"));
        }
    }
    for line in failures(status).into_iter().flat_map(failure_lines) {
        output::line(&line);
    }
    for edge in &status.graces {
        output::line(&format!("  {}", edge.sentence));
    }
    for clock in &status.clocks {
        if let Some(told) = clock_line(clock) {
            output::line(&format!("  {told}"));
        }
    }
    output::line("");
    match filtered {
        Some(counts) => filtered_lines(counts),
        None => groups(status),
    }
    let all = format!("events in all, {} copies read", status.copies);
    output::line(&counted(status.counts.total, &all));
    output::line("");
}

/// What was found, verdict by verdict.
fn groups(status: &Status) {
    let told = |group: &&Group| group.class.is_some() && group.count > 0;
    for group in status.groups.iter().filter(told) {
        output::line(&counted(group.count, &group.sentence));
    }
}

/// A sentence that begins with its number, or a number and what it counts, in one column.
fn counted(count: u64, sentence: &str) -> String {
    let number = count.to_string();
    let rest = sentence.strip_prefix(&number).unwrap_or(sentence);
    format!("  {number:>7} {}", rest.trim_start())
}

/// What a filter lets through, class by class.
fn filtered_lines(counts: &Counts) {
    let found = VerdictClass::ALL
        .into_iter()
        .map(|class| (class, counts.of(class)))
        .filter(|(_, count)| *count > 0);
    for (class, count) in found {
        output::line(&counted(count, &class.name().replace('-', " ")));
    }
    output::line(&counted(counts.total, "that the filter lets through"));
}

/// Prints how it ends: everything that keeps it from being fine.
pub(crate) fn ending(reasons: &[Reason]) {
    for reason in reasons {
        output::line(&reason.sentence);
    }
}

/// Prints what was found, event by event.
pub(crate) fn findings(opened: &Opened, shown: &[EventRow], facts: &[EventFacts], found: usize) {
    for row in shown {
        finding(
            row,
            &opened.consumers,
            facts.iter().find(|facts| facts.no == row.no),
        );
    }
    if found > shown.len() {
        output::line(&format!(
            "… and {} more; --limit or --json shows them.",
            found - shown.len()
        ));
    }
}

/// What happened, why, and what to do about it.
fn failure_lines(failure: &Failure) -> Vec<String> {
    let mut lines = vec![format!("  ! {}", failure.message)];
    if !failure.detail.is_empty() && failure.detail != failure.message {
        lines.push(format!("    why: {}", failure.detail));
    }
    if !failure.hint.is_empty() {
        lines.push(format!("    what to do: {}", failure.hint));
    }
    lines
}

/// Of a clock that is not ours, where that is worth saying.
fn clock_line(clock: &ClockOffset) -> Option<String> {
    const WORTH_SAYING_SECS: i64 = 10;
    let secs = clock.offset_micros / 1_000_000;
    let which = if secs < 0 { "behind" } else { "ahead of" };
    (secs.abs() >= WORTH_SAYING_SECS).then(|| {
        format!(
            "the clock of the {} is {} s {which} this machine's; what is late is told by it where \
             no other server contradicts",
            clock.source,
            secs.abs()
        )
    })
}

fn place_line(status: &PlaceStatus) -> String {
    let what = format!(
        "  {:<34} {:>9} read, {:>3} % covered",
        status.place.name,
        status.progress.done,
        percent(status.covered)
    );
    let failure = status.failure.as_ref().map(|it| it.message.clone());
    let gap = status.first_gap().map(ToString::to_string);
    let matched = Some(status.matched.clone()).filter(|matched| !matched.is_empty());
    let told = [Some(what), failure.or(gap), matched];
    told.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Whole percents. What is missing at a window's very end, or as a gap, is told in words.
fn percent(share: f32) -> u32 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}

fn finding(row: &EventRow, consumers: &[String], facts: Option<&EventFacts>) {
    let phase = match row.verdict.phase {
        waybill_model::Phase::Suspected => " (suspected)",
        waybill_model::Phase::Confirmed => "",
    };
    output::line(&format!(
        "{}{phase}  {} {}  {}",
        pill(row, consumers),
        row.kind,
        row.aggregate,
        row.id
    ));
    let Some(facts) = facts else { return };
    output::line(&format!("    {}", facts.sentence));
    for fact in &facts.facts {
        let note = if fact.note.is_empty() {
            String::new()
        } else {
            format!("  {}", fact.note)
        };
        output::line(&format!("    {}  {}{note}", fact.stamp.at, fact.coordinate));
    }
}

/// The verdict in two or three words.
pub(crate) fn pill(row: &EventRow, consumers: &[String]) -> String {
    match row.verdict.finding() {
        Finding::Arrived => "arrived".to_owned(),
        Finding::Publish(PublishVerdict::Unknown(reason)) => {
            format!("unknown: {}", reason.clause())
        }
        Finding::Publish(verdict) => verdict.name().replace('-', " "),
        Finding::Consumer(no, verdict) => {
            let name = consumers.get(usize::from(no.0)).map_or("?", String::as_str);
            format!("{name}: {}", verdict.name().replace('-', " "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_said_once() {
        assert_eq!(
            counted(12, "12 events are late"),
            "       12 events are late"
        );
        assert_eq!(counted(0, "events in all"), "        0 events in all");
    }

    #[test]
    fn a_share_is_never_below_nothing() {
        let shown = [-0.0, 0.0, 0.004, 0.5, 0.999, 1.0].map(percent);
        assert_eq!(shown, [0, 0, 0, 50, 100, 100]);
    }
}
