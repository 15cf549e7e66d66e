//! `cargo xtask run`: builds everything and opens the window.

use anyhow::{Context as _, Result, bail};

use crate::{command, install, page, window, workspace};

/// The window on the demo, or on a profile. Without a display, the same check in the terminal.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let profile = profile(words)?;
    install::packages(&install::NATIVE)?;
    if window::display_exists() {
        in_a_window(profile)
    } else {
        in_the_terminal(profile)
    }
}

fn in_a_window(profile: Option<&str>) -> Result<()> {
    install::packages(&install::WINDOW)?;
    page::build()?;
    let mut cargo = workspace::cargo();
    cargo.args([
        "run",
        "--release",
        "--package",
        "waybill-window",
        "--bin",
        "waybill-window",
        "--",
    ]);
    match profile {
        Some(name) => cargo.args(["--profile", name]),
        None => cargo.arg("--demo"),
    };
    command::run(cargo.envs(window::environment()?))
}

fn in_the_terminal(profile: Option<&str>) -> Result<()> {
    let shown = profile.map_or_else(|| "--demo".to_owned(), |name| format!("--profile {name}"));
    eprintln!(
        "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open; running `waybill check {shown}` instead"
    );
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--release", "--bin", "waybill", "--", "check"]);
    match profile {
        Some(name) => cargo.args(["--profile", name]),
        None => cargo.arg("--demo"),
    };
    let status = cargo.status().context("failed to start cargo")?;
    // 1 is an answer: something is missing. In the demo something always is.
    match status.code() {
        Some(0 | 1) => Ok(()),
        _ => bail!("waybill check {shown} could not look ({status})"),
    }
}

fn profile<'a>(words: &[&'a str]) -> Result<Option<&'a str>> {
    match words {
        [] => Ok(None),
        ["--profile", name] => Ok(Some(name)),
        [word] if word.starts_with("--profile=") => Ok(word.strip_prefix("--profile=")),
        _ => bail!("run takes nothing, or --profile NAME"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_can_be_named_in_two_ways() {
        for (words, expected) in [
            (&[][..], Some(None)),
            (&["--profile", "shop"], Some(Some("shop"))),
            (&["--profile=shop"], Some(Some("shop"))),
            (&["--profile"], None),
            (&["shop"], None),
        ] {
            assert_eq!(profile(words).ok(), expected, "{words:?}");
        }
    }
}
