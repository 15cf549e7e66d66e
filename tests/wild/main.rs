//! `cargo xtask wild`: tables of public repositories, each in a database of its own on the real
//! servers with its sent rows' messages on a topic, and what Waybill proposes of them held against
//! labels that were read from the repositories' own code. Exit code 1 when a figure is too low.

mod alone;
mod corpus;
mod figures;
mod inbox;
mod judge;
mod look;
mod made;
mod neighbours;
mod stage;
mod topic;
mod values;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use futures::{StreamExt as _, stream};
use waybill_services::Endpoints;

use corpus::{Database, Kind, Labelled, Tables};
use figures::{Other, Run};
use look::{Eye, Said};
use stage::Stage;
use topic::Topic;
use values::Shape;

/// Databases that stand at the same time.
const AT_ONCE: usize = 4;

/// Rows in a table that is no outbox.
const OTHER_ROWS: usize = 25;

/// Makes labelled tables on the real servers, has a profile proposed for each, and prints how often
/// that was right.
///
/// Found: it is the first table that is proposed, saved or asked about. Chosen: `--yes` saves it. A
/// question that names the right column and values counts as right.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask wild")]
struct Arguments {
    /// Which rows the tables have
    #[arg(long, value_enum, default_value_t = Shape::Full)]
    shape: Shape,
    /// Put tables beside them that look like an outbox and are none
    #[arg(long)]
    alike: bool,
    /// Only tables whose repository or name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// Look at definitions and rows alone, without a server or a message
    #[arg(long)]
    alone: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print what was proposed for each table, too
    #[arg(long)]
    verbose: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let run = runtime.block_on(run(&arguments))?;
    print(&match arguments.json {
        true => serde_json::to_string_pretty(&run.json())?,
        false => run.text(),
    });
    let all_met = run.figures().iter().all(figures::Figure::is_met);
    Ok(if all_met || !arguments.only.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]
fn print(text: &str) {
    println!("{}", text.trim_end());
}

/// What came of one database.
enum Seen {
    Outbox(judge::Outcome),
    Inbox(inbox::Outcome),
    Other(Other),
}

async fn run(arguments: &Arguments) -> anyhow::Result<Run> {
    let is_asked = |name: &str| name.to_lowercase().contains(&arguments.only.to_lowercase());
    let mut tables = corpus::labelled()?;
    if arguments.alone {
        tables.retain(|table| is_asked(&table.name()));
        return Ok(alone::run(&tables, arguments.shape));
    }
    let servers = waybill_services::endpoints().context("cargo xtask services up")?;
    let others = corpus::others()?;
    let mut all: Vec<futures::future::BoxFuture<'_, anyhow::Result<Seen>>> = Vec::new();
    for table in tables.iter().filter(|table| is_asked(&table.name())) {
        all.push(Box::pin(labelled(&servers, table, arguments)));
    }
    for (of, is_look_alike) in [(&others.services, false), (&others.look_alikes, true)] {
        for (name, (database, tables)) in of.iter().filter(|(name, _)| is_asked(name)) {
            let other = other(&servers, name, is_look_alike, *database, tables);
            all.push(Box::pin(other));
        }
    }
    let mut run = Run::default();
    let mut seen = stream::iter(all).buffered(AT_ONCE);
    while let Some(one) = seen.next().await {
        match one? {
            Seen::Outbox(outcome) => run.outboxes.push(outcome),
            Seen::Inbox(outcome) => run.inboxes.push(outcome),
            Seen::Other(other) => run.others.push(other),
        }
    }
    Ok(run)
}

/// Makes a labelled table and looks at it.
async fn labelled(
    servers: &Endpoints,
    table: &Labelled,
    arguments: &Arguments,
) -> anyhow::Result<Seen> {
    let rows = values::rows(table, arguments.shape, topic::TOPIC);
    let mut statements = neighbours::statements(arguments.alike);
    statements.extend(made::statements(table, &rows));
    let topic = Topic::empty()?;
    if arguments.shape == Shape::Full && table.kind == Kind::Outbox {
        topic.publish(table, &rows)?;
    }
    let stage = Stage::set(servers, table.database, &statements).await;
    let stage = stage.with_context(|| format!("failed to make {}", table.name()))?;
    let seen = look_at(servers, table, &stage, &topic, arguments).await;
    stage.remove().await?;
    seen.with_context(|| format!("failed to look at {}", table.name()))
}

async fn look_at(
    servers: &Endpoints,
    table: &Labelled,
    stage: &Stage,
    topic: &Topic,
    arguments: &Arguments,
) -> anyhow::Result<Seen> {
    let eye = Eye::open(servers)?;
    let settings = stage.settings()?;
    if table.kind == Kind::Inbox {
        let tables = eye.tables(&settings).await?;
        return Ok(Seen::Inbox(inbox::inbox(table, &tables)));
    }
    let said = eye.propose(settings, topic.url()).await?;
    if arguments.verbose {
        print(&format!("{}: {said:#?}", table.name()));
    }
    Ok(Seen::Outbox(judge::outbox(table, &said, arguments.shape)))
}

/// Makes tables of which none is an outbox, and looks at them.
async fn other(
    servers: &Endpoints,
    name: &str,
    is_look_alike: bool,
    database: Database,
    tables: &Tables,
) -> anyhow::Result<Seen> {
    let mut statements = neighbours::statements(false);
    for (table, (columns, values)) in tables {
        statements.push(format!("CREATE TABLE {table} ({columns})"));
        for nth in 1..=OTHER_ROWS {
            let row = filled(values, nth);
            statements.push(format!("INSERT INTO {table} VALUES ({row})"));
        }
    }
    let topic = Topic::empty()?;
    topic.publish_others()?;
    let stage = Stage::set(servers, database, &statements).await;
    let stage = stage.with_context(|| format!("failed to make {name}"))?;
    let eye = Eye::open(servers)?;
    let said = eye.propose(stage.settings()?, topic.url()).await;
    stage.remove().await?;
    Ok(Seen::Other(Other {
        name: name.to_owned(),
        is_look_alike,
        chosen: chosen(&said?),
    }))
}

fn chosen(said: &Said) -> Option<String> {
    let table = said.outbox.as_ref()?["table"].as_str()?;
    said.is_chosen.then(|| table.to_owned())
}

/// The values of a row, as the data writes them.
fn filled(values: &str, nth: usize) -> String {
    let minutes = i64::try_from(nth).unwrap_or_default() * 3;
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
    let at = at.strftime("'%Y-%m-%d %H:%M:%S'").to_string();
    let mut row = values.replace("{i}", &nth.to_string()).replace("{t}", &at);
    while row.contains("{u}") {
        row = row.replacen("{u}", &uuid::Uuid::new_v4().to_string(), 1);
    }
    row.replace("{{", "{").replace("}}", "}")
}
