//! One value of one row, as every database can express it.
//!
//! The three wire formats end here: what follows (ids, marks, windows) is written once.

use std::borrow::Cow;

use waybill_model::{Marks, Micros, canonical_id};

use crate::epoch::{When, is_sentinel};
use crate::forms::Forms;
use crate::numbers::{is_default, is_default_day};
use crate::written;

/// A value. Texts are bytes because databases do hand out text that is not UTF-8.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// NULL.
    Null,
    /// Any integer that fits.
    Int(i64),
    /// A floating point number.
    Real(f64),
    /// A boolean.
    Bool(bool),
    /// Text, not checked for UTF-8.
    Text(&'a [u8]),
    /// Text that had to be built (decimals, integers beyond 64 bits).
    Owned(String),
    /// Binary data.
    Bytes(&'a [u8]),
    /// A UUID.
    Uuid([u8; 16]),
    /// A point in time, UTC where the column has no zone.
    Time(Micros),
    /// A time column holds something that is no point in time (`infinity`).
    NoTime,
}

/// What a byte that is no UTF-8 adds to a shown value.
const NOT_UTF8_NOTE: &str = " (not UTF-8)";

impl Cell<'_> {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as text without surrounding spaces; `None` for NULL. Binary values of 16 bytes
    /// are UUIDs, other binary values are text if they can be, else hexadecimal.
    pub(crate) fn text(&self, marks: &mut Marks) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(bytes) => Some(match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => {
                    *marks |= Marks::NOT_UTF8;
                    String::from_utf8_lossy(bytes)
                }
            }),
            other => other.plain_text(),
        }
    }

    /// The value as an event id in canonical spelling; `None` when there is none.
    pub(crate) fn id(&self, marks: &mut Marks) -> Option<Spelling<'_>> {
        let text = match self {
            Self::Uuid(bytes) => return Some(Spelling::Uuid(uuid_spelling(*bytes))),
            Self::Bytes(bytes) if bytes.len() == 16 => {
                let bytes = (*bytes).try_into().expect("the length was asked");
                return Some(Spelling::Uuid(uuid_spelling(bytes)));
            }
            other => match other.text(marks)? {
                Cow::Borrowed(text) => canonical_id(text),
                Cow::Owned(text) => Cow::Owned(canonical_id(&text).into_owned()),
            },
        };
        (!text.is_empty()).then_some(Spelling::Text(text))
    }

    /// The value as bytes that may be JSON, whatever type the column has.
    pub(crate) fn json(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Text(bytes) | Self::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
            Self::Owned(text) => Some(Cow::Borrowed(text.as_bytes())),
            _ => None,
        }
    }

    /// The value as an integer, if it is one in any spelling.
    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(flag) => Some(i64::from(*flag)),
            Self::Real(number) => whole(*number),
            Self::Text(bytes) => std::str::from_utf8(bytes).ok()?.trim().parse().ok(),
            Self::Owned(text) => text.trim().parse().ok(),
            // MySQL's BIT.
            Self::Bytes(bytes) if bytes.len() <= 8 => Some(
                bytes
                    .iter()
                    .fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte)),
            ),
            Self::Null | Self::Bytes(_) | Self::Uuid(_) | Self::Time(_) | Self::NoTime => None,
        }
    }

    /// The value as a point in time, in a column of this form.
    pub(crate) fn when(&self, forms: &Forms) -> When {
        match self {
            Self::Null => When::Missing,
            Self::Time(at) => When::at(*at, 1).in_zone(forms.zone),
            Self::Int(number) => forms.whole(*number),
            Self::Real(number) => forms.real(*number),
            Self::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => written::read(text, forms),
                Err(_) => When::Unreadable,
            },
            Self::Owned(text) => written::read(text, forms),
            Self::NoTime => When::Sentinel,
            Self::Bool(_) | Self::Bytes(_) | Self::Uuid(_) => When::Unreadable,
        }
    }

    /// Whether a database compares it with other times: of texts, those that begin with the year,
    /// the month and the day.
    pub(crate) fn is_comparable(&self) -> bool {
        let Self::Text(bytes) = self else {
            return true;
        };
        let at = |idx: usize| bytes.get(idx).copied();
        at(4) == Some(b'-') && at(7) == Some(b'-') && bytes.len() >= 10
    }

    /// Whether a "sent" column says yes: any time but one that stands for "none", a true flag, a
    /// positive number.
    pub(crate) fn says_yes(&self) -> bool {
        match self {
            Self::Null | Self::NoTime => false,
            Self::Bool(flag) => *flag,
            Self::Time(at) => !is_sentinel(*at),
            Self::Real(number) => *number > 0.0 && !is_default_day(*number),
            Self::Int(number) => !is_default(*number),
            Self::Bytes(bytes) => bytes.iter().any(|byte| *byte != 0 && *byte != b'0'),
            Self::Text(bytes) => says_yes(&String::from_utf8_lossy(bytes)),
            Self::Owned(text) => says_yes(text),
            Self::Uuid(_) => true,
        }
    }

    /// The value for a person to read; `None` for NULL.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::Bytes(bytes) if bytes.len() != 16 => Some(shown_bytes(bytes)),
            Self::Text(bytes) => Some(shown_bytes(bytes)),
            other => other.plain_text().map(Cow::into_owned),
        }
    }

    /// Everything but text, whose encoding the caller cares about.
    fn plain_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Null => None,
            Self::Int(number) => Some(Cow::Owned(number.to_string())),
            Self::Real(number) => Some(Cow::Owned(number.to_string())),
            Self::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Self::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
            Self::Owned(text) => Some(Cow::Borrowed(text)),
            Self::Bytes(bytes) => Some(text_from_bytes(bytes)),
            Self::Uuid(bytes) => Some(Cow::Owned(uuid_text(*bytes))),
            Self::Time(at) => Some(Cow::Owned(at.to_string())),
            Self::NoTime => Some(Cow::Borrowed("infinity")),
        }
    }
}

