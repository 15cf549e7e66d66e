//! Statements on PostgreSQL.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _, ValueRef as _};
use waybill_model::{Micros, Zone};
use waybill_source::{DatabaseCapabilities, Error, Result, TableInfo};

use crate::attached::Attached;
use crate::cell::Cell;
use crate::dialect::{Dialect, Statement, Value};
use crate::error::{Meaning, WAIT_SECS, in_time, reading};
use crate::lanes::Lanes;
use crate::link::{Doing, EachRow, Horizon, Link, Rights};
use crate::postgres::connect::{PostgresDial, TRANSACTION_SETTINGS};
use crate::postgres::copy::CopyRows;
use crate::postgres::error::{fate, meaning, misses_statements};
use crate::postgres::hidden::Hidden;
use crate::postgres::horizon::{HORIZON, horizon};
use crate::postgres::inspect::{
    ATTACHED, NAMED, NAMES, READABLE, RIGHTS, SAID, SHOWN, TABLES, catalogue_column, shapes, shown,
};
use crate::postgres::types::cell;
use crate::said::SaidOf;
use crate::settle::WAIT_MICROS;
use crate::shape::{Kind, Shape};
use crate::shown::{Shown, row_level_security};
use crate::suggest::suggestion;
use crate::texts::texts;

/// The zone that whoever set up the database gave to its sessions. The server's own is hidden by
/// our session's.
const ZONE: &str = "SELECT split_part(setting, '=', 2) \
    FROM pg_db_role_setting s, pg_database d, unnest(s.setconfig) setting \
    WHERE s.setdatabase = d.oid AND d.datname = current_database() AND s.setrole = 0 \
    AND setting ILIKE 'timezone=%'";

/// An open PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    lanes: Lanes<PostgresDial>,
    /// Transactions of which we are shown no more than that they are there.
    hidden: Mutex<Hidden>,
}

/// Called with every row of a result.
type EachResult<'a> = &'a mut (dyn FnMut(&PgRow) -> Result<(), sqlx::Error> + Send);

impl Postgres {
    pub(crate) async fn open(dial: PostgresDial) -> Result<Self> {
        let opened = Self {
            lanes: Lanes::new(dial),
            hidden: Mutex::default(),
        };
        opened.now().await?;
        Ok(opened)
    }

    /// Runs a statement, once more where the first try hit a dead connection.
    async fn run(&self, name: &str, statement: &Statement, each: EachResult<'_>) -> Result<()> {
        let doing = || format!("reading {name}");
        in_time(doing, WAIT_SECS, async {
            let mut untouched = true;
            loop {
                let mut lane = self.lanes.lease().await?;
                lane.begin();
                let first = untouched;
                untouched = false;
                let mut delivered = false;
                let result = self
                    .attempt(&mut lane, statement, &mut |row| {
                        delivered = true;
                        each(row)
                    })
                    .await;
                if first && !delivered && self.lost_session(&result) {
                    self.lanes.dial().share_sessions();
                    lane.discard();
                    continue;
                }
                let concluded = lane.conclude(result, first && !delivered, fate);
                if concluded.map_err(|error| reading(name, error, meaning))? {
                    return Ok(());
                }
            }
        })
        .await
    }

    /// A statement that we prepared is not there, or its name is taken: the session is not ours.
    fn lost_session(&self, result: &Result<(), sqlx::Error>) -> bool {
        !self.lanes.dial().shares_sessions() && result.as_ref().is_err_and(misses_statements)
    }

    async fn attempt(
        &self,
        connection: &mut PgConnection,
        statement: &Statement,
        each: EachResult<'_>,
    ) -> Result<(), sqlx::Error> {
        let shared = self.lanes.dial().shares_sessions();
        if shared {
            begin(connection).await?;
        }
        let result = fetch(connection, statement, !shared, each).await;
        if shared {
            connection.execute("ROLLBACK").await?;
        }
        result
    }

    /// Streams a statement without parameters through `COPY`.
    async fn copy(
        &self,
        connection: &mut PgConnection,
        statement: &Statement,
        kinds: &[Kind],
        each: EachRow<'_>,
    ) -> Result<(), sqlx::Error> {
        let shared = self.lanes.dial().shares_sessions();
        if shared {
            begin(connection).await?;
        }
        let sql = format!("COPY ({}) TO STDOUT (FORMAT binary)", statement.text);
        let mut rows = CopyRows::new(kinds);
        {
            let mut pieces = connection.copy_out_raw(&sql).await?;
            while let Some(piece) = pieces.try_next().await? {
                rows.piece(&piece, each)
                    .map_err(|e| sqlx::Error::Decode(e.into()))?;
            }
        }
        rows.finish().map_err(|e| sqlx::Error::Decode(e.into()))?;
        if shared {
            connection.execute("ROLLBACK").await?;
        }
        Ok(())
    }

