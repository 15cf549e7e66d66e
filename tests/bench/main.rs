//! `cargo xtask bench`: how fast we are, beside a rival in the same run. Prints JSON.
//!
//! Figures are measured here and nowhere asserted: a busy machine makes every absolute number
//! smaller, which is why each stands beside a rival that ran in turn with it.

mod check;
mod company;
mod duckdb;
mod figure;
mod figure_source;
mod kafka;
mod postgres;
mod reconcile;
mod visible;

use anyhow::Context as _;
use figure::Report;

/// How much to measure with; `--events N` changes it.
const EVENTS: usize = 1_000_000;

fn main() -> anyhow::Result<()> {
    let (events, only) = arguments()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let mut report = Report::new(events);
    if wanted("reconcile") {
        // Five pieces an event: ten million of them, unless asked otherwise.
        let figures = reconcile::rate_and_size(events * 2);
        report.add(figures.context("failed to measure reconciling")?);
    }
    if wanted("kafka") {
        let figures = runtime.block_on(kafka::scan_beside_bare_consumer(events));
        report.add(figures.context("failed to measure the Kafka scan")?);
    }
    if wanted("postgres") {
        let figures = runtime.block_on(postgres::scan_beside_psql(events));
        report.add(figures.context("failed to measure the outbox scan")?);
    }
    if wanted("check") {
        let figures = runtime.block_on(check::whole(events));
        report.add(figures.context("failed to measure a whole check")?);
    }
    if wanted("live") {
        let figures = runtime.block_on(visible::published_to_visible());
        report.add(figures.context("failed to measure the live tail")?);
    }
    print(&report)
}

#[expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]
fn print(report: &Report) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}

/// `[--events N] [check|kafka|live|postgres|reconcile]`
fn arguments() -> anyhow::Result<(usize, Option<String>)> {
    let mut events = EVENTS;
    let mut only = None;
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--events" => {
                let number = given.next().context("--events needs a number")?;
                events = number.parse().context("--events needs a whole number")?;
            }
            "check" | "kafka" | "live" | "postgres" | "reconcile" => only = Some(argument),
            other => {
                anyhow::bail!(
                    "'{other}' is none of check, kafka, live, postgres, reconcile, --events N"
                )
            }
        }
    }
    Ok((events, only))
}
