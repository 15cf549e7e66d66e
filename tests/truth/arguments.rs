//! What can be asked for.

use clap::{Parser, ValueEnum};
use serde::Serialize;

/// Runs a world with faults, scans it, and holds every verdict against what really happened.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask truth")]
pub(crate) struct Arguments {
    /// The same seed makes the same world
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many events
    #[arg(long, default_value_t = 2000)]
    pub(crate) events: usize,
    /// Where the company keeps its data
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    pub(crate) db: Database,
    /// Where it publishes
    #[arg(long, value_enum, default_value_t = Broker::Mock)]
    pub(crate) broker: Broker,
    /// `all` that work there, `none`, or names separated by commas
    #[arg(long, default_value = "all")]
    pub(crate) faults: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Database {
    Sqlite,
    Postgres,
    Mysql,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Broker {
    Mock,
    Kafka,
    Rabbitmq,
}
