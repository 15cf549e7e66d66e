//! Writing and reading the journal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Row as _};
use waybill_model::{Attempt, AttemptState, EventId, Micros, Mode, ResendId};
use waybill_protocol::JournalRun;

use super::{Earlier, JournalError, NewRun, RunOwner, SentBefore, StoredRun};

const VERSION: i64 = 2;

/// What version 2 knows besides.
const TO_2: &str = "ALTER TABLE runs ADD COLUMN unproven_form TEXT";

/// How long another process may hold the file: it writes single lines.
const BUSY: Duration = Duration::from_secs(10);

/// The journal's file, open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    pub(super) pool: SqlitePool,
    pub(super) locks: PathBuf,
}

impl Journal {
    /// Opens `journal.sqlite` in a folder, makes it when there is none, and marks what a process
    /// that died was sending as unknown.
    pub async fn open(folder: &Path) -> Result<Self, JournalError> {
        std::fs::create_dir_all(folder).map_err(|source| JournalError::Folder {
            path: folder.display().to_string(),
            source,
        })?;
        let path = folder.join("journal.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: what is written as *sending* must be on the disk before anything is sent.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let open = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await;
        let pool = open.map_err(|source| JournalError::Open {
            path: path.display().to_string(),
            source,
        })?;
        let journal = Self {
            pool,
            locks: folder.join("runs"),
        };
        journal.set_up().await?;
        journal.recover().await?;
        Ok(journal)
    }

    /// Takes a run for this process, so that no other one calls it crashed.
    pub(crate) fn own(&self, run: ResendId) -> Result<RunOwner, JournalError> {
        RunOwner::take(&self.locks, run)
    }

    /// Writes a confirmed run: all its events as planned. From here on a crash loses nothing.
    pub(crate) async fn begin(&self, run: &NewRun) -> Result<(), JournalError> {
        let write = |source| JournalError::Write {
            what: "the run",
            source,
        };
        let mut tx = self
            .pool
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(write)?;
        sqlx::query("INSERT INTO runs (id, profile, mode, pace, by_whom, reason, at, unproven_form) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(run.id.to_string())
            .bind(&run.profile)
            .bind(json("the run", &run.mode)?)
            .bind(json("the run", &run.pace)?)
            .bind(&run.by)
            .bind(&run.reason)
            .bind(run.at.0)
            .bind(&run.unproven_form)
            .execute(&mut *tx)
            .await
            .map_err(write)?;
        for (nth, planned) in (0_i64..).zip(&run.attempts) {
            sqlx::query("INSERT INTO attempts (run, nth, event, event_at, attempt, word, state, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
                .bind(run.id.to_string())
                .bind(nth)
                .bind(planned.event.as_str())
                .bind(planned.event_at.0)
                .bind(i64::from(planned.attempt))
                .bind(word(&AttemptState::Planned))
                .bind(json("an attempt", &AttemptState::Planned)?)
                .bind(run.at.0)
                .execute(&mut *tx)
                .await
                .map_err(write)?;
        }
        tx.commit().await.map_err(write)
    }

    /// Writes what became of one event of a run.
    pub(crate) async fn record(
        &self,
        run: ResendId,
        event: &EventId,
        state: &AttemptState,
        at: Micros,
    ) -> Result<(), JournalError> {
        sqlx::query("UPDATE attempts SET word = ?, state = ?, at = ? WHERE run = ? AND event = ?")
            .bind(word(state))
            .bind(json("an attempt", state)?)
            .bind(at.0)
            .bind(run.to_string())
            .bind(event.as_str())
            .execute(&self.pool)
            .await
            .map_err(|source| JournalError::Write {
                what: "an attempt",
                source,
            })?;
        Ok(())
    }

    /// Writes that the run's sending has come to an end: it will not be offered to continue.
    pub(crate) async fn end(&self, run: ResendId) -> Result<(), JournalError> {
        sqlx::query("UPDATE runs SET ended = 1 WHERE id = ?")
            .bind(run.to_string())
            .execute(&self.pool)
            .await
            .map_err(|source| JournalError::Write {
                what: "the run's end",
                source,
            })?;
        std::fs::remove_file(RunOwner::path(&self.locks, run)).ok();
        Ok(())
    }

    /// The runs of a profile that were cut off and still have events that are certainly not sent.
    pub(crate) async fn unfinished(&self, profile: &str) -> Result<Vec<ResendId>, JournalError> {
        self.recover().await?;
        let rows = sqlx::query(
            "SELECT id FROM runs WHERE profile = ? AND ended = 0
             AND EXISTS (SELECT 1 FROM attempts WHERE run = id AND word = 'planned') ORDER BY at",
        )
        .bind(profile)
        .fetch_all(&self.pool)
        .await
        .map_err(|source| JournalError::Read {
            what: "unfinished runs",
            source,
        })?;
        let ids = rows
            .iter()
            .filter_map(|row| run_id(&row.get::<String, _>(0)));
        Ok(ids.filter(|id| self.is_free(*id)).collect())
    }

    /// The latest runs of all profiles, newest first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<JournalRun>, JournalError> {
        self.recover().await?;
        let rows = sqlx::query("SELECT id FROM runs ORDER BY at DESC, id LIMIT ?")
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(|source| JournalError::Read {
                what: "runs",
                source,
            })?;
        let mut runs = Vec::new();
        for id in rows
            .iter()
            .filter_map(|row| run_id(&row.get::<String, _>(0)))
        {
            let run = self.run(id).await?;
            let planned = run
                .attempts
                .iter()
                .any(|(a, _)| a.state == AttemptState::Planned);
            runs.push(JournalRun {
                unfinished: !run.ended && planned && self.is_free(run.id),
                id: run.id,
                profile: run.profile,
                mode: run.mode,
                by: run.by,
                reason: run.reason,
                unproven_form: run.unproven_form,
                at: run.at,
                attempts: run
                    .attempts
                    .into_iter()
                    .map(|(attempt, _)| attempt)
                    .collect(),
            });
        }
        Ok(runs)
    }

    /// One run with its events in the order of sending.
    pub(crate) async fn run(&self, id: ResendId) -> Result<StoredRun, JournalError> {
        let read = |source| JournalError::Read {
            what: "a run",
            source,
        };
        let row = sqlx::query(
            "SELECT profile, mode, pace, by_whom, reason, at, ended, unproven_form FROM runs WHERE id = ?",
        )
        .bind(id.to_string())
        .fetch_optional(&self.pool)
        .await
        .map_err(read)?
        .ok_or(JournalError::NoRun { run: id })?;
        let attempts = sqlx::query(
            "SELECT event, attempt, state, at, event_at FROM attempts WHERE run = ? ORDER BY nth",
        )
        .bind(id.to_string())
        .fetch_all(&self.pool)
        .await
        .map_err(read)?;
        Ok(StoredRun {
            id,
            profile: row.get(0),
            mode: parsed("a run", &row.get::<String, _>(1))?,
            pace: parsed("a run", &row.get::<String, _>(2))?,
            by: row.get(3),
            reason: row.get(4),
            at: Micros(row.get(5)),
            ended: row.get::<i64, _>(6) != 0,
            unproven_form: row.get(7),
            attempts: attempts
                .iter()
                .map(|row| Ok((attempt(id, row)?, Micros(row.get(4)))))
                .collect::<Result<_, JournalError>>()?,
        })
    }

    /// What earlier runs of a profile did with these events; an event never tried is left out.
    pub(crate) async fn earlier(
        &self,
        profile: &str,
        events: &[EventId],
    ) -> Result<BTreeMap<EventId, Earlier>, JournalError> {
        let mut found: BTreeMap<EventId, Earlier> = BTreeMap::new();
        for some in events.chunks(500) {
            let marks = vec!["?"; some.len()].join(", ");
            let sql = format!(
                "SELECT a.event, a.word, a.state, a.at FROM attempts a JOIN runs r ON r.id = a.run
                 WHERE r.profile = ? AND a.word NOT IN ('planned', 'skipped', 'cancelled')
                 AND a.event IN ({marks}) ORDER BY a.at"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(profile);
            for event in some {
                query = query.bind(event.as_str());
            }
            let rows = query
                .fetch_all(&self.pool)
                .await
                .map_err(|source| JournalError::Read {
                    what: "earlier attempts",
                    source,
                })?;
            for row in &rows {
                let entry = found.entry(EventId(row.get(0))).or_insert(Earlier {
                    attempts: 0,
                    last: None,
                });
                entry.attempts += 1;
                let state = parsed("an attempt", &row.get::<String, _>(2))?;
                entry.last = Some((state, Micros(row.get(3))));
            }
        }
        Ok(found)
    }

    /// All sends of a profile that the broker has confirmed, since then.
    pub(crate) async fn sent_since(
        &self,
        profile: &str,
        since: Micros,
    ) -> Result<Vec<SentBefore>, JournalError> {
        let rows = sqlx::query(
            "SELECT a.event, a.at, r.mode, a.state FROM attempts a JOIN runs r ON r.id = a.run
             WHERE r.profile = ? AND a.at >= ? AND a.word IN ('sent', 'effective', 'not-effective')
             ORDER BY a.at",
        )
        .bind(profile)
        .bind(since.0)
        .fetch_all(&self.pool)
        .await
        .map_err(|source| JournalError::Read {
            what: "earlier sends",
            source,
        })?;
        rows.iter()
            .map(|row| {
                let mode: Mode = parsed("a run", &row.get::<String, _>(2))?;
                let state: AttemptState = parsed("an attempt", &row.get::<String, _>(3))?;
                Ok(SentBefore {
                    event: EventId(row.get(0)),
                    at: Micros(row.get(1)),
                    mode,
                    coordinate: match state {
                        AttemptState::Sent { coordinate } => coordinate,
                        _ => None,
                    },
                })
            })
            .collect()
    }

    fn is_free(&self, run: ResendId) -> bool {
        self.own(run).is_ok()
    }

    async fn set_up(&self) -> Result<(), JournalError> {
        let open = |source| JournalError::Open {
            path: self.locks.display().to_string(),
            source,
        };
        let mut tx = self
            .pool
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(open)?;
        let found: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut *tx)
            .await
            .map_err(open)?;
        if found > VERSION {
            return Err(JournalError::TooNew {
                found,
                known: VERSION,
            });
        }
        if found == 0 {
            sqlx::raw_sql(include_str!("schema.sql"))
                .execute(&mut *tx)
                .await
                .map_err(open)?;
        }
        if found < 2 {
            sqlx::raw_sql(TO_2).execute(&mut *tx).await.map_err(open)?;
        }
        if found < VERSION {
            let noted = AssertSqlSafe(format!("PRAGMA user_version = {VERSION}"));
            sqlx::raw_sql(noted).execute(&mut *tx).await.map_err(open)?;
        }
        tx.commit().await.map_err(open)
    }
}

fn attempt(run: ResendId, row: &SqliteRow) -> Result<Attempt, JournalError> {
    Ok(Attempt {
        resend: run,
        event: EventId(row.get(0)),
        attempt: u32::try_from(row.get::<i64, _>(1)).unwrap_or(1),
        state: parsed("an attempt", &row.get::<String, _>(2))?,
        at: Micros(row.get(3)),
    })
}

pub(super) fn run_id(text: &str) -> Option<ResendId> {
    uuid::Uuid::try_parse(text).ok().map(ResendId)
}

/// The state's word, for SQL.
pub(super) fn word(state: &AttemptState) -> &'static str {
    match state {
        AttemptState::Planned => "planned",
        AttemptState::Skipped { .. } => "skipped",
        AttemptState::Sending => "sending",
        AttemptState::Sent { .. } => "sent",
        AttemptState::Refused { .. } => "refused",
        AttemptState::Unknown { .. } => "unknown",
        AttemptState::Effective => "effective",
        AttemptState::NotEffective { .. } => "not-effective",
        AttemptState::Cancelled => "cancelled",
    }
}

pub(super) fn json<T: serde::Serialize>(
    what: &'static str,
    value: &T,
) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|source| JournalError::Malformed { what, source })
}

fn parsed<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(|source| JournalError::Malformed { what, source })
}

#[cfg(test)]
mod tests;
