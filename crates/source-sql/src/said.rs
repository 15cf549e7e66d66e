//! What definitions say of the values of columns: defaults, comments, words of enumerated types,
//! checks, conditions of indexes.

use std::collections::BTreeMap;

use waybill_source::{Said, SaidBy, TableInfo};

/// Something that a definition says, beside its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SaidOf {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) said: Said,
}

impl SaidOf {
    /// Of a row of the catalogue: schema, table, column, by what, text. Where a whole statement is
    /// given, only its condition says something.
    pub(crate) fn new([schema, table, column, by, text]: [String; 5]) -> Self {
        let (by, text) = match by.as_str() {
            "default" => (SaidBy::Default, text),
            "comment" => (SaidBy::Comment, text),
            "label" => (SaidBy::Label, text),
            "index" => (SaidBy::Index, text),
            "index-statement" => (SaidBy::Index, behind(&text, "where")),
            "table-statement" => (SaidBy::Check, checks(&text)),
            _ => (SaidBy::Check, text),
        };
        Self {
            schema,
            table,
            said: Said {
                column: Some(column).filter(|column| !column.is_empty()),
                by,
                text,
            },
        }
    }
}

/// What stands behind the last such word of a statement.
fn behind(statement: &str, word: &str) -> String {
    let at = statement.to_ascii_lowercase().rfind(word);
    at.map_or_else(String::new, |at| {
        statement[at + word.len()..].trim().to_owned()
    })
}

/// The conditions of a statement that makes a table, one behind the other.
fn checks(statement: &str) -> String {
    let lower = statement.to_ascii_lowercase();
    let starts = lower
        .match_indices("check")
        .map(|(at, word)| at + word.len());
    let conditions = starts.filter_map(|at| in_brackets(&statement[at..]));
    conditions.collect::<Vec<_>>().join(" AND ")
}

/// What stands in the brackets a text begins with, those within included.
fn in_brackets(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return text.get(1..at).filter(|inner| !inner.is_empty());
        }
    }
    None
}

/// Notes everything at its table.
pub(crate) fn note(tables: &mut [TableInfo], all: Vec<SaidOf>) {
    let mut places: BTreeMap<(String, String), Vec<Said>> = BTreeMap::new();
    for SaidOf {
        schema,
        table,
        said,
    } in all
    {
        if !said.text.is_empty() {
            places.entry((schema, table)).or_default().push(said);
        }
    }
    for table in tables {
        let place = (table.schema.clone(), table.name.clone());
        table.said = places.remove(&place).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_statement_only_the_condition_is_taken() {
        let said = |by: &str, text: &str| {
            SaidOf::new(["", "outbox", "", by, text].map(str::to_owned)).said
        };
        let index = said(
            "index-statement",
            "CREATE INDEX i ON outbox (id) WHERE sent_at IS NULL",
        );
        assert_eq!(
            (index.by, index.text.as_str()),
            (SaidBy::Index, "sent_at IS NULL")
        );
        let table = said(
            "table-statement",
            "CREATE TABLE outbox (status TEXT CHECK (status IN ('new', 'sent')), n INT CHECK(n > 0))",
        );
        assert_eq!(table.text, "status IN ('new', 'sent') AND n > 0");
        assert_eq!(said("table-statement", "CREATE TABLE checks (a)").text, "");
    }
}
