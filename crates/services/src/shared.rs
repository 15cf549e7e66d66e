//! The servers everybody shares: started once, found again through the state file.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::own;
use crate::place;
use crate::record::{Record, clear};

/// What [`up`] did for one server.
pub struct Outcome {
    pub kind: Kind,
    /// False when it was running already.
    pub started: bool,
}

/// What [`status`] found out about one server.
pub struct Status {
    pub kind: Kind,
    pub standing: Standing,
}

/// Whether a server can be used.
pub enum Standing {
    /// Nobody started it, or it was stopped.
    Down,
    /// It was started and cannot be used now; why.
    Broken(String),
    /// It answers.
    Up(Record),
}

/// What the state file holds.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) servers: BTreeMap<Kind, Record>,
}

/// Makes sure that the named servers run: starts those that do not answer, all
/// at the same time. Two calls at once wait for each other. Ends what tests that
/// were killed left behind.
pub fn up(kinds: &[Kind]) -> Result<Vec<Outcome>> {
    let _lock = lock()?;
    own::clear_abandoned()?;
    let mut state = State::read()?;
    let missing: Vec<Kind> = kinds
        .iter()
        .copied()
        .filter(|kind| !state.servers.get(kind).is_some_and(usable))
        .collect();
    for kind in &missing {
        if let Some(record) = state.servers.remove(kind) {
            record.kill()?;
        }
    }
    state.write()?;

    let data = place::data_folder()?;
    let started = start_all(&missing, &data);
    let mut failures = Vec::new();
    for outcome in started {
        match outcome {
            Ok(record) => {
                state.servers.insert(record.kind(), record);
            }
            Err(error) => failures.push(error),
        }
    }
    // Also after a failure: what did start must be found again.
    state.write()?;
    if let Some(failure) = failures.into_iter().next() {
        return Err(failure);
    }
    let outcome = |&kind: &Kind| Outcome {
        kind,
        started: missing.contains(&kind),
    };
    Ok(kinds.iter().map(outcome).collect())
}

/// Stops the named servers and removes their data. Returns those that ran.
pub fn down(kinds: &[Kind]) -> Result<Vec<Kind>> {
    let _lock = lock()?;
    own::clear_abandoned()?;
    let mut state = State::read()?;
    let mut stopped = Vec::new();
    for kind in kinds {
        let Some(record) = state.servers.get(kind) else {
            continue;
        };
        record
            .stop()
            .with_context(|| format!("failed to stop {kind}"))?;
        clear(record.folder())?;
        state.servers.remove(kind);
        state.write()?;
        stopped.push(*kind);
    }
    // Only where the data lies apart from the state file can the folder be empty.
    fs::remove_dir(place::data_folder()?).ok();
    Ok(stopped)
}

/// Looks at every server, in the order in which people name them.
pub fn status() -> Result<Vec<Status>> {
    let mut state = State::read()?;
    let mut all = Vec::new();
    for kind in Kind::ALL.into_iter().rev() {
        let standing = match state.servers.remove(&kind) {
            None => Standing::Down,
            Some(record) if !record.runs() => Standing::Broken("its process has ended".to_owned()),
            Some(record) => match record.answers() {
                Ok(()) => Standing::Up(record),
                Err(error) => Standing::Broken(format!("{error:#}")),
            },
        };
        all.push(Status { kind, standing });
    }
    Ok(all)
}

impl State {
    /// What was written last; nothing when there is no file.
    pub(crate) fn read() -> Result<Self> {
        let path = place::state_file();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(error).with_context(|| format!("failed to read {}", path.display()));
            }
        };
        serde_json::from_str(&text).with_context(|| {
            format!(
                "{} is damaged; end the servers it names and remove it",
                path.display()
            )
        })
    }

    /// Replaces the file in one step: a reader never sees half of it. It holds
    /// passwords, so only we may read it.
    fn write(&self) -> Result<()> {
        let path = place::state_file();
        let unfinished = path.with_extension("unfinished");
        let text =
            serde_json::to_string_pretty(self).context("failed to write down the servers")?;
        let written = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&unfinished, &path));
        written.with_context(|| format!("failed to write {}", path.display()))
    }
}

fn usable(record: &Record) -> bool {
    record.runs() && record.answers().is_ok()
}

fn start_all(kinds: &[Kind], data: &Path) -> Vec<Result<Record>> {
    thread::scope(|scope| {
        let starting: Vec<_> = kinds
            .iter()
            .map(|&kind| scope.spawn(move || Record::start(kind, &data.join(kind.name()))))
            .collect();
        starting
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("starting a server panicked")))
            })
            .collect()
    })
}

/// Held while servers are started or stopped; freed when dropped.
fn lock() -> Result<File> {
    let path = place::state_file().with_extension("lock");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to create {}", folder.display()))?;
    }
    let file = File::create(&path).with_context(|| format!("failed to open {}", path.display()))?;
    file.lock()
        .with_context(|| format!("failed to lock {}", path.display()))?;
    Ok(file)
}
