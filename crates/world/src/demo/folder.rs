//! The demo's folder: its files, and the lock that keeps a second process out.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::store::SQLITE_FILE;
use crate::{Error, Result};

/// The demo's folder, locked by us.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    /// The lock goes with the handle, also when the process is killed.
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be and locks it.
    pub(super) fn lock(dir: &Path) -> Result<Self> {
        let failed = |what, path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { what, path, source }
        };
        fs::create_dir_all(dir).map_err(failed("make the folder", dir))?;
        // The mock's consumers and the window see the database by its whole path.
        let dir = dir.canonicalize().map_err(failed("find the folder", dir))?;
        let path = dir.join("demo.lock");
        let lock = File::create(&path).map_err(failed("make", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::DemoInUse { dir }),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn shop(&self) -> PathBuf {
        self.dir.join(SQLITE_FILE)
    }

    pub(super) fn tape(&self) -> PathBuf {
        self.dir.join("tape.db")
    }

    pub(super) fn ledger(&self) -> PathBuf {
        ledger_in(&self.dir)
    }

    /// Deletes the company; the lock stays.
    pub(super) fn clear(&self) -> Result<()> {
        for database in [self.shop(), self.tape()] {
            for suffix in ["", "-wal", "-shm"] {
                let mut name = database.clone().into_os_string();
                name.push(suffix);
                delete(Path::new(&name))?;
            }
        }
        delete(&self.ledger())
    }
}

/// Where a demo keeps its ledger.
pub(super) fn ledger_in(dir: &Path) -> PathBuf {
    dir.join("ledger.json")
}

fn delete(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Error::File {
            what: "delete",
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
