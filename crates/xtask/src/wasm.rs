//! A compiler that can build for wasm32, whatever this machine has.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{command, install, workspace};

/// The target of the page.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler brings its own source of the standard library, so it can
/// build one for wasm32 where none can be downloaded.
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// How the page is compiled.
pub(crate) enum Compiler {
    /// The toolchain in use has the target's standard library.
    Toolchain,
    /// Debian's compiler builds the standard library too, and links with this.
    Debian { linker: PathBuf },
}

impl Compiler {
    /// Finds one; installs one when there is none.
    pub(crate) fn find() -> Result<Self> {
        if standard_library()?.exists() {
            return Ok(Self::Toolchain);
        }
        if command::exists("rustup") {
            eprintln!("installing the Rust target {TARGET}");
            match command::run(workspace_rustup().args(["target", "add", TARGET])) {
                Ok(()) if standard_library()?.exists() => return Ok(Self::Toolchain),
                Ok(()) => eprintln!("rustup did not install the target for the toolchain in use"),
                Err(error) => eprintln!("{error:#}"),
            }
        }
        eprintln!(
            "falling back to Debian's Rust compiler, which builds the target's library itself"
        );
        install::packages(&DEBIAN_PACKAGES)?;
        Ok(Self::Debian { linker: linker()? })
    }

    /// `cargo <action>` for the target.
    pub(crate) fn cargo(&self, action: &str) -> Command {
        let mut cargo = match self {
            Self::Toolchain => workspace::cargo(),
            Self::Debian { linker } => debian_cargo(linker),
        };
        cargo.arg(action);
        if matches!(self, Self::Debian { .. }) {
            cargo.args(["-Z", "build-std=std,panic_abort"]);
        }
        cargo.args(["--target", TARGET]);
        cargo
    }
}

/// Where the toolchain in use keeps the target's standard library, if it has one.
fn standard_library() -> Result<PathBuf> {
    let sysroot = sysroot()?;
    Ok(sysroot.join("lib/rustlib").join(TARGET).join("lib"))
}

fn sysroot() -> Result<PathBuf> {
    let sysroot = command::read(
        Command::new("rustc")
            .args(["--print", "sysroot"])
            .current_dir(workspace::root()),
    )?;
    Ok(PathBuf::from(sysroot.trim()))
}

fn workspace_rustup() -> Command {
    let mut rustup = Command::new("rustup");
    rustup.current_dir(workspace::root());
    rustup
}

fn debian_cargo(linker: &Path) -> Command {
    let mut cargo = workspace::cargo();
    // `/usr/bin` first, so that neither cargo nor rustc is rustup's stand-in.
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![PathBuf::from("/usr/bin")];
    folders.extend(env::split_paths(&path));
    let path = env::join_paths(folders).unwrap_or(path);
    let mut debian = Command::new("/usr/bin/cargo");
    debian.current_dir(workspace::root());
    for (name, value) in cargo.get_envs() {
        match value {
            Some(value) => debian.env(name, value),
            None => debian.env_remove(name),
        };
    }
    cargo = debian;
    cargo.env("PATH", path);
    // These name the other toolchain.
    for name in ["RUSTUP_TOOLCHAIN", "RUSTC", "LD_LIBRARY_PATH"] {
        cargo.env_remove(name);
    }
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    cargo.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        "-Clinker-flavor=wasm-ld",
    );
    cargo
}

/// A linker for wasm: the one in rustup's toolchain, else one that is installed.
fn linker() -> Result<PathBuf> {
    let rustlib = sysroot()?.join("lib/rustlib");
    if let Ok(entries) = fs::read_dir(&rustlib) {
        for entry in entries.flatten() {
            let linker = entry.path().join("bin/rust-lld");
            if linker.exists() {
                return Ok(linker);
            }
        }
    }
    if let Some(linker) = in_path("wasm-ld") {
        return Ok(linker);
    }
    install::packages(&["lld"])?;
    in_path("wasm-ld").context("the package lld brought no wasm-ld")
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path: OsString = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.exists())
}
