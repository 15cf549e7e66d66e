//! Errors of the seam as failures of the protocol.

use waybill_protocol::{Code, Failure};
use waybill_source::Error;

/// What the page shows for an error of a source named `source`.
pub(crate) fn of_source(source: &str, error: &Error) -> Failure {
    let (code, hint) = match error {
        Error::BadUrl { .. } => (Code::BadProfile, "Correct the address in the profile."),
        Error::Connect { .. } => (
            Code::Unreachable,
            "Check that the server runs and that this machine may reach it.",
        ),
        Error::Login { .. } => (
            Code::Unreachable,
            "Check user and password; passwords come from the keychain or from WAYBILL_SECRET_<NAME>.",
        ),
        Error::NotFound { .. } => (Code::BadProfile, "Correct the name in the profile."),
        Error::Forbidden { .. } => (
            Code::Unreachable,
            "Ask for the right to read it; Waybill needs no other.",
        ),
        Error::Timeout { .. } => (
            Code::Unreachable,
            "Try a shorter window, or again when the server is less busy.",
        ),
        Error::Locked { .. } => (
            Code::Unreachable,
            "Try again when it is given up: a migration, a backup or a long transaction holds it.",
        ),
        Error::Unsupported { .. } | Error::WouldDisturb { .. } => (Code::BadProfile, ""),
        _ => (Code::Unreachable, ""),
    };
    let chain = error.chain();
    let told = format!("{}: {error}", capital(source));
    Failure::new(code, ended(told)).detail(chain).hint(hint)
}

/// A bug or a broken machine, not the user's doing.
pub(crate) fn internal(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(Code::Internal, what).detail(chain(error))
}

/// An error and all its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// With the mark that ends a sentence, unless it has one.
fn ended(text: String) -> String {
    if text.ends_with(['.', '?', '!']) {
        text
    } else {
        text + "."
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
