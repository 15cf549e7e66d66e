//! What the shared reader needs from one database.

use std::fmt;

use async_trait::async_trait;
use waybill_model::{Micros, Zone};
use waybill_source::{DatabaseCapabilities, Result, TableInfo};

use crate::attached::Attached;
use crate::cell::Cell;
use crate::dialect::{Dialect, Statement};
use crate::said::SaidOf;
use crate::shape::{Kind, Shape};
use crate::shown::Shown;

/// Called with every row; the cells live as long as the call.
pub(crate) type EachRow<'a> = &'a mut (dyn for<'c> FnMut(&[Cell<'c>]) + Send);

/// One database. Every method is one or a few short statements in a read-only session; dropping
/// its future cancels what runs on the server.
#[async_trait]
pub(crate) trait Link: fmt::Debug + Send + Sync {
    fn dialect(&self) -> Dialect;

    fn capabilities(&self) -> DatabaseCapabilities;

    /// Product and version, the server's clock included if `sample` can read it.
    async fn product(&self) -> Result<(String, String)>;

    /// The server's clock, one round trip.
    async fn now(&self) -> Result<Micros>;

    /// What may still be on its way into the tables.
    async fn horizon(&self) -> Result<Horizon>;

    /// The catalogue entries of all tables that can be read.
    async fn tables(&self) -> Result<Vec<TableInfo>>;

    /// The server's own zone where it has one offset all year, and how it says so.
    async fn zone(&self) -> Result<Option<(Zone, String)>> {
        Ok(None)
    }

    /// What hangs on these tables.
    async fn attached(&self) -> Result<Vec<Attached>>;

    /// What definitions say of the values of columns.
    async fn said(&self) -> Result<Vec<SaidOf>>;

    /// One table's catalogue entry; fails with a suggestion when there is none.
    async fn shape(&self, table: &str) -> Result<Shape>;

    /// What of a table we are not shown; asked at the beginning of a read.
    async fn shown(&self, shape: &Shape) -> Result<Shown>;

    /// What would show transactions of others, as a sentence.
    fn shows_transactions(&self) -> &'static str;

    /// Runs a statement that selects values of these kinds. `doing` names it in errors.
    async fn select(
        &self,
        doing: &Doing,
        statement: Statement,
        kinds: &[Kind],
        each: EachRow<'_>,
    ) -> Result<()>;

    /// As [`Link::select`] for many rows, by the quickest way there is. The statement has no
    /// parameters when [`Link::has_bulk`] says so.
    async fn select_bulk(
        &self,
        doing: &Doing,
        statement: Statement,
        kinds: &[Kind],
        each: EachRow<'_>,
    ) -> Result<()> {
        self.select(doing, statement, kinds, each).await
    }

    /// What stands between us and the server and changes how it is asked, in words.
    fn way_there(&self) -> Option<&'static str> {
        None
    }

    /// Whether [`Link::select_bulk`] is another way than [`Link::select`].
    fn has_bulk(&self) -> bool {
        false
    }

    /// Who the session is and what it may do, for the connection test.
    async fn rights(&self) -> Result<Rights>;

    /// Ends all sessions.
    async fn close(&self);
}

/// What a statement is for, in errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doing {
    /// The table or catalogue.
    pub(crate) name: String,
}

impl Doing {
    pub(crate) fn reading(table: &str) -> Self {
        Self {
            name: format!("table {table}"),
        }
    }
}

/// Which transactions may still add rows, as of just before a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Horizon {
    /// The server's clock.
    pub(crate) now: Micros,
    /// Transactions below this number have ended.
    pub(crate) ended_below: Option<i64>,
    /// Transactions from this number on had not begun.
    pub(crate) begun_below: Option<i64>,
    /// The oldest transaction that may still write.
    pub(crate) oldest: Oldest,
}

/// What is known of open transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oldest {
    /// None is open.
    None,
    /// The oldest began then.
    Since(Micros),
    /// Our rights do not show when others began; only numbers, where the database has them.
    Hidden,
}

/// What the session is allowed to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rights {
    /// The user.
    pub(crate) user: String,
    /// The session refuses to write, whatever the user may do.
    pub(crate) read_only_session: bool,
    /// The user could write if the session let it.
    pub(crate) can_write: bool,
    /// How many tables can be read.
    pub(crate) readable_tables: usize,
    /// A right that would make reads better, as a sentence.
    pub(crate) advice: Option<String>,
}
