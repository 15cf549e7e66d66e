//! Statements on MySQL and MariaDB.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use waybill_model::{Micros, Zone};
use waybill_source::{DatabaseCapabilities, Error, Result, TableInfo};

use crate::attached::Attached;
use crate::dialect::{Dialect, Statement, Value};
use crate::error::{WAIT_SECS, in_time, reading};
use crate::lanes::{Dial as _, Fate, Lanes};
use crate::link::{Doing, EachRow, Horizon, Link, Rights};
use crate::mysql::connect::MySqlDial;
use crate::mysql::error::meaning;
use crate::mysql::horizon::{CLOCK, HORIZON, blind, horizon};
use crate::mysql::inspect::{ATTACHED, LIST, NAMES, RIGHTS, SAID, SHAPE, catalogue_column, shapes};
use crate::mysql::replica::{HEARTBEAT, STATUS, followed, stands, stands_by_heartbeat};
use crate::mysql::shared;
use crate::mysql::types::cell;
use crate::said::SaidOf;
use crate::settle::WAIT_MICROS;
use crate::shape::{Kind, Shape};
use crate::shown::{Replica, Shown};
use crate::suggest::suggestion;
use crate::texts::texts;

/// The zone that sessions have which do not choose one; `SYSTEM` is that of the host.
const ZONE: &str = "SELECT CAST(@@global.time_zone AS CHAR), CAST(@@system_time_zone AS CHAR)";

/// An open MySQL or MariaDB database.
#[derive(Debug)]
pub(crate) struct MySql {
    lanes: Lanes<MySqlDial>,
    /// Whether we may see which transactions are open.
    sees_transactions: bool,
    /// How to ask how a replica stands: one of [`STATUS`], where one is allowed.
    status: Option<&'static str>,
}

/// What is asked for, in errors.
const REPLICATION: &str = "the state of replication";

/// Called with every row of a result.
type EachResult<'a> = &'a mut (dyn FnMut(&MySqlRow) -> Result<(), sqlx::Error> + Send);

impl MySql {
    pub(crate) async fn open(dial: MySqlDial) -> Result<Self> {
        let mut opened = Self {
            lanes: Lanes::new(dial),
            sees_transactions: false,
            status: None,
        };
        opened.now().await?;
        let look = opened.row("the list of open transactions", HORIZON, horizon);
        let looked = shared::first_horizon(opened.lanes.dial().address(), look).await;
        opened.sees_transactions = match looked {
            Ok(_) => true,
            Err(Error::Forbidden { .. }) => false,
            Err(error) => return Err(error),
        };
        for asked in STATUS {
            if opened.rows(REPLICATION, asked, &[], followed).await.is_ok() {
                opened.status = Some(asked);
                break;
            }
        }
        Ok(opened)
    }

