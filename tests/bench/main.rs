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
use clap::{Parser, ValueEnum};
use figure::Report;

/// How fast Waybill is, as JSON.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    /// Measure this only.
    what: Option<What>,
    /// How many events, rows or messages to measure with; the live tail has its own number.
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
}

/// What there is to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Evidence to verdicts, beside DuckDB's full outer join; bytes per event.
    Reconcile,
    /// The scan of a topic, beside a bare tuned consumer and one with the library's defaults.
    Kafka,
    /// The scan of an outbox, beside psql's \copy.
    Postgres,
    /// A whole `waybill check` on PostgreSQL and Kafka: seconds, and memory at most.
    Check,
    /// From published to visible while Waybill follows.
    Live,
}

fn main() -> anyhow::Result<()> {
    let Arguments { what, events } = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let wanted = |one: What| what.is_none_or(|only| only == one);
    let mut report = Report::new(events);
    if wanted(What::Reconcile) {
        // Five pieces an event: ten million of them, unless asked otherwise.
        let figures = reconcile::rate_and_size(events * 2);
        report.add(figures.context("failed to measure reconciling")?);
    }
    if wanted(What::Kafka) {
        let figures = runtime.block_on(kafka::scan_beside_bare_consumer(events));
        report.add(figures.context("failed to measure the Kafka scan")?);
    }
    if wanted(What::Postgres) {
        let figures = runtime.block_on(postgres::scan_beside_psql(events));
        report.add(figures.context("failed to measure the outbox scan")?);
    }
    if wanted(What::Check) {
        let figures = runtime.block_on(check::whole(events));
        report.add(figures.context("failed to measure a whole check")?);
    }
    if wanted(What::Live) {
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
