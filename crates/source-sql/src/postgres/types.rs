//! PostgreSQL's binary values, as they come in result rows and in `COPY`.

use waybill_model::Micros;

use crate::cell::Cell;
use crate::shape::Kind;

/// 2000-01-01, where PostgreSQL's time begins, in microseconds since 1970.
const EPOCH_2000: i64 = 946_684_800_000_000;

/// A type's number in the catalogue, the same in every database.
pub(crate) fn kind_of(oid: i64) -> Kind {
    match oid {
        20 | 21 | 23 => Kind::Int(false),
        700 => Kind::Real(false),
        701 => Kind::Real(true),
        1700 => Kind::Decimal,
        16 => Kind::Bool,
        // name, text, json, xml, varchar
        19 | 25 | 114 | 142 | 1043 => Kind::Text,
        3802 => Kind::Jsonb,
        17 => Kind::Bytes,
        2950 => Kind::Uuid,
        1114 => Kind::Timestamp,
        1184 => Kind::TimestampTz,
        1082 => Kind::Date,
        _ => Kind::Other,
    }
}

/// Reads a value; what is not as long as its type demands is handed on as bytes.
pub(crate) fn cell(kind: Kind, value: Option<&[u8]>) -> Cell<'_> {
    let Some(bytes) = value else {
        return Cell::Null;
    };
    let read = match kind {
        Kind::Int(_) => int(bytes).map(Cell::Int),
        Kind::Real(true) => bytes
            .try_into()
            .ok()
            .map(|b| Cell::Real(f64::from_be_bytes(b))),
        Kind::Real(false) => bytes
            .try_into()
            .ok()
            .map(|b| Cell::Real(f64::from(f32::from_be_bytes(b)))),
        Kind::Decimal => decimal(bytes),
        Kind::Bool => bytes.first().map(|byte| Cell::Bool(*byte != 0)),
        Kind::Text | Kind::Other | Kind::Dynamic => Some(Cell::Text(bytes)),
        Kind::Jsonb => bytes.get(1..).map(Cell::Text),
        Kind::Bytes => Some(Cell::Bytes(bytes)),
        Kind::Uuid => bytes.try_into().ok().map(Cell::Uuid),
        Kind::Timestamp | Kind::TimestampTz => int(bytes).map(timestamp),
        Kind::Date => int(bytes).map(date),
    };
    read.unwrap_or(Cell::Bytes(bytes))
}

fn int(bytes: &[u8]) -> Option<i64> {
    match *bytes {
        [a, b] => Some(i64::from(i16::from_be_bytes([a, b]))),
        [a, b, c, d] => Some(i64::from(i32::from_be_bytes([a, b, c, d]))),
        [..] => bytes.try_into().ok().map(i64::from_be_bytes),
    }
}

fn timestamp(micros: i64) -> Cell<'static> {
    // The ends of the range are `infinity` and `-infinity`.
    match micros {
        i64::MAX | i64::MIN => Cell::NoTime,
        micros => micros
            .checked_add(EPOCH_2000)
            .map_or(Cell::NoTime, |micros| Cell::Time(Micros(micros))),
    }
}

fn date(days: i64) -> Cell<'static> {
    match i32::try_from(days) {
        Ok(i32::MAX | i32::MIN) | Err(_) => Cell::NoTime,
        Ok(_) => Cell::Time(Micros(days * 86_400_000_000 + EPOCH_2000)),
    }
}

/// `numeric`: digits in base 10 000 behind their number, weight, sign and scale.
fn decimal(bytes: &[u8]) -> Option<Cell<'static>> {
    let short = |idx: usize| {
        let at = bytes.get(2 * idx..2 * idx + 2)?;
        Some(i16::from_be_bytes([at[0], at[1]]))
    };
    let (digits, weight, sign, scale) = (short(0)?, short(1)?, short(2)?, short(3)?);
    const NEGATIVE: i16 = 0x4000;
    let minus = match sign {
        0 => "",
        NEGATIVE => "-",
        _ => return Some(Cell::Owned("NaN".to_owned())),
    };
    let digit = |idx: i16| match idx {
        0.. if idx < digits => short(4 + usize::try_from(idx).ok()?),
        _ => Some(0),
    };
    let mut text = String::new();
    for idx in 0..=weight {
        text.push_str(&format!("{:04}", digit(idx)?));
    }
    let whole = text.trim_start_matches('0');
    let mut text = format!("{minus}{}", if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        let mut fraction = String::new();
        let mut idx = weight + 1;
        while fraction.len() < usize::try_from(scale).ok()? {
            fraction.push_str(&format!("{:04}", digit(idx)?));
            idx += 1;
        }
        fraction.truncate(usize::try_from(scale).ok()?);
        text.push('.');
        text.push_str(&fraction);
    }
    Some(text.parse().map_or(Cell::Owned(text), Cell::Int))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_kind() {
        for (kind, bytes, expected) in [
            (Kind::Int(false), &[0xff, 0xfe][..], Cell::Int(-2)),
            (Kind::Int(false), &[0, 0, 1, 0], Cell::Int(256)),
            (Kind::Bool, &[1], Cell::Bool(true)),
            (Kind::Jsonb, b"\x01{}", Cell::Text(b"{}")),
            (Kind::TimestampTz, &[0; 8], Cell::Time(Micros(EPOCH_2000))),
            (Kind::Timestamp, &i64::MAX.to_be_bytes(), Cell::NoTime),
            (
                Kind::Date,
                &[0, 0, 0, 1],
                Cell::Time(Micros(EPOCH_2000 + 86_400_000_000)),
            ),
            (Kind::Uuid, &[1, 2], Cell::Bytes(&[1, 2])),
        ] {
            assert_eq!(cell(kind, Some(bytes)), expected, "{kind:?}");
        }
        assert_eq!(cell(Kind::Text, None), Cell::Null);
    }

    #[test]
    fn decimals_are_numbers_where_they_are_whole() {
        // digits, weight, sign, scale, then base 10 000
        let value = |parts: &[i16]| -> Vec<u8> {
            parts.iter().flat_map(|part| part.to_be_bytes()).collect()
        };
        for (parts, expected) in [
            (&[2, 1, 0, 0, 12, 3456][..], Cell::Int(123_456)),
            (&[1, 1, 0, 0, 5], Cell::Int(50_000)),
            (&[0, 0, 0, 0], Cell::Int(0)),
            (&[2, 0, 0x4000, 2, 3, 1400], Cell::Owned("-3.14".to_owned())),
            (&[1, -1, 0, 3, 120], Cell::Owned("0.012".to_owned())),
            (&[0, 0, -16384, 0], Cell::Owned("NaN".to_owned())),
        ] {
            let bytes = value(parts);
            assert_eq!(cell(Kind::Decimal, Some(&bytes)), expected, "{parts:?}");
        }
    }
}