    async fn replica(&self) -> Result<Option<Replica>> {
        if let Some(asked) = self.status {
            let all = self.rows(REPLICATION, asked, &[], followed).await?;
            return Ok(stands(&all, self.now().await?));
        }
        let mut told: BTreeMap<String, String> = BTreeMap::new();
        let rows = self
            .rows(REPLICATION, HEARTBEAT, &[], |row| {
                Ok((row.try_get(0)?, row.try_get(1)?))
            })
            .await?;
        told.extend(rows);
        let of = |name: &str| told.get(name).map_or("", String::as_str);
        Ok(stands_by_heartbeat(
            of("Slave_heartbeat_period"),
            of("Slave_running"),
        ))
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
                let result = fetch(&mut lane, statement, &mut |row| {
                    delivered = true;
                    each(row)
                })
                .await;
                let concluded = lane.conclude(result, first && !delivered, |_| Fate::Alive);
                if concluded.map_err(|error| reading(name, error, meaning))? {
                    return Ok(());
                }
            }
        })
        .await
    }

    async fn rows<T: Send>(
        &self,
        name: &str,
        sql: &str,
        values: &[&str],
        mut take: impl FnMut(&MySqlRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<Vec<T>> {
        let statement = Statement::of_texts(Dialect::MySql, sql, values);
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
        take: impl FnMut(&MySqlRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<T> {
        let rows = self.rows(name, sql, &[], take).await?;
        rows.into_iter()
            .next()
            .ok_or_else(|| reading(name, sqlx::Error::RowNotFound, meaning))
    }

    async fn read_only(&self) -> Result<bool> {
        const NAME: &str = "the session's settings";
        // MariaDB and MySQL call it differently.
        const SQL: &str = "SHOW SESSION VARIABLES WHERE variable_name IN \
            ('transaction_read_only', 'tx_read_only')";
        let values: Vec<String> = self.rows(NAME, SQL, &[], |row| row.try_get(1)).await?;
        Ok(values.iter().any(|value| value.eq_ignore_ascii_case("on")))
    }
}

#[async_trait]
impl Link for MySql {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn capabilities(&self) -> DatabaseCapabilities {
        DatabaseCapabilities {
            exact_horizon: self.sees_transactions,
            late_commit_secs: u32::try_from(WAIT_MICROS / 1_000_000).unwrap_or(60),
        }
    }

    async fn product(&self) -> Result<(String, String)> {
        let sql = "SELECT CAST(VERSION() AS CHAR)";
        let version: String = self
            .row("the server's version", sql, |row| row.try_get(0))
            .await?;
        let product = if version.contains("MariaDB") {
            "MariaDB"
        } else {
            "MySQL"
        };
        let number = version.split('-').next().unwrap_or_default().to_owned();
        Ok((product.to_owned(), number))
    }

    async fn now(&self) -> Result<Micros> {
        let micros = self
            .row("the server's clock", CLOCK, |row| row.try_get(0))
            .await?;
        Ok(Micros(micros))
    }

    async fn zone(&self) -> Result<Option<(Zone, String)>> {
        let zones = self
            .row("the server's zone", ZONE, |row| {
                Ok([row.try_get::<String, _>(0)?, row.try_get(1)?])
            })
            .await?;
        let [own, system] = zones;
        let name = if own == "SYSTEM" { system } else { own };
        let zone = name.parse().ok();
        Ok(zone.map(|zone| (zone, format!("the server's zone is {name}"))))
    }

    async fn horizon(&self) -> Result<Horizon> {
        if self.sees_transactions {
            let look = self.row("the list of open transactions", HORIZON, horizon);
            shared::horizon(self.lanes.dial().address(), look).await
        } else {
            self.row("the server's clock", CLOCK, blind).await
        }
    }

    async fn shown(&self, _shape: &Shape) -> Result<Shown> {
        Ok(Shown {
            hidden_rows: None,
            replica: self.replica().await?,
        })
    }

    fn shows_transactions(&self) -> &'static str {
        "transactions of others are hidden: GRANT PROCESS ON *.* to our user shows them"
    }

    async fn tables(&self) -> Result<Vec<TableInfo>> {
        let columns = self
            .rows("the list of tables", LIST, &[], catalogue_column)
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
        // Some libraries put a dot into the name itself.
        let here = Some((self.lanes.dial().database(), table));
        for (schema, table) in here.into_iter().chain(table.split_once('.')) {
            let values = [schema, table, schema, table, schema, table];
            let columns = self.rows(&name, SHAPE, &values, catalogue_column).await?;
            if let Some(shape) = shapes(columns).into_iter().next() {
                return Ok(shape);
            }
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
                cells.push(cell(*kind, row.try_get_unchecked::<Option<&[u8]>, _>(idx)?));
            }
            each(&cells);
            Ok(())
        })
        .await
    }

    async fn rights(&self) -> Result<Rights> {
        let read_only_session = self.read_only().await?;
        let sees_transactions = self.sees_transactions;
        let replica = self.replica().await?;
        self.row("the rights of the user", RIGHTS, move |row| {
            let (tables, writes): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
            Ok(Rights {
                user: row.try_get(0)?,
                read_only_session,
                can_write: writes > 0,
                readable_tables: usize::try_from(tables).unwrap_or(0),
                advice: advice(replica.clone(), sees_transactions),
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
fn advice(replica: Option<Replica>, sees_transactions: bool) -> Option<String> {
    let hidden = (!sees_transactions).then(|| {
        "open transactions are hidden; with GRANT PROCESS late rows are found exactly instead of \
         by waiting"
            .to_owned()
    });
    let told: Vec<String> = replica.map(|it| it.how).into_iter().chain(hidden).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

async fn fetch(
    connection: &mut MySqlConnection,
    statement: &Statement,
    each: EachResult<'_>,
) -> Result<(), sqlx::Error> {
    let mut rows = bound(statement).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        each(&row)?;
    }
    Ok(())
}

fn bound(statement: &Statement) -> Query<'_, sqlx::MySql, MySqlArguments> {
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
