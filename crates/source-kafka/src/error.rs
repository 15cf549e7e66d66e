//! librdkafka's errors as the seam's: what we were doing, to what, and why it failed.

use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use waybill_source::{BoxError, Error};

use crate::context::{Context, Trouble};
use crate::settings::Settings;

/// librdkafka's own words. Its error type is not passed on: it can hold a setting's value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Said(String);

impl Said {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn boxed(text: impl Into<String>) -> BoxError {
        Box::new(Self::new(text))
    }

    fn of(error: &KafkaError) -> Self {
        match error {
            KafkaError::ClientConfig(_, _, key, _) => {
                Self::new(format!("the option '{key}' is not accepted"))
            }
            other => other.rdkafka_error_code().map_or_else(
                || Self::new(other.to_string()),
                |code| Self::new(words(code)),
            ),
        }
    }
}

/// What was asked of the broker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// `read`, `describe`.
    pub(crate) action: &'static str,
    /// `topic`, `group`, `cluster`.
    pub(crate) what: &'static str,
    /// Its name; empty for the cluster.
    pub(crate) name: &'a str,
    /// The time-out it had.
    pub(crate) within: Duration,
}

impl Asked<'_> {
    fn named(&self) -> String {
        if self.name.is_empty() {
            format!("the {}", self.what)
        } else {
            format!("{} {}", self.what, self.name)
        }
    }
}

/// Sorts what a call answered. `context` is the client's: when the call only timed out, it knows
/// whether that is because nobody is there.
pub(crate) fn sort(
    error: &KafkaError,
    asked: Asked<'_>,
    settings: &Settings,
    context: &Context,
) -> Error {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(
            Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed,
        ) => Error::Forbidden {
            action: asked.action,
            name: asked.named(),
            source: Box::new(Said::of(error)),
        },
        Some(
            Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::TimedOutQueue
            | Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::Authentication
            | Code::Resolve
            | Code::SSL,
        ) => match context.worst() {
            Some(trouble) => unreachable(&trouble, settings),
            None => Error::Timeout {
                doing: format!("asking to {} {}", asked.action, asked.named()),
                secs: asked.within.as_secs(),
            },
        },
        _ => Error::Read {
            name: asked.named(),
            source: Box::new(Said::of(error)),
        },
    }
}

/// The error for a client that cannot reach or is not let in by any broker.
pub(crate) fn unreachable(trouble: &Trouble, settings: &Settings) -> Error {
    let source = Said::boxed(reason(&trouble.text));
    if trouble.is_login() {
        Error::Login {
            address: settings.address_text(),
            user: settings.user.clone(),
            source,
        }
    } else {
        Error::Connect {
            address: settings.address_text(),
            source,
        }
    }
}

/// The error for a topic that is not there, with the one that was probably meant.
pub(crate) fn no_topic<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
    settings: &Settings,
) -> Error {
    let known: Vec<_> = known.collect();
    Error::NotFound {
        what: "topic",
        name: name.to_owned(),
        place: settings.address_text(),
        suggestion: closest(name, &known)
            .map(|meant| format!("; did you mean '{meant}'?"))
            .unwrap_or_default(),
    }
}

/// The candidate that resembles `name` enough to be what was meant.
pub(crate) fn closest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// A code in plain words, without librdkafka's `Broker:` or `Local:` in front.
pub(crate) fn words(code: RDKafkaErrorCode) -> String {
    let text = code.to_string();
    // Printed as `Name (Broker: Some words)`.
    let inner = text
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(&text);
    inner
        .trim_start_matches("Broker: ")
        .trim_start_matches("Local: ")
        .to_owned()
}

/// What librdkafka says after naming its internal thread: `host:9092/bootstrap: Connect to … failed:
/// Connection refused (after 0ms in state CONNECT)`.
fn reason(text: &str) -> String {
    let text = text.split_once(": ").map_or(text, |(who, rest)| {
        if who.contains("/bootstrap") || who.contains("/1") {
            rest
        } else {
            text
        }
    });
    match text.find(" (after ") {
        Some(at) => text[..at].to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use expect_test::{Expect, expect};
    use waybill_model::Access;
    use waybill_source::Target;

    use super::*;

    fn check(code: RDKafkaErrorCode, heard: Option<(RDKafkaErrorCode, &str)>, expected: Expect) {
        let settings = Settings::from_target(&Target {
            name: "broker".to_owned(),
            url: "kafka://ann@a:1".to_owned(),
            management_url: None,
            secret: None,
            options: BTreeMap::new(),
            access: Access::ReadOnly,
        })
        .expect("it is valid");
        let context = Context::new(None);
        if let Some((code, text)) = heard {
            use rdkafka::ClientContext as _;
            context.error(KafkaError::Global(code), text);
        }
        let asked = Asked {
            action: "read",
            what: "topic",
            name: "orders",
            within: Duration::from_secs(5),
        };
        let error = sort(&KafkaError::MetadataFetch(code), asked, &settings, &context);
        expected.assert_eq(&error.chain());
    }

    #[test]
    fn errors_say_what_was_asked_and_why_it_failed() {
        check(
            RDKafkaErrorCode::TopicAuthorizationFailed,
            None,
            expect!["no right to read topic orders: Topic authorization failed"],
        );
        check(
            RDKafkaErrorCode::OperationTimedOut,
            None,
            expect!["asking to read topic orders took longer than 5 s"],
        );
        check(
            RDKafkaErrorCode::OperationTimedOut,
            Some((
                RDKafkaErrorCode::BrokerTransportFailure,
                "a:1/bootstrap: Connect to ipv4#1.2.3.4:1 failed: Connection refused (after 0ms in state CONNECT)",
            )),
            expect![
                "failed to connect to a:1: Connect to ipv4#1.2.3.4:1 failed: Connection refused"
            ],
        );
        check(
            RDKafkaErrorCode::OperationTimedOut,
            Some((RDKafkaErrorCode::Authentication, "invalid credentials")),
            expect!["a:1 refused user 'ann': invalid credentials"],
        );
        check(
            RDKafkaErrorCode::InvalidTopic,
            None,
            expect!["failed to read topic orders: Invalid topic"],
        );
    }
}
