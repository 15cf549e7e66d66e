//! JSON's numbers without their spelling: `1`, `1.0`, `10e-1` and `0.1E+1` are one number.

use super::hash::Hash;

/// Exponents beyond are taken for this: nobody writes them, and none is a number anywhere.
const FAR: i64 = 1 << 40;

/// The hash of a well-formed number: sign, digits without zeros at either end, and exponent. All
/// digits count, so that large ids are exact.
pub(super) fn hash(text: &[u8], digits: &mut Vec<u8>) -> u64 {
    digits.clear();
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        text => (false, text),
    };
    let end = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = text.split_at(end.unwrap_or(text.len()));
    let mut exponent = exponent.get(1..).map_or(0, whole);
    let mut behind_point = false;
    for &byte in mantissa {
        if byte == b'.' {
            behind_point = true;
            continue;
        }
        exponent -= i64::from(behind_point);
        if byte != b'0' || !digits.is_empty() {
            digits.push(byte);
        }
    }
    while digits.last() == Some(&b'0') {
        digits.pop();
        exponent += 1;
    }
    let hash = Hash::of_kind(b'n').and_bytes(digits);
    if digits.is_empty() {
        return hash.end();
    }
    hash.and(u64::from(negative))
        .and(exponent.cast_unsigned())
        .end()
}

/// An exponent, `12`, `+12` or `-12`.
fn whole(text: &[u8]) -> i64 {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        text => (false, text),
    };
    let size = text.iter().fold(0_i64, |sum, byte| {
        Ord::min(sum * 10 + i64::from(byte - b'0'), FAR)
    });
    if negative { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u64 {
        hash(text.as_bytes(), &mut Vec::new())
    }

    #[test]
    fn spellings_of_one_number_are_the_same() {
        for same in [
            &["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000e00"][..],
            &["0", "-0", "0.0", "0e7", "-0.00E-9"],
            &["-1200", "-1.2e3", "-1200.000", "-12E2"],
            &["0.001", "1e-3", "10.0e-4"],
            &["12345678901234567890", "1.2345678901234567890e19"],
        ] {
            for one in same {
                assert_eq!(of(one), of(same[0]), "{one}");
            }
        }
    }

    #[test]
    fn numbers_that_differ_are_not_the_same() {
        for (one, other) in [
            ("1", "-1"),
            ("1", "10"),
            ("1", "0.1"),
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.10000000000000001"),
            ("0", "1"),
            ("101", "1001"),
        ] {
            assert_ne!(of(one), of(other), "{one} {other}");
        }
        // Absurd ones end.
        of("1e99999999999999999999999999");
        of("-1e-99999999999999999999999999");
    }
}
