//! What is in a document, as it is written there: nothing is spelled anew on the way.

use super::Compare;
use super::compare::only_string;
use super::escapes;
use super::pointer::value;
use super::tokens::{Holds, Token, Tokens};

/// The members of a document that is an object, in order, each with its text. `None` for any other.
pub fn members(text: &[u8]) -> Option<Vec<(String, &[u8])>> {
    let mut tokens = Tokens::of(text);
    if tokens.next().ok()? != Some(Token::Open(Holds::Members)) {
        return None;
    }
    let mut found = Vec::new();
    loop {
        match tokens.next().ok()? {
            Some(Token::Name(name)) => {
                let name = String::from_utf8_lossy(&escapes::undone(name)).into_owned();
                let from = tokens.at();
                tokens.skip().ok()?;
                found.push((name, value(&text[from..tokens.at()])));
            }
            Some(Token::Close) => break,
            _ => return None,
        }
    }
    tokens.next().ok()?.is_none().then_some(found)
}

/// Whether a text is a JSON document, and nothing else.
pub fn is_document(text: &[u8]) -> bool {
    let mut tokens = Tokens::of(text);
    loop {
        match tokens.next() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// The text of a document that is a string.
pub fn string(text: &[u8]) -> Option<Vec<u8>> {
    only_string(text)
}

/// Whether two texts say the same: the same bytes, or documents that differ in spelling only. A
/// string and what is written in it are not the same.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    if one == other {
        return true;
    }
    let is_string = |text: &[u8]| text.trim_ascii_start().first() == Some(&b'"');
    let whole = Compare::new("", []);
    let (one_says, other_says) = (whole.content(Some(one)), whole.content(Some(other)));
    is_string(one) == is_string(other)
        && !one_says.is_none()
        && one_says.to_bits() == other_says.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_with_their_own_spelling() {
        let text = br#" {"a": 1.50 , "b\u00e9":{"c":[1, 2]},"d":"x"} "#;
        let told: Vec<_> = members(text)
            .into_iter()
            .flatten()
            .map(|(name, text)| format!("{name}={}", String::from_utf8_lossy(text)))
            .collect();
        assert_eq!(told, ["a=1.50", "b\u{e9}={\"c\":[1, 2]}", "d=\"x\""]);
        assert_eq!(members(b"{}"), Some(Vec::new()));
        for other in [&b"[1]"[..], b"{", b"{} x", b"1", b""] {
            assert_eq!(members(other), None);
        }
    }

    #[test]
    fn a_string_is_not_what_is_written_in_it() {
        assert!(same(br#"{"a":1,"b":2}"#, br#"{ "b": 2.0, "a": 1 }"#));
        assert!(!same(br#""1""#, b"1"));
        assert!(!same(br#""{\"a\":1}""#, br#"{"a":1}"#));
        assert!(same(br#""\u0061""#, br#""a""#));
        assert!(same(b"\x00\x01", b"\x00\x01"));
        assert!(!same(b"\x00\x01", b"\x00\x02"));
        assert!(is_document(b" [1] ") && !is_document(b"abc") && !is_document(b""));
        assert_eq!(string(br#" "a\"b" "#).as_deref(), Some(&b"a\"b"[..]));
    }
}
