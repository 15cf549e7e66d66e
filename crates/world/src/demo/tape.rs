//! The tape: every record of the mock cluster and where the groups stand, in a SQLite file.
//!
//! The mock's data dies with its process; played again in order, the records get the same offsets.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{Row as _, SqlitePool};
use waybill_model::Micros;

use super::records::{pack, unpack};
use crate::bus::{KafkaRecord, Offsets};
use crate::{ConsumerName, Error, Result};

/// Changes whenever an older demo could not be gone on with.
const VERSION: i64 = 1;

/// An open tape.
#[derive(Debug, Clone)]
pub(super) struct Tape {
    pool: SqlitePool,
}

/// When things were, as the tape knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// The end of the past the demo began with, moved along with it.
    pub(super) began: Micros,
    /// What happened up to then is on the tape.
    pub(super) saved: Micros,
}

/// What is added to a tape at once.
#[derive(Debug, Default)]
pub(super) struct Addition {
    pub(super) records: Vec<(i64, KafkaRecord)>,
    pub(super) groups: Vec<(ConsumerName, Offsets)>,
}

impl Tape {
    /// Opens the file, making it if need be.
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(failed("open"))?;
        for table in TABLES {
            let made = sqlx::query(table).execute(&pool).await;
            made.map_err(failed("prepare"))?;
        }
        Ok(Self { pool })
    }

    /// Its times; `None` when it is empty or from another version.
    pub(super) async fn times(&self) -> Result<Option<Times>> {
        let rows = sqlx::query("SELECT version, began, saved FROM demo")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read"))?;
        let [row] = rows.as_slice() else {
            return Ok(None);
        };
        let times = Times {
            began: Micros(row.get(1)),
            saved: Micros(row.get(2)),
        };
        Ok((row.get::<i64, _>(0) == VERSION).then_some(times))
    }

    /// How many records are on it.
    pub(super) async fn len(&self) -> Result<i64> {
        let row = sqlx::query("SELECT COUNT(*) FROM record")
            .fetch_one(&self.pool)
            .await
            .map_err(failed("count"))?;
        Ok(row.get(0))
    }

    /// One past the last offset of each partition of a topic.
    pub(super) async fn ends(&self, topic: &str) -> Result<Offsets> {
        let rows = sqlx::query(
            "SELECT partition, MAX(offset) + 1 FROM record WHERE topic = ? GROUP BY partition",
        )
        .bind(topic.to_owned())
        .fetch_all(&self.pool)
        .await
        .map_err(failed("read"))?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// All records, by topic, partition and offset.
    pub(super) async fn records(&self) -> Result<Vec<(i64, KafkaRecord)>> {
        let rows = sqlx::query(
            "SELECT topic, partition, offset, key, headers, payload, millis FROM record
             ORDER BY topic, partition, offset",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed("read"))?;
        Ok(rows
            .iter()
            .map(|row| {
                let record = KafkaRecord {
                    topic: row.get(0),
                    partition: Some(row.get(1)),
                    key: row.get(3),
                    headers: unpack(row.get(4)).unwrap_or_default(),
                    payload: row.get(5),
                    millis: row.get(6),
                };
                (row.get(2), record)
            })
            .collect())
    }

    /// Where each group stands.
    pub(super) async fn groups(&self) -> Result<BTreeMap<ConsumerName, Offsets>> {
        let rows = sqlx::query("SELECT consumer, partition, offset FROM committed")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read"))?;
        let mut groups: BTreeMap<ConsumerName, Offsets> = BTreeMap::new();
        for row in &rows {
            if let Some(consumer) = ConsumerName::from_name(row.get(0)) {
                let offsets = groups.entry(consumer).or_default();
                offsets.insert(row.get(1), row.get(2));
            }
        }
        Ok(groups)
    }

    /// Adds what happened since, all or nothing.
    pub(super) async fn add(&self, addition: &Addition, times: Times) -> Result<()> {
        let mut transaction = self.pool.begin().await.map_err(failed("write"))?;
        for (offset, record) in &addition.records {
            sqlx::query("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?)")
                .bind(record.topic.clone())
                .bind(record.partition.unwrap_or(0))
                .bind(*offset)
                .bind(record.key.clone())
                .bind(pack(&record.headers))
                .bind(record.payload.clone())
                .bind(record.millis)
                .execute(&mut *transaction)
                .await
                .map_err(failed("write"))?;
        }
        for (consumer, offsets) in &addition.groups {
            for (partition, offset) in offsets {
                sqlx::query("INSERT OR REPLACE INTO committed VALUES (?, ?, ?)")
                    .bind(consumer.as_str())
                    .bind(*partition)
                    .bind(*offset)
                    .execute(&mut *transaction)
                    .await
                    .map_err(failed("write"))?;
            }
        }
        sqlx::query("INSERT OR REPLACE INTO demo VALUES (1, ?, ?, ?)")
            .bind(VERSION)
            .bind(times.began.0)
            .bind(times.saved.0)
            .execute(&mut *transaction)
            .await
            .map_err(failed("write"))?;
        transaction.commit().await.map_err(failed("write"))
    }

    /// Makes it unusable until [`Tape::move_by`] has succeeded.
    pub(super) async fn void(&self) -> Result<()> {
        sqlx::query("UPDATE demo SET version = 0")
            .execute(&self.pool)
            .await
            .map_err(failed("prepare to move"))?;
        Ok(())
    }

    /// Moves everything on it by so many milliseconds.
    pub(super) async fn move_by(&self, millis: i64, times: Times) -> Result<()> {
        let mut transaction = self.pool.begin().await.map_err(failed("move"))?;
        sqlx::query("UPDATE record SET millis = millis + ?")
            .bind(millis)
            .execute(&mut *transaction)
            .await
            .map_err(failed("move"))?;
        sqlx::query("UPDATE demo SET version = ?, began = ?, saved = ?")
            .bind(VERSION)
            .bind(times.began.0)
            .bind(times.saved.0)
            .execute(&mut *transaction)
            .await
            .map_err(failed("move"))?;
        transaction.commit().await.map_err(failed("move"))
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS record (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
        key BLOB, headers BLOB NOT NULL, payload BLOB, millis INTEGER NOT NULL,
        PRIMARY KEY (topic, partition, offset)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS committed (
        consumer TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
        PRIMARY KEY (consumer, partition))",
    "CREATE TABLE IF NOT EXISTS demo (
        only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL,
        began INTEGER NOT NULL, saved INTEGER NOT NULL)",
];

fn failed(what: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| Error::Tape { what, source }
}
