//! Reads the workspace and asks every rule.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::finding::Finding;
use super::{dependencies, map, sources, versions};
use crate::workspace;

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 3] = ["dist", "gen", "target"];

const MAP: &str = "ARCHITECTURE.md";
const README: &str = "README.md";

/// Checks the workspace; fails with every finding.
pub(crate) fn run() -> Result<()> {
    let root = workspace::root();
    let mut findings = dependencies::check(&workspace::metadata()?);
    findings.extend(versions::check(&read(&root.join("Cargo.lock"))?));
    for path in rust_files(&root)? {
        let relative = relative(&root, &path);
        findings.extend(sources::check(&relative, &read(&path)?));
    }
    findings.extend(check_map(&root)?);
    findings.sort();
    if findings.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("  {finding}"))
        .collect();
    bail!(
        "tidy found {} {}:\n{}",
        lines.len(),
        if lines.len() == 1 { "thing" } else { "things" },
        lines.join("\n")
    )
}

fn check_map(root: &Path) -> Result<Vec<Finding>> {
    let exists = |path: &str| root.join(path).exists();
    let mut findings = Vec::new();
    for place in [MAP, README] {
        if exists(place) {
            findings.extend(map::check_paths(place, &read(&root.join(place))?, exists));
        } else {
            findings.push(Finding::new(place, "it exists", "write it"));
        }
    }
    if exists(MAP) {
        let crates = crate_folders(root)?;
        findings.extend(map::check_crates(MAP, &read(&root.join(MAP))?, &crates));
    }
    Ok(findings)
}

/// The folders of all packages, relative to the workspace.
fn crate_folders(root: &Path) -> Result<Vec<String>> {
    let metadata = workspace::metadata()?;
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let manifests = packages
        .iter()
        .filter_map(|package| package["manifest_path"].as_str());
    Ok(manifests
        .filter_map(|manifest| Some(relative(root, Path::new(manifest).parent()?)))
        .collect())
}

/// Every Rust file of ours, in the order of their names.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("failed to list {}", folder.display()))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if path.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&&*name) {
                files.extend(rust_files(&path)?);
            }
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}
