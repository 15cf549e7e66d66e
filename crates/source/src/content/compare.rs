//! What of a body is compared, and what kind of body it is.

use std::borrow::Cow;

use waybill_model::Content;

use super::hash::Hash;
use super::pointer::{self, LeftOut};
use super::tokens::{Broken, Token, Tokens};
use super::{canonical, escapes};
use crate::carry::MAX_PARSED_BYTES;

/// A document inside a string inside a string …: whoever wraps more often means something else.
const MAX_WRAPS: usize = 4;

/// Which part of a body is compared with which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    body: Vec<String>,
    left_out: LeftOut,
}

impl Compare {
    /// Compares the value that `body` points to (`""`: the whole) without those that `ignore`
    /// points to, counted from there.
    pub fn new<'a>(body: &str, ignore: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            body: pointer::steps(body).collect(),
            left_out: LeftOut::of(ignore),
        }
    }

    /// What a body says. [`Content::NONE`] when it cannot be compared: there is none, it is too
    /// large, nested too deeply or no text (compressed, encrypted, Avro, Protobuf), or there is
    /// nothing where its payload should be.
    pub fn content(&self, body: Option<&[u8]>) -> Content {
        body.and_then(|body| self.known(body)).unwrap_or_default()
    }

    fn known(&self, body: &[u8]) -> Option<Content> {
        if body.len() > MAX_PARSED_BYTES || self.left_out.is_everything() {
            return None;
        }
        let text = text(body)?;
        if self.body.is_empty() {
            return self.of_text(text);
        }
        let mut here = Cow::Borrowed(text);
        for step in &self.body {
            let document = unwrapped(&here)?;
            here = Cow::Owned(pointer::inside(&document, step).ok()??.to_vec());
        }
        self.of_text(&here)
    }

    fn of_text(&self, text: &[u8]) -> Option<Content> {
        let text = unwrapped(text)?;
        if text.trim_ascii().is_empty() || text.trim_ascii() == b"null" {
            return None;
        }
        match canonical::hash(&text, &self.left_out) {
            Ok(hash) => Some(Content::json(hash)),
            Err(Broken::NotJson) => Some(Content::text(of_plain(&text))),
            Err(Broken::TooDeep) => None,
        }
    }
}

/// The hash of a text that is no JSON: every byte counts.
fn of_plain(text: &[u8]) -> u64 {
    Hash::of_kind(b't').and_bytes(text).end()
}

/// A body as the text it is; `None` for one that is none. A schema registry's marker is a zero
/// byte, and what is compressed or serialised has bytes that no text has.
fn text(body: &[u8]) -> Option<&[u8]> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let odd = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    (std::str::from_utf8(body).is_ok() && !body.iter().any(odd)).then_some(body)
}

/// A string that is all of a document is unwrapped: what is in it is the body, as a relay writes
/// it that takes the payload's column for a text.
fn unwrapped(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_WRAPS {
        match only_string(&text) {
            Some(inside) => text = Cow::Owned(inside),
            None => return Some(text),
        }
    }
    None
}

/// The string that a document consists of.
pub(super) fn only_string(text: &[u8]) -> Option<Vec<u8>> {
    if text.trim_ascii_start().first() != Some(&b'"') {
        return None;
    }
    let mut tokens = Tokens::of(text);
    let Ok(Some(Token::Text(inside))) = tokens.next() else {
        return None;
    };
    let is_all = tokens.next() == Ok(None);
    is_all.then(|| escapes::undone(inside).into_owned())
}
