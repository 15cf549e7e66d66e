//! A database in memory: tables of texts, transactions that commit late, faults on demand.
//!
//! Its clones share everything, so a test keeps one clone to write with and hands out the other.

mod read;
mod table;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::sync::watch;
use waybill_model::Micros;

use crate::{
    ChunkStream, ColumnInfo, Database, DatabaseCapabilities, Error, Result, Row, RowColumns,
    RowKey, RowQuery, Sample, ServerInfo, TableInfo, Times,
};
use table::Table;

/// A value of the database in memory; `None` is NULL. Bytes, so that it need not be UTF-8.
pub type Value = Option<Vec<u8>>;

/// A text as a value.
pub fn text(text: &str) -> Value {
    Some(text.as_bytes().to_vec())
}

/// A database in memory.
#[derive(Debug, Clone, Default)]
pub struct FakeDatabase {
    state: Arc<Mutex<State>>,
    /// Whether reads stand still; they go on when it is false again.
    held: Arc<watch::Sender<bool>>,
}

/// Everything the database holds.
#[derive(Debug, Default)]
struct State {
    tables: BTreeMap<String, Table>,
    /// Counts what is committed; a row's latest number says what a reader has not seen yet.
    commits: u64,
    /// Reads break off after this many rows.
    die_after: Option<u64>,
    /// Nothing answers.
    unreachable: bool,
    /// How many reads have begun and not ended.
    reading: usize,
}

impl FakeDatabase {
    /// An empty database.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty table; one of that name is emptied. The first column is the primary key.
    pub fn add_table(&self, name: &str, columns: &[&str]) {
        let table = Table::new(columns.iter().map(|column| (*column).to_owned()).collect());
        self.state().tables.insert(name.to_owned(), table);
    }

    /// Inserts a row and commits; columns left out are NULL.
    ///
    /// # Panics
    /// When there is no such table or column.
    pub fn insert(&self, table: &str, values: &[(&str, Value)]) {
        let row = self.insert_late(table, values);
        self.commit_late(table, row);
    }

    /// Inserts a row in a transaction that stays open; returns what [`Self::commit_late`] takes.
    ///
    /// # Panics
    /// When there is no such table or column.
    pub fn insert_late(&self, table: &str, values: &[(&str, Value)]) -> usize {
        let begun = now();
        let mut state = self.state();
        let table = state
            .tables
            .get_mut(table)
            .expect("the test has made the table");
        table.insert(values, begun)
    }

    /// Commits the transaction of a row.
    ///
    /// # Panics
    /// When there is no such table or row.
    pub fn commit_late(&self, table: &str, row: usize) {
        let mut state = self.state();
        state.commits += 1;
        let commit = state.commits;
        let table = state
            .tables
            .get_mut(table)
            .expect("the test has made the table");
        table.commit(row, commit);
    }

    /// Changes a column in all rows whose first column has this value, and commits.
    ///
    /// # Panics
    /// When there is no such table or column.
    pub fn update(&self, table: &str, key: &str, column: &str, value: &Value) {
        let mut state = self.state();
        state.commits += 1;
        let commit = state.commits;
        let table = state
            .tables
            .get_mut(table)
            .expect("the test has made the table");
        table.update(key, column, value, commit);
    }

    /// Deletes all rows whose first column has this value.
    ///
    /// # Panics
    /// When there is no such table.
    pub fn delete(&self, table: &str, key: &str) {
        let mut state = self.state();
        let table = state
            .tables
            .get_mut(table)
            .expect("the test has made the table");
        table.delete(key);
    }

    /// Every read breaks off after `n` rows; `None` repairs it.
    pub fn die_after(&self, n: Option<u64>) {
        self.state().die_after = n;
    }

    /// Nothing answers any more, or everything does again.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.state().unreachable = unreachable;
    }

    /// Reads stand still before their next batch, or go on.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// How many reads have begun and neither ended nor been dropped.
    pub fn reading(&self) -> usize {
        self.state().reading
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere fails there; the state itself is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reachable(&self) -> Result<()> {
        if self.state().unreachable {
            return Err(unreachable());
        }
        Ok(())
    }
}

impl State {
    fn table(&self, name: &str) -> Result<&Table> {
        self.tables.get(name).ok_or_else(|| Error::NotFound {
            what: "table",
            name: name.to_owned(),
            place: "memory".to_owned(),
            suggestion: self
                .tables
                .keys()
                .find(|known| known.chars().next() == name.chars().next())
                .map_or_else(String::new, |known| format!("; did you mean '{known}'?")),
        })
    }
}

#[async_trait]
impl Database for FakeDatabase {
    fn capabilities(&self) -> DatabaseCapabilities {
        DatabaseCapabilities {
            exact_horizon: true,
            late_commit_secs: 0,
        }
    }

    async fn server(&self) -> Result<ServerInfo> {
        self.reachable()?;
        Ok(ServerInfo {
            product: "fake".to_owned(),
            version: "in memory".to_owned(),
            clock_offset_micros: Some(0),
            clock_error_micros: Some(0),
        })
    }

    async fn tables(&self) -> Result<Vec<TableInfo>> {
        self.reachable()?;
        let column = |(idx, name): (usize, &String)| ColumnInfo {
            name: name.clone(),
            sql_type: "text".to_owned(),
            nullable: idx > 0,
            primary_key: idx == 0,
            readable: true,
        };
        let state = self.state();
        let tables = state.tables.iter().map(|(name, table)| TableInfo {
            schema: String::new(),
            name: name.clone(),
            columns: table.columns().iter().enumerate().map(column).collect(),
            estimated_rows: Some(table.committed().count() as u64),
            partition: false,
            attached: Vec::new(),
            said: Vec::new(),
        });
        Ok(tables.collect())
    }

    async fn sample(&self, table: &str, n_rows: u32) -> Result<Sample> {
        self.reachable()?;
        let state = self.state();
        let table = state.table(table)?;
        Ok(Sample {
            columns: table.columns().to_vec(),
            rows: table.newest(n_rows as usize),
        })
    }

    async fn times(&self, _columns: &RowColumns) -> Result<Times> {
        self.reachable()?;
        Ok(Times::default())
    }

    fn read(&self, query: RowQuery) -> ChunkStream {
        read::stream(self.clone(), query)
    }

    async fn rows(
        &self,
        columns: &RowColumns,
        keys: &[RowKey],
        max_bytes: u64,
    ) -> Result<Vec<Option<Row>>> {
        self.reachable()?;
        let state = self.state();
        let table = state.table(&columns.table)?;
        let row = |key: &RowKey| table.row(columns, key, max_bytes);
        keys.iter().map(row).collect()
    }

    async fn close(&self) {}
}

/// What a connection that broke looks like.
fn unreachable() -> Error {
    Error::Connect {
        address: "memory".to_owned(),
        source: "scripted".into(),
    }
}

/// Our clock is the database's.
fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
