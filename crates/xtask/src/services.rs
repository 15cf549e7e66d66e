//! `cargo xtask services`: the servers that tests run against.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result, bail};
use waybill_services::{Kind, Standing};

use crate::install;

/// Runs `up`, `down` or `status`, for all servers or for the named ones.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let (action, names) = match words {
        [] => ("status", words),
        [action, names @ ..] => (*action, names),
    };
    let mut kinds = names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<Vec<Kind>>>()?;
    if kinds.is_empty() {
        kinds = Kind::ALL.to_vec();
    }
    match action {
        "up" => {
            up(&kinds)?;
            status()
        }
        "down" => down(&kinds),
        "status" => status(),
        _ => bail!("services {action}: there are up, down and status"),
    }
}

/// Installs what the servers need and starts those that do not run. Returns
/// those that it started.
pub(crate) fn up(kinds: &[Kind]) -> Result<Vec<Kind>> {
    let packages: Vec<&str> = kinds
        .iter()
        .flat_map(|kind| kind.packages())
        .copied()
        .collect();
    install::packages(&packages)?;
    let outcomes = waybill_services::up(kinds)?;
    let started: Vec<Kind> = outcomes
        .into_iter()
        .filter(|outcome| outcome.started)
        .map(|outcome| outcome.kind)
        .collect();
    for kind in &started {
        eprintln!("started {kind}");
    }
    Ok(started)
}

/// Stops servers and removes what they stored.
pub(crate) fn down(kinds: &[Kind]) -> Result<()> {
    for kind in waybill_services::down(kinds)? {
        eprintln!("stopped {kind}");
    }
    Ok(())
}

fn status() -> Result<()> {
    let mut out = io::stdout().lock();
    for status in waybill_services::status()? {
        let line = match status.standing {
            Standing::Down => "down".to_owned(),
            Standing::Broken(reason) => format!("broken: {reason}"),
            Standing::Up(record) => {
                let management = record.management_url().map(|url| format!("  {url}"));
                format!("{}{}", record.url(), management.unwrap_or_default())
            }
        };
        writeln!(out, "{:<9} {line}", status.kind).context("failed to write")?;
    }
    Ok(())
}