/// An id as it is written. UUIDs come by the million, so they are spelled without an allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spelling<'a> {
    Uuid([u8; 36]),
    Text(Cow<'a, str>),
}

impl Spelling<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Uuid(digits) => std::str::from_utf8(digits).expect("digits and dashes are ASCII"),
            Self::Text(text) => text,
        }
    }
}

/// A UUID in its canonical 36 characters.
pub(crate) fn uuid_text(bytes: [u8; 16]) -> String {
    Spelling::Uuid(uuid_spelling(bytes)).as_str().to_owned()
}

fn uuid_spelling(bytes: [u8; 16]) -> [u8; 36] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [b'-'; 36];
    let mut at = 0;
    for (idx, byte) in bytes.into_iter().enumerate() {
        if matches!(idx, 4 | 6 | 8 | 10) {
            at += 1;
        }
        digits[at] = HEX[usize::from(byte >> 4)];
        digits[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    digits
}

/// The bytes of a UUID written with or without dashes; `None` when it is none.
pub(crate) fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0_u8; 16];
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    for byte in &mut bytes {
        let high = char::from(digits.next()?).to_digit(16)?;
        let low = char::from(digits.next()?).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

/// A binary value as text: a UUID, text, or hexadecimal behind `0x`.
fn text_from_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(uuid) = <[u8; 16]>::try_from(bytes) {
        return Cow::Owned(uuid_text(uuid));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => Cow::Borrowed(text),
        _ => Cow::Owned(hex(bytes)),
    }
}

/// Bytes as hexadecimal behind `0x`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}

/// What [`hex`] wrote.
pub(crate) fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    if !digits.is_ascii() || digits.len() % 2 != 0 {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}

fn shown_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("{}{NOT_UTF8_NOTE}", String::from_utf8_lossy(bytes)),
    }
}

