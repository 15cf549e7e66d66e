//! Drivers: how a source is opened.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use waybill_model::{Access, ProbeStep};

use crate::{Broker, Database, Result};

/// Opens one kind of source. The composition roots register drivers; nothing else names one.
#[async_trait]
pub trait Driver: fmt::Debug + Send + Sync {
    /// Stable name, e.g. `postgres`.
    fn name(&self) -> &'static str;

    /// URL schemes it answers to, without `://`.
    fn url_schemes(&self) -> &'static [&'static str];

    /// Connects and makes one round trip, so that `Ok` means usable. Looks only.
    async fn open(&self, target: &Target) -> Result<Source>;

    /// Tries the connection step by step (address, name, port, TLS, login, rights); the stream
    /// ends after the first step that failed.
    fn probe(&self, target: &Target) -> BoxStream<'static, ProbeStep>;
}

/// What was opened.
#[derive(Debug, Clone)]
pub enum Source {
    /// A database.
    Database(Arc<dyn Database>),
    /// A broker.
    Broker(Arc<dyn Broker>),
}

/// Where to connect, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    /// The connection's name in the session: `database`, `broker`, or a key of `databases`.
    pub name: String,
    /// The address from the profile; it holds no password.
    pub url: String,
    /// RabbitMQ's management API.
    pub management_url: Option<String>,
    /// The password.
    pub secret: Option<Secret>,
    /// Client settings passed through.
    pub options: BTreeMap<String, String>,
    /// With [`Access::ReadOnly`] the source gets no [`crate::Operator`] at all.
    pub access: Access,
}

/// A password. It is never printed, serialised or compared.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Hands it to a client library; do not store or print what this returns.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
