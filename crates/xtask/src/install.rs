//! Installing what is missing, and saying so.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{command, workspace};

/// To compile and link everything but the window.
pub(crate) const NATIVE: [&str; 4] = ["build-essential", "libssl-dev", "pkg-config", "zlib1g-dev"];

/// To compile and show the window.
pub(crate) const WINDOW: [&str; 3] = ["libgtk-3-dev", "librsvg2-dev", "libwebkit2gtk-4.1-dev"];

/// To show it where there is no display, and to click in it.
pub(crate) const DISPLAY: [&str; 6] = [
    "dbus",
    "dbus-x11",
    "libgl1-mesa-dri",
    "webkit2gtk-driver",
    "xauth",
    "xvfb",
];

/// A language in which an outbox library is tested: how it is switched off, a command that succeeds
/// where it is there, and the packages that bring it. It may be there without any package, so it is
/// asked itself.
const TOOLCHAINS: [(&str, &[&str], &[&str]); 6] = [
    ("java", &["javac", "-version"], &["default-jdk-headless"]),
    ("java", &["mvn", "--version"], &["maven"]),
    // It knows this package from 1.21 on, and fetches the version that a go.mod asks for by itself.
    ("go", &["go", "list", "slices"], &["golang-go"]),
    ("node", &["node", "--version"], &["nodejs"]),
    ("node", &["npm", "--version"], &["npm"]),
    (
        "python",
        &["python3", "-c", "import ensurepip, venv"],
        &["python3", "python3-venv"],
    ),
];

/// Names the languages that are not to be tested, separated by commas.
const WITHOUT: &str = "WAYBILL_TESTS_WITHOUT";

/// Installs what the outbox libraries are built with, but for what is switched off.
pub(crate) fn toolchains() -> Result<()> {
    let without = std::env::var(WITHOUT).unwrap_or_default();
    let without: Vec<&str> = without.split(',').map(str::trim).collect();
    let mut wanted = Vec::new();
    for (name, command, brought_by) in TOOLCHAINS {
        let is_there = || command::succeeds(Command::new(command[0]).args(&command[1..]));
        if !without.contains(&name) && !is_there() {
            wanted.extend(brought_by);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    packages(&wanted)
}

/// Installs the Debian packages that are not there, as root or with sudo.
pub(crate) fn packages(wanted: &[&str]) -> Result<()> {
    if !command::exists("dpkg-query") || !command::exists("apt-get") {
        eprintln!(
            "This is neither Debian nor Ubuntu, so nothing is installed for you. What these packages bring must be there: {}",
            wanted.join(" ")
        );
        return Ok(());
    }
    let installed = installed(wanted)?;
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|package| !installed.contains(*package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for package in &missing {
        eprintln!("installing the Debian package {package}");
    }
    apt(&["update"]).context("failed to fetch the list of Debian packages")?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(&missing);
    apt(&arguments).with_context(|| {
        format!(
            "failed to install packages; try: sudo apt-get install {}",
            missing.join(" ")
        )
    })
}

/// Installs a part of the Rust toolchain in use when it has not got it.
pub(crate) fn toolchain_part(part: &str, program: &str) -> Result<()> {
    if command::exists(program) && command::succeeds(Command::new(program).arg("--version")) {
        return Ok(());
    }
    eprintln!("installing {part} into the Rust toolchain");
    command::run(
        Command::new("rustup")
            .args(["component", "add", part])
            .current_dir(workspace::root()),
    )
}

/// Whether nobody may refuse us anything.
pub(crate) fn is_root() -> Result<bool> {
    Ok(command::read(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Runs apt-get, as root or with sudo, and shows what it wrote only when it fails.
fn apt(arguments: &[&str]) -> Result<()> {
    let mut words = Vec::new();
    if !is_root()? {
        if !command::exists("sudo") {
            bail!("only root may install packages, and there is no sudo");
        }
        words.push("sudo");
    }
    words.extend([
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "--quiet=2",
    ]);
    words.extend(arguments);
    command::read(Command::new(words.remove(0)).args(words)).map(drop)
}

fn installed(wanted: &[&str]) -> Result<BTreeSet<String>> {
    // It fails when one of them is unknown, and lists the others all the same.
    let output = Command::new("dpkg-query")
        .args([
            "--show",
            "--showformat",
            "${Package} ${db:Status-Status}\\n",
        ])
        .args(wanted)
        .stdin(Stdio::null())
        .output()
        .context("failed to start dpkg-query")?;
    Ok(installed_from(&String::from_utf8_lossy(&output.stdout)))
}

fn installed_from(listing: &str) -> BTreeSet<String> {
    listing
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_count() {
        let listing = "maven installed\nxvfb config-files\nsudo not-installed\n";
        let names: Vec<String> = installed_from(listing).into_iter().collect();
        assert_eq!(names, ["maven"]);
    }
}
