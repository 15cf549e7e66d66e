//! The escapes of JSON's strings.

use std::borrow::Cow;

/// Whether every escape is one that JSON knows.
pub(super) fn are_valid(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            continue;
        }
        let known = match bytes.next() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
            Some(b'u') => (0..4).all(|_| bytes.next().is_some_and(u8::is_ascii_hexdigit)),
            _ => false,
        };
        if !known {
            return false;
        }
    }
    true
}

/// The text without its escapes, which are valid. Half of a surrogate pair, which stands for
/// nothing, becomes the three bytes it would have if it did.
pub(super) fn undone(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = text.iter().position(|byte| *byte == b'\\') else {
        return Cow::Borrowed(text);
    };
    let mut plain = text[..first].to_vec();
    let mut rest = &text[first..];
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if *byte != b'\\' {
            plain.push(*byte);
            continue;
        }
        let Some((escape, behind)) = rest.split_first() else {
            break;
        };
        rest = behind;
        match escape {
            b'u' => rest = character(rest, &mut plain),
            b'b' => plain.push(8),
            b'f' => plain.push(12),
            b'n' => plain.push(b'\n'),
            b'r' => plain.push(b'\r'),
            b't' => plain.push(b'\t'),
            itself => plain.push(*itself),
        }
    }
    Cow::Owned(plain)
}

/// Writes the character whose digits come next, and the second half of its pair with it. Returns
/// what is behind.
fn character<'a>(text: &'a [u8], plain: &mut Vec<u8>) -> &'a [u8] {
    let (unit, mut rest) = unit(text);
    let mut code = unit;
    if (0xd800..0xdc00).contains(&unit)
        && let [b'\\', b'u', behind @ ..] = rest
    {
        let (second, behind) = self::unit(behind);
        if (0xdc00..0xe000).contains(&second) {
            code = 0x1_0000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
            rest = behind;
        }
    }
    match char::from_u32(code) {
        Some(known) => plain.extend_from_slice(known.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let six = |shift: u32| 0x80 | (code >> shift & 0x3f) as u8;
            plain.extend_from_slice(&[0xe0 | (code >> 12) as u8, six(6), six(0)]);
        }
    }
    rest
}

/// Four hexadecimal digits, and what is behind them.
fn unit(text: &[u8]) -> (u32, &[u8]) {
    let (digits, rest) = text.split_at(Ord::min(4, text.len()));
    let value = digits.iter().fold(0, |sum, digit| {
        sum << 4 | char::from(*digit).to_digit(16).unwrap_or(0)
    });
    (value, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_pairs_put_together() {
        for (escaped, plain) in [
            (r"plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e4\u20AC", "Aä€"),
            (r"\ud83e\udD86!", "🦆!"),
        ] {
            assert!(are_valid(escaped.as_bytes()), "{escaped}");
            assert_eq!(undone(escaped.as_bytes()), plain.as_bytes(), "{escaped}");
        }
        assert_eq!(*undone(br"\ud83ex"), [0xed, 0xa0, 0xbe, b'x']);
        assert_eq!(*undone(br"\ud83e\u0041"), [0xed, 0xa0, 0xbe, b'A']);
    }

    #[test]
    fn what_is_no_escape_is_told() {
        for wrong in [r"\", r"\x", r"\u12", r"\u12g4", r"a\'"] {
            assert!(!are_valid(wrong.as_bytes()), "{wrong}");
        }
    }
}
