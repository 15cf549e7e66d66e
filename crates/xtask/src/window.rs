//! What a window needs from the machine: a display, and WebKit's consent.

use std::env;
use std::process::Command;

use anyhow::Result;

use crate::install;

/// Large enough for the largest picture the tests take (1920×1080), and a frame around it.
const SCREEN: &str = "-screen 0 2000x1200x24";

/// WebKit's sandbox cannot be set up by root; as anybody else it stays on.
const SANDBOX_OFF: (&str, &str) = ("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1");

/// Whether a window would be seen.
pub(crate) fn display_exists() -> bool {
    ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The settings under which WebKit starts for us.
pub(crate) fn environment() -> Result<Vec<(&'static str, &'static str)>> {
    if !install::is_root()? {
        return Ok(Vec::new());
    }
    eprintln!(
        "we are root, so the page runs without WebKit's sandbox ({}=1)",
        SANDBOX_OFF.0
    );
    Ok(vec![SANDBOX_OFF])
}

/// The same command with a display, a session bus and no screen reader to wait for.
pub(crate) fn on_a_virtual_display(command: &Command) -> Result<Command> {
    let mut wrapped = Command::new("dbus-run-session");
    wrapped.args([
        "--",
        "xvfb-run",
        "--auto-servernum",
        "--server-args",
        SCREEN,
    ]);
    wrapped.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    // Without a display of its own a program would open its window on ours.
    wrapped
        .env_remove("WAYLAND_DISPLAY")
        .env("NO_AT_BRIDGE", "1")
        .env("GDK_BACKEND", "x11");
    wrapped.envs(environment()?);
    Ok(wrapped)
}
