//! What every part of an open source shares.

use std::time::SystemTime;

use tokio_util::sync::CancellationToken;
use waybill_model::Micros;
use waybill_source::{Error, Result};

use crate::connect::Settings;
use crate::error;
use crate::management::Management;
use crate::rows::Version;

/// The way to the broker, and to its management API where the profile names one.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) settings: Settings,
    management: Option<Management>,
    version: Option<Version>,
    /// Cancelled when the source is closed: every read ends.
    pub(crate) closed: CancellationToken,
}

impl Hub {
    pub(crate) fn new(
        settings: Settings,
        management: Option<Management>,
        version: Option<Version>,
    ) -> Self {
        Self {
            settings,
            management,
            version,
            closed: CancellationToken::new(),
        }
    }

    pub(crate) fn management(&self) -> Option<&Management> {
        self.management.as_ref()
    }

    /// The broker's version; `None` when nobody told.
    pub(crate) fn version(&self) -> Option<Version> {
        self.version
    }

    /// The management API, or an error that says which setting to add for `purpose`.
    pub(crate) fn required_management(&self, purpose: &str) -> Result<&Management> {
        self.management.as_ref().ok_or_else(|| Error::Unsupported {
            what: format!(
                "{purpose} needs RabbitMQ's management API; add management-url = \
                 \"http://{}@{}:15672\" under [broker]",
                self.settings.user(),
                self.settings.host(),
            ),
        })
    }

    /// Fails unless `name` is a stream, as far as the management API can tell. Where it cannot,
    /// the broker itself refuses to attach to anything else by offset.
    pub(crate) async fn require_stream(&self, name: &str) -> Result<()> {
        let Some(management) = &self.management else {
            return Ok(());
        };
        match management.queue(name).await {
            Ok(Some(row)) if row.kind.as_deref().is_some_and(|kind| kind != "stream") => {
                Err(error::not_a_stream(name))
            }
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(self.no_queue("stream", name).await),
            Err(error) => {
                tracing::debug!(error = %error.chain(), "The management API did not say what the queue is");
                Ok(())
            }
        }
    }

    /// Fails when the management API says that there is no such exchange.
    pub(crate) async fn require_exchange(&self, name: &str) -> Result<()> {
        match &self.management {
            Some(management) if management.exchange(name).await?.is_none() => {
                Err(self.no_exchange(name).await)
            }
            _ => Ok(()),
        }
    }

    /// There is no such queue or stream; names the one that may have been meant.
    pub(crate) async fn no_queue(&self, what: &'static str, name: &str) -> Error {
        let names = match &self.management {
            Some(management) => management.queues().await.unwrap_or_default(),
            None => Vec::new(),
        };
        let alike = names
            .iter()
            .filter(|row| what != "stream" || row.kind.as_deref() == Some("stream"))
            .map(|row| row.name.as_str());
        Error::NotFound {
            what,
            name: name.to_owned(),
            place: error::place(&self.settings),
            suggestion: error::suggestion(name, alike),
        }
    }

    /// There is no such exchange; names the one that may have been meant.
    pub(crate) async fn no_exchange(&self, name: &str) -> Error {
        let exchanges = match &self.management {
            Some(management) => management.exchanges().await.unwrap_or_default(),
            None => Vec::new(),
        };
        let names = exchanges.iter().map(|row| row.name.as_str());
        Error::NotFound {
            what: "exchange",
            name: name.to_owned(),
            place: error::place(&self.settings),
            suggestion: error::suggestion(name, names),
        }
    }
}

/// This machine's clock.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
