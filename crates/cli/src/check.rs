//! `waybill check`: look, say what is missing, exit with 0, 1 or 2.

pub(crate) mod ending;

use std::collections::HashMap;

use waybill_filter::Filter;
use waybill_model::{ConsumerVerdict, EventRow, Phase, VerdictClass};
use waybill_protocol::{Counts, EventFacts, GetFacts, GetRows, Opened, Status};

use crate::args::{Check, FailOn};
use crate::check::ending::{Ending, Seen, Waiting};
use crate::client::Client;
use crate::exit::Exit;
use crate::output;
use crate::report::document::{
    CHECK_SCHEMA, CheckDocument, FindingDocument, GraceDocument, PlaceDocument, SilentDocument,
};
use crate::report::text;
use crate::scan;
use crate::start::Refused;

/// Lines asked for at once; the protocol's limit.
const PAGE: u32 = 1000;

pub(crate) async fn run(client: &Client, args: &Check) -> anyhow::Result<Exit> {
    parse_filter(&args.filter)?;
    let opened = scan::open(client, &args.target).await?;
    let status = scan::scan(client, &args.scope).await?;
    let findings = findings(client, &args.filter).await?;
    let filtered = filtered(client, &args.filter).await?;
    let ending = ending(client, args, &status, filtered.as_ref(), &findings).await?;
    if args.json {
        let facts = facts(client, &findings).await?;
        output::json(&document(
            args,
            &opened,
            &status,
            filtered.as_ref(),
            &findings,
            &facts,
            &ending,
        ))?;
    } else {
        let shown = &findings[..findings.len().min(args.limit as usize)];
        let facts = facts(client, shown).await?;
        text::before(&opened, &status, filtered.as_ref());
        text::findings(&opened, shown, &facts, findings.len());
        text::ending(&ending.reasons);
    }
    Ok(ending.exit)
}

/// Refuses a filter before anything is connected, and shows where it is wrong.
pub(crate) fn parse_filter(filter: &str) -> anyhow::Result<()> {
    let Err(error) = Filter::parse(filter) else {
        return Ok(());
    };
    let before = filter
        .get(..error.span.start)
        .unwrap_or_default()
        .chars()
        .count();
    let width = filter
        .get(error.span.clone())
        .map_or(1, |wrong| wrong.chars().count().max(1));
    let meant = match error.suggestion.as_str() {
        "" => String::new(),
        suggestion => format!(" Did you mean '{suggestion}'?"),
    };
    anyhow::bail!(
        "the filter cannot be understood\n  {filter}\n  {}{}\n  {}{meant}",
        " ".repeat(before),
        "^".repeat(width),
        error.message
    )
}

/// Everything that needs action or cannot be known, oldest first; where the filter names verdicts
/// or flags, whatever it names.
async fn findings(client: &Client, filter: &str) -> anyhow::Result<Vec<EventRow>> {
    let filter = shown(filter);
    let mut found = Vec::new();
    loop {
        let page = GetRows {
            filter: filter.clone(),
            within: None,
            descending: false,
            offset: found.len() as u64,
            limit: PAGE,
        };
        let rows = client.call(page).await.map_err(Refused)?;
        let last =
            rows.rows.is_empty() || found.len() as u64 + rows.rows.len() as u64 >= rows.total;
        found.extend(rows.rows);
        if last {
            return Ok(found);
        }
    }
}

/// How many events a filter lets through, by class; `None` without a filter.
async fn filtered(client: &Client, filter: &str) -> anyhow::Result<Option<Counts>> {
    if filter.trim().is_empty() {
        return Ok(None);
    }
    let mut counts = Counts::default();
    for (idx, class) in VerdictClass::ALL.into_iter().enumerate() {
        let page = GetRows {
            filter: format!("{} and ({filter})", class_filter(class)),
            within: None,
            descending: false,
            offset: 0,
            limit: 1,
        };
        let found = client.call(page).await.map_err(Refused)?.total;
        counts.by_class[idx] = found;
        counts.total += found;
    }
    Ok(Some(counts))
}

/// Exactly the events of a class: an event of which one part is unknown may have a worse one, too.
fn class_filter(class: VerdictClass) -> String {
    let worse = VerdictClass::ALL.into_iter().take_while(|it| *it != class);
    let not: Vec<String> = worse
        .map(|worse| format!(" not verdict:{}", worse.name()))
        .collect();
    format!("(verdict:{}{})", class.name(), not.concat())
}

/// The filter of what is shown.
fn shown(filter: &str) -> String {
    let wanted = "(verdict:missing or verdict:phantom or verdict:dead-lettered or verdict:unknown)";
    let chooses = Filter::parse(filter).is_ok_and(|filter| filter.names_verdicts());
    match filter.trim() {
        "" => wanted.to_owned(),
        _ if chooses => filter.to_owned(),
        _ => format!("{wanted} and ({filter})"),
    }
}

