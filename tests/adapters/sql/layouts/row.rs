//! A row of a layout's table in a state: ordinary values, and those that its conditions ask for.

use std::collections::BTreeMap;

use waybill_layouts::{Column, Condition, Dbms, Is, Literal, MadeOf, NewValue, TimeMeaning};

use waybill_tests::library_table::Made;

/// A row, as SQL values by the column's name in the data file.
#[derive(Debug, Clone)]
pub(super) struct Row {
    values: BTreeMap<String, String>,
}

impl Row {
    /// A row for which all of this holds; where two conditions are about one column, the first
    /// decides. Columns that this version does not have are left out.
    pub(super) fn with<'a>(
        made: &Made,
        conditions: impl IntoIterator<Item = &'a Condition>,
    ) -> Self {
        let mut values = BTreeMap::new();
        for condition in conditions {
            let Some(column) = made.table().column(&condition.column) else {
                continue;
            };
            let value = asked_for(made.dbms(), column, condition);
            values.entry(column.name.clone()).or_insert(value);
        }
        for (_, column) in made.columns() {
            let value = if column.null && !is_needed(made, column) {
                "NULL".to_owned()
            } else if takes_id_in_json(made, column) {
                "'{\"ID\": \"x\"}'".to_owned()
            } else {
                ordinary(made.dbms(), column)
            };
            values.entry(column.name.clone()).or_insert(value);
        }
        Self { values }
    }

    /// The value of a column by any spelling of its name.
    pub(super) fn value(&self, name: &str) -> &str {
        let canon = waybill_layouts::canon(name);
        let found = self
            .values
            .iter()
            .find(|(key, _)| waybill_layouts::canon(key) == canon);
        found
            .map(|(_, value)| value.as_str())
            .expect("every column has a value")
    }

    /// The same row as somebody saw it before this column was written.
    pub(super) fn differing(mut self, name: &str) -> Self {
        let value = self.values.get_mut(name).expect("every column has a value");
        *value = "'2001-01-01 00:00:00'".to_owned();
        self
    }

    /// The same row of the nth event: key and event id are its own.
    pub(super) fn numbered(mut self, made: &Made, nth: usize) -> Self {
        let inbox = made.table().inbox.as_ref().expect("it is an inbox");
        for (_, column) in made.columns() {
            let is_id = inbox.id.columns.contains(&column.name);
            let value = match &inbox.id.pointer {
                Some(pointer) if is_id => format!("'{}'", in_json(pointer, &id(nth))),
                _ if is_textual(sql_type(made.dbms(), column)) => format!("'{}'", id(nth)),
                _ => (nth + 1).to_string(),
            };
            if is_id || column.key {
                self.values.insert(column.name.clone(), value);
            }
        }
        self
    }

    /// The same row with its time of processing.
    pub(super) fn timed(mut self, made: &Made) -> Self {
        let inbox = made.table().inbox.as_ref().expect("it is an inbox");
        for (_, column) in made.columns() {
            if inbox.processed_at.columns.contains(&column.name) {
                let value = ordinary(made.dbms(), column);
                self.values.insert(column.name.clone(), value);
            }
        }
        self
    }

    /// Makes the row with this key this one.
    pub(super) fn update(&self, made: &Made) -> String {
        let said = |keys: bool| -> Vec<String> {
            let columns = made.columns().into_iter();
            columns
                .filter(|(_, column)| column.key == keys)
                .map(|(name, _)| format!("{} = {}", made.quoted(&name), self.value(&name)))
                .collect()
        };
        let (set, of) = (said(false).join(", "), said(true).join(" AND "));
        format!("UPDATE {} SET {set} WHERE {of}", made.real_name())
    }

    pub(super) fn insert(&self, made: &Made) -> String {
        let columns = made.columns();
        let names: Vec<String> = columns.iter().map(|(name, _)| made.quoted(name)).collect();
        let values: Vec<&str> = columns.iter().map(|(name, _)| self.value(name)).collect();
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            made.real_name(),
            names.join(", "),
            values.join(", ")
        )
    }
}

/// The id of the nth event.
pub(super) fn id(nth: usize) -> String {
    format!("0b5f3c8a-9d1e-4f6a-8c2b-{nth:012}")
}

/// A text at a place inside of JSON.
fn in_json(pointer: &str, text: &str) -> String {
    let members = pointer.split('/').skip(1);
    members
        .collect::<Vec<_>>()
        .iter()
        .rev()
        .fold(format!("\"{text}\""), |inner, member| {
            format!("{{\"{member}\": {inner}}}")
        })
}

