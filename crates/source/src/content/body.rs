//! A message's body as the JSON it holds, however it was packed on its way.

use std::borrow::Cow;
use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::escapes;
use super::pointer;
use super::tokens::{Token, Tokens};
use crate::carry::MAX_PARSED_BYTES;

/// A packing inside a packing …: whoever packs more often means something else.
const MAX_LAYERS: usize = 6;

/// Bytes with which Protobuf's framing names a message's type, at most.
const MAX_INDEX: usize = 8;

/// Why the JSON of a body cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is none, in no packing that we know.
    NotJson,
    /// Larger than [`MAX_PARSED_BYTES`], packed or not.
    TooLarge,
}

/// The JSON document that a body holds. Byte order marks, UTF-16, gzip, the framing of schema
/// registries, base64, and a document that is a string of another are seen through; whether what
/// is found is well-formed shows when it is read.
pub fn document(body: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    let mut here = Cow::Borrowed(body);
    for _ in 0..MAX_LAYERS {
        if here.len() > MAX_PARSED_BYTES {
            return Err(Unreadable::TooLarge);
        }
        let inside = match here.trim_ascii_start() {
            [b'{' | b'[' | b'"', 0, ..] | [b'{' | b'['] => utf16(&here, u16::from_le_bytes),
            [b'{' | b'[', ..] => return Ok(here),
            [b'"', ..] => string(&here),
            _ => unpacked(&here)?,
        };
        here = Cow::Owned(inside.ok_or(Unreadable::NotJson)?);
    }
    Err(Unreadable::NotJson)
}

/// What stands at a pointer in a document, as text: a string without its quotes, a number with all
/// its digits, a boolean. `Ok(None)` where there is nothing of the kind.
pub fn text_in(document: &[u8], pointer: &str) -> Result<Option<String>, Unreadable> {
    let mut here = Cow::Borrowed(document);
    for (nth, step) in pointer::steps(pointer).enumerate() {
        if nth > 0 {
            let unpacked = match &here {
                Cow::Borrowed(here) => self::document(here),
                Cow::Owned(here) => self::document(here).map(|it| Cow::Owned(it.into_owned())),
            };
            let Ok(unpacked) = unpacked else {
                // A plain value has no members.
                return Ok(None);
            };
            here = unpacked;
        }
        // Most bodies hold the text as it is, so that nothing is copied on the way to it.
        let found = match &here {
            Cow::Borrowed(here) => pointer::inside(here, &step).map(|it| it.map(Cow::Borrowed)),
            Cow::Owned(here) => {
                pointer::inside(here, &step).map(|it| it.map(|it| Cow::Owned(it.to_vec())))
            }
        };
        match found {
            Ok(Some(value)) => here = value,
            Ok(None) => return Ok(None),
            // Where it breaks off is nobody's concern: nothing in it can be read.
            Err(_) => return Err(Unreadable::NotJson),
        }
    }
    Ok(plain(&here))
}

/// A text in front of which a schema registry has put its marker: a string of JSON without its
/// quotes. `None` for anything else.
pub(crate) fn framed_text(bytes: &[u8]) -> Option<String> {
    // Eight bytes are a number, sixteen a UUID.
    match bytes {
        [0, _, _, _, _, inside @ ..]
            if inside.starts_with(b"\"") && !matches!(bytes.len(), 8 | 16) =>
        {
            plain(inside)
        }
        _ => None,
    }
}

/// A string, number or boolean that is all of a document.
fn plain(text: &[u8]) -> Option<String> {
    let mut tokens = Tokens::of(text);
    let value = match tokens.next() {
        Ok(Some(Token::Text(text))) => escapes::undone(text).into_owned(),
        Ok(Some(Token::Number(text))) => text.to_vec(),
        Ok(Some(Token::Word(word))) if word != "null" => word.as_bytes().to_vec(),
        _ => return None,
    };
    (tokens.next() == Ok(None)).then(|| String::from_utf8_lossy(&value).into_owned())
}

/// The string that a document consists of, when it may hold another document.
fn string(text: &[u8]) -> Option<Vec<u8>> {
    let mut tokens = Tokens::of(text);
    let Ok(Some(Token::Text(inside))) = tokens.next() else {
        return None;
    };
    (tokens.next() == Ok(None)).then(|| escapes::undone(inside).into_owned())
}

/// What is inside the outermost packing; `None` where there is none.
fn unpacked(bytes: &[u8]) -> Result<Option<Vec<u8>>, Unreadable> {
    Ok(match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => Some(rest.to_vec()),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0, b'{' | b'[', ..] => utf16(bytes, u16::from_be_bytes),
        [0x1f, 0x8b, ..] => gunzipped(bytes)?,
        // Confluent's framing: a zero, four bytes of the schema's number, and for Protobuf where in
        // the schema the type stands.
        [0, _, _, _, _, rest @ ..] => behind_index(rest),
        // AWS Glue's: version, compression (none), and sixteen bytes of the schema's version.
        [3, 0, rest @ ..] if rest.len() > 16 => behind_index(&rest[16..]),
        _ => base64(bytes.trim_ascii()),
    })
}

