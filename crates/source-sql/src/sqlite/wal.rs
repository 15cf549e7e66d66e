//! Files with a write-ahead log, which wants to be written by whoever only reads.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Where a database file says how it is written, and what says with a write-ahead log.
const VERSION_AT: usize = 18;
const WITH_LOG: u8 = 2;

/// What to say of a file that cannot be opened because of its log; `None` for any other reason.
pub(crate) fn why_unopened(path: &Path, error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    let code = code.parse::<i32>().ok()? & 0xff;
    // SQLITE_READONLY, SQLITE_CANTOPEN
    let concerns = matches!(code, 8 | 14) && has_log(path);
    concerns.then(|| {
        "the file has a write-ahead log, and SQLite reads it only where -shm and -wal are there or \
         may be made: let this user write the folder while the service has the file open, or look \
         at a copy of the file and its -wal in a folder of your own"
            .to_owned()
    })
}

fn has_log(path: &Path) -> bool {
    let mut head = [0_u8; VERSION_AT + 1];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[VERSION_AT] == WITH_LOG
}
