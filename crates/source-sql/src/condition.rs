//! Conditions on the time column and the key.

use waybill_model::{Micros, Window};

use crate::dialect::{Dialect, Statement, Value};
use crate::epoch::{civil, int_ranges};
use crate::shape::{Column, Kind};

/// How far a text without a zone may be from UTC.
const ZONES_MICROS: i64 = 15 * 3_600_000_000;

/// Appends the condition that a row's time lies in `window` or cannot be read.
///
/// It lets too many rows through where the column's type does not compare as time; the reader
/// checks every row again.
pub(crate) fn in_window(sql: &mut Statement, at: &Column, window: Window) {
    sql.sql("(");
    inside(sql, at, window);
    sql.sql(" OR ");
    unreadable(sql, at);
    sql.sql(")");
}

/// Appends the condition that a row's time lies in `window`, or may do so.
pub(crate) fn inside(sql: &mut Statement, at: &Column, window: Window) {
    match at.kind {
        kind if kind.is_time() => between_times(sql, at, window),
        Kind::Int(_) | Kind::Decimal | Kind::Real(_) => {
            sql.sql("(");
            between_numbers(sql, at, window);
            sql.sql(")");
        }
        Kind::Text => between_texts(sql, at, window),
        Kind::Dynamic => {
            sql.sql("((typeof(").name(&at.name).sql(") = 'text' AND ");
            between_texts(sql, at, window);
            sql.sql(") OR (typeof(")
                .name(&at.name)
                .sql(") IN ('integer','real') AND (");
            between_numbers(sql, at, window);
            sql.sql(")))");
        }
        _ => {
            sql.sql("1 = 0");
        }
    }
}

/// Appends the condition that a row has no time that could be read.
pub(crate) fn unreadable(sql: &mut Statement, at: &Column) {
    let name = &at.name;
    match (at.kind, sql.dialect) {
        (Kind::Timestamp | Kind::TimestampTz | Kind::Date, Dialect::Postgres) => {
            sql.sql("(").name(name).sql(" IS NULL OR ").name(name);
            sql.sql(" IN ('infinity', '-infinity'))");
        }
        // A "zero date" compares as smaller than every date.
        (Kind::Timestamp | Kind::TimestampTz | Kind::Date, _) => {
            sql.sql("(").name(name).sql(" IS NULL OR ").name(name);
            sql.sql(" < CAST('1000-01-01' AS DATETIME))");
        }
        (Kind::Int(_) | Kind::Decimal | Kind::Real(_), _) => {
            sql.sql("(")
                .name(name)
                .sql(" IS NULL OR ")
                .name(name)
                .sql(" < 0)");
        }
        (Kind::Text, _) => {
            sql.sql("(").name(name).sql(" IS NULL OR ").name(name);
            sql.sql(" NOT LIKE '____-__-__%')");
        }
        (Kind::Dynamic, _) => {
            sql.sql("(typeof(")
                .name(name)
                .sql(") IN ('null','blob') OR (typeof(");
            sql.name(name).sql(") = 'text' AND ").name(name);
            sql.sql(" NOT LIKE '____-__-__%') OR (typeof(").name(name);
            sql.sql(") IN ('integer','real') AND ")
                .name(name)
                .sql(" < 0))");
        }
        _ => {
            sql.sql("1 = 1");
        }
    }
}

fn between_times(sql: &mut Statement, at: &Column, window: Window) {
    // Literals before the year 1000 would be read as something else by MySQL.
    let bounds = [
        (">=", window.from, window.from > YEAR_1000),
        ("<", window.to, window.to < YEAR_9999),
    ];
    let mut any = false;
    for (operator, bound, needed) in bounds {
        if needed && civil(bound).is_some() {
            sql.sql(if any { " AND " } else { "(" });
            sql.name(&at.name).sql(" ").sql(operator).sql(" ");
            sql.value(Value::Time(bound, at.kind));
            any = true;
        }
    }
    if any {
        sql.sql(")");
    } else {
        sql.name(&at.name).sql(" IS NOT NULL");
    }
}