/// JSON behind at most some bytes that are none.
fn behind_index(rest: &[u8]) -> Option<Vec<u8>> {
    let near = &rest[..Ord::min(rest.len(), MAX_INDEX + 1)];
    let begins = |byte: &u8| matches!(byte, b'{' | b'[') || *byte >= 0x80 || *byte == 0x1f;
    let from = near.iter().position(begins).unwrap_or(0);
    (!rest.is_empty()).then(|| rest[from..].to_vec())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).ok().map(String::into_bytes)
}

/// Unpacks no more than may be parsed: a few bytes can say a great deal.
fn gunzipped(bytes: &[u8]) -> Result<Option<Vec<u8>>, Unreadable> {
    let most = u64::try_from(MAX_PARSED_BYTES).unwrap_or(u64::MAX);
    let mut inside = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(most + 1);
    if reader.read_to_end(&mut inside).is_err() {
        return Ok(None);
    }
    if inside.len() > MAX_PARSED_BYTES {
        return Err(Unreadable::TooLarge);
    }
    Ok(Some(inside))
}

/// The bytes that a text of base64 stands for, in either alphabet, padded or not.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let any = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let alphabets = [&alphabet::STANDARD, &alphabet::URL_SAFE];
    // What is shorter holds no document.
    let text = Some(text).filter(|text| text.len() >= 8)?;
    let mut decoded = alphabets
        .into_iter()
        .map(|alphabet| GeneralPurpose::new(alphabet, any).decode(text));
    decoded.find_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const JSON: &[u8] = br#"{"id":"e-1"}"#;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).expect("memory takes it");
        packed.finish().expect("memory takes it")
    }

    fn id(body: &[u8]) -> Result<Option<String>, Unreadable> {
        text_in(&document(body)?, "/id")
    }

    #[test]
    fn the_same_json_is_found_in_every_packing() {
        let text = std::str::from_utf8(JSON).expect("it is text");
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let behind = |prefix: &[u8], bytes: &[u8]| [prefix, bytes].concat();
        let quoted = serde_json::to_vec(text).expect("a string");
        for (packing, body) in [
            ("plain", JSON.to_vec()),
            ("spaces", behind(b" \n", JSON)),
            ("UTF-8 with a mark", behind(&[0xef, 0xbb, 0xbf], JSON)),
            ("UTF-16", le.clone()),
            ("UTF-16 with a mark", behind(&[0xff, 0xfe], &le)),
            ("UTF-16, the other way round", be.clone()),
            ("the same with a mark", behind(&[0xfe, 0xff], &be)),
            ("gzip", gzip(JSON)),
            (
                "gzip twice, and a mark",
                gzip(&gzip(&behind(&[0xef, 0xbb, 0xbf], JSON))),
            ),
            ("registry", behind(&[0, 0, 0, 0, 42], JSON)),
            ("registry with an index", behind(&[0, 0, 0, 0, 42, 0], JSON)),
            (
                "registry with a longer one",
                behind(&[0, 0, 0, 0, 42, 4, 2, 0], JSON),
            ),
            (
                "glue",
                behind(&[[3, 0].as_slice(), &[7; 16]].concat(), JSON),
            ),
            ("string", quoted.clone()),
            ("base64", b"eyJpZCI6ImUtMSJ9".to_vec()),
            ("base64 in a string", b"\"eyJpZCI6ImUtMSJ9\"".to_vec()),
        ] {
            assert_eq!(id(&body), Ok(Some("e-1".to_owned())), "{packing}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_and_ends() {
        let bomb = gzip(&vec![b' '; MAX_PARSED_BYTES + 1]);
        for (body, why) in [
            (&b""[..], Unreadable::NotJson),
            (b"<id>e-1</id>", Unreadable::NotJson),
            (b"{\"id\":", Unreadable::NotJson),
            (b"\x0a\x03e-1", Unreadable::NotJson),
            (b"\x1f\x8bno gzip", Unreadable::NotJson),
            (b"\x00\x00\x00\x00\x2a\x06e-1", Unreadable::NotJson),
            (&bomb, Unreadable::TooLarge),
        ] {
            assert_eq!(id(body), Err(why), "{body:?}");
        }
    }

    #[test]
    fn values_are_told_with_all_their_digits() {
        let json = br#"{"n":123456789012345678901234567001,"f":1.50,"on":true,"none":null,
            "in":{"a/b":["x"]},"packed":"{\"id\":\"e-2\"}","\u0069d":"e-3","id":"e-4"}"#;
        for (pointer, expected) in [
            ("/n", Some("123456789012345678901234567001")),
            ("/f", Some("1.50")),
            ("/on", Some("true")),
            ("/none", None),
            ("/in", None),
            ("/in/a~1b/0", Some("x")),
            ("/n/deeper", None),
            ("/away", None),
            ("/packed/id", Some("e-2")),
            ("/id", Some("e-4")),
        ] {
            assert_eq!(
                text_in(json, pointer),
                Ok(expected.map(str::to_owned)),
                "{pointer}"
            );
        }
    }

    #[test]
    fn a_text_may_be_framed() {
        let framed = |bytes: &[u8]| framed_text(bytes);
        assert_eq!(framed(b"\x00\x00\x00\x00\x2a\"a1\""), Some("a1".to_owned()));
        assert_eq!(framed(b"\x00\x00\x00\x00\x00\x00\x12\x67"), None);
        assert_eq!(framed(b"plain"), None);
    }
}
