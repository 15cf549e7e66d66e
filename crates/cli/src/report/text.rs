//! A check as text: what was read, what was found, event by event.

use waybill_model::{EventRow, Finding, PublishVerdict};
use waybill_protocol::{EventFacts, Opened, PlaceStatus, ScanState, Status};

use crate::output;

/// Prints the coverage, the counts, and the findings with their evidence.
pub(crate) fn check(
    opened: &Opened,
    status: &Status,
    shown: &[EventRow],
    facts: &[EventFacts],
    found: usize,
) {
    output::line(&format!(
        "{}  {} → {}",
        opened.profile.name, status.window.from, status.window.to
    ));
    if let ScanState::Failed { failure } = &status.scan {
        output::line(&format!("  ! {}", failure.message));
    }
    for place in &status.places {
        output::line(&place_line(place));
    }
    for edge in &status.graces {
        output::line(&format!("  {}", edge.sentence));
    }
    output::line("");
    for group in status
        .groups
        .iter()
        .filter(|group| group.class.is_some() && group.count > 0)
    {
        output::line(&format!("  {:>7}  {}", group.count, group.sentence));
    }
    output::line(&format!(
        "  {:>7}  events in all, {} copies read",
        status.counts.total, status.copies
    ));
    output::line("");
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

fn place_line(status: &PlaceStatus) -> String {
    let what = format!(
        "  {:<34} {:>9} read, {:>3.0} % covered",
        status.place.name,
        status.progress.done,
        status.covered * 100.0
    );
    let failure = status.failure.as_ref().map(|it| it.message.clone());
    let gap = status.first_gap().map(ToString::to_string);
    let matched = Some(status.matched.clone()).filter(|matched| !matched.is_empty());
    let told = [Some(what), failure.or(gap), matched];
    told.into_iter().flatten().collect::<Vec<_>>().join("; ")
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
