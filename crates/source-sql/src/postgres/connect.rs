//! Sessions with PostgreSQL that cannot write and do not stay.

use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Row as _};
use waybill_source::{Error, Result, Target};

use crate::address::Address;
use crate::error::{STATEMENT_SECS, connecting};
use crate::lanes::Dial;
use crate::postgres::error::{meaning, refuses_settings};

/// The option that says a pooler is in between, for those that do not refuse our settings.
const POOLER_OPTION: &str = "pooler";

/// How PostgreSQL is reached.
#[derive(Debug)]
pub(crate) struct PostgresDial {
    address: Address,
    options: PgConnectOptions,
    place: String,
    shared_sessions: AtomicBool,
}

impl PostgresDial {
    pub(crate) fn new(address: Address, target: &Target) -> Result<Self> {
        let place = address.host_and_port();
        let options = PgConnectOptions::from_str(address.reveal().as_str())
            .map_err(|error| connecting(&place, &address.user, &address.database, error, meaning))?
            .application_name("waybill")
            .disable_statement_logging();
        let shared_sessions = target
            .options
            .get(POOLER_OPTION)
            .is_some_and(|is| is == "true");
        Ok(Self {
            shared_sessions: AtomicBool::new(shared_sessions),
            address,
            options,
            place,
        })
    }

    pub(crate) fn database(&self) -> &str {
        &self.address.database
    }

    /// A pooler shares the server's sessions between clients: ours must leave no setting behind,
    /// so every statement gets a transaction with settings of its own.
    pub(crate) fn shares_sessions(&self) -> bool {
        self.shared_sessions.load(Ordering::Relaxed)
    }

    async fn try_connect(&self) -> Result<PgConnection, sqlx::Error> {
        let options = self.options.clone();
        if self.shares_sessions() {
            options
                .extra_float_digits(None)
                .statement_cache_capacity(0)
                .connect()
                .await
        } else {
            options.options(settings()).connect().await
        }
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
}

#[async_trait]
impl Dial for PostgresDial {
    type Connection = PgConnection;

    async fn connect(&self) -> Result<(PgConnection, i64)> {
        let mut connected = self.try_connect().await;
        if connected.as_ref().is_err_and(refuses_settings) {
            tracing::info!(address = %self.place, "Pooler found, settings go with each statement");
            self.shared_sessions.store(true, Ordering::Relaxed);
            connected = self.try_connect().await;
        }
        let mut connection = connected.map_err(|error| self.failed(error))?;
        let row = sqlx::query("SELECT pg_backend_pid()")
            .persistent(!self.shares_sessions())
            .fetch_one(&mut connection)
            .await
            .map_err(|error| self.failed(error))?;
        let pid: i32 = row.try_get(0).map_err(|error| self.failed(error))?;
        if !self.shares_sessions() {
            notice_hanging_up(&mut connection).await;
        }
        Ok((connection, i64::from(pid)))
    }

    async fn cancel(&self, connection: &mut PgConnection, session: i64) {
        // Behind a pooler the number may be another client's by now.
        if self.shares_sessions() {
            return;
        }
        let Ok(pid) = i32::try_from(session) else {
            return;
        };
        let asked = sqlx::query("SELECT pg_cancel_backend($1)")
            .bind(pid)
            .execute(connection);
        if let Err(error) = asked.await {
            tracing::debug!(session, %error, "Server was not told to stop a statement");
        }
    }

    fn address(&self) -> &str {
        &self.place
    }
}

/// Lets the server notice within 50 ms that we have hung up, also while it has nothing to send.
/// Before PostgreSQL 14, and on systems that cannot tell, it does not; there we tell it.
async fn notice_hanging_up(connection: &mut PgConnection) {
    const SQL: &str = "SELECT set_config('client_connection_check_interval', '50ms', false)";
    if let Err(error) = sqlx::query(SQL).execute(connection).await {
        tracing::debug!(%error, "Server does not watch the connection");
    }
}

/// The session's settings, sent with the first packet: there is no moment in which it could write.
fn settings() -> [(&'static str, String); 4] {
    [
        ("default_transaction_read_only", "on".to_owned()),
        ("statement_timeout", format!("{STATEMENT_SECS}s")),
        ("lock_timeout", "500ms".to_owned()),
        ("idle_in_transaction_session_timeout", "10s".to_owned()),
    ]
}

/// The settings of one transaction behind a pooler.
pub(crate) const TRANSACTION_SETTINGS: &str =
    "SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '500ms'";
