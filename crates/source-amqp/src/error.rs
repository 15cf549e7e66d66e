//! From a client library's error to one that says what we were doing.

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use waybill_source::{BoxError, Error};

use crate::connect::Settings;

/// A broker's own words, without the protocol's decoration around them.
#[derive(Debug, thiserror::Error)]
#[error("the broker says: {0}")]
struct BrokerSays(String);

/// Why the broker closed a channel or connection, as far as we act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 403.
    AccessRefused,
    /// 404.
    NotFound,
    /// 405, 406.
    Precondition,
    /// 530.
    NotAllowed,
    /// Another code that closes only the channel.
    OtherSoft,
    /// Another code that closes the connection.
    OtherHard,
}

/// The broker's refusal, if the error is one.
pub(crate) fn refusal(error: &lapin::Error) -> Option<Refusal> {
    let ErrorKind::ProtocolError(refused) = error.kind() else {
        return None;
    };
    Some(match refused.kind() {
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => Refusal::AccessRefused,
        AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => Refusal::NotFound,
        AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED | AMQPSoftError::RESOURCELOCKED) => {
            Refusal::Precondition
        }
        AMQPErrorKind::Soft(_) => Refusal::OtherSoft,
        AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => Refusal::NotAllowed,
        AMQPErrorKind::Hard(_) => Refusal::OtherHard,
    })
}

/// Whether the client library gave up on bytes it could not parse: a name or a short text in a
/// message that is not UTF-8. The connection is gone then.
pub(crate) fn unreadable(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ParsingError(_))
}

/// What the broker wrote into its refusal, or the library's own text.
pub(crate) fn words(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(refused) => refused.get_message().to_string(),
        ErrorKind::IOError(error) => error.to_string(),
        _ => error.to_string(),
    }
}

/// The reason as a source error.
pub(crate) fn reason(error: lapin::Error) -> BoxError {
    match error.kind() {
        ErrorKind::ProtocolError(_) => Box::new(BrokerSays(words(&error))),
        _ => Box::new(error),
    }
}

/// Failed to get a connection.
pub(crate) fn connecting(settings: &Settings, error: lapin::Error) -> Error {
    match refusal(&error) {
        Some(Refusal::AccessRefused) => Error::Login {
            address: settings.address(),
            user: settings.user().to_owned(),
            source: reason(error),
        },
        Some(Refusal::NotAllowed) if words(&error).contains("not found") => Error::NotFound {
            what: "virtual host",
            name: settings.vhost().to_owned(),
            place: settings.address(),
            suggestion: String::new(),
        },
        Some(Refusal::NotAllowed) => Error::Forbidden {
            action: "enter",
            name: format!("virtual host '{}'", settings.vhost()),
            source: reason(error),
        },
        _ => Error::Connect {
            address: settings.address(),
            source: reason(error),
        },
    }
}

/// Failed to read a stream. `NotFound` comes without a suggestion; see [`suggestion`].
pub(crate) fn reading(settings: &Settings, stream: &str, error: lapin::Error) -> Error {
    match refusal(&error) {
        Some(Refusal::NotFound) => Error::NotFound {
            what: "stream",
            name: stream.to_owned(),
            place: place(settings),
            suggestion: String::new(),
        },
        Some(Refusal::AccessRefused) => Error::Forbidden {
            action: "read",
            name: format!("stream '{stream}'"),
            source: reason(error),
        },
        Some(Refusal::Precondition) if words(&error).contains("x-stream-offset") => {
            not_a_stream(stream)
        }
        _ => Error::Read {
            name: format!("stream '{stream}'"),
            source: reason(error),
        },
    }
}

/// Reading an ordinary queue takes its messages away; says what to ask for instead.
pub(crate) fn not_a_stream(queue: &str) -> Error {
    Error::WouldDisturb {
        name: format!("queue '{queue}'"),
        why: format!(
            "it is not a stream, so whoever reads a message takes it from its consumer; ask the \
             administrator for an audit stream (a queue with x-queue-type=stream and, say, \
             x-max-age=7D) bound with the same keys as '{queue}', and name that stream in the profile"
        ),
    }
}

/// Where we looked.
pub(crate) fn place(settings: &Settings) -> String {
    format!(
        "virtual host '{}' on {}",
        settings.vhost(),
        settings.address()
    )
}

/// `; did you mean '…'?` when one of the names is close enough, else empty.
pub(crate) fn suggestion<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| format!("; did you mean '{name}'?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_likely_name_is_suggested() {
        let names = ["product-events", "orders"];
        assert_eq!(
            suggestion("product-event", names),
            "; did you mean 'product-events'?"
        );
        assert_eq!(suggestion("zebra", names), "");
    }
}
