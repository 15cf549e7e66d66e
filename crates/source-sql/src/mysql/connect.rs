//! Sessions with MySQL and MariaDB that cannot write and do not stay.

use std::str::FromStr as _;

use async_trait::async_trait;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, Row as _};
use waybill_source::{Error, Result};

use crate::address::Address;
use crate::error::{STATEMENT_SECS, connecting};
use crate::lanes::Dial;
use crate::mysql::error::meaning;

/// How MySQL and MariaDB are reached.
#[derive(Debug)]
pub(crate) struct MySqlDial {
    address: Address,
    options: MySqlConnectOptions,
    place: String,
}

impl MySqlDial {
    pub(crate) fn new(address: Address) -> Result<Self> {
        let place = address.host_and_port();
        let mut options = MySqlConnectOptions::from_str(address.parameters().as_str())
            .map_err(|error| connecting(&place, &address.user, &address.database, error, meaning))?
            .host(&address.host)
            .port(address.port)
            .username(&address.user)
            .database(&address.database)
            .disable_statement_logging();
        // An empty password and none are two things here.
        if !address.password().is_empty() {
            options = options.password(address.password());
        }
        Ok(Self {
            address,
            options,
            place,
        })
    }

    pub(crate) fn database(&self) -> &str {
        &self.address.database
    }

    fn failed(&self, error: sqlx::Error) -> Error {
        let address = &self.address;
        connecting(
            &self.place,
            &address.user,
            &address.database,
            error,
            meaning,
        )
    }

    async fn session(&self) -> Result<(MySqlConnection, i64), sqlx::Error> {
        let mut connection = self.options.connect().await?;
        let row = sqlx::query("SELECT CAST(CONNECTION_ID() AS SIGNED), VERSION()")
            .fetch_one(&mut connection)
            .await?;
        let version: String = row.try_get(1)?;
        for setting in settings(&version) {
            connection.execute(AssertSqlSafe(setting)).await?;
        }
        Ok((connection, row.try_get(0)?))
    }
}

#[async_trait]
impl Dial for MySqlDial {
    type Connection = MySqlConnection;

    async fn connect(&self) -> Result<(MySqlConnection, i64)> {
        self.session().await.map_err(|error| self.failed(error))
    }

    async fn cancel(&self, connection: &mut MySqlConnection, session: i64) {
        let statement = AssertSqlSafe(format!("KILL QUERY {session}"));
        if let Err(error) = connection.execute(statement).await {
            tracing::debug!(session, %error, "Server was not told to stop a statement");
        }
    }

    fn address(&self) -> &str {
        &self.place
    }
}

/// What a session is told before anything else. MySQL counts the time-out in milliseconds and for
/// `SELECT` only, MariaDB in seconds.
fn settings(version: &str) -> Vec<String> {
    let time_out = if version.contains("MariaDB") {
        format!("SET SESSION max_statement_time = {STATEMENT_SECS}")
    } else {
        format!("SET SESSION max_execution_time = {}", STATEMENT_SECS * 1000)
    };
    vec![
        "SET SESSION TRANSACTION READ ONLY".to_owned(),
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned(),
        time_out,
        "SET SESSION innodb_lock_wait_timeout = 1".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_product_has_its_own_time_out() {
        let time_out = |version| settings(version).swap_remove(2);
        assert_eq!(
            time_out("10.11.6-MariaDB-0+deb12u1"),
            "SET SESSION max_statement_time = 5"
        );
        assert_eq!(time_out("8.4.3"), "SET SESSION max_execution_time = 5000");
    }
}
