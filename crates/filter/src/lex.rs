//! Text to tokens.

use std::ops::Range;

use crate::FilterError;

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word without quotes.
    Word(String),
    /// A text in quotes.
    Quoted(String),
    /// One of `: = != ~ > >= < <=`.
    Op(&'static str),
    Open,
    Close,
}

const OPS: [&str; 8] = ["!=", ">=", "<=", ":", "=", "~", ">", "<"];

/// Splits a filter into tokens.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, len) = if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        } else if next == '(' {
            (TokenKind::Open, 1)
        } else if next == ')' {
            (TokenKind::Close, 1)
        } else if next == '"' {
            quoted(rest)
                .ok_or_else(|| FilterError::new(at..text.len(), "This quote is never closed."))?
        } else if let Some(op) = OPS.into_iter().find(|op| rest.starts_with(op)) {
            (TokenKind::Op(op), op.len())
        } else {
            word(rest, found.last())
        };
        found.push(Token {
            kind,
            span: at..at + len,
        });
        at += len;
    }
    Ok(found)
}

/// A quoted text; `\"` and `\\` are escapes.
fn quoted(rest: &str) -> Option<(TokenKind, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((idx, c)) = chars.next() {
        match c {
            '"' => return Some((TokenKind::Quoted(text), idx + 1)),
            '\\' => text.push(chars.next()?.1),
            _ => text.push(c),
        }
    }
    None
}

/// A word runs to the next space, bracket or operator. After an operator it is a value, in which
/// operators are letters: times contain colons.
fn word(rest: &str, before: Option<&Token>) -> (TokenKind, usize) {
    let is_value = matches!(
        before,
        Some(Token {
            kind: TokenKind::Op(_),
            ..
        })
    );
    let ends =
        |c: char| c.is_whitespace() || "()\"".contains(c) || (!is_value && ":=!~<>".contains(c));
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let len = rest[first..]
        .find(ends)
        .map_or(rest.len(), |idx| idx + first);
    (TokenKind::Word(rest[..len].to_owned()), len)
}
