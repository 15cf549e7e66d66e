//! `cargo xtask bench`, `truth` and `wild`: the product against rivals, against the truth, and
//! against what other people made.

use anyhow::Result;
use waybill_services::Kind;

use crate::{command, install, services, workspace};

/// Speed and size, as JSON. Rivals run in the same run, so the servers must be there.
pub(crate) fn bench(words: &[&str]) -> Result<()> {
    run("waybill-bench", &Kind::ALL, words)
}

/// A world with known faults, judged by the real engine; as JSON.
pub(crate) fn truth(words: &[&str]) -> Result<()> {
    run("waybill-truth", &named(words), words)
}

/// Labelled tables of public repositories, and what is proposed of them.
pub(crate) fn wild(words: &[&str]) -> Result<()> {
    run("waybill-wild", &[Kind::Postgres, Kind::MariaDb], words)
}

fn run(program: &str, servers: &[Kind], words: &[&str]) -> Result<()> {
    install::packages(&install::NATIVE)?;
    let started = if servers.is_empty() {
        Vec::new()
    } else {
        services::up(servers)?
    };
    let outcome = measure(program, words);
    services::down(&started)?;
    outcome
}

/// Built together: some of what is measured is the `waybill` command itself.
fn measure(program: &str, words: &[&str]) -> Result<()> {
    let built = ["build", "--release", "--bin", "waybill", "--bin", program];
    command::run(workspace::cargo().args(built))?;
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--release", "--bin", program, "--"]);
    command::run(cargo.args(words))
}

/// The servers that the words name, as `--broker kafka` does.
fn named(words: &[&str]) -> Vec<Kind> {
    Kind::ALL
        .into_iter()
        .filter(|kind| {
            let names: &[&str] = match kind {
                Kind::Postgres => &["postgres", "postgresql"],
                Kind::MariaDb => &["mariadb", "mysql"],
                Kind::RabbitMq => &["rabbitmq", "rabbit"],
                Kind::Kafka => &["kafka"],
            };
            words
                .iter()
                .any(|word| names.contains(&word.rsplit('=').next().unwrap_or_default()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_servers_are_started() {
        for (words, expected) in [
            (&["--seed", "7"][..], &[][..]),
            (&["--db", "sqlite", "--broker", "mock"], &[]),
            (
                &["--db", "mysql", "--broker=kafka"],
                &[Kind::Kafka, Kind::MariaDb],
            ),
        ] {
            assert_eq!(named(words), expected, "{words:?}");
        }
    }
}