fn between_numbers(sql: &mut Statement, at: &Column, window: Window) {
    let ranges = int_ranges(window);
    if ranges.is_empty() {
        sql.sql("1 = 0");
    }
    for (idx, (from, to)) in ranges.into_iter().enumerate() {
        if idx > 0 {
            sql.sql(" OR ");
        }
        sql.sql("(")
            .name(&at.name)
            .sql(" >= ")
            .value(Value::Int(from));
        sql.sql(" AND ")
            .name(&at.name)
            .sql(" < ")
            .value(Value::Int(to))
            .sql(")");
    }
}

/// By the day only: the rest is spelled in too many ways to be compared as text.
fn between_texts(sql: &mut Statement, at: &Column, window: Window) {
    let day = |at: Micros| civil(at).map(|text| text[..10].to_owned());
    let from = day(window.from.plus(-ZONES_MICROS));
    // The day after: `2026-11-21` is larger than every time on the 20th.
    let to = day(window.to.plus(ZONES_MICROS).plus(24 * 3_600_000_000));
    sql.sql("(").name(&at.name).sql(" LIKE '____-__-__%'");
    if let Some(from) = from {
        sql.sql(" AND ")
            .name(&at.name)
            .sql(" >= ")
            .value(Value::Text(from));
    }
    if let Some(to) = to {
        sql.sql(" AND ")
            .name(&at.name)
            .sql(" < ")
            .value(Value::Text(to));
    }
    sql.sql(")");
}

/// 1000-01-01
const YEAR_1000: Micros = Micros(-30_610_224_000_000_000);
/// 9999-01-01
const YEAR_9999: Micros = Micros(253_370_764_800_000_000);

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use waybill_source::ColumnInfo;

    use super::*;

    fn check(kind: Kind, window: Window, expect: Expect) {
        let dialect = if kind == Kind::Dynamic {
            Dialect::Sqlite
        } else {
            Dialect::Postgres
        };
        let column = Column {
            name: "at".to_owned(),
            kind,
            info: ColumnInfo {
                name: "at".to_owned(),
                sql_type: String::new(),
                nullable: true,
                primary_key: false,
                readable: true,
            },
        };
        let mut sql = Statement::inline(dialect);
        in_window(&mut sql, &column, window);
        let values: Vec<_> = sql.values.iter().map(Value::as_text).collect();
        expect.assert_eq(&format!("{} {values:?}", sql.text));
    }

    fn minute() -> Window {
        Window {
            from: Micros(1_795_183_380_000_000),
            to: Micros(1_795_183_440_000_000),
        }
    }

    #[test]
    fn times_are_compared_as_times() {
        check(
            Kind::TimestampTz,
            minute(),
            expect![[
                r#"(("at" >= '2026-11-20 14:03:00.000+00'::timestamptz AND "at" < '2026-11-20 14:04:00.000+00'::timestamptz) OR ("at" IS NULL OR "at" IN ('infinity', '-infinity'))) []"#
            ]],
        );
    }

    #[test]
    fn a_window_without_end_has_no_upper_bound() {
        let all = Window {
            from: Micros(i64::MIN),
            to: Micros(i64::MAX),
        };
        check(
            Kind::Timestamp,
            all,
            expect![[
                r#"("at" IS NOT NULL OR ("at" IS NULL OR "at" IN ('infinity', '-infinity'))) []"#
            ]],
        );
    }

    #[test]
    fn texts_are_compared_by_day_and_numbers_in_every_unit() {
        check(
            Kind::Text,
            minute(),
            expect![[
                r#"(("at" LIKE '____-__-__%' AND "at" >= $1 AND "at" < $2) OR ("at" IS NULL OR "at" NOT LIKE '____-__-__%')) ["2026-11-19", "2026-11-22"]"#
            ]],
        );
        check(
            Kind::Int(false),
            minute(),
            expect![[
                r#"((("at" >= (1795183380) AND "at" < (1795183440)) OR ("at" >= (1795183380000) AND "at" < (1795183440000)) OR ("at" >= (17951833800000) AND "at" < (17951834400000)) OR ("at" >= (1795183380000000) AND "at" < (1795183440000000)) OR ("at" >= (639307801800000000) AND "at" < (639307802400000000)) OR ("at" >= (1795183380000000000) AND "at" < (1795183440000000000))) OR ("at" IS NULL OR "at" < 0)) []"#
            ]],
        );
    }
}
