//! Values of MySQL and MariaDB in the binary protocol.

use waybill_model::Micros;

use crate::cell::Cell;
use crate::epoch::days_since_1970;
use crate::shape::Kind;

/// By `DATA_TYPE`, with the whole `COLUMN_TYPE` for the sign.
pub(crate) fn kind_of(data_type: &str, column_type: &str) -> Kind {
    match data_type {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => {
            Kind::Int(column_type.contains("unsigned") || data_type == "year")
        }
        "float" => Kind::Real(false),
        "double" => Kind::Real(true),
        "decimal" => Kind::Decimal,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set"
        | "json" => Kind::Text,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "bit" => {
            Kind::Bytes
        }
        // The session's zone is UTC, so both say the same.
        "datetime" | "timestamp" => Kind::Timestamp,
        "date" => Kind::Date,
        // MariaDB, as text.
        "uuid" => Kind::Uuid,
        _ => Kind::Other,
    }
}

/// Reads a value; what is not as long as its type demands is handed on as bytes.
pub(crate) fn cell(kind: Kind, value: Option<&[u8]>) -> Cell<'_> {
    let Some(bytes) = value else {
        return Cell::Null;
    };
    let read = match kind {
        Kind::Int(unsigned) => int(bytes, unsigned),
        // `boolean` is another word for `tinyint(1)`, which holds -128 to 127 like any other.
        Kind::Bool => int(bytes, false),
        Kind::Real(true) => bytes
            .try_into()
            .ok()
            .map(|b| Cell::Real(f64::from_le_bytes(b))),
        Kind::Real(false) => bytes
            .try_into()
            .ok()
            .map(|b| Cell::Real(f64::from(f32::from_le_bytes(b)))),
        Kind::Decimal => std::str::from_utf8(bytes).ok().map(|text| {
            text.parse()
                .map_or_else(|_| Cell::Owned(text.to_owned()), Cell::Int)
        }),
        Kind::Timestamp | Kind::TimestampTz | Kind::Date => Some(date_time(bytes)),
        Kind::Bytes => Some(Cell::Bytes(bytes)),
        Kind::Text | Kind::Jsonb | Kind::Uuid | Kind::Dynamic | Kind::Other => {
            Some(Cell::Text(bytes))
        }
    };
    read.unwrap_or(Cell::Bytes(bytes))
}

fn int(bytes: &[u8], unsigned: bool) -> Option<Cell<'static>> {
    let number = match (bytes.len(), unsigned) {
        (1, true) => i64::from(bytes[0]),
        (1, false) => i64::from(i8::from_le_bytes([bytes[0]])),
        (2, true) => i64::from(u16::from_le_bytes(bytes.try_into().ok()?)),
        (2, false) => i64::from(i16::from_le_bytes(bytes.try_into().ok()?)),
        (4, true) => i64::from(u32::from_le_bytes(bytes.try_into().ok()?)),
        (4, false) => i64::from(i32::from_le_bytes(bytes.try_into().ok()?)),
        (_, true) => {
            let number = u64::from_le_bytes(bytes.try_into().ok()?);
            return Some(
                i64::try_from(number).map_or_else(|_| Cell::Owned(number.to_string()), Cell::Int),
            );
        }
        (_, false) => i64::from_le_bytes(bytes.try_into().ok()?),
    };
    Some(Cell::Int(number))
}

/// The length, then year, month, day; hour, minute, second; microseconds: as many as are not zero.
fn date_time(bytes: &[u8]) -> Cell<'static> {
    // sqlx hands the value with its length byte.
    let [_, y0, y1, month, day, rest @ ..] = bytes else {
        return Cell::NoTime;
    };
    let (time, rest) = match rest {
        [hour, minute, second, rest @ ..] => ((*hour, *minute, *second), rest),
        _ => ((0, 0, 0), rest),
    };
    let micros = rest.try_into().map_or(0, u32::from_le_bytes);
    // "Zero dates", whole or in part, are no time.
    if *month == 0 || *day == 0 {
        return Cell::NoTime;
    }
    let days = days_since_1970(
        u16::from_le_bytes([*y0, *y1]).into(),
        (*month).into(),
        (*day).into(),
    );
    let (hour, minute, second) = time;
    let seconds =
        days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Cell::Time(Micros(seconds * 1_000_000 + i64::from(micros)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_long_as_they_need_to_be() {
        for (bytes, expected) in [
            (&[4, 0xea, 7, 11, 20][..], Some("2026-11-20T00:00:00.000Z")),
            (
                &[7, 0xea, 7, 11, 20, 14, 3, 12],
                Some("2026-11-20T14:03:12.000Z"),
            ),
            (
                &[11, 0xea, 7, 11, 20, 14, 3, 12, 0x2b, 0x61, 6, 0],
                Some("2026-11-20T14:03:12.418091Z"),
            ),
            (&[4, 0xe8, 7, 2, 29], Some("2024-02-29T00:00:00.000Z")),
            (&[4, 0xb2, 7, 1, 1], Some("1970-01-01T00:00:00.000Z")),
            (&[4, 0x6c, 7, 12, 31], Some("1900-12-31T00:00:00.000Z")),
            (&[4, 0, 0, 0, 0], None),
            (&[0], None),
        ] {
            let cell = cell(Kind::Timestamp, Some(bytes));
            let shown = match cell {
                Cell::Time(at) => Some(at.to_string()),
                _ => None,
            };
            assert_eq!(shown.as_deref(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn small_numbers_have_the_sign_of_their_type() {
        for (column_type, byte, expected) in [
            ("tinyint(1)", 0xff, -1),
            ("tinyint(1)", 1, 1),
            ("tinyint(1)", 2, 2),
            ("tinyint(1) unsigned", 0xff, 255),
            ("tinyint(4)", 0x80, -128),
            ("tinyint", 0xfe, -2),
            ("tinyint(3) unsigned zerofill", 200, 200),
        ] {
            let kind = kind_of("tinyint", column_type);
            assert_eq!(
                cell(kind, Some(&[byte])),
                Cell::Int(expected),
                "{column_type}"
            );
        }
    }

    #[test]
    fn numbers_beyond_64_bits_with_sign_become_text() {
        assert_eq!(cell(Kind::Int(false), Some(&[0xff; 8])), Cell::Int(-1));
        assert_eq!(
            cell(Kind::Int(true), Some(&[0xff; 8])),
            Cell::Owned("18446744073709551615".to_owned())
        );
        assert_eq!(cell(Kind::Decimal, Some(b"120")), Cell::Int(120));
        assert_eq!(
            cell(Kind::Decimal, Some(b"1.5")),
            Cell::Owned("1.5".to_owned())
        );
    }
}
