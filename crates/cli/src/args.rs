//! The command line: what can be said, and its help.

mod new;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use new::{Environment, New};

/// Finds events that were stored but never published, published but never stored, or lost by one
/// consumer; resends the missing ones and watches until they arrive.
#[derive(Debug, Parser)]
#[command(name = "waybill", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Write a log to standard error: error, warn, info, debug, trace
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at a window of time and say what is missing
    ///
    /// Exit code 0: nothing is missing, and every place was read without a gap. 1: something is
    /// missing, or a consumer does nothing while events wait for it. 2: cannot know, or could not
    /// look.
    Check(Check),
    /// Send missing events again, and watch until they have arrived
    ///
    /// Prints the plan first. Sends only with --yes, or after you have confirmed.
    Resend(Resend),
    /// The built-in company: look at it, break it, start it anew
    Demo(Demo),
    /// Propose, list, show and check profiles
    #[command(subcommand)]
    Profiles(Profiles),
    /// List the libraries whose outbox and inbox tables are known; say whose a table is
    Layouts(Layouts),
    /// What was resent: who, when, why, and what became of it
    Journal(Journal),
    /// Print the JSON Schema of what `waybill check --json` prints
    Schema,
}

/// Where to look.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// A saved profile
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "demo",
        conflicts_with = "demo"
    )]
    pub(crate) profile: Option<String>,
    /// The built-in company; no server needed
    #[arg(long)]
    pub(crate) demo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Scope {
    /// How far to look back: 15m, 1h, 2d
    #[arg(long, value_name = "LENGTH", default_value = "1h", conflicts_with_all = ["from", "to"])]
    pub(crate) since: String,
    /// Start of the window, like 2026-11-20T14:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// End of the window; now when left out
    #[arg(long, value_name = "TIME", requires = "from")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Only events that this filter lets through, like 'verdict:missing and type ~ "Product*"'
    #[arg(long, value_name = "FILTER", default_value = "")]
    pub(crate) filter: String,
    /// Print JSON; `waybill schema` says what each field means
    #[arg(long)]
    pub(crate) json: bool,
    /// What makes the exit code 1; when left out, all that is suspected, but 2 for a silent flow
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) fail_on: Option<FailOn>,
    /// Print at most this many findings as text (JSON has them all)
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Anything missing, even if seen by one scan only, and a flow of which nothing was ever seen
    Suspected,
    /// Only what a second scan has confirmed
    Confirmed,
    /// Nothing; only 0 and 2 are left
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct Resend {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Which events; only confirmed ones are sent
    #[arg(long, value_name = "FILTER", required_unless_present_any = ["ids", "resume"])]
    pub(crate) filter: Option<String>,
    /// A file with one event id a line; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "filter")]
    pub(crate) ids: Option<PathBuf>,
    /// Go on with a run that was cut off; its id is in `waybill journal`
    #[arg(long, value_name = "RUN", conflicts_with_all = ["filter", "ids"])]
    pub(crate) resume: Option<String>,
    /// Who receives it: everyone, or one consumer by name (RabbitMQ)
    #[arg(
        long,
        value_name = "everyone|consumer:NAME",
        default_value = "everyone"
    )]
    pub(crate) mode: String,
    /// Events per second at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) rate: u32,
    /// Send at full rate at once instead of 1, 5, 20, 100 …
    #[arg(long)]
    pub(crate) no_ramp: bool,
    /// Why; goes into the journal and the messages
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    /// A message that a consumer received, as JSON with key, headers, properties and body
    ///
    /// Where Waybill can read no message itself it shows how the relay makes one of a row. Its row
    /// must be in the window.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub(crate) sample: Vec<PathBuf>,
    /// Send rows although it is not proven how their relay or service makes a message
    ///
    /// Of an outbox row it sends what stands there, of a business row what can be made of it.
    /// Without it they are left out, and the plan says what stands in the way. Takes the reason,
    /// which goes into the journal, and asks for the profile's name: --yes=NAME.
    #[arg(long, value_name = "REASON", conflicts_with = "resume")]
    pub(crate) unproven_form: Option<String>,
    /// Print the plan and ask the broker about its routes; send nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do not ask. In production the profile's name must follow: --yes=NAME
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) yes: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(subcommand)]
    pub(crate) what: Option<DemoCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DemoCommand {
    /// What the demo is and how it stands
    Show,
    /// What really happened to every event, as JSON: the truth that verdicts are held against
    Truth,
    /// List what can be broken
    Faults,
    /// Break something, let the company work for a few seconds, and keep what came of it
    Break {
        /// A fault's name, see `waybill demo faults`
        fault: String,
    },
    /// Forget everything and start with a fresh hour of history
    Reset,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Profiles {
    /// Make a profile from two addresses: recognise outbox, destinations and consumers
    ///
    /// Looks only. Prints the profile with a reason for each part, and asks where it is not sure;
    /// without a terminal, or with --yes, it takes the default. Exit code 2: nothing was
    /// recognised, or could not look.
    New(Box<New>),
    /// List profiles
    List,
    /// Print a profile
    Show {
        /// Its name
        name: String,
    },
    /// Print a commented profile to start from
    Template,
    /// Read a profile's file and say what is wrong with it; then try its connections step by step
    Check {
        /// A profile's name, or a path to a .toml file
        name: String,
        /// Only read the file
        #[arg(long)]
        offline: bool,
    },
    /// Print the folder that profiles lie in
    Path,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Layouts {
    #[command(subcommand)]
    pub(crate) what: Option<LayoutsCommand>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LayoutsCommand {
    /// Say whose outbox or inbox a table is, why or why not, and what it is in a profile
    ///
    /// Reads the database's catalogue and a few rows of the tables that may be somebody's.
    Explain(Explain),
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The table: NAME or SCHEMA.NAME, in any spelling
    pub(crate) table: String,
    /// Where it is: postgres://user@host/db, mysql://…, sqlite:path; without a password
    #[arg(long, value_name = "URL")]
    pub(crate) database: String,
    /// The name of the password in the keychain, or in WAYBILL_SECRET_<NAME>
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Journal {
    /// How many runs
    #[arg(long, default_value_t = 10)]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn yes_takes_its_name_only_after_an_equals_sign() {
        let parse = |args: &[&str]| {
            let all = ["waybill", "resend", "--demo", "--filter", "x"]
                .iter()
                .chain(args);
            match Cli::try_parse_from(all).map(|cli| cli.command) {
                Ok(Command::Resend(resend)) => resend.yes,
                _ => panic!("{args:?} is a resend"),
            }
        };
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&["--yes"]).as_deref(), Some(""));
        assert_eq!(parse(&["--yes=shop"]).as_deref(), Some("shop"));
    }
}