/// Whether the reader needs a value in it: the time and the id of the row.
fn is_needed(made: &Made, column: &Column) -> bool {
    let Some(roles) = &made.table().roles else {
        return false;
    };
    let needed = [&roles.created_at, &roles.id].into_iter().flatten();
    needed
        .flat_map(|spot| &spot.columns)
        .any(|name| *name == column.name)
}

/// Whether a copy of the row gets its new id written into this column's JSON.
fn takes_id_in_json(made: &Made, column: &Column) -> bool {
    let mut set = made
        .table()
        .requeues
        .iter()
        .filter_map(|requeue| requeue.set.get(&column.name));
    set.any(|value| matches!(value, NewValue::Made(made) if made.to == MadeOf::NewIdInJson))
}

fn asked_for(dbms: Dbms, column: &Column, condition: &Condition) -> String {
    if !condition.one_of.is_empty() {
        return literal(dbms, column, &condition.one_of);
    }
    if !condition.none_of.is_empty() {
        return ordinary(dbms, column);
    }
    match condition.is {
        Some(Is::Null) => "NULL".to_owned(),
        Some(Is::Past) => time(column, "2020-01-01 00:00:00", 1_577_836_800),
        Some(Is::Future) => time(column, "2037-01-01 00:00:00", 2_114_380_800),
        Some(Is::EmptyList) => "'[]'".to_owned(),
        Some(Is::List) => "'[1]'".to_owned(),
        Some(Is::NotNull) => ordinary(dbms, column),
        // As large as anybody would set the other column to.
        None => "25".to_owned(),
    }
}

/// The first of the values that the column's type takes.
fn literal(dbms: Dbms, column: &Column, one_of: &[Literal]) -> String {
    let sql_type = sql_type(dbms, column);
    let is_text = |literal: &&Literal| matches!(literal, Literal::Text(_));
    let fits = |literal: &&Literal| is_text(literal) == is_textual(sql_type);
    let chosen = one_of.iter().find(fits).unwrap_or(&one_of[0]);
    match chosen {
        Literal::Flag(flag) if dbms == Dbms::Sqlite => i64::from(*flag).to_string(),
        Literal::Flag(flag) => flag.to_string(),
        Literal::Number(number) => number.to_string(),
        Literal::Text(text) => format!("'{text}'"),
    }
}

fn is_textual(sql_type: &str) -> bool {
    ![
        "boolean",
        "tinyint",
        "bit",
        "int",
        "bigint",
        "smallint",
        "integer",
        "serial",
        "bigserial",
    ]
    .iter()
    .any(|start| sql_type.starts_with(start))
}

fn time(column: &Column, text: &str, unix: i64) -> String {
    match column.time {
        Some(TimeMeaning::UnixMillis) => (unix * 1000).to_string(),
        Some(TimeMeaning::UnixSeconds) => unix.to_string(),
        _ => format!("'{text}'"),
    }
}

fn sql_type(dbms: Dbms, column: &Column) -> &str {
    column.sql_type(dbms).unwrap_or_default()
}

/// A value the column takes, with nothing special about it. Times are a moment ago.
fn ordinary(dbms: Dbms, column: &Column) -> String {
    const UUID: &str = "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20";
    let sql_type = sql_type(dbms, column);
    let starts = |words: &[&str]| words.iter().any(|word| sql_type.starts_with(word));
    match column.time {
        Some(TimeMeaning::UnixMillis) => return super::states::now_unix(1000),
        Some(TimeMeaning::UnixSeconds) => return super::states::now_unix(1),
        Some(TimeMeaning::UnixTenThousandths) => return super::states::now_unix(10_000),
        Some(TimeMeaning::IsoText) => return format!("'{}'", super::states::now_text('T')),
        Some(_) => return format!("'{}'", super::states::now_text(' ')),
        None => {}
    }
    if starts(&["uuid", "char(36)"]) {
        format!("'{UUID}'")
    } else if sql_type == "binary(16)" {
        format!("X'{}'", UUID.replace('-', ""))
    } else if starts(&["jsonb[]", "text[]", "json"]) {
        "'{}'".to_owned()
    } else if starts(&["bytea", "longblob", "blob", "BLOB"]) {
        "'body'".to_owned()
    } else if starts(&["boolean", "tinyint", "bit("]) {
        "false".to_owned()
    } else if starts(&["int", "bigint", "smallint", "serial", "bigserial"]) {
        "1".to_owned()
    } else if sql_type == "xid8" {
        "'5'".to_owned()
    } else if sql_type.ends_with("job_state") || starts(&["enum"]) {
        "'completed'".to_owned()
    } else {
        "'x'".to_owned()
    }
}
