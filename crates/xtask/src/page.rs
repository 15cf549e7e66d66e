//! `cargo xtask ui`: the page, compiled to wasm and laid out for a browser in `ui/dist`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use crate::wasm::{self, Compiler};
use crate::{command, workspace};

const PACKAGE: &str = "waybill-page";

/// The Cargo profile of the page.
const PROFILE: &str = "page";

/// What the wasm becomes.
const GENERATED: [&str; 2] = ["waybill-page.js", "waybill-page_bg.wasm"];

/// Folders of `ui/` that go to the browser as they are.
const FOLDERS: [&str; 3] = ["fonts", "images", "style"];

/// Files directly in `ui/` that go to the browser as they are.
const EXTENSIONS: [&str; 3] = ["html", "js", "svg"];

/// Builds the page. What has not changed is not written again, so that the
/// window, which embeds the folder, is not compiled again either.
pub(crate) fn build() -> Result<PathBuf> {
    let wasm = compile()?;
    let ui = workspace::root().join("ui");
    let dist = ui.join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("failed to create {}", dist.display()))?;

    let prepared = workspace::target().join("page");
    prepare(&wasm, &prepared)?;
    let mut kept = BTreeSet::new();
    for name in GENERATED {
        copy(&prepared.join(name), &dist.join(name))?;
        kept.insert(dist.join(name));
    }
    for file in static_files(&ui)? {
        let to = dist.join(file.strip_prefix(&ui).context("a file outside of ui/")?);
        copy(&file, &to)?;
        kept.insert(to);
    }
    for file in files_under(&dist)? {
        if !kept.contains(&file) {
            fs::remove_file(&file)
                .with_context(|| format!("failed to remove {}", file.display()))?;
        }
    }
    Ok(dist)
}

fn compile() -> Result<PathBuf> {
    let compiler = Compiler::find()?;
    command::run(
        compiler
            .cargo("build")
            .args(["--package", PACKAGE, "--profile", PROFILE]),
    )?;
    Ok(workspace::target()
        .join(wasm::TARGET)
        .join(PROFILE)
        .join(PACKAGE)
        .with_extension("wasm"))
}

/// Splits the wasm into script and module, in a folder of its own: half of it
/// never lies where the window looks.
fn prepare(wasm: &Path, folder: &Path) -> Result<()> {
    // Also when the tool itself is newer than its output.
    let newest = changed(wasm)?.max(changed(&workspace::root().join("Cargo.lock"))?);
    let done = GENERATED
        .iter()
        .all(|name| changed(&folder.join(name)).is_ok_and(|generated| generated > newest));
    if done {
        return Ok(());
    }
    command::run(
        workspace::cargo()
            .args(["run", "--quiet", "--package", "waybill-xtask-page", "--"])
            .args([wasm, folder]),
    )
}

fn changed(path: &Path) -> Result<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .with_context(|| format!("failed to look at {}", path.display()))
}

fn static_files(ui: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(ui).with_context(|| format!("failed to list {}", ui.display()))? {
        let path = entry
            .with_context(|| format!("failed to list {}", ui.display()))?
            .path();
        if path.is_file()
            && path
                .extension()
                .and_then(OsStr::to_str)
                .is_some_and(|extension| EXTENSIONS.contains(&extension))
        {
            files.push(path);
        }
    }
    for folder in FOLDERS {
        files.extend(files_under(&ui.join(folder))?);
    }
    Ok(files)
}

/// Every file in a folder and below; none when there is no such folder.
fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("failed to list {}", folder.display()))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry
            .with_context(|| format!("failed to list {}", folder.display()))?
            .path();
        if path.is_dir() {
            files.extend(files_under(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// Copies a file unless its twin has the same content.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let content = fs::read(from).with_context(|| format!("failed to read {}", from.display()))?;
    if fs::read(to).is_ok_and(|twin| twin == content) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to create {}", folder.display()))?;
    }
    fs::write(to, content).with_context(|| format!("failed to write {}", to.display()))
}
