//! A database of any dialect behind the seam.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use waybill_source::{
    ChunkStream, Database, DatabaseCapabilities, Result, Row, RowColumns, RowKey, RowQuery, Sample,
    ServerInfo, TableInfo, Times,
};

use crate::attached::attach;
use crate::link::Link;
use crate::outlet::stream_of;
use crate::said::note;
use crate::{rows, sample, scan, times};

/// How many times the server's clock is asked; the quickest answer counts.
const CLOCK_SAMPLES: usize = 5;

/// An open database.
pub(crate) struct Sql(Arc<dyn Link>);

impl Sql {
    pub(crate) fn new(link: Arc<dyn Link>) -> Self {
        Self(link)
    }
}

#[async_trait]
impl Database for Sql {
    fn capabilities(&self) -> DatabaseCapabilities {
        self.0.capabilities()
    }

    async fn server(&self) -> Result<ServerInfo> {
        let (product, version) = self.0.product().await?;
        let clock = clock(&*self.0).await?;
        Ok(ServerInfo {
            product,
            version,
            clock_offset_micros: Some(clock.offset),
            clock_error_micros: Some(clock.error),
        })
    }

    async fn tables(&self) -> Result<Vec<TableInfo>> {
        let mut tables = self.0.tables().await?;
        attach(&mut tables, self.0.attached().await?);
        // It helps to understand a table; a server that keeps it to itself is looked at without.
        match self.0.said().await {
            Ok(said) => note(&mut tables, said),
            Err(error) => tracing::debug!(%error, "definitions cannot be read"),
        }
        Ok(tables)
    }

    async fn sample(&self, table: &str, n_rows: u32) -> Result<Sample> {
        sample::sample(&*self.0, table, n_rows).await
    }

    async fn times(&self, columns: &RowColumns) -> Result<Times> {
        times::times(&*self.0, columns).await
    }

    fn read(&self, query: RowQuery) -> ChunkStream {
        let link = Arc::clone(&self.0);
        let name = format!("table {}", query.columns.table);
        stream_of(name, move |outlet| scan::read(link, query, outlet))
    }

    async fn rows(
        &self,
        columns: &RowColumns,
        keys: &[RowKey],
        max_bytes: u64,
    ) -> Result<Vec<Option<Row>>> {
        rows::rows(&self.0, columns, keys, max_bytes).await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A clock compared with ours, in microseconds.
struct Clock {
    offset: i64,
    error: i64,
}

/// The server read its clock somewhere between question and answer; the middle is the best guess.
async fn clock(link: &dyn Link) -> Result<Clock> {
    let mut best: Option<Clock> = None;
    for _ in 0..CLOCK_SAMPLES {
        let asked = Instant::now();
        let theirs = link.now().await?;
        let ours = crate::here::now();
        let error = i64::try_from(asked.elapsed().as_micros() / 2).unwrap_or(i64::MAX);
        if best.as_ref().is_none_or(|best| error < best.error) {
            best = Some(Clock {
                offset: theirs.since(ours.plus(-error)),
                error,
            });
        }
    }
    Ok(best.expect("there is at least one sample"))
}
