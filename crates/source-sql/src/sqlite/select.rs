//! Statements on SQLite.

use async_trait::async_trait;
use futures::TryStreamExt as _;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};
use waybill_model::Micros;
use waybill_source::{DatabaseCapabilities, Error, Result, TableInfo};

use crate::attached::Attached;
use crate::dialect::{Dialect, Statement, Value};
use crate::error::{WAIT_SECS, in_time, reading};
use crate::here;
use crate::lanes::{Dial as _, Fate, Lanes};
use crate::link::{Doing, EachRow, Horizon, Link, Rights};
use crate::said::SaidOf;
use crate::shape::{Kind, Shape};
use crate::shown::Shown;
use crate::sqlite::connect::SqliteDial;
use crate::sqlite::error::meaning;
use crate::sqlite::horizon::horizon;
use crate::sqlite::inspect::{ATTACHED, SAID, TABLES, entry, tables};
use crate::sqlite::types::cell;
use crate::sqlite::wal;
use crate::suggest::suggestion;
use crate::texts::texts;

/// An open SQLite database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    lanes: Lanes<SqliteDial>,
}

/// Called with every row of a result.
type EachResult<'a> = &'a mut (dyn FnMut(&SqliteRow) -> Result<(), sqlx::Error> + Send);

impl Sqlite {
    pub(crate) async fn open(dial: SqliteDial) -> Result<Self> {
        let opened = Self {
            lanes: Lanes::new(dial),
        };
        // The first look at the file: whether it is a database at all.
        opened.list("").await?;
        Ok(opened)
    }

    async fn run(&self, name: &str, statement: &Statement, each: EachResult<'_>) -> Result<()> {
        let doing = || format!("reading {name}");
        in_time(doing, WAIT_SECS, async {
            let mut lane = self.lanes.lease().await?;
            lane.begin();
            let result = fetch(&mut lane, statement, each).await;
            match lane.conclude(result, false, |_| Fate::Alive) {
                Ok(_) => Ok(()),
                Err(error) if wal::why_unopened(self.lanes.dial().path(), &error).is_some() => {
                    Err(self.lanes.dial().failed(error))
                }
                Err(error) => Err(reading(name, error, meaning)),
            }
        })
        .await
    }

    async fn rows<T: Send>(
        &self,
        name: &str,
        sql: &str,
        values: &[&str],
        mut take: impl FnMut(&SqliteRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<Vec<T>> {
        let statement = Statement::of_texts(Dialect::Sqlite, sql, values);
        let mut taken = Vec::new();
        self.run(name, &statement, &mut |row| {
            taken.push(take(row)?);
            Ok(())
        })
        .await?;
        Ok(taken)
    }

    /// The tables of that name, all of them for none.
    async fn list(&self, name: &str) -> Result<Vec<Shape>> {
        let entries = self
            .rows("the list of tables", TABLES, &[name], entry)
            .await?;
        Ok(tables(entries))
    }
}

#[async_trait]
impl Link for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn capabilities(&self) -> DatabaseCapabilities {
        DatabaseCapabilities {
            exact_horizon: true,
            late_commit_secs: 0,
        }
    }

    async fn product(&self) -> Result<(String, String)> {
        let sql = "SELECT sqlite_version()";
        let versions: Vec<String> = self
            .rows("the library's version", sql, &[], |row| row.try_get(0))
            .await?;
        Ok((
            "SQLite".to_owned(),
            versions.into_iter().next().unwrap_or_default(),
        ))
    }

    async fn now(&self) -> Result<Micros> {
        Ok(here::now())
    }

    async fn horizon(&self) -> Result<Horizon> {
        Ok(horizon())
    }

    async fn shown(&self, _shape: &Shape) -> Result<Shown> {
        Ok(Shown::default())
    }

    fn shows_transactions(&self) -> &'static str {
        "SQLite has one writer at a time"
    }

    async fn tables(&self) -> Result<Vec<TableInfo>> {
        Ok(self
            .list("")
            .await?
            .into_iter()
            .map(Shape::into_info)
            .collect())
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
        let plain = table.strip_prefix("main.").unwrap_or(table);
        for name in [table, plain] {
            if let Some(shape) = self.list(name).await?.into_iter().next() {
                return Ok(shape);
            }
        }
        let all = self.list("").await?;
        Err(Error::NotFound {
            what: "table",
            name: table.to_owned(),
            place: self.lanes.dial().address().to_owned(),
            suggestion: suggestion(table, all.iter().map(|shape| shape.name.as_str())),
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
            for idx in 0..Ord::min(kinds.len(), row.len()) {
                cells.push(cell(row, idx)?);
            }
            each(&cells);
            Ok(())
        })
        .await
    }

    async fn rights(&self) -> Result<Rights> {
        let read_only: Vec<i64> = self
            .rows("the session's settings", "PRAGMA query_only", &[], |row| {
                row.try_get(0)
            })
            .await?;
        Ok(Rights {
            user: "this user".to_owned(),
            read_only_session: read_only == [1],
            can_write: false,
            readable_tables: self.list("").await?.len(),
            advice: None,
        })
    }

    async fn close(&self) {
        // Dropping closes: there is no server to say goodbye to.
        drop(self.lanes.close());
    }
}

async fn fetch(
    connection: &mut SqliteConnection,
    statement: &Statement,
    each: EachResult<'_>,
) -> Result<(), sqlx::Error> {
    let mut rows = bound(statement).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        each(&row)?;
    }
    Ok(())
}

fn bound(statement: &Statement) -> Query<'_, sqlx::Sqlite, SqliteArguments> {
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
