//! Requests and replies as bytes.
//!
//! A request is JSON: the call's name and its body. A reply starts with one byte that says what
//! follows: JSON, a failure as JSON, or raw bytes (tiles), because a million numbers as JSON are
//! the slowest way to move them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Code, Failure};

/// A question or an order. The reply's type is part of it.
pub trait Call: Serialize + DeserializeOwned {
    /// Its name on the wire.
    const NAME: &'static str;
    /// Through which door it goes.
    const DOOR: Door;
    /// What comes back.
    type Reply;

    /// The reply as bytes.
    fn encode_reply(reply: &Self::Reply) -> Vec<u8>;

    /// The reply from what follows the first byte.
    fn decode_reply(kind: u8, body: &[u8]) -> Result<Self::Reply, Failure>;
}

/// Looking and acting are different doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Only looks.
    Ask,
    /// Changes something: sends, saves, breaks the demo.
    Act,
}

/// A request before its body is understood.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// The call's name.
    pub call: String,
    /// Its body.
    pub body: Value,
}

const JSON: u8 = 0;
const FAILURE: u8 = 1;
const RAW: u8 = 2;

/// A call as bytes.
pub fn encode_request<C: Call>(call: &C) -> Vec<u8> {
    let body = serde_json::to_value(call).unwrap_or(Value::Null);
    serde_json::to_vec(&Request {
        call: C::NAME.to_owned(),
        body,
    })
    .unwrap_or_default()
}

/// The request in `bytes`, body not yet understood.
pub fn decode_request(bytes: &[u8]) -> Result<Request, Failure> {
    serde_json::from_slice(bytes).map_err(|error| malformed("request", &error))
}

/// The body of a request as call `C`.
pub fn decode_body<C: Call>(body: Value) -> Result<C, Failure> {
    serde_json::from_value(body).map_err(|error| malformed(C::NAME, &error))
}

/// What goes back for call `C`.
pub fn encode_outcome<C: Call>(outcome: &Result<C::Reply, Failure>) -> Vec<u8> {
    match outcome {
        Ok(reply) => C::encode_reply(reply),
        Err(failure) => encode_failure(failure),
    }
}

/// A failure as reply bytes.
pub fn encode_failure(failure: &Failure) -> Vec<u8> {
    prefixed(FAILURE, &serde_json::to_vec(failure).unwrap_or_default())
}

/// The reply to call `C`.
pub fn decode_outcome<C: Call>(bytes: &[u8]) -> Result<C::Reply, Failure> {
    match bytes.split_first() {
        Some((&FAILURE, body)) => {
            Err(serde_json::from_slice(body).unwrap_or_else(|error| malformed("failure", &error)))
        }
        Some((&kind, body)) => C::decode_reply(kind, body),
        None => Err(Failure::new(
            Code::Internal,
            "The core sent an empty reply.",
        )),
    }
}

/// A JSON reply as bytes.
pub fn encode_json<T: Serialize>(reply: &T) -> Vec<u8> {
    prefixed(JSON, &serde_json::to_vec(reply).unwrap_or_default())
}

/// A JSON reply from bytes.
pub fn decode_json<T: DeserializeOwned>(kind: u8, body: &[u8]) -> Result<T, Failure> {
    if kind != JSON {
        return Err(Failure::new(
            Code::Internal,
            "The core sent bytes where text was due.",
        ));
    }
    serde_json::from_slice(body).map_err(|error| malformed("reply", &error))
}

/// A raw reply as bytes.
pub fn encode_raw(reply: &[u8]) -> Vec<u8> {
    prefixed(RAW, reply)
}

/// A raw reply from bytes.
pub fn decode_raw(kind: u8, body: &[u8]) -> Result<Vec<u8>, Failure> {
    if kind != RAW {
        return Err(Failure::new(
            Code::Internal,
            "The core sent text where bytes were due.",
        ));
    }
    Ok(body.to_vec())
}

fn prefixed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 1);
    bytes.push(kind);
    bytes.extend_from_slice(body);
    bytes
}

fn malformed(what: &str, error: &serde_json::Error) -> Failure {
    Failure::new(
        Code::Internal,
        format!("Page and core do not understand each other: {what}."),
    )
    .detail(error.to_string())
}
