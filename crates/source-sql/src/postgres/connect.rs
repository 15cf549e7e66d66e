//! Sessions with PostgreSQL that cannot write and do not stay.

use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use waybill_source::{Error, Result};

use crate::address::Address;
use crate::error::{STATEMENT_SECS, connecting};
use crate::lanes::Dial;
use crate::postgres::error::{meaning, refuses_settings};

/// A setting of nobody's, by which we know a session that was opened for us.
const MARK: &str = "waybill.session";

/// Who serves us, whether with our settings, and under what number. Asked in the simple protocol,
/// which leaves no statement behind in a session that may not be ours.
const WHO_SERVES: &str = "SELECT pg_backend_pid(), current_setting('waybill.session', true)";

/// How PostgreSQL is reached.
#[derive(Debug)]
pub(crate) struct PostgresDial {
    address: Address,
    options: PgConnectOptions,
    place: String,
    mark: String,
    shared_sessions: AtomicBool,
}

impl PostgresDial {
    pub(crate) fn new(address: Address) -> Result<Self> {
        let place = address.host_and_port();
        // The port and the password are set even where there is none: the library would take
        // PGPORT, PGPASSWORD or ~/.pgpass instead, and whoever reads the profile would not know.
        let options = PgConnectOptions::from_str(address.parameters().as_str())
            .map_err(|error| connecting(&place, &address.user, &address.database, error, meaning))?
            .host(&address.host)
            .port(address.port)
            .username(&address.user)
            .password(address.password())
            .database(&address.database)
            .application_name("waybill")
            .disable_statement_logging();
        Ok(Self {
            shared_sessions: AtomicBool::new(false),
            mark: mark(),
            address,
            options,
            place,
        })
    }

    pub(crate) fn database(&self) -> &str {
        &self.address.database
    }

    /// A pooler shares the server's sessions between clients: ours must leave no setting and no
    /// prepared statement behind, so every statement gets a transaction with settings of its own.
    pub(crate) fn shares_sessions(&self) -> bool {
        self.shared_sessions.load(Ordering::Relaxed)
    }

    /// From here on the sessions are taken for shared ones.
    pub(crate) fn share_sessions(&self) {
        if !self.shared_sessions.swap(true, Ordering::Relaxed) {
            tracing::info!(address = %self.place, "Pooler found, settings go with each statement");
        }
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
            let mark = (MARK, self.mark.clone());
            options.options(settings()).options([mark]).connect().await
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
            self.share_sessions();
            connected = self.try_connect().await;
        }
        let mut connection = connected.map_err(|error| self.failed(error))?;
        let (mut pid, mark) = who_serves(&mut connection)
            .await
            .map_err(|error| self.failed(error))?;
        if !self.shares_sessions() && mark.as_deref() != Some(self.mark.as_str()) {
            // Our settings got lost on the way: the session was somebody else's before us. The
            // library would still name the statements it prepares, so we come in anew.
            self.share_sessions();
            connection.close().await.ok();
            connection = self
                .try_connect()
                .await
                .map_err(|error| self.failed(error))?;
            (pid, _) = who_serves(&mut connection)
                .await
                .map_err(|error| self.failed(error))?;
        }
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

async fn who_serves(connection: &mut PgConnection) -> Result<(i32, Option<String>), sqlx::Error> {
    let row = sqlx::raw_sql(WHO_SERVES).fetch_one(connection).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Something that no other program has set, nor another run of ours.
fn mark() -> String {
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap_or_default();
    format!("{:x}-{:x}", std::process::id(), now.as_nanos())
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
