//! Running other programs.

use std::io;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, bail};

/// Runs a program to its end, its output going to ours; fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = describe(command);
    let status = command
        .status()
        .with_context(|| format!("failed to start {shown}"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

/// Runs a program to its end and returns what it wrote to its standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let shown = describe(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("failed to start {shown}"))?;
    if !output.status.success() {
        bail!(
            "{shown} failed ({})\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{shown} wrote something else than text"))
}

/// Whether a program of this name can be started.
pub(crate) fn exists(program: &str) -> bool {
    let outcome = silently(Command::new(program).arg("--version"));
    !matches!(outcome, Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Whether a program ends well. What it writes is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    silently(command).is_ok_and(|status| status.success())
}

fn silently(command: &mut Command) -> io::Result<ExitStatus> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
}

/// The program and its arguments, as one would type them.
fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}
