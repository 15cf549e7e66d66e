//! What the three databases write differently.

use std::fmt::Write as _;

use waybill_model::Micros;

use crate::cell::{hex, uuid_text};
use crate::epoch::civil;
use crate::shape::{Column, Kind};

/// Whose SQL is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    MySql,
    Sqlite,
}

/// A value that goes into a statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Real(f64),
    Text(String),
    /// A decimal, or an integer beyond 64 bits.
    Decimal(String),
    Bytes(Vec<u8>),
    Uuid([u8; 16]),
    /// A point in time for a column of this kind.
    Time(Micros, Kind),
}

/// A statement with its values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    pub(crate) dialect: Dialect,
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
    /// Numbers, times and UUIDs are written into the text: `COPY` takes no parameters. They are
    /// formatted from their own types, so they cannot carry anything else into the statement.
    inline: bool,
}

impl Statement {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            text: String::new(),
            values: Vec::new(),
            inline: false,
        }
    }

    /// A ready statement with texts as its values.
    pub(crate) fn of_texts(dialect: Dialect, sql: &str, values: &[&str]) -> Self {
        let values = values
            .iter()
            .map(|value| Value::Text((*value).to_owned()))
            .collect();
        Self {
            text: sql.to_owned(),
            values,
            ..Self::new(dialect)
        }
    }

    /// A statement without parameters, for `COPY`.
    pub(crate) fn inline(dialect: Dialect) -> Self {
        Self {
            inline: true,
            ..Self::new(dialect)
        }
    }

    /// Whether a value can go into a statement without parameters.
    pub(crate) fn can_inline(value: &Value) -> bool {
        matches!(
            value,
            Value::Int(_) | Value::Real(_) | Value::Uuid(_) | Value::Time(..)
        )
    }

    /// Appends SQL.
    pub(crate) fn sql(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a name, quoted.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        let quote = match self.dialect {
            Dialect::Postgres | Dialect::Sqlite => '"',
            Dialect::MySql => '`',
        };
        self.text.push(quote);
        for character in name.chars() {
            if character == quote {
                self.text.push(quote);
            }
            self.text.push(character);
        }
        self.text.push(quote);
        self
    }

    /// Appends a table's name with its schema, if any.
    pub(crate) fn table(&mut self, schema: &str, name: &str) -> &mut Self {
        if !schema.is_empty() {
            self.name(schema).sql(".");
        }
        self.name(name)
    }

    /// Appends a column as it is selected: what has no decoder is read as text.
    pub(crate) fn column(&mut self, column: &Column) -> &mut Self {
        match (column.kind, self.dialect) {
            (Kind::Other, Dialect::Postgres) => self.name(&column.name).sql("::text"),
            (Kind::Other, Dialect::MySql) => self.sql("CAST(").name(&column.name).sql(" AS CHAR)"),
            _ => self.name(&column.name),
        }
    }

    /// Appends a value: bound, or written in where that is asked for and safe.
    pub(crate) fn value(&mut self, value: Value) -> &mut Self {
        if self.inline && Self::can_inline(&value) {
            return self.literal(&value);
        }
        let placeholder = match self.dialect {
            Dialect::Postgres => format!("${}", self.values.len() + 1),
            Dialect::MySql | Dialect::Sqlite => "?".to_owned(),
        };
        let cast = match (&value, self.dialect) {
            (Value::Time(_, Kind::TimestampTz), Dialect::Postgres) => Some("timestamptz"),
            (Value::Time(..), Dialect::Postgres) => Some("timestamp"),
            (Value::Time(..), Dialect::MySql) => Some("datetime(6)"),
            (Value::Uuid(_), Dialect::Postgres) => Some("uuid"),
            (Value::Decimal(_), Dialect::Postgres) => Some("numeric"),
            (Value::Decimal(_), Dialect::MySql) => Some("decimal(65,10)"),
            _ => None,
        };
        match cast {
            Some(cast) => write!(self.text, "CAST({placeholder} AS {cast})"),
            None => write!(self.text, "{placeholder}"),
        }
        .expect("a String takes everything");
        self.values.push(value);
        self
    }

    fn literal(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::Int(number) => write!(self.text, "({number})"),
            Value::Real(number) => write!(self.text, "({number})"),
            Value::Uuid(bytes) => write!(self.text, "'{}'::uuid", uuid_text(*bytes)),
            Value::Time(at, kind) => {
                let zone = if *kind == Kind::TimestampTz {
                    "timestamptz"
                } else {
                    "timestamp"
                };
                write!(self.text, "'{}'::{zone}", time_text(*at, *kind))
            }
            Value::Text(_) | Value::Decimal(_) | Value::Bytes(_) => {
                unreachable!("`can_inline` was asked first")
            }
        }
        .expect("a String takes everything");
        self
    }
}

impl Value {
    /// The text a time, UUID or other value is bound as.
    pub(crate) fn as_text(&self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
            Self::Text(text) | Self::Decimal(text) => text.clone(),
            Self::Bytes(bytes) => hex(bytes),
            Self::Uuid(bytes) => uuid_text(*bytes),
            Self::Time(at, kind) => time_text(*at, *kind),
        }
    }
}

/// Times outside the years 1 to 9999 were left out of the statement by whoever built it.
fn time_text(at: Micros, kind: Kind) -> String {
    let civil = civil(at).unwrap_or_else(|| "1970-01-01 00:00:00".to_owned());
    if kind == Kind::TimestampTz {
        format!("{civil}+00")
    } else {
        civil
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_values_are_bound() {
        for (dialect, expected) in [
            (Dialect::Postgres, r#""a""b"."t" = $1"#),
            (Dialect::Sqlite, r#""a""b"."t" = ?"#),
            (Dialect::MySql, r#"`a"b`.`t` = ?"#),
        ] {
            let mut statement = Statement::new(dialect);
            statement
                .table("a\"b", "t")
                .sql(" = ")
                .value(Value::Text("x' OR 1=1".to_owned()));
            assert_eq!(statement.text, expected);
            assert_eq!(statement.values.len(), 1);
        }
    }

    #[test]
    fn a_statement_for_copy_has_no_parameters() {
        let mut statement = Statement::inline(Dialect::Postgres);
        statement
            .value(Value::Int(-7))
            .sql(" ")
            .value(Value::Time(Micros(0), Kind::TimestampTz));
        assert_eq!(
            statement.text,
            "(-7) '1970-01-01 00:00:00.000+00'::timestamptz"
        );
        assert!(statement.values.is_empty());
    }
}
