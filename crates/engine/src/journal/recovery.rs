//! What a process that died was doing.

use sqlx::Row as _;
use waybill_model::{AttemptState, ResendId};

use super::store::{json, run_id, word};
use super::{Journal, JournalError};
use crate::clock::now;

impl Journal {
    /// Marks what dead processes were sending as unknown. Their planned events stay planned.
    pub(super) async fn recover(&self) -> Result<(), JournalError> {
        let read = |source| JournalError::Read {
            what: "unfinished runs",
            source,
        };
        let rows = sqlx::query("SELECT id FROM runs WHERE ended = 0")
            .fetch_all(&self.pool)
            .await
            .map_err(read)?;
        for id in rows
            .iter()
            .filter_map(|row| run_id(&row.get::<String, _>(0)))
        {
            // While its owner lives, the run is none of our business.
            if let Ok(_owner) = self.own(id) {
                self.recover_run(id).await?;
            }
        }
        Ok(())
    }

    async fn recover_run(&self, run: ResendId) -> Result<(), JournalError> {
        let unknown = AttemptState::Unknown {
            why: "Waybill ended while it was sending this; look whether it has arrived".to_owned(),
        };
        let write = |source| JournalError::Write {
            what: "what a crash left",
            source,
        };
        let done = sqlx::query(
            "UPDATE attempts SET word = ?, state = ?, at = ? WHERE run = ? AND word = 'sending'",
        )
        .bind(word(&unknown))
        .bind(json("an attempt", &unknown)?)
        .bind(now().0)
        .bind(run.to_string())
        .execute(&self.pool)
        .await
        .map_err(write)?;
        if done.rows_affected() > 0 {
            tracing::warn!(run = %run, rows = done.rows_affected(), "Found a send that was cut off");
        }
        sqlx::query("UPDATE runs SET ended = 1 WHERE id = ? AND NOT EXISTS (SELECT 1 FROM attempts WHERE run = runs.id AND word = 'planned')")
            .bind(run.to_string())
            .execute(&self.pool)
            .await
            .map_err(write)?;
        Ok(())
    }
}
