//! Which process is sending a run: it holds a lock that the system releases when it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use waybill_model::ResendId;

use super::JournalError;

/// Holds a run: no other process (and nobody else in this one) sends it or calls it crashed.
///
/// The file stays when the owner goes: whoever removed it could not know who has just opened it.
/// [`super::Journal::end`] removes it, when the run has nothing left to own.
#[derive(Debug)]
pub(crate) struct RunOwner {
    _file: File,
}

impl RunOwner {
    /// Takes a run; fails with [`JournalError::Owned`] when somebody has it.
    pub(crate) fn take(folder: &Path, run: ResendId) -> Result<Self, JournalError> {
        let folder_error = |source| JournalError::Folder {
            path: folder.display().to_string(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(folder_error)?;
        let path = Self::path(folder, run);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(folder_error)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Owned { run }),
            Err(TryLockError::Error(source)) => Err(folder_error(source)),
        }
    }

    /// The file that is locked.
    pub(crate) fn path(folder: &Path, run: ResendId) -> PathBuf {
        folder.join(format!("{run}.lock"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let run = ResendId(uuid::Uuid::from_u128(7));
        let owner = RunOwner::take(folder.path(), run).expect("nobody has it");
        assert!(matches!(
            RunOwner::take(folder.path(), run),
            Err(JournalError::Owned { .. })
        ));
        drop(owner);
        RunOwner::take(folder.path(), run).expect("it is free again");
    }
}
