//! Where things lie: the state file, the servers' folders, the Kafka jars.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Names another state file than the one in the target folder.
const STATE_FILE_VARIABLE: &str = "WAYBILL_SERVICES";

/// Cargo's target folder of this workspace.
pub(crate) fn target_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    )
}

/// The file that says which servers run where.
pub(crate) fn state_file() -> PathBuf {
    env::var_os(STATE_FILE_VARIABLE).map_or_else(
        || target_folder().join("services/services.json"),
        PathBuf::from,
    )
}

/// The folder of the servers' data: beside the state file, unless accounts
/// other than ours cannot get there (a checkout in `/root`, a private home).
///
/// PostgreSQL refuses to run as root, so it needs a folder its own account can reach.
pub(crate) fn data_folder() -> Result<PathBuf> {
    let state_file = state_file();
    let beside = state_file
        .parent()
        .context("the state file has no folder")?;
    fs::create_dir_all(beside).with_context(|| format!("failed to create {}", beside.display()))?;
    let beside = beside
        .canonicalize()
        .with_context(|| format!("failed to resolve {}", beside.display()))?;
    if !rustix::process::geteuid().is_root() || open_to_all(&beside) {
        return Ok(beside);
    }
    let mut hasher = DefaultHasher::new();
    beside.hash(&mut hasher);
    let elsewhere = PathBuf::from(format!(
        "/var/tmp/waybill-services-{:016x}",
        hasher.finish()
    ));
    fs::create_dir_all(&elsewhere)
        .with_context(|| format!("failed to create {}", elsewhere.display()))?;
    Ok(elsewhere)
}

/// Where the jars of one Kafka version are kept.
pub(crate) fn kafka_folder(version: &str) -> PathBuf {
    target_folder()
        .join("tools")
        .join(format!("kafka-{version}"))
}

/// Whether every account may pass through the folder and all above it.
fn open_to_all(folder: &Path) -> bool {
    const OTHERS_MAY_PASS: u32 = 0o001;
    folder.ancestors().all(|ancestor| {
        fs::metadata(ancestor).is_ok_and(|meta| meta.permissions().mode() & OTHERS_MAY_PASS != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_folder_is_open_to_all() {
        assert!(open_to_all(Path::new("/")));
        assert!(!open_to_all(Path::new("/no/such/folder")));
    }
}
