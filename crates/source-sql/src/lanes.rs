//! At most two connections to one server, and a way to stop what runs on them.
//!
//! A pool of the client library would give a connection back while the server still works on a
//! statement nobody waits for any more. Here the connection of an abandoned statement is closed
//! at once, and the server is told to stop.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use waybill_source::{Error, Result};

use crate::error::{CONNECT_SECS, WAIT_SECS, in_time};

/// How many connections: one reads, one looks up rows meanwhile.
const MAX_LANES: usize = 2;

/// How long telling the server to stop may take.
const CANCEL: Duration = Duration::from_secs(3);

/// How connections to one server are made and stopped.
#[async_trait]
pub(crate) trait Dial: fmt::Debug + Send + Sync + 'static {
    /// A connection.
    type Connection: Send + 'static;

    /// Connects and prepares a read-only session. The number names the session on the server.
    async fn connect(&self) -> Result<(Self::Connection, i64)>;

    /// Tells the server to stop what a session is doing. Best effort.
    async fn cancel(&self, connection: &mut Self::Connection, session: i64);

    /// Where, for errors.
    fn address(&self) -> &str;
}

/// The connections to one server.
pub(crate) struct Lanes<D: Dial>(Arc<Shared<D>>);

struct Shared<D: Dial> {
    dial: D,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Lane<D::Connection>>>,
}

/// What an error leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// A session that can be used.
    Alive,
    /// The same, and the error goes by: the same statement may work the next time.
    Passing,
    /// No session.
    Dead,
}

/// A connection with its session's number.
struct Lane<C> {
    connection: C,
    session: i64,
}

/// A connection on loan.
pub(crate) struct Lease<D: Dial> {
    shared: Arc<Shared<D>>,
    lane: Option<Lane<D::Connection>>,
    /// A statement runs; dropping the lease now abandons it.
    busy: bool,
    /// It was idle before, so the server may have hung up meanwhile.
    reused: bool,
    _permit: OwnedSemaphorePermit,
}

impl<D: Dial> Lanes<D> {
    pub(crate) fn new(dial: D) -> Self {
        Self(Arc::new(Shared {
            dial,
            permits: Arc::new(Semaphore::new(MAX_LANES)),
            idle: Mutex::new(Vec::new()),
        }))
    }

    pub(crate) fn dial(&self) -> &D {
        &self.0.dial
    }

    /// A connection: an idle one, or a new one.
    pub(crate) async fn lease(&self) -> Result<Lease<D>> {
        let permits = self.0.permits.clone();
        let waiting = async {
            permits
                .acquire_owned()
                .await
                .map_err(|closed| Error::Connect {
                    address: self.0.dial.address().to_owned(),
                    source: closed.into(),
                })
        };
        let doing = || format!("waiting for a free connection to {}", self.0.dial.address());
        let permit = in_time(doing, 2 * WAIT_SECS, waiting).await?;
        let idle = self.0.idle();
        let reused = idle.is_some();
        let lane = match idle {
            Some(lane) => lane,
            None => self.0.connect().await?,
        };
        Ok(Lease {
            shared: Arc::clone(&self.0),
            lane: Some(lane),
            busy: false,
            reused,
            _permit: permit,
        })
    }

    /// Forgets idle connections and hands out no more.
    pub(crate) fn close(&self) -> Vec<D::Connection> {
        self.0.permits.close();
        let mut idle = self.0.lock();
        idle.drain(..).map(|lane| lane.connection).collect()
    }
}

impl<D: Dial> Shared<D> {
    async fn connect(&self) -> Result<Lane<D::Connection>> {
        let doing = || format!("connecting to {}", self.dial.address());
        let (connection, session) = in_time(doing, CONNECT_SECS, self.dial.connect()).await?;
        Ok(Lane {
            connection,
            session,
        })
    }

    fn idle(&self) -> Option<Lane<D::Connection>> {
        self.lock().pop()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Lane<D::Connection>>> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Tells the server, over another connection, to stop what `session` is doing.
    async fn cancel(self: Arc<Self>, session: i64) {
        let stop = async {
            let mut lane = match self.idle() {
                Some(lane) => lane,
                None => self.connect().await?,
            };
            self.dial.cancel(&mut lane.connection, session).await;
            if !self.permits.is_closed() {
                let mut idle = self.lock();
                if idle.len() < MAX_LANES {
                    idle.push(lane);
                }
            }
            Ok::<_, Error>(())
        };
        if !matches!(tokio::time::timeout(CANCEL, stop).await, Ok(Ok(()))) {
            tracing::debug!(session, "Abandoned statement was left to its time-out");
        }
    }
}

impl<D: Dial> Lease<D> {
    /// A statement has ended one way or the other. `Ok(false)`: try again, on another connection.
    ///
    /// `may_retry` says that nothing came of it yet; `fate` judges errors the server sent.
    pub(crate) fn conclude(
        mut self,
        result: Result<(), sqlx::Error>,
        may_retry: bool,
        fate: fn(&sqlx::Error) -> Fate,
    ) -> Result<bool, sqlx::Error> {
        match result {
            Ok(()) => {
                self.busy = false;
                Ok(true)
            }
            Err(error) => {
                let fate = match error {
                    sqlx::Error::Database(_) => fate(&error),
                    _ => Fate::Dead,
                };
                let again = match fate {
                    Fate::Alive => false,
                    Fate::Passing => may_retry,
                    // The server may have been restarted since the session was last used.
                    Fate::Dead => may_retry && self.reused,
                };
                if fate == Fate::Dead {
                    self.discard();
                } else {
                    self.busy = false;
                }
                if again { Ok(false) } else { Err(error) }
            }
        }
    }

    /// From here on a statement runs.
    pub(crate) fn begin(&mut self) {
        self.busy = true;
    }

    /// The statement ran to its end.
    pub(crate) fn end(mut self) {
        self.busy = false;
    }

    /// The connection is of no use any more.
    pub(crate) fn discard(mut self) {
        self.busy = false;
        self.lane = None;
    }
}

impl<D: Dial> Deref for Lease<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        &self
            .lane
            .as_ref()
            .expect("only dropping takes it")
            .connection
    }
}

impl<D: Dial> DerefMut for Lease<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        &mut self
            .lane
            .as_mut()
            .expect("only dropping takes it")
            .connection
    }
}

impl<D: Dial> Drop for Lease<D> {
    fn drop(&mut self) {
        let Some(lane) = self.lane.take() else {
            return;
        };
        if self.busy {
            let session = lane.session;
            drop(lane);
            // Without a runtime the process is ending, and the server's time-out does the rest.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(Arc::clone(&self.shared).cancel(session));
            }
        } else if !self.shared.permits.is_closed() {
            self.shared.lock().push(lane);
        }
    }
}

impl<D: Dial> fmt::Debug for Lanes<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lanes")
            .field(&self.0.dial.address())
            .finish()
    }
}
