//! The statements that make a labelled table, in its database's words.

use crate::corpus::{Column, Database, Labelled};
use crate::values::{Family, Row, family, labels, literal};

/// Statements that make the table with what its definition says beside the columns.
pub(crate) fn statements(table: &Labelled, rows: &[Row]) -> Vec<String> {
    let mut statements = Vec::new();
    if table.database == Database::Postgres {
        if let Some((schema, _)) = table.table.split_once('.') {
            statements.push(format!("CREATE SCHEMA \"{schema}\""));
        }
        for column in &table.columns {
            if let [_, ..] = labels(column).as_slice() {
                let words: Vec<_> = labels(column).iter().map(|it| format!("'{it}'")).collect();
                let (name, words) = (enum_name(column), words.join(", "));
                statements.push(format!("CREATE TYPE {name} AS ENUM ({words})"));
            }
        }
    }
    statements.push(create(table));
    statements.extend(beside(table));
    statements.extend(inserts(table, rows));
    statements
}

fn create(table: &Labelled) -> String {
    let mut lines: Vec<String> = table.columns.iter().map(|c| line(table, c)).collect();
    let keys = table.columns.iter().filter(|column| column.key);
    let keys: Vec<String> = keys.map(|key| quoted(table.database, &key.name)).collect();
    if !keys.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", keys.join(", ")));
    }
    for (column, words) in &table.checks {
        let words: Vec<_> = words.iter().map(|it| format!("'{it}'")).collect();
        let column = quoted(table.database, column);
        lines.push(format!("CHECK ({column} IN ({}))", words.join(", ")));
    }
    let name = full_name(table);
    format!("CREATE TABLE {name} ({})", lines.join(", "))
}

fn line(table: &Labelled, column: &Column) -> String {
    let name = quoted(table.database, &column.name);
    let listed = labels(column);
    let sql_type = match (table.database, listed.is_empty()) {
        (_, true) => column.sql_type.clone(),
        (Database::Postgres, false) => enum_name(column),
        (Database::Mysql, false) => {
            let words: Vec<_> = listed.iter().map(|it| format!("'{it}'")).collect();
            format!("ENUM({})", words.join(", "))
        }
        (Database::Sqlite, false) => "TEXT".to_owned(),
    };
    let null = if column.null || column.key {
        ""
    } else {
        " NOT NULL"
    };
    // MariaDB gives a timestamp that may not say NULL a default of its own.
    let null = match (family(column), table.database) {
        (Family::Time, Database::Mysql) if column.null => " NULL",
        _ => null,
    };
    let default = column.default.as_ref().map_or_else(String::new, |default| {
        let default = literal(table.database, column, Some(default));
        format!(" DEFAULT {default}")
    });
    let comment = comment(table, column);
    format!("{name} {sql_type}{null}{default}{comment}")
}

/// A MySQL comment stands behind its column.
fn comment(table: &Labelled, column: &Column) -> String {
    let is_status = table.role("status") == Some(column.name.as_str());
    if table.database != Database::Mysql || !is_status || table.comment.is_empty() {
        return String::new();
    }
    format!(" COMMENT '{}'", said(table))
}

/// Every second one in Chinese, in which most of such comments are.
pub(crate) fn said(table: &Labelled) -> String {
    let in_chinese = table.table.len().is_multiple_of(2);
    let words = table.comment.iter().map(|(value, meaning)| {
        let chinese = match meaning.as_str() {
            "pending" => "待发送",
            "sent" => "已发送",
            "failed" => "发送失败",
            "received" => "待消费",
            "processed" => "消费成功",
            other => other,
        };
        match in_chinese {
            true => format!("{value}-{chinese}"),
            false => format!("{value}: {meaning}"),
        }
    });
    words
        .collect::<Vec<_>>()
        .join(if in_chinese { "，" } else { ", " })
}

/// Partial indexes, and comments where they are statements of their own.
fn beside(table: &Labelled) -> Vec<String> {
    if table.database == Database::Mysql {
        return Vec::new();
    }
    let name = full_name(table);
    let first = quoted(table.database, &table.columns[0].name);
    let indexes = table.partial_indexes.iter().enumerate();
    let mut all: Vec<String> = indexes
        .map(|(nth, condition)| {
            format!("CREATE INDEX ix_{nth} ON {name} ({first}) WHERE {condition}")
        })
        .collect();
    if table.database == Database::Postgres
        && !table.comment.is_empty()
        && let Some(status) = table.role("status")
    {
        let said = said(table);
        all.push(format!("COMMENT ON COLUMN {name}.\"{status}\" IS '{said}'"));
    }
    all
}

fn inserts(table: &Labelled, rows: &[Row]) -> Vec<String> {
    let name = full_name(table);
    let kept = rows.iter().filter(|row| row.is_kept);
    kept.map(|row| {
        let cells = table.columns.iter().zip(&row.cells);
        let cells: Vec<String> = cells
            .map(|(column, cell)| literal(table.database, column, cell.as_deref()))
            .collect();
        format!("INSERT INTO {name} VALUES ({})", cells.join(", "))
    })
    .collect()
}

fn full_name(table: &Labelled) -> String {
    let parts = table.table.split('.');
    let parts: Vec<String> = parts.map(|part| quoted(table.database, part)).collect();
    parts.join(".")
}

fn enum_name(column: &Column) -> String {
    format!("{}_words", column.name.to_lowercase())
}

fn quoted(database: Database, name: &str) -> String {
    match database {
        Database::Mysql => format!("`{name}`"),
        Database::Postgres | Database::Sqlite => format!("\"{name}\""),
    }
}
