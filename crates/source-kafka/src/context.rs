//! What librdkafka says on the side: log lines, and troubles with its connections.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use waybill_source::Secret;

/// A trouble a client reported by itself, not as the answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) code: RDKafkaErrorCode,
    /// librdkafka's words, e.g. `Connect to … failed: Connection refused`.
    pub(crate) text: String,
}

impl Trouble {
    /// The more it explains, the higher; of two the higher is kept.
    fn weight(&self) -> u8 {
        match self.code {
            RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => 4,
            RDKafkaErrorCode::SSL => 3,
            RDKafkaErrorCode::Resolve => 2,
            RDKafkaErrorCode::AllBrokersDown => 0,
            _ => 1,
        }
    }

    /// Whether waiting cannot help: the login or the certificate is wrong.
    pub(crate) fn is_final(&self) -> bool {
        self.weight() >= 3
    }

    pub(crate) fn is_login(&self) -> bool {
        self.weight() == 4
    }
}

/// Receives the side channel of one client; clones share it.
#[derive(Clone)]
pub(crate) struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    /// What must not reach a log.
    secret: Option<Secret>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    worst: Option<Trouble>,
    all_down: bool,
}

impl Context {
    pub(crate) fn new(secret: Option<Secret>) -> Self {
        Self {
            inner: Arc::new(Inner {
                secret,
                heard: Mutex::default(),
            }),
        }
    }

    /// The trouble that explains most since [`Self::forget`].
    pub(crate) fn worst(&self) -> Option<Trouble> {
        self.heard().worst.clone()
    }

    /// Whether no broker could be reached at some moment since [`Self::forget`].
    pub(crate) fn all_down(&self) -> bool {
        self.heard().all_down
    }

    /// Starts anew: whatever was wrong is over.
    pub(crate) fn forget(&self) {
        *self.heard() = Heard::default();
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        // What is inside is whole at any time, so a panic elsewhere does not spoil it.
        self.inner
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn redacted(&self, text: &str) -> String {
        match &self.inner.secret {
            Some(secret) if !secret.reveal().is_empty() => text.replace(secret.reveal(), "…"),
            _ => text.to_owned(),
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, log_message: &str) {
        let said = self.redacted(log_message);
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => tracing::warn!(fac, said, "librdkafka"),
            RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::debug!(fac, said, "librdkafka");
            }
            RDKafkaLogLevel::Debug => tracing::trace!(fac, said, "librdkafka"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else {
            return;
        };
        if code == RDKafkaErrorCode::PartitionEOF {
            return;
        }
        let trouble = Trouble {
            code,
            text: self.redacted(reason),
        };
        tracing::debug!(code = ?trouble.code, said = trouble.text, "client in trouble");
        let mut heard = self.heard();
        heard.all_down |= code == RDKafkaErrorCode::AllBrokersDown;
        if heard
            .worst
            .as_ref()
            .is_none_or(|worst| worst.weight() <= trouble.weight())
        {
            heard.worst = Some(trouble);
        }
    }
}

impl ConsumerContext for Context {}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("worst", &self.worst())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(said: &[(RDKafkaErrorCode, &str)]) -> Context {
        let context = Context::new(Some(Secret::new("hunter2")));
        for (code, text) in said {
            context.error(KafkaError::Global(*code), text);
        }
        context
    }

    #[test]
    fn a_refused_login_explains_more_than_a_lost_connection() {
        let context = heard(&[
            (RDKafkaErrorCode::Authentication, "wrong password hunter2"),
            (RDKafkaErrorCode::BrokerTransportFailure, "disconnected"),
            (RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down"),
        ]);
        let worst = context.worst().expect("something was heard");
        assert_eq!(worst.text, "wrong password …");
        assert!(worst.is_login() && worst.is_final() && context.all_down());
    }

    #[test]
    fn the_end_of_a_partition_is_no_trouble() {
        assert_eq!(heard(&[(RDKafkaErrorCode::PartitionEOF, "")]).worst(), None);
    }
}