    async fn rows<T: Send>(
        &self,
        name: &str,
        sql: &str,
        values: &[&str],
        mut take: impl FnMut(&PgRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<Vec<T>> {
        let statement = Statement::of_texts(Dialect::Postgres, sql, values);
        let mut taken = Vec::new();
        self.run(name, &statement, &mut |row| {
            taken.push(take(row)?);
            Ok(())
        })
        .await?;
        Ok(taken)
    }

    async fn row<T: Send>(
        &self,
        name: &str,
        sql: &str,
        take: impl FnMut(&PgRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<T> {
        let rows = self.rows(name, sql, &[], take).await?;
        rows.into_iter()
            .next()
            .ok_or_else(|| reading(name, sqlx::Error::RowNotFound, meaning))
    }
}

#[async_trait]
impl Link for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn capabilities(&self) -> DatabaseCapabilities {
        DatabaseCapabilities {
            exact_horizon: true,
            late_commit_secs: u32::try_from(WAIT_MICROS / 1_000_000).unwrap_or(60),
        }
    }

    async fn product(&self) -> Result<(String, String)> {
        let sql = "SELECT current_setting('server_version')";
        let version: String = self
            .row("the server's version", sql, |row| row.try_get(0))
            .await?;
        let number = version.split(' ').next().unwrap_or_default().to_owned();
        Ok(("PostgreSQL".to_owned(), number))
    }

    async fn now(&self) -> Result<Micros> {
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8";
        let micros = self
            .row("the server's clock", sql, |row| row.try_get(0))
            .await?;
        Ok(Micros(micros))
    }

    async fn zone(&self) -> Result<Option<(Zone, String)>> {
        let names = self.rows("the database's settings", ZONE, &[], |row| {
            row.try_get::<String, _>(0)
        });
        let name = names.await?.into_iter().next();
        let zone = name.and_then(|name| Some((name.parse().ok()?, name)));
        Ok(zone.map(|(zone, name)| (zone, format!("the database's zone is set to {name}"))))
    }

    async fn horizon(&self) -> Result<Horizon> {
        self.row("the list of open transactions", HORIZON, |row| {
            let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
            horizon(row, &mut hidden)
        })
        .await
    }

    async fn shown(&self, shape: &Shape) -> Result<Shown> {
        let name = format!("the rights on table {}", shape.name);
        let values = [shape.schema.as_str(), shape.name.as_str()];
        let mut rows = self.rows(&name, SHOWN, &values, shown).await?;
        Ok(rows.pop().unwrap_or_default())
    }

    fn shows_transactions(&self) -> &'static str {
        "transactions of others are hidden: GRANT pg_read_all_stats to our role shows them"
    }

    async fn tables(&self) -> Result<Vec<TableInfo>> {
        let sql = format!("{TABLES}{READABLE}");
        let columns = self
            .rows("the list of tables", &sql, &[], catalogue_column)
            .await?;
        Ok(shapes(columns).into_iter().map(Shape::into_info).collect())
    }

    async fn said(&self) -> Result<Vec<SaidOf>> {
        self.rows("the definitions of tables", SAID, &[], |row| {
            texts(row).map(SaidOf::new)
        })
        .await
    }

    async fn attached(&self) -> Result<Vec<Attached>> {
        self.rows("the list of tables", ATTACHED, &[], |row| {
            texts(row).map(Attached::new)
        })
        .await
    }

    async fn shape(&self, table: &str) -> Result<Shape> {
        let name = format!("the columns of table {table}");
        let (schema, rest) = table.split_once('.').unwrap_or(("", table));
        let sql = format!("{TABLES}{NAMED}");
        let columns = self
            .rows(&name, &sql, &[schema, rest, table], catalogue_column)
            .await?;
        if let Some(shape) = shapes(columns).into_iter().next() {
            return Ok(shape);
        }
        let names: Vec<String> = self
            .rows("the list of tables", NAMES, &[], |row| row.try_get(0))
            .await?;
        Err(Error::NotFound {
            what: "table",
            name: table.to_owned(),
            place: format!("database {}", self.lanes.dial().database()),
            suggestion: suggestion(table, names.iter().map(String::as_str)),
        })
    }

    async fn select(
        &self,
        doing: &Doing,
        statement: Statement,
        kinds: &[Kind],
        each: EachRow<'_>,
    ) -> Result<()> {
        self.run(&doing.name, &statement, &mut |row| {
            let mut cells = Vec::with_capacity(kinds.len());
            for (idx, kind) in kinds.iter().enumerate().take(row.len()) {
                cells.push(cell(*kind, bytes(row, idx)?));
            }
            each(&cells);
            Ok(())
        })
        .await
    }

    async fn select_bulk(
        &self,
        doing: &Doing,
        statement: Statement,
        kinds: &[Kind],
        each: EachRow<'_>,
    ) -> Result<()> {
        let name = &doing.name;
        let mut delivered = false;
        let copied = in_time(|| format!("reading {name}"), WAIT_SECS, async {
            let mut lane = self.lanes.lease().await?;
            lane.begin();
            let mut each = |cells: &[Cell<'_>]| {
                delivered = true;
                each(cells);
            };
            let result = self.copy(&mut lane, &statement, kinds, &mut each).await;
            match result {
                Ok(()) => lane.end(),
                // The client library loses count of the server's answers here.
                Err(_) => lane.discard(),
            }
            Ok(result)
        })
        .await?;
        match copied {
            Ok(()) => Ok(()),
            Err(error) if delivered || meaning(&error) == Meaning::TooLong => {
                Err(reading(name, error, meaning))
            }
            Err(error) => {
                tracing::debug!(%error, "COPY is not possible, reading pages");
                self.select(doing, statement, kinds, each).await
            }
        }
    }

    fn way_there(&self) -> Option<&'static str> {
        let through = "through a pooler that shares sessions, so each statement brings its limits";
        self.lanes.dial().shares_sessions().then_some(through)
    }

    fn has_bulk(&self) -> bool {
        true
    }

    async fn rights(&self) -> Result<Rights> {
        self.row("the rights of the user", RIGHTS, |row| {
            let tables: i64 = row.try_get(3)?;
            let sees_all: bool = row.try_get(4)?;
            Ok(Rights {
                user: row.try_get(0)?,
                read_only_session: row.try_get(1)?,
                can_write: row.try_get(2)?,
                readable_tables: usize::try_from(tables).unwrap_or(0),
                advice: advice(row, sees_all)?,
            })
        })
        .await
    }

    async fn close(&self) {
        for connection in self.lanes.close() {
            connection.close().await.ok();
        }
    }
}

/// Rights that would make reads better, and what keeps them from being whole.
fn advice(row: &PgRow, sees_all: bool) -> Result<Option<String>, sqlx::Error> {
    let (user, hidden): (String, Option<String>) = (row.try_get(0)?, row.try_get(5)?);
    let standby: bool = row.try_get(6)?;
    let told = [
        hidden.map(|tables| row_level_security(&user, &tables)),
        standby.then(|| {
            "this is a standby: what it has not replayed yet cannot be told; the primary knows all"
                .to_owned()
        }),
        (!sees_all).then(|| {
            "transactions of other users are hidden; with GRANT pg_read_all_stats an open one \
             holds back less"
                .to_owned()
        }),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    Ok((!told.is_empty()).then(|| told.join("; ")))
}

async fn begin(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("BEGIN READ ONLY").await?;
    connection.execute(TRANSACTION_SETTINGS).await?;
    Ok(())
}

async fn fetch(
    connection: &mut PgConnection,
    statement: &Statement,
    persistent: bool,
    each: EachResult<'_>,
) -> Result<(), sqlx::Error> {
    let mut rows = bound(statement).persistent(persistent).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        each(&row)?;
    }
    Ok(())
}

fn bound(statement: &Statement) -> Query<'_, sqlx::Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(statement.text.clone()));
    statement
        .values
        .iter()
        .fold(query, |query, value| match value {
            Value::Int(number) => query.bind(*number),
            Value::Real(number) => query.bind(*number),
            Value::Bytes(bytes) => query.bind(bytes.as_slice()),
            Value::Text(_) | Value::Decimal(_) | Value::Uuid(_) | Value::Time(..) => {
                query.bind(value.as_text())
            }
        })
}

/// A value as it came over the wire.
fn bytes(row: &PgRow, idx: usize) -> Result<Option<&[u8]>, sqlx::Error> {
    let value = row.try_get_raw(idx)?;
    if value.is_null() {
        return Ok(None);
    }
    value.as_bytes().map(Some).map_err(sqlx::Error::Decode)
}
