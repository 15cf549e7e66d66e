//! From `main` to the command, and back to an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use waybill_protocol::Failure;

use crate::args::{Cli, Command};
use crate::client::Client;
use crate::exit::Exit;
use crate::report::document::CHECK_SCHEMA_TEXT;
use crate::{check, demo, journal, layouts, output, profiles, resend};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(cli.log.as_deref());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output::aside(&format!("waybill: failed to start: {error}"));
            return Exit::Unknown.into();
        }
    };
    let exit = runtime.block_on(async {
        // Ctrl-C drops the command's future, which stops whatever it was doing.
        tokio::select! {
            outcome = run(cli.command) => outcome.unwrap_or_else(|error| complain(&error)),
            _ = tokio::signal::ctrl_c() => interrupted(),
        }
    });
    // A keychain or client library that hangs must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    exit.into()
}

async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Check(args) => check::run(&Client::start()?, &args).await,
        Command::Resend(args) => resend::run(&Client::start()?, &args).await,
        Command::Demo(args) => demo::run(&Client::start()?, &args).await,
        Command::Profiles(args) => profiles::run(&Client::start()?, &args).await,
        Command::Journal(args) => journal::run(&Client::start()?, &args).await,
        Command::Layouts(args) => layouts::run(&args).await,
        Command::Schema => {
            output::line(CHECK_SCHEMA_TEXT.trim_end());
            Ok(Exit::Fine)
        }
    }
}

fn interrupted() -> Exit {
    output::end_progress();
    output::aside("Stopped.");
    Exit::Unknown
}

/// Says what went wrong: a failure of the core with its hint, or any other error with its causes.
fn complain(error: &anyhow::Error) -> Exit {
    output::end_progress();
    match error.downcast_ref::<Refused>() {
        Some(Refused(failure)) => explain(failure),
        None => output::aside(&format!("waybill: {error:#}")),
    }
    Exit::Unknown
}

/// Says what happened, why, and what to do.
pub(crate) fn explain(failure: &Failure) {
    output::aside(&format!("waybill: {}", failure.message));
    if !failure.detail.is_empty() && failure.detail != failure.message {
        output::aside(&format!("  why: {}", failure.detail));
    }
    if !failure.hint.is_empty() {
        output::aside(&format!("  what to do: {}", failure.hint));
    }
}

/// A failure of the core on its way through `anyhow`.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(crate) struct Refused(pub(crate) Failure);

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// `--log debug` or `WAYBILL_LOG=waybill_engine=trace`; silent when neither is given.
fn log_to_stderr(level: Option<&str>) {
    let wanted = level.map(|level| format!("waybill={level},{level}"));
    let Some(filter) = wanted.or_else(|| std::env::var("WAYBILL_LOG").ok()) else {
        return;
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .init();
}