async fn facts(client: &Client, findings: &[EventRow]) -> anyhow::Result<Vec<EventFacts>> {
    let mut facts = Vec::with_capacity(findings.len());
    for page in findings.chunks(PAGE as usize) {
        let events = page.iter().map(|row| row.no).collect();
        facts.extend(client.call(GetFacts { events }).await.map_err(Refused)?);
    }
    Ok(facts)
}

/// How the check ends: what is wrong counts as sure as `--fail-on` asks for it.
async fn ending(
    client: &Client,
    args: &Check,
    status: &Status,
    filtered: Option<&Counts>,
    findings: &[EventRow],
) -> anyhow::Result<Ending> {
    let fail_on = args.fail_on.unwrap_or(FailOn::Suspected);
    let is_sure = |row: &EventRow| match fail_on {
        FailOn::Suspected => true,
        FailOn::Confirmed => row.verdict.phase == Phase::Confirmed,
        FailOn::Never => false,
    };
    let wrong = findings
        .iter()
        .filter(|row| row.class.needs_action() && is_sure(row))
        .count();
    let waiting = match fail_on {
        FailOn::Suspected => waiting(client, status, &args.filter, "").await?,
        FailOn::Confirmed => waiting(client, status, &args.filter, " phase:confirmed").await?,
        FailOn::Never => Vec::new(),
    };
    Ok(Ending::of(&Seen {
        status,
        counts: filtered.unwrap_or(&status.counts),
        wrong: wrong as u64,
        waiting: &waiting,
        suspected: args.fail_on == Some(FailOn::Suspected),
    }))
}

/// The consumers that do nothing while events wait for them: nobody is attached, they stand still,
/// have never consumed, or have finished nothing of this window.
async fn waiting(
    client: &Client,
    status: &Status,
    filter: &str,
    sure: &str,
) -> anyhow::Result<Vec<Waiting>> {
    let mut all = Vec::new();
    for (no, consumer) in status.consumers.iter().enumerate() {
        let finished =
            consumer.processed + consumer.passed + consumer.lost + consumer.dead_lettered;
        let reasons = match (consumer.standing, consumer.late) {
            (1.., _) => " (reason:no-consumers or reason:stalled or reason:never-consumed)",
            (0, 1..) if finished == 0 => "",
            (0, _) => continue,
        };
        let asked = match filter.trim() {
            "" => String::new(),
            filter => format!(" and ({filter})"),
        };
        let page = GetRows {
            filter: format!("consumer.{}:lagging{reasons}{sure}{asked}", consumer.name),
            within: None,
            descending: false,
            offset: 0,
            limit: 1,
        };
        let found = client.call(page).await.map_err(Refused)?;
        let oldest = found.rows.first();
        let why = oldest
            .and_then(|row| row.consumers.get(no))
            .map(|cell| &cell.verdict);
        if let (Some(oldest), Some(ConsumerVerdict::Lagging(why))) = (oldest, why) {
            all.push(Waiting {
                consumer: consumer.name.clone(),
                why: *why,
                events: found.total,
                since: oldest.at,
            });
        }
    }
    Ok(all)
}

fn document(
    args: &Check,
    opened: &Opened,
    status: &Status,
    filtered: Option<&Counts>,
    findings: &[EventRow],
    facts: &[EventFacts],
    ending: &Ending,
) -> CheckDocument {
    let by_no: HashMap<u32, &EventFacts> = facts.iter().map(|facts| (facts.no, facts)).collect();
    let finding = |row: &EventRow| {
        let known = by_no.get(&row.no).copied();
        FindingDocument::new(row, &opened.consumers, known)
    };
    CheckDocument {
        schema: CHECK_SCHEMA,
        waybill: env!("CARGO_PKG_VERSION"),
        profile: opened.profile.name.clone(),
        window: status.window.into(),
        filter: args.filter.clone(),
        complete: status
            .places
            .iter()
            .all(|place| place.complete && place.failure.is_none()),
        exit: ending.exit as u8,
        because: ending.because(),
        reasons: ending.reasons.clone(),
        counts: (&status.counts).into(),
        filtered: filtered.map(Into::into),
        places: status
            .places
            .iter()
            .map(|place| PlaceDocument::new(place, &opened.consumers))
            .collect(),
        graces: status
            .graces
            .iter()
            .map(|edge| GraceDocument::new(edge, &opened.consumers))
            .collect(),
        silent: status
            .silent
            .iter()
            .map(|flow| SilentDocument::new(flow, &opened.consumers))
            .collect(),
        findings: findings.iter().map(finding).collect(),
    }
}
