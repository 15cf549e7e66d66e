//! Conditions on the columns that say whether a row was sent. They let rows through that were; the
//! reader looks at each again.

use crate::dialect::{Dialect, Statement, Value};
use crate::epoch::{LAST_OF_32_BITS, PLAUSIBLE};
use crate::shape::{Column, Kind, Plan};

/// Texts that say "no", or stand for "none".
const NO: [&str; 8] = ["", "0", "f", "false", "n", "no", "null", "never"];

/// Appends that a row may not have been sent, nor given up.
pub(crate) fn may_be_unsent(sql: &mut Statement, plan: &Plan) {
    for idx in [plan.sent_at, plan.failed_at].into_iter().flatten() {
        sql.sql(" AND (");
        may_say_no(sql, &plan.columns[idx]);
        sql.sql(")");
    }
    if let Some((idx, sent, failed)) = &plan.status {
        let words: Vec<String> = sent
            .iter()
            .chain(failed)
            .map(|it| it.to_lowercase())
            .collect();
        if !words.is_empty() {
            sql.sql(" AND (");
            is_none_of(sql, &plan.columns[*idx], &words);
            sql.sql(")");
        }
    }
}

fn may_say_no(sql: &mut Statement, column: &Column) {
    let name = &column.name;
    sql.name(name).sql(" IS NULL");
    match column.kind {
        Kind::Timestamp | Kind::TimestampTz | Kind::Date => {
            sql.sql(" OR ").name(name).sql(" < ");
            sql.value(Value::Time(PLAUSIBLE.from, column.kind));
            sql.sql(" OR ").name(name).sql(" >= ");
            sql.value(Value::Time(PLAUSIBLE.to, column.kind));
        }
        Kind::Bool => {
            let no = match sql.dialect {
                Dialect::Postgres => " = false",
                Dialect::MySql | Dialect::Sqlite => " = 0",
            };
            sql.sql(" OR ").name(name).sql(no);
        }
        Kind::Int(_) | Kind::Real(_) | Kind::Decimal => says_no_as_a_number(sql, name),
        Kind::Text => says_no_as_a_text(sql, name),
        Kind::Dynamic => {
            sql.sql(" OR (typeof(")
                .name(name)
                .sql(") = 'text' AND (1 = 0");
            says_no_as_a_text(sql, name);
            sql.sql(")) OR (typeof(").name(name);
            sql.sql(") IN ('integer','real') AND (1 = 0");
            says_no_as_a_number(sql, name);
            sql.sql("))");
        }
        Kind::Bytes | Kind::Jsonb | Kind::Uuid | Kind::Other => {
            sql.sql(" OR 1 = 1");
        }
    }
}

fn says_no_as_a_number(sql: &mut Statement, name: &str) {
    sql.sql(" OR ").name(name).sql(" <= 0 OR ").name(name);
    sql.sql(" IN (").value(Value::Int(LAST_OF_32_BITS));
    sql.sql(", ").value(Value::Int(i64::MAX)).sql(")");
}

fn says_no_as_a_text(sql: &mut Statement, name: &str) {
    sql.sql(" OR lower(").name(name).sql(") IN (");
    for (idx, no) in NO.iter().enumerate() {
        if idx > 0 {
            sql.sql(", ");
        }
        sql.sql(&format!("'{no}'"));
    }
    sql.sql(")");
    for none in ["0000-", "0001-", "1970-01-01", "9999-12-31"] {
        sql.sql(" OR ").name(name).sql(&format!(" LIKE '{none}%'"));
    }
}

fn is_none_of(sql: &mut Statement, column: &Column, words: &[String]) {
    let text = match sql.dialect {
        Dialect::Postgres | Dialect::Sqlite => "text",
        Dialect::MySql => "char",
    };
    let name = &column.name;
    sql.name(name).sql(" IS NULL OR lower(CAST(").name(name);
    sql.sql(&format!(" AS {text})) NOT IN ("));
    for (idx, word) in words.iter().enumerate() {
        if idx > 0 {
            sql.sql(", ");
        }
        sql.value(Value::Text(word.clone()));
    }
    sql.sql(")");
}
