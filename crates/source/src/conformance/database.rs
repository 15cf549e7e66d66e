//! What every database must do, as checks. [`check_all`] runs them one after the other.
//!
//! Each check makes a table of its own, so they may also run on a server that others use.

mod contents;
mod look;
mod reading;

use async_trait::async_trait;
use waybill_model::Micros;

use crate::{Database, RowColumns, RowKey};

pub use contents::what_bodies_say_is_told_when_asked_for;
pub use look::{
    a_sample_shows_what_columns_hold, a_table_that_is_not_there_is_named, it_says_who_it_is,
    it_shows_no_secret, rows_come_back_whole_and_in_order, tables_are_listed_with_their_columns,
};
pub use reading::{
    a_broken_read_claims_nothing_beyond, a_read_sees_everything_once_and_says_so,
    a_window_leaves_the_rest_out, an_empty_table_is_covered,
    dropping_a_read_leaves_the_rest_working, the_next_read_tells_the_news_only,
    what_is_odd_is_marked_and_never_left_out,
};

/// What a check needs besides the database: somebody who writes for real.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The database under test.
    fn database(&self) -> &dyn Database;

    /// What must never be printed; `None` when there is no secret.
    fn secret(&self) -> Option<String>;

    /// Makes an empty outbox table for one check, named so that it can be told whose it is. The
    /// roles it returns have an id, an aggregate type and id, a version, an event type, a time, a
    /// sent time and a payload. The key is a number that the database gives, or anything else.
    async fn table(&self, name: &str) -> RowColumns;

    /// Inserts rows in order, as any service would, in one transaction.
    async fn insert(&self, columns: &RowColumns, lines: &[Line]);

    /// Says of rows, by event id, that they were sent.
    async fn mark_sent(&self, columns: &RowColumns, ids: &[String]);

    /// The keys of all rows, in the order of their insertion.
    async fn keys(&self, columns: &RowColumns) -> Vec<RowKey>;
}

/// A row to be inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Event id; `None` is NULL.
    pub id: Option<String>,
    /// Aggregate id, of type `product`.
    pub aggregate: String,
    /// Aggregate version.
    pub version: i64,
    /// When; `None` is NULL.
    pub at: Option<Micros>,
    /// The body.
    pub payload: Vec<u8>,
}

impl Line {
    /// A row that nothing is odd about.
    pub fn new(id: &str, at: Micros) -> Self {
        Self {
            id: Some(id.to_owned()),
            aggregate: "4711".to_owned(),
            version: 1,
            at: Some(at),
            payload: format!("{{\"id\":\"{id}\"}}").into_bytes(),
        }
    }
}

/// Runs every check.
///
/// # Panics
/// At the first expectation that is not met.
pub async fn check_all(stage: &dyn Stage) {
    it_says_who_it_is(stage).await;
    it_shows_no_secret(stage).await;
    tables_are_listed_with_their_columns(stage).await;
    a_table_that_is_not_there_is_named(stage).await;
    a_sample_shows_what_columns_hold(stage).await;
    an_empty_table_is_covered(stage).await;
    a_read_sees_everything_once_and_says_so(stage).await;
    a_window_leaves_the_rest_out(stage).await;
    the_next_read_tells_the_news_only(stage).await;
    what_is_odd_is_marked_and_never_left_out(stage).await;
    rows_come_back_whole_and_in_order(stage).await;
    what_bodies_say_is_told_when_asked_for(stage).await;
    dropping_a_read_leaves_the_rest_working(stage).await;
}
