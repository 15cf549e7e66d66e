//! What can be asked for.

use std::num::NonZeroUsize;

use clap::{Parser, ValueEnum};
use serde::Serialize;
use waybill_world::Situation;

/// Runs a world with faults, looks at it with the real engine, and holds every verdict against what
/// really happened.
///
/// Prints JSON. For every verdict: how often it was true, false (said although something else was
/// so) and missed (not said although it was so), and how often `unknown` was said instead, with its
/// reasons: `unknowable` where the evidence that is left carries no more, `unexcused` where it does.
/// The exit code is 1 when anything is false or missed, or when a flag was.
#[derive(Debug, Clone, Parser)]
#[command(name = "cargo xtask truth")]
pub(crate) struct Arguments {
    /// The same seed makes the same world
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many events
    #[arg(long, default_value_t = 2000)]
    pub(crate) events: usize,
    /// Instead of one world, so many small ones: of 1 to 200 events, by dice from the seed
    ///
    /// Faults' rarity, ids and outbox are thrown as well. Prints all of them together, the share of
    /// `unknown` for each combination of options, and the words that make a world again in which
    /// something was wrong.
    #[arg(long, conflicts_with_all = ["events", "one_in", "situation", "ids", "outbox", "no_audit_stream", "live"])]
    pub(crate) small: Option<NonZeroUsize>,
    /// Where the company keeps its data
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    pub(crate) db: Database,
    /// Where it publishes
    #[arg(long, value_enum, default_value_t = Broker::Mock)]
    pub(crate) broker: Broker,
    /// `all` that work there, `none`, or names separated by commas
    ///
    /// With `all` each fault hits events by its own dice, so that several meet at one event; of
    /// those that take evidence away from all events (retention, compaction, deleted outbox rows,
    /// open transactions, queues that overflow) the seed chooses one or none.
    #[arg(long, default_value = "all")]
    pub(crate) faults: String,
    /// One event in this many is hit by each fault
    #[arg(long, default_value_t = 100)]
    pub(crate) one_in: u32,
    /// How many seconds back Waybill looks; the past is 2700 seconds long
    ///
    /// A shorter window than the past begins in the middle of things: events that began before it
    /// need not be seen.
    #[arg(long, default_value_t = 3600)]
    pub(crate) window: u64,
    /// Let Waybill learn when an event is late, instead of setting a few seconds in the profile
    ///
    /// Of events that are not late yet by what was learnt it need not be said that they are missing.
    #[arg(long)]
    pub(crate) learn_grace: bool,
    /// What is so for every event, instead of faults: for worlds of 1, 3 or 20 events
    ///
    /// `relay-dead`, `relay-marks` (as sent, and never sends), `wrong-destination` (in the profile),
    /// `topic-anew` (not on the mock cluster), `consumer-never-started`, `first-day` (all is well).
    /// What Waybill tells of the whole is then held against what a careful person would tell, word
    /// by word.
    #[arg(long, value_parser = situation, conflicts_with_all = ["faults", "one_in", "live", "ids", "outbox"])]
    pub(crate) situation: Option<Situation>,
    /// What ids the messages of the past carry
    #[arg(long, value_enum, default_value_t = Ids::Own, conflicts_with = "live")]
    pub(crate) ids: Ids,
    /// How the outbox tells what was sent
    #[arg(long, value_enum, default_value_t = Outbox::Marks)]
    pub(crate) outbox: Outbox,
    /// RabbitMQ: let the profile name no audit stream, so that nothing has seen the past
    #[arg(long, conflicts_with_all = ["ids", "live"])]
    pub(crate) no_audit_stream: bool,
    /// Follow the company while it works, instead of reading its past
    ///
    /// Reports besides how long it took from a fault to its confirmed verdict, and every event that
    /// was flagged although it arrived in time.
    #[arg(long)]
    pub(crate) live: bool,
    /// With --live: changes per second
    #[arg(long, default_value_t = 100.0)]
    pub(crate) rate: f64,
}

impl Arguments {
    /// What makes this run another than the one with all defaults, but for seed and size.
    pub(crate) fn options(&self) -> String {
        let unseen = match self.no_audit_stream {
            true => ", no audit stream",
            false => "",
        };
        format!(
            "{} × {}, ids {}, outbox {}{unseen}",
            word(&self.db),
            word(&self.broker),
            word(&self.ids),
            word(&self.outbox)
        )
    }

    /// The words that make this run again.
    pub(crate) fn words(&self) -> String {
        let unseen = match self.no_audit_stream {
            true => " --no-audit-stream",
            false => "",
        };
        format!(
            "--seed {} --events {} --one-in {} --db {} --broker {} --ids {} --outbox {}{unseen}",
            self.seed,
            self.events,
            self.one_in,
            word(&self.db),
            word(&self.broker),
            word(&self.ids),
            word(&self.outbox)
        )
    }
}

/// A choice as it is typed.
fn word(choice: &impl ValueEnum) -> String {
    let typed = choice.to_possible_value();
    typed.map_or_else(String::new, |it| it.get_name().to_owned())
}

/// The situation of that name.
fn situation(name: &str) -> Result<Situation, String> {
    let found = Situation::ALL.into_iter().find(|it| it.name() == name);
    found.ok_or_else(|| {
        let names = Situation::ALL.map(Situation::name);
        format!("use one of {}", names.join(", "))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outbox {
    /// A column says when
    Marks,
    /// Not at all: the relay deletes a row once the broker has confirmed it
    Deletes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ids {
    /// The events' own, as the outbox has them
    Own,
    /// Others, made by the relay
    Relay,
    /// None
    None,
    /// The events' own, but the profile looks for them elsewhere and names no version
    Wrong,
    /// The events' own, which are numbers that the database counts up from one
    Bigserial,
    /// None, and no version either: nothing but what they say
    Content,
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
