//! `cargo xtask`: the commands of whoever works on Waybill.

mod check;
mod command;
mod icons;
mod install;
mod measure;
mod page;
mod run;
mod services;
mod test;
mod tidy;
mod wasm;
mod window;
mod workspace;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

const HELP: &str = "\
Usage: cargo xtask COMMAND

What a command needs and the machine lacks is installed, and each thing is
named: Debian packages (as root or with sudo), the Rust target of the page,
cargo-deny (into target/tools), Apache Kafka (into target/tools), the tested
outbox libraries by their languages' own clients (into target/libraries).

  run [--profile NAME]
      Builds the page and the window and opens the window: on the demo, or on a
      saved profile. Without a display, `waybill check` in the terminal.

  test [TIER...] [--keep-going] [-- WORDS...]
      Runs everything that proves the product, and ends with a table. In order:
        check      as `cargo xtask check`
        unit       the crates' own tests and examples, and small worlds held
                   against the truth; no servers
        services   as `cargo xtask services up`; at the end those are stopped
                   that were started here
        adapters   each database and broker behind the seam, on real servers
        engine     scenarios through the core's calls
        world      the company on real servers, with faults on demand
        flows      the whole way by the command: broken, found, resent, arrived
        outside    what other people met, rebuilt small: public reports
        libraries  outbox libraries in Java, Go, Node and Python, run for real:
                   what they leave behind is found, and put back by what the
                   layouts know of them;
                   WAYBILL_TESTS_WITHOUT=java,go,node,python leaves some out
        window     the real window on a virtual display, by clicks
      A tier that fails ends the run, unless --keep-going. WORDS go to the test
      programs: `cargo xtask test adapters -- kafka`.

  check [STEP | --advisories]
      Says what can be said without running the product:
        format     rustfmt
        tidy       dependency direction, file headers and lengths, skipped tests,
                   paths and crates in ARCHITECTURE.md
        dependencies
                   licences, bans and sources of what we depend on (cargo-deny)
        clippy, clippy-page, clippy-window
                   no warning in any crate, natively and for wasm32
      --advisories asks the RustSec database instead. It needs the network, and
      its answer changes while nothing here does, so `test` does not ask.

  services [up|down|status] [NAME...]
      PostgreSQL, MariaDB, RabbitMQ and Apache Kafka for tests, on free loopback
      ports, in target/services. `up` starts what does not answer, `down` stops
      them and removes what they stored. NAME: postgres mariadb rabbitmq kafka.

  ui
      Builds the page for a browser into ui/dist.

  bench [WORDS...]
      Measures the product against its rivals in the same run; prints JSON. WORDS:
      [kafka | postgres | reconcile | check | live] [--events N]

  truth [WORDS...]
      Runs a world with known faults, judges it with the real engine, and prints
      how often each verdict was true, false or missed, as JSON; exit code 1 when
      any was false or missed. With WORDS such as: --seed 7 --events 10000
      --db postgres --broker kafka --faults all; --outbox deletes has no mark of
      what was sent; --live follows the company while it works. All of them:
      cargo xtask truth --help

  wild [WORDS...]
      Makes the labelled outbox and inbox tables of 110 public repositories on the
      real servers, has a profile proposed for each, and prints how often that was
      right, with every failure; exit code 1 when a figure is too low. WORDS:
      --shape full|steady|empty, --alike, --only NAME, --json.

  icons
      Draws the icon's sizes and formats anew from icons/waybill.svg.
";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((command, words)) = words.split_first() else {
        return help();
    };
    let asks_for_help = words
        .first()
        .is_some_and(|word| ["--help", "-h"].contains(word));
    // These are programs of their own, with words of their own.
    if asks_for_help && !["bench", "truth", "wild"].contains(command) {
        return help();
    }
    match *command {
        "run" => run::run(words),
        "test" => test::run(words),
        "check" => check::run(words),
        "services" => services::run(words),
        "bench" => measure::bench(words),
        "truth" => measure::truth(words),
        "wild" => measure::wild(words),
        "ui" if words.is_empty() => {
            page::build().map(|dist| eprintln!("the page is in {}", dist.display()))
        }
        "icons" if words.is_empty() => icons::run(),
        "ui" | "icons" => bail!("{command} takes nothing more"),
        "help" | "--help" | "-h" => help(),
        _ => bail!("there is no command {command}; see cargo xtask --help"),
    }
}

fn help() -> Result<()> {
    io::stdout()
        .write_all(HELP.as_bytes())
        .context("failed to write")
}
