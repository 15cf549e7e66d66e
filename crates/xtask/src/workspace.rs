//! Where this workspace lies, and Cargo started in it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::command;

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .map_or_else(|| here.to_owned(), Path::to_owned)
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What Cargo knows about our own packages.
pub(crate) fn metadata() -> Result<Value> {
    let text = command::read(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    serde_json::from_str(&text).context("failed to understand the output of cargo metadata")
}

/// Cargo, started in the workspace. Without `--package` it takes the default
/// members: all that needs no window system and no browser. Prefer that: Cargo
/// unifies features over what is selected, so each other selection compiles the
/// big dependencies once more.
///
/// It is started without what the Cargo that started us left
/// in the environment.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root());
    for (name, _) in env::vars_os() {
        let leaked = name.to_str().is_some_and(|name| {
            name == "CARGO" || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if leaked {
            cargo.env_remove(name);
        }
    }
    cargo
}
