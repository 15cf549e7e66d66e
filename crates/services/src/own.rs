//! A server for one test alone, which may break it.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::kind::Kind;
use crate::place;
use crate::record::{Record, clear};

/// How the folders of such servers are called, before the number of the process
/// that started them.
const PREFIX: &str = "own-";

/// How long starting again is tried when the server ends at once.
const REVIVAL_LIMIT: Duration = Duration::from_secs(10);

/// A server of one's own. It ends, and its data goes, when this is dropped.
pub struct OwnServer {
    record: Record,
}

impl OwnServer {
    /// Starts an empty server; returns when it answers (2 to 10 s).
    ///
    /// The packages must be installed: `cargo xtask services up` sees to that.
    pub fn start(kind: Kind) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}-{kind}", std::process::id());
        let folder = place::data_folder()?.join(name);
        Ok(Self {
            record: Record::start(kind, &folder)?,
        })
    }

    /// Ends it as a power cut would. Its data and its ports are kept.
    pub fn kill(&self) -> Result<()> {
        self.record.kill()
    }

    /// Ends it in order. Its data and its ports are kept.
    pub fn stop(&self) -> Result<()> {
        self.record.stop()
    }

    /// Starts it again after [`Self::kill`] or [`Self::stop`], on the same data
    /// and ports; returns when it answers.
    pub fn revive(&mut self) -> Result<()> {
        // After a kill, helper processes of PostgreSQL hold its memory for a moment.
        let deadline = Instant::now() + REVIVAL_LIMIT;
        loop {
            match self.record.launch() {
                Err(_) if Instant::now() < deadline => {}
                outcome => {
                    let kind = self.record.kind();
                    return outcome.with_context(|| format!("failed to start {kind} again"));
                }
            }
        }
    }

    /// Where it answers.
    pub fn record(&self) -> &Record {
        &self.record
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.record.kill().ok();
        clear(self.record.folder()).ok();
    }
}

impl fmt::Debug for OwnServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnServer")
            .field("kind", &self.record.kind())
            .field("port", &self.record.port())
            .field("pids", &self.record.pids())
            .finish()
    }
}

/// Ends the servers of tests that were killed before they could do it themselves.
pub(crate) fn clear_abandoned() -> Result<()> {
    let data = place::data_folder()?;
    let entries =
        fs::read_dir(&data).with_context(|| format!("failed to list {}", data.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("failed to list {}", data.display()))?;
        let name = entry.file_name();
        let abandoned = name.to_str().and_then(owner).is_some_and(|pid| !runs(pid));
        if abandoned {
            clear(&entry.path())?;
        }
    }
    Ok(())
}

/// The process that started the server of this folder.
fn owner(folder_name: &str) -> Option<u32> {
    folder_name
        .strip_prefix(PREFIX)?
        .split('-')
        .next()?
        .parse()
        .ok()
}

fn runs(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_own_servers_have_an_owner() {
        for (name, expected) in [
            ("own-123-0-kafka", Some(123)),
            ("kafka", None),
            ("own-x", None),
            ("own-", None),
        ] {
            assert_eq!(owner(name), expected, "{name}");
        }
    }
}
