//! `cargo xtask check`: what can be said without running the product.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::wasm::Compiler;
use crate::{command, install, tidy, workspace};

/// Built without optimisation: that takes 70 s on two cores instead of minutes,
/// and the tool runs for two seconds.
const DENY: [&str; 4] = ["install", "cargo-deny", "--locked", "--debug"];

/// One named step.
type Step = (&'static str, fn() -> Result<()>);

/// In the order in which they fail early.
const STEPS: [Step; 6] = [
    ("format", format),
    ("tidy", tidy::run),
    ("dependencies", || deny(&["licenses", "bans", "sources"])),
    ("clippy", clippy),
    ("clippy-page", clippy_page),
    ("clippy-window", clippy_window),
];

/// Runs every step, also after one has failed, and fails if one did.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    match words {
        [] => {}
        ["--advisories"] => return deny(&["advisories"]),
        [step] if STEPS.iter().any(|(name, _)| name == step) => {}
        _ => bail!(
            "check takes nothing, --advisories, or one of: {}",
            STEPS.map(|(name, _)| name).join("; ")
        ),
    }
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        if words.first().is_some_and(|only| *only != name) {
            continue;
        }
        eprintln!("check: {name}");
        let start = Instant::now();
        match step() {
            Ok(()) => eprintln!(
                "check: {name}: passed in {:.1} s",
                start.elapsed().as_secs_f32()
            ),
            Err(error) => {
                eprintln!("check: {name}: {error:#}");
                failed.push(name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join("; "));
    }
    Ok(())
}

fn format() -> Result<()> {
    install::toolchain_part("rustfmt", "cargo-fmt")?;
    command::run(workspace::cargo().args(["fmt", "--all", "--", "--check"]))
}

fn clippy() -> Result<()> {
    install::toolchain_part("clippy", "cargo-clippy")?;
    install::packages(&install::NATIVE)?;
    let mut cargo = workspace::cargo();
    cargo.args(["clippy", "--all-targets"]);
    command::run(without_warnings(&mut cargo))
}

/// For wasm32, and its logic also for this machine, where its tests run.
fn clippy_page() -> Result<()> {
    install::toolchain_part("clippy", "cargo-clippy")?;
    let package = ["--package", "waybill-page"];
    match Compiler::find()? {
        compiler @ Compiler::Toolchain => {
            command::run(without_warnings(compiler.cargo("clippy").args(package)))?;
        }
        Compiler::Debian { .. } => {
            eprintln!(
                "check: Debian's compiler has no clippy for wasm32; the page's build will tell its errors"
            );
        }
    }
    command::run(without_warnings(
        workspace::cargo()
            .arg("clippy")
            .args(package)
            .arg("--all-targets"),
    ))
}

fn clippy_window() -> Result<()> {
    install::toolchain_part("clippy", "cargo-clippy")?;
    install::packages(&install::NATIVE)?;
    install::packages(&install::WINDOW)?;
    // The window embeds the built page; to check it, any folder will do.
    let dist = workspace::root().join("ui/dist");
    fs::create_dir_all(&dist).with_context(|| format!("failed to create {}", dist.display()))?;
    let package = ["clippy", "--package", "waybill-window", "--all-targets"];
    command::run(without_warnings(workspace::cargo().args(package)))
}

/// All crates are looked at, also after one has been found wanting.
fn without_warnings(cargo: &mut Command) -> &mut Command {
    cargo.args(["--keep-going", "--", "-D", "warnings"])
}

fn deny(what: &[&str]) -> Result<()> {
    let deny = deny_program()?;
    // Warnings name duplicates in other people's trees; they are for reading:
    // `target/tools/bin/cargo-deny check bans`.
    let mut command = Command::new(deny);
    command
        .current_dir(workspace::root())
        .args(["--log-level", "error", "check"])
        .args(what);
    command::run(&mut command)
}

fn deny_program() -> Result<PathBuf> {
    let tools = workspace::target().join("tools");
    let deny = tools.join("bin/cargo-deny");
    if !deny.exists() {
        eprintln!(
            "installing cargo-deny into {} (about a minute)",
            tools.display()
        );
        command::run(
            workspace::cargo()
                .args(DENY)
                .arg("--quiet")
                .arg("--root")
                .arg(&tools),
        )?;
    }
    Ok(deny)
}
