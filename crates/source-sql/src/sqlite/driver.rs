//! The driver for SQLite.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::stream::BoxStream;
use waybill_source::{Driver, ProbeOutcome, ProbeStep, Result, Source, Target};

use crate::database::Sql;
use crate::link::Link;
use crate::probe::{self, Step};
use crate::sqlite::connect::SqliteDial;
use crate::sqlite::select::Sqlite;

/// Opens SQLite databases.
#[derive(Debug, Clone, Copy, Default)]
pub struct SqliteDriver;

#[async_trait]
impl Driver for SqliteDriver {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &["sqlite"]
    }

    async fn open(&self, target: &Target) -> Result<Source> {
        let link = open(SqliteDial::new(target)?).await?;
        Ok(Source::Database(Arc::new(Sql::new(link))))
    }

    fn probe(&self, target: &Target) -> BoxStream<'static, ProbeStep> {
        let dial = match SqliteDial::new(target) {
            Ok(dial) => dial,
            Err(error) => return probe::bad(error),
        };
        let link = Arc::new(OnceLock::new());
        let path = dial.path().to_path_buf();
        let what = format!("Find {}", path.display());
        let mut steps = vec![Step::new(what, async move {
            match tokio::fs::metadata(&path).await {
                Ok(found) if found.is_file() => {
                    ProbeOutcome::Fine(format!("{} bytes", found.len()))
                }
                Ok(_) => ProbeOutcome::Failed("it is no file".to_owned()),
                Err(error) => ProbeOutcome::Failed(format!("{error}; check the path")),
            }
        })];
        steps.push(probe::log_in("Open it".to_owned(), &link, open(dial)));
        steps.extend(probe::look_around(&link));
        probe::run(steps)
    }
}

async fn open(dial: SqliteDial) -> Result<Arc<dyn Link>> {
    Ok(Arc::new(Sqlite::open(dial).await?))
}
