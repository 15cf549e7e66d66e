//! `cargo xtask test`: everything that proves the product, tier by tier.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use waybill_services::Kind;

use crate::{check, command, install, page, services, window, workspace};

/// The test of `crates/services`, which starts servers.
const OWN_SERVERS: &str = "own_server";

/// A group of tests with the same needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    Check,
    Unit,
    Services,
    Adapters,
    Engine,
    World,
    Flows,
    Outside,
    Libraries,
    Window,
}

/// How a tier ended.
enum Outcome {
    Passed(Duration),
    Failed(Duration),
    /// An earlier one failed.
    NotRun,
}

/// What was asked for.
struct Plan {
    tiers: Vec<Tier>,
    /// Go on after a tier that failed.
    keep_going: bool,
    /// Handed to the test programs.
    words: Vec<String>,
}

impl Tier {
    /// In the order in which they run: what fails fast comes first.
    const ALL: [Self; 10] = [
        Self::Check,
        Self::Unit,
        Self::Services,
        Self::Adapters,
        Self::Engine,
        Self::World,
        Self::Flows,
        Self::Outside,
        Self::Libraries,
        Self::Window,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Unit => "unit",
            Self::Services => "services",
            Self::Adapters => "adapters",
            Self::Engine => "engine",
            Self::World => "world",
            Self::Flows => "flows",
            Self::Outside => "outside",
            Self::Libraries => "libraries",
            Self::Window => "window",
        }
    }

    fn needs_services(self) -> bool {
        matches!(
            self,
            Self::Adapters
                | Self::Engine
                | Self::World
                | Self::Flows
                | Self::Outside
                | Self::Libraries
                | Self::Window
        )
    }
}

/// Runs the named tiers, or all.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let plan = plan(words)?;
    let mut started = Vec::new();
    let mut outcomes = Vec::new();
    let mut stopped = false;
    for &tier in &plan.tiers {
        if stopped {
            outcomes.push((tier, Outcome::NotRun));
            continue;
        }
        eprintln!("\n=== {}", tier.name());
        let start = Instant::now();
        match run_tier(tier, &plan.words, &mut started) {
            Ok(()) => outcomes.push((tier, Outcome::Passed(start.elapsed()))),
            Err(error) => {
                eprintln!("error: {error:#}");
                outcomes.push((tier, Outcome::Failed(start.elapsed())));
                stopped = !plan.keep_going;
            }
        }
    }
    if !started.is_empty() {
        services::down(&started)?;
    }
    report(&outcomes)
}

fn plan(words: &[&str]) -> Result<Plan> {
    let (ours, theirs) = match words.iter().position(|word| *word == "--") {
        Some(at) => (&words[..at], &words[at + 1..]),
        None => (words, &[][..]),
    };
    let mut tiers = Vec::new();
    let mut keep_going = false;
    for word in ours {
        if *word == "--keep-going" {
            keep_going = true;
        } else if let Some(tier) = Tier::ALL.into_iter().find(|tier| tier.name() == *word) {
            tiers.push(tier);
        } else {
            let names = Tier::ALL.map(Tier::name).join(", ");
            bail!("there is no tier called {word}; there are {names}");
        }
    }
    if tiers.is_empty() {
        tiers = Tier::ALL.to_vec();
    } else if tiers.iter().any(|tier| tier.needs_services()) {
        tiers.push(Tier::Services);
    }
    // In their order and each once, however they were named.
    let tiers = Tier::ALL
        .into_iter()
        .filter(|tier| tiers.contains(tier))
        .collect();
    let words = theirs.iter().map(|word| (*word).to_owned()).collect();
    Ok(Plan {
        tiers,
        keep_going,
        words,
    })
}

fn run_tier(tier: Tier, words: &[String], started: &mut Vec<Kind>) -> Result<()> {
    match tier {
        Tier::Check => check::run(&[]),
        Tier::Unit => unit(words),
        Tier::Services => {
            started.extend(services::up(&Kind::ALL)?);
            // Who starts servers is tested too, on servers of its own.
            with_servers(OWN_SERVERS, words)
        }
        Tier::Adapters | Tier::Engine | Tier::World | Tier::Flows | Tier::Outside => {
            with_servers(tier.name(), words)
        }
        Tier::Libraries => {
            install::toolchains()?;
            with_servers(tier.name(), words)
        }
        Tier::Window => in_a_window(words),
    }
}

