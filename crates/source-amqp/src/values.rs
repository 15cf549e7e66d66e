//! Header values as bytes, and back to the type they had.
//!
//! A header's value is shown and stored as text. Its AMQP type travels beside it as one letter of
//! the protocol, so that a resend carries the number 7 and not the text `7`.

use std::borrow::Cow;

use lapin::types::{AMQPValue, FieldArray, FieldTable, LongString, ShortString};
use serde_json::{Map, Value, json};

/// A value as bytes; `None` is a null.
pub(crate) fn bytes(value: &AMQPValue) -> Option<Cow<'_, [u8]>> {
    let text = match value {
        AMQPValue::LongString(text) => return Some(Cow::Borrowed(text.as_bytes())),
        AMQPValue::ShortString(text) => return Some(Cow::Borrowed(text.as_str().as_bytes())),
        AMQPValue::ByteArray(bytes) => return Some(Cow::Borrowed(bytes.as_slice())),
        AMQPValue::Void => return None,
        AMQPValue::Boolean(flag) => flag.to_string(),
        AMQPValue::ShortShortInt(number) => number.to_string(),
        AMQPValue::ShortShortUInt(number) => number.to_string(),
        AMQPValue::ShortInt(number) => number.to_string(),
        AMQPValue::ShortUInt(number) => number.to_string(),
        AMQPValue::LongInt(number) => number.to_string(),
        AMQPValue::LongUInt(number) => number.to_string(),
        AMQPValue::LongLongInt(number) => number.to_string(),
        AMQPValue::Float(number) => number.to_string(),
        AMQPValue::Double(number) => number.to_string(),
        AMQPValue::Timestamp(seconds) => seconds.to_string(),
        AMQPValue::DecimalValue(decimal) => format!("{}e-{}", decimal.value, decimal.scale),
        AMQPValue::FieldArray(_) | AMQPValue::FieldTable(_) => json_of(value).to_string(),
    };
    Some(Cow::Owned(text.into_bytes()))
}

/// The letter of a value's type; `None` for the plain text that needs no note.
pub(crate) fn type_letter(value: &AMQPValue) -> Option<char> {
    match value {
        AMQPValue::LongString(_) | AMQPValue::ShortString(_) | AMQPValue::Void => None,
        typed => Some(typed.get_type().get_id()),
    }
}

/// The value with the type of that letter again; plain text when the letter or the text does not fit.
pub(crate) fn value(bytes: &[u8], letter: Option<char>) -> AMQPValue {
    let typed = match letter {
        Some('x') => Some(AMQPValue::ByteArray(bytes.into())),
        Some(letter) => std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| typed(text, letter)),
        None => None,
    };
    typed.unwrap_or_else(|| AMQPValue::LongString(LongString::from(bytes)))
}

fn typed(text: &str, letter: char) -> Option<AMQPValue> {
    Some(match letter {
        't' => AMQPValue::Boolean(text.parse().ok()?),
        'b' => AMQPValue::ShortShortInt(text.parse().ok()?),
        'B' => AMQPValue::ShortShortUInt(text.parse().ok()?),
        's' => AMQPValue::ShortInt(text.parse().ok()?),
        'u' => AMQPValue::ShortUInt(text.parse().ok()?),
        'I' => AMQPValue::LongInt(text.parse().ok()?),
        'i' => AMQPValue::LongUInt(text.parse().ok()?),
        'l' => AMQPValue::LongLongInt(text.parse().ok()?),
        'f' => AMQPValue::Float(text.parse().ok()?),
        'd' => AMQPValue::Double(text.parse().ok()?),
        'T' => AMQPValue::Timestamp(text.parse().ok()?),
        'A' | 'F' => amqp_of(&serde_json::from_str(text).ok()?)?,
        _ => return None,
    })
}

/// Tables and arrays as JSON; what is not text in them becomes the nearest JSON has.
fn json_of(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::FieldTable(table) => Value::Object(
            table
                .into_iter()
                .map(|(name, value)| (name.to_string(), json_of(value)))
                .collect::<Map<_, _>>(),
        ),
        AMQPValue::FieldArray(items) => items.as_slice().iter().map(json_of).collect(),
        AMQPValue::Boolean(flag) => json!(flag),
        AMQPValue::ShortShortInt(number) => json!(number),
        AMQPValue::ShortShortUInt(number) => json!(number),
        AMQPValue::ShortInt(number) => json!(number),
        AMQPValue::ShortUInt(number) => json!(number),
        AMQPValue::LongInt(number) => json!(number),
        AMQPValue::LongUInt(number) => json!(number),
        AMQPValue::LongLongInt(number) => json!(number),
        AMQPValue::Timestamp(seconds) => json!(seconds),
        AMQPValue::Float(number) => json!(number),
        AMQPValue::Double(number) => json!(number),
        AMQPValue::Void => Value::Null,
        text => bytes(text).map_or(Value::Null, |bytes| json!(String::from_utf8_lossy(&bytes))),
    }
}

fn amqp_of(value: &Value) -> Option<AMQPValue> {
    Some(match value {
        Value::Null => AMQPValue::Void,
        Value::Bool(flag) => AMQPValue::Boolean(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(number) => AMQPValue::LongLongInt(number),
            None => AMQPValue::Double(number.as_f64()?),
        },
        Value::String(text) => AMQPValue::LongString(text.as_str().into()),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(amqp_of).collect();
            AMQPValue::FieldArray(FieldArray::from(items?))
        }
        Value::Object(entries) => {
            let mut table = FieldTable::default();
            for (name, value) in entries {
                table.insert(ShortString::try_new(name.as_str()).ok()?, amqp_of(value)?);
            }
            AMQPValue::FieldTable(table)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_type_on_the_way_through_text() {
        let mut table = FieldTable::default();
        table.insert("n".into(), AMQPValue::LongLongInt(3));
        table.insert("t".into(), AMQPValue::LongString("x".into()));
        for original in [
            AMQPValue::Boolean(true),
            AMQPValue::ShortShortInt(-7),
            AMQPValue::LongInt(7),
            AMQPValue::LongLongInt(i64::MIN),
            AMQPValue::Double(0.25),
            AMQPValue::Timestamp(1_700_000_000),
            AMQPValue::LongString(vec![0xff, 0x00].into()),
            AMQPValue::ByteArray(vec![0xff, 0x00].into()),
            AMQPValue::FieldTable(table.clone()),
            AMQPValue::FieldArray(vec![AMQPValue::FieldTable(table)].into()),
        ] {
            let text = bytes(&original).expect("not null");
            assert_eq!(value(&text, type_letter(&original)), original);
        }
        assert_eq!(bytes(&AMQPValue::Void), None);
    }

    #[test]
    fn a_text_that_does_not_fit_its_letter_stays_text() {
        assert_eq!(
            value(b"seven", Some('I')),
            AMQPValue::LongString("seven".into())
        );
        assert_eq!(value(b"7", Some('?')), AMQPValue::LongString("7".into()));
    }
}
