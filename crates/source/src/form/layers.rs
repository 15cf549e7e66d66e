//! What a body is wrapped in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::spelling::quoted;
use crate::content::{is_document, members, string};

/// Bytes of the mark that some write before a text.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// One wrapping, put around all that comes behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layer {
    /// A byte order mark.
    Mark,
    /// A schema registry's zero byte and the number of a schema.
    Registry([u8; 5]),
    /// The document is written into a JSON string.
    InString,
    /// The document is written in base64.
    Base64,
}

/// Takes off what a body is wrapped in, the outermost first.
pub(super) fn peeled(body: &[u8]) -> (Vec<Layer>, Vec<u8>) {
    let mut layers = Vec::new();
    let mut rest = body.to_vec();
    // Nobody wraps more often.
    for _ in 0..4 {
        let Some((layer, inside)) = outermost(&rest) else {
            break;
        };
        layers.push(layer);
        rest = inside;
    }
    (layers, rest)
}

/// The body with its wrappings.
pub(super) fn wrapped(layers: &[Layer], core: Vec<u8>) -> Option<Vec<u8>> {
    layers.iter().rev().try_fold(core, |core, layer| {
        Some(match layer {
            Layer::Mark => [MARK, &core].concat(),
            Layer::Registry(head) => [&head[..], &core].concat(),
            Layer::InString => quoted(&core)?,
            Layer::Base64 => STANDARD.encode(&core).into_bytes(),
        })
    })
}

fn outermost(body: &[u8]) -> Option<(Layer, Vec<u8>)> {
    if let Some(inside) = body.strip_prefix(MARK) {
        return Some((Layer::Mark, inside.to_vec()));
    }
    if let Some((head, inside)) = body.split_first_chunk::<5>()
        && head[0] == 0
        && is_document(inside)
    {
        return Some((Layer::Registry(*head), inside.to_vec()));
    }
    if let Some(inside) = string(body) {
        let holds = is_container(&inside) || decoded(&inside).is_some_and(|d| is_container(&d));
        return holds.then_some((Layer::InString, inside));
    }
    let inside = decoded(body).filter(|inside| is_container(inside))?;
    Some((Layer::Base64, inside))
}

fn is_container(text: &[u8]) -> bool {
    members(text).is_some() || (text.trim_ascii_start().starts_with(b"[") && is_document(text))
}

/// What a body is compressed with, by its first bytes.
pub(super) fn compressed(body: &[u8]) -> Option<&'static str> {
    match body {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
        _ => None,
    }
}

/// The bytes of a base64 text with its padding; `None` for any other.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_off_is_put_on_again() {
        let document = br#"{"a":1}"#;
        for body in [
            &document[..],
            "\u{feff}{\"a\":1}".as_bytes(),
            br#""{\"a\":1}""#,
            b"\x00\x00\x00\x00\x07{\"a\":1}",
            b"eyJhIjoxfQ==",
            br#""eyJhIjoxfQ==""#,
        ] {
            let (layers, core) = peeled(body);
            assert_eq!(core, document, "{body:?}");
            assert_eq!(wrapped(&layers, core).as_deref(), Some(body));
        }
        // Words are no base64 of a document, and a string of words is a string.
        for plain in [
            &b"abcd"[..],
            br#""hello""#,
            b"\x1f\x8b\x08",
            b"",
            b"12345678",
        ] {
            assert_eq!(peeled(plain), (Vec::new(), plain.to_vec()));
        }
    }
}