/// The crates' own tests and their examples in the docs, and the page's logic.
fn unit(words: &[String]) -> Result<()> {
    install::packages(&install::NATIVE)?;
    let mut cargo = native_tests();
    cargo.args(["--lib", "--bins"]);
    for target in integration_tests()? {
        cargo.args(["--test", &target]);
    }
    command::run(cargo.arg("--").args(words))?;
    command::run(native_tests().args(["--doc", "--"]).args(words))?;
    let page = ["test", "--package", "waybill-page", "--lib", "--"];
    command::run(workspace::cargo().args(page).args(words))
}

/// The tests in `tests/` of crates. They need no servers, except one.
fn integration_tests() -> Result<Vec<String>> {
    let metadata = workspace::metadata()?;
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut names = Vec::new();
    for package in packages {
        let elsewhere = ["waybill-tests", "waybill-page", "waybill-window"];
        if elsewhere.iter().any(|name| package["name"] == *name) {
            continue;
        }
        let targets = package["targets"].as_array().map_or(&[][..], Vec::as_slice);
        let tests = targets.iter().filter(|target| target["kind"][0] == "test");
        names.extend(tests.filter_map(|target| Some(target["name"].as_str()?.to_owned())));
    }
    names.retain(|name| name != OWN_SERVERS);
    Ok(names)
}

fn with_servers(test: &str, words: &[String]) -> Result<()> {
    install::packages(&install::NATIVE)?;
    build_command()?;
    command::run(native_tests().args(["--test", test, "--"]).args(words))
}

fn native_tests() -> Command {
    let mut cargo = workspace::cargo();
    // One run tells everything that is wrong, not the first crate's part of it.
    cargo.args(["test", "--no-fail-fast"]);
    cargo
}

/// The real window on a display that nobody sees, driven over WebDriver.
fn in_a_window(words: &[String]) -> Result<()> {
    install::packages(&install::NATIVE)?;
    install::packages(&install::WINDOW)?;
    install::packages(&install::DISPLAY)?;
    page::build()?;
    build_command()?;
    let package = ["--package", "waybill-window"];
    command::run(workspace::cargo().arg("build").args(package))?;
    command::run(
        workspace::cargo()
            .arg("test")
            .args(package)
            .arg("--")
            .args(words),
    )?;
    // Compiled before the display is there, so that it is up for as long as it is needed.
    let test = ["--test", Tier::Window.name()];
    command::run(native_tests().args(test).arg("--no-run"))?;
    let mut cargo = native_tests();
    cargo.args(test).arg("--").args(words);
    command::run(&mut window::on_a_virtual_display(&cargo)?)
}

/// The `waybill` command, which tests start as a user would.
fn build_command() -> Result<()> {
    command::run(workspace::cargo().args(["build", "--bin", "waybill"]))
}

fn report(outcomes: &[(Tier, Outcome)]) -> Result<()> {
    eprintln!("\n{:<10} {:<8} {:>8}", "tier", "result", "seconds");
    for (tier, outcome) in outcomes {
        eprintln!("{:<10} {outcome}", tier.name());
    }
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Passed(_)))
        .map(|(tier, _)| tier.name())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("not passed: {}", failed.join(", "))
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(time) => write!(f, "{:<8} {:>8.1}", "passed", time.as_secs_f32()),
            Self::Failed(time) => write!(f, "{:<8} {:>8.1}", "FAILED", time.as_secs_f32()),
            Self::NotRun => write!(f, "{:<8} {:>8}", "not run", "-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers(words: &[&str]) -> Vec<&'static str> {
        plan(words)
            .expect("these words are known")
            .tiers
            .into_iter()
            .map(Tier::name)
            .collect()
    }

    #[test]
    fn tiers_run_in_their_order_with_what_they_need() {
        for (words, expected) in [
            (&["unit"][..], &["unit"][..]),
            (&["engine", "check"], &["check", "services", "engine"]),
            (
                &["adapters", "adapters", "--", "kafka"],
                &["services", "adapters"],
            ),
            (&["--keep-going", "check"], &["check"]),
            (
                &[],
                &[
                    "check",
                    "unit",
                    "services",
                    "adapters",
                    "engine",
                    "world",
                    "flows",
                    "outside",
                    "libraries",
                    "window",
                ],
            ),
        ] {
            assert_eq!(tiers(words), expected, "{words:?}");
        }
    }

    #[test]
    fn words_after_two_dashes_go_to_the_tests() {
        let plan =
            plan(&["adapters", "--", "kafka", "--nocapture"]).expect("these words are known");
        assert_eq!(plan.words, ["kafka", "--nocapture"]);
        assert!(self::plan(&["kafka"]).is_err(), "kafka is no tier");
    }
}
