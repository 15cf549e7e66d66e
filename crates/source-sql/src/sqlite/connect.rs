//! Connections to SQLite files that cannot write.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use waybill_source::{Error, Result, Target, address};

use crate::error::{Meaning, STATEMENT_SECS};
use crate::lanes::Dial;
use crate::sqlite::error::meaning;
use crate::sqlite::wal;

const EXAMPLE: &str = "sqlite:path/to/file.db";

/// How a SQLite file is reached.
#[derive(Debug)]
pub(crate) struct SqliteDial {
    path: PathBuf,
    shown: String,
}

impl SqliteDial {
    /// `sqlite:relative/path`, `sqlite:/absolute/path`, `sqlite:///absolute/path`.
    pub(crate) fn new(target: &Target) -> Result<Self> {
        let bad = |hint: String| Error::BadUrl {
            driver: "sqlite",
            url: address::shown(&target.url),
            hint,
        };
        if let Some(refusal) = address::refusal(&target.url) {
            return Err(bad(format!("{refusal} {}", refusal.advice())));
        }
        let rest = target
            .url
            .strip_prefix("sqlite:")
            .ok_or_else(|| bad(format!("write it like {EXAMPLE}")))?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        // `?mode=…` would contradict what we do; a path may well hold a question mark otherwise.
        if path.contains("?mode=") || path.contains("?immutable=") {
            return Err(bad("leave out what follows the question mark".to_owned()));
        }
        if path.is_empty() || path == ":memory:" {
            return Err(bad(format!("the file is missing; write it like {EXAMPLE}")));
        }
        Ok(Self {
            path: PathBuf::from(path),
            shown: path.to_owned(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The error of a file that could not be opened.
    pub(crate) fn failed(&self, error: sqlx::Error) -> Error {
        match (meaning(&error), wal::why_unopened(&self.path, &error)) {
            (Meaning::Locked, _) => Error::Locked {
                doing: format!("opening {}", self.shown),
                source: error.into(),
            },
            (_, Some(why)) => Error::Connect {
                address: self.shown.clone(),
                source: why.into(),
            },
            (_, None) => Error::Connect {
                address: self.shown.clone(),
                source: error.into(),
            },
        }
    }
}

/// A connection whose statement stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Stoppable {
    connection: SqliteConnection,
    dropped: Arc<AtomicBool>,
}

/// How many instructions of SQLite's machine run between two looks whether to stop: a fraction of
/// a millisecond's worth.
const INSTRUCTIONS: i32 = 10_000;

impl Stoppable {
    async fn connect(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let mut connection = options.connect().await?;
        let dropped = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&dropped);
        let go_on = move || !seen.load(Ordering::Relaxed);
        connection
            .lock_handle()
            .await?
            .set_progress_handler(INSTRUCTIONS, go_on);
        Ok(Self {
            connection,
            dropped,
        })
    }
}

impl Deref for Stoppable {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Stoppable {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Dial for SqliteDial {
    type Connection = Stoppable;

    async fn connect(&self) -> Result<(Stoppable, i64)> {
        // Never `immutable`: it would ignore the write-ahead log, and with it the newest rows.
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .read_only(true)
            .create_if_missing(false)
            .busy_timeout(Duration::from_secs(STATEMENT_SECS))
            .pragma("query_only", "1")
            .disable_statement_logging();
        let connection = Stoppable::connect(&options).await;
        let connection = connection.map_err(|error| self.failed(error))?;
        Ok((connection, 0))
    }

    /// Nothing to tell: dropping the connection was enough.
    async fn cancel(&self, _connection: &mut Stoppable, _session: i64) {}

    fn address(&self) -> &str {
        &self.shown
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use waybill_model::Access;

    use super::*;

    fn path(url: &str) -> Result<PathBuf> {
        let target = Target {
            name: "database".to_owned(),
            url: url.to_owned(),
            management_url: None,
            secret: None,
            options: BTreeMap::new(),
            access: Access::ReadOnly,
        };
        SqliteDial::new(&target).map(|dial| dial.path)
    }

    #[test]
    fn paths_are_relative_or_absolute() {
        for (url, expected) in [
            ("sqlite:shop.db", "shop.db"),
            ("sqlite:/var/shop.db", "/var/shop.db"),
            ("sqlite:///var/shop.db", "/var/shop.db"),
            ("sqlite://shop.db", "shop.db"),
        ] {
            assert_eq!(
                path(url).expect("it is a path"),
                PathBuf::from(expected),
                "{url}"
            );
        }
        for url in [
            "sqlite:",
            "sqlite::memory:",
            "shop.db",
            "sqlite:shop.db?immutable=1",
        ] {
            path(url).expect_err(url);
        }
    }
}