fn says_yes(text: &str) -> bool {
    let text = text.trim();
    let no = ["0", "f", "false", "n", "no"];
    if written::says_none(text) || no.iter().any(|no| text.eq_ignore_ascii_case(no)) {
        return false;
    }
    match text.parse::<f64>() {
        Ok(number) => {
            Cell::Real(number).says_yes() && whole(number).is_none_or(|it| !is_default(it))
        }
        Err(_) => written::read(text, &Forms::default()) != When::Sentinel,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked in the line above"
)]
fn whole(number: f64) -> Option<i64> {
    let fits = number.fract() == 0.0 && number.abs() < 9.0e15;
    fits.then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20";

    fn id(cell: &Cell<'_>) -> (Option<String>, Marks) {
        let mut marks = Marks::default();
        let id = cell.id(&mut marks);
        (id.map(|id| id.as_str().to_owned()), marks)
    }

    #[test]
    fn ids_of_every_type_have_one_spelling() {
        let bytes = uuid_bytes(UUID).expect("it is a UUID");
        let owned = UUID.to_uppercase();
        for cell in [
            Cell::Uuid(bytes),
            Cell::Bytes(&bytes),
            Cell::Text(owned.as_bytes()),
            Cell::Bytes(UUID.as_bytes()),
        ] {
            assert_eq!(id(&cell).0.as_deref(), Some(UUID), "{cell:?}");
        }
        assert_eq!(id(&Cell::Int(42)).0.as_deref(), Some("42"));
        assert_eq!(id(&Cell::Text(b"  ")).0, None);
        assert_eq!(id(&Cell::Null).0, None);
    }

    #[test]
    fn text_that_is_not_utf8_is_marked() {
        let (text, marks) = id(&Cell::Text(b"caf\xe9"));
        assert_eq!(text.as_deref(), Some("caf\u{fffd}"));
        assert_eq!(marks, Marks::NOT_UTF8);
        assert_eq!(
            Cell::Text(b"caf\xe9").shown().as_deref(),
            Some("caf\u{fffd} (not UTF-8)")
        );
    }

    #[test]
    fn what_says_sent() {
        for (cell, expected) in [
            (Cell::Null, false),
            (Cell::Bool(false), false),
            (Cell::Bool(true), true),
            (Cell::Int(0), false),
            (Cell::Int(1_732_000_000), true),
            (Cell::Text(b"2026-11-20"), true),
            (Cell::Text(b"False"), false),
            (Cell::Bytes(b"\0"), false),
            (Cell::Bytes(b"\x01"), true),
            (Cell::Time(Micros(1_795_183_392_418_000)), true),
            // What stands for "not yet" in languages that have no NULL.
            (Cell::Time(Micros(0)), false),
            (Cell::Time(Micros(-62_135_596_800_000_000)), false),
            (Cell::Time(Micros(253_402_300_799_000_000)), false),
            (Cell::NoTime, false),
            (Cell::Int(1), true),
            (Cell::Int(-62_135_596_800), false),
            (Cell::Real(2_461_373.9), true),
            (Cell::Real(2_440_587.5), false),
            (Cell::Text(b"0001-01-01 00:00:00 +0000 UTC"), false),
            (Cell::Text(b"1970-01-01T00:00:00Z"), false),
            (Cell::Text(b"never"), false),
            (Cell::Text(b"0000-00-00 00:00:00"), false),
            (Cell::Text(b"relay-7"), true),
        ] {
            assert_eq!(cell.says_yes(), expected, "{cell:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_come_back_from_hexadecimal() {
        let text = hex(b"\x00\xff\x10");
        assert_eq!(text, "0x00ff10");
        assert_eq!(bytes_from_hex(&text).as_deref(), Some(&b"\x00\xff\x10"[..]));
        assert_eq!(bytes_from_hex("0x0"), None);
        assert_eq!(uuid_bytes("0b5f3c8a"), None);
    }
}
