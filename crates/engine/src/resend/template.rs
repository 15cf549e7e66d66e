//! Rebuilds a body from a business row by the flow's template. Pure.

use serde_json::Value;
use waybill_source::{ColumnInfo, Row};

/// The body with every `{column}` replaced by the JSON of the column's value.
///
/// Fails with a sentence when the template asks for JSON and does not yield it.
pub(super) fn rebuilt(body: &str, row: &Row, columns: &[ColumnInfo]) -> Result<String, String> {
    let mut text = String::with_capacity(body.len() * 2);
    let mut rest = body;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        match column_at(rest, row) {
            Some((name, value)) => {
                text.push_str(&json_of(value, sql_type(name, columns)).to_string());
                rest = &rest[name.len() + 2..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    match serde_json::from_str::<Value>(&text) {
        Ok(_) => Ok(text),
        Err(error) if body.trim_start().starts_with(['{', '[']) => Err(format!(
            "the flow's template does not yield JSON ({error}); check its placeholders"
        )),
        Err(_) => Ok(text),
    }
}

/// The column whose placeholder `rest` begins with, and its value.
fn column_at<'r>(rest: &str, row: &'r Row) -> Option<(&'r str, Option<&'r str>)> {
    let name = &rest[1..rest.find('}')?];
    let (name, value) = row.columns.iter().find(|(column, _)| column == name)?;
    Some((name, value.as_deref()))
}

fn sql_type<'a>(name: &str, columns: &'a [ColumnInfo]) -> &'a str {
    columns
        .iter()
        .find(|column| column.name == name)
        .map_or("", |column| &column.sql_type)
}

/// A column's text as JSON, by what the database says it is.
fn json_of(value: Option<&str>, sql_type: &str) -> Value {
    let Some(text) = value else {
        return Value::Null;
    };
    let kind = sql_type.to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    if is(&["bool"]) || kind == "tinyint(1)" {
        return Value::Bool(matches!(text, "t" | "true" | "1"));
    }
    let number = is(&[
        "int", "numeric", "decimal", "float", "double", "real", "serial",
    ]) && !is(&["interval", "point"]);
    if number || is(&["json"]) {
        return serde_json::from_str(text).unwrap_or_else(|_error| Value::String(text.to_owned()));
    }
    Value::String(text.to_owned())
}

#[cfg(test)]
mod tests {
    use waybill_source::RowKey;

    use super::*;

    fn check(body: &str, expected: Result<&str, &str>) {
        let row = Row {
            key: RowKey("7".to_owned()),
            at: None,
            due_at: None,
            columns: [
                ("id", Some("7")),
                ("name", Some("Otter \"big\" {id}")),
                ("gone", None),
                ("on", Some("t")),
            ]
            .map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
            .into(),
            payload: None,
            payload_len: 0,
        };
        let column = |name: &str, sql_type: &str| ColumnInfo {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            nullable: true,
            primary_key: false,
            readable: true,
        };
        let columns = [
            column("id", "bigint"),
            column("name", "text"),
            column("on", "boolean"),
        ];
        let found = rebuilt(body, &row, &columns);
        assert_eq!(
            found
                .as_deref()
                .map_err(|why| why.split(" (").next().unwrap_or("")),
            expected
        );
    }

    #[test]
    fn columns_become_json_of_their_type_and_values_are_not_looked_into() {
        check(
            r#"{"id": {id}, "name": {name}, "old": {gone}, "on": {on}, "o": {}}"#,
            Ok(r#"{"id": 7, "name": "Otter \"big\" {id}", "old": null, "on": true, "o": {}}"#),
        );
        check("<id>{id}</id>", Ok("<id>7</id>"));
    }

    #[test]
    fn a_placeholder_that_is_no_column_is_found_out() {
        check(
            r#"{"id": {idd}}"#,
            Err("the flow's template does not yield JSON"),
        );
    }
}
