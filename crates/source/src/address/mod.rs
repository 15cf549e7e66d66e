//! What the address of a database or a broker may look like, and how it is shown.
//!
//! People paste addresses with passwords in them, in the form of whatever they last worked with.
//! No list of such forms is ever complete, so it is the other way round: an address is taken when
//! every part of it is understood and none of them can be a password, and of one that is not
//! understood nothing is shown but how it begins.

mod parameters;
mod parts;

use std::fmt;

pub use parameters::is_passed_on;
use parts::{Parts, scheme};

/// Why an address is not taken. Nothing of the address is in it but the name of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is a password in it, where passwords are written.
    Password,
    /// A list of settings, as libpq (`host=…`) and ADO.NET (`Server=…;`) write it.
    Settings,
    /// Another tool's way to write an address, by its name.
    Foreign(&'static str),
    /// A character stands where it has no meaning; in a password it would have none either.
    Unclear,
    /// A parameter behind the question mark that Waybill does not know; empty where it has no name.
    Parameter(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password => f.write_str("There is a password in this address."),
            Self::Settings => f.write_str("This is a list of settings and no address."),
            Self::Foreign(whose) => write!(f, "This is an address as {whose} writes it."),
            Self::Unclear => f.write_str(
                "This address cannot be read: one of / ? # @ : stands where it has no meaning.",
            ),
            Self::Parameter(name) if name.is_empty() => {
                f.write_str("What stands behind the question mark of this address is not known.")
            }
            Self::Parameter(name) => {
                write!(
                    f,
                    "'{name}' behind the question mark of this address is not known."
                )
            }
        }
    }
}

impl Refusal {
    /// What to do, as a sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Password => "Remove it.",
            Self::Settings | Self::Foreign(_) => {
                "Write it like postgres://user@host:5432/database, mysql://…, kafka://host:9092 or amqp://user@host:5672/vhost, without the password."
            }
            Self::Unclear => {
                "Leave the password out; in the name of a user or a database write such a character with a percent sign, like %40 for @."
            }
            Self::Parameter(_) => {
                "Remove it: besides what says how to encrypt, an address needs no parameter."
            }
        }
    }
}

/// Why this address is not taken; `None` when each of its parts is understood.
///
/// Whether anybody answers to it is another question.
pub fn refusal(url: &str) -> Option<Refusal> {
    match Parts::of(url) {
        Ok(parts) => parts.refusal(),
        Err(refusal) => Some(refusal),
    }
}

/// An address as it may be printed: without user, password and parameters. Of one that is not
/// understood there is only the beginning.
pub fn shown(url: &str) -> String {
    match Parts::of(url) {
        Ok(parts) => parts.to_string(),
        Err(_refusal) => match scheme(url) {
            Some((scheme, _)) => format!("{scheme}:…"),
            None => "…".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
