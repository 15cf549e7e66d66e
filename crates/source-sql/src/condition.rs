//! Conditions on the time column and the key.

use waybill_model::{Micros, Window};

use crate::dialect::{Dialect, Statement, Value};
use crate::epoch::{LAST_OF_32_BITS, PLAUSIBLE, SECOND, civil};
use crate::shape::{Column, Kind, Plan};

/// How far a text without a zone may be from UTC.
const ZONES_MICROS: i64 = 15 * 3_600_000_000;

/// Appends the condition that a row's time lies in `window` or cannot be read.
///
/// It lets too many rows through where the column's type does not compare as time; the reader
/// checks every row again.
pub(crate) fn in_window(sql: &mut Statement, plan: &Plan, window: Window) {
    sql.sql("(");
    inside(sql, plan, window);
    sql.sql(" OR ");
    unreadable(sql, plan);
    sql.sql(")");
}

/// Appends the condition that a row's time lies in `window`, or may do so.
pub(crate) fn inside(sql: &mut Statement, plan: &Plan, window: Window) {
    let Some(at) = plan.at_column() else {
        sql.sql("1 = 0");
        return;
    };
    match at.kind {
        Kind::Timestamp | Kind::TimestampTz | Kind::Date => {
            between_times(sql, at, plan.forms.local(window))
        }
        Kind::Int(_) | Kind::Decimal | Kind::Real(_) => {
            sql.sql("(");
            between_numbers(sql, plan, at, window);
            sql.sql(")");
        }
        Kind::Text => between_texts(sql, at, window),
        Kind::Dynamic => {
            sql.sql("((typeof(").name(&at.name).sql(") = 'text' AND ");
            between_texts(sql, at, window);
            sql.sql(") OR (typeof(")
                .name(&at.name)
                .sql(") IN ('integer','real') AND (");
            between_numbers(sql, plan, at, window);
            sql.sql(")))");
        }
        Kind::Bool | Kind::Jsonb | Kind::Bytes | Kind::Uuid | Kind::Other => {
            sql.sql("1 = 0");
        }
    }
}

/// Appends the condition that a row has no time that could be compared: none at all, one that
/// stands for "none", or one that only the reader can read.
pub(crate) fn unreadable(sql: &mut Statement, plan: &Plan) {
    let Some(at) = plan.at_column() else {
        sql.sql("1 = 1");
        return;
    };
    match at.kind {
        Kind::Timestamp | Kind::TimestampTz | Kind::Date => {
            sql.sql("(").name(&at.name).sql(" IS NULL OR ");
            implausible_times(sql, at);
            sql.sql(")");
        }
        Kind::Int(_) | Kind::Decimal | Kind::Real(_) => {
            sql.sql("(").name(&at.name).sql(" IS NULL OR ");
            implausible_numbers(sql, plan, at);
            sql.sql(")");
        }
        Kind::Text => {
            sql.sql("(").name(&at.name).sql(" IS NULL OR ");
            implausible_texts(sql, at);
            sql.sql(")");
        }
        Kind::Dynamic => {
            let name = &at.name;
            sql.sql("(typeof(").name(name).sql(") IN ('null','blob')");
            sql.sql(" OR (typeof(").name(name).sql(") = 'text' AND (");
            implausible_texts(sql, at);
            sql.sql(")) OR (typeof(")
                .name(name)
                .sql(") IN ('integer','real') AND (");
            implausible_numbers(sql, plan, at);
            sql.sql(")))");
        }
        Kind::Bool | Kind::Jsonb | Kind::Bytes | Kind::Uuid | Kind::Other => {
            sql.sql("1 = 1");
        }
    }
}

/// Infinity and zero dates compare as larger and smaller than every date.
fn implausible_times(sql: &mut Statement, at: &Column) {
    let value = |at: Micros, kind: Kind| Value::Time(at, kind);
    sql.name(&at.name).sql(" < ");
    sql.value(value(PLAUSIBLE.from, at.kind)).sql(" OR ");
    sql.name(&at.name).sql(" >= ");
    sql.value(value(PLAUSIBLE.to, at.kind));
    if sql.dialect != Dialect::MySql {
        return;
    }
    let last = Micros(LAST_OF_32_BITS * SECOND);
    sql.sql(" OR (").name(&at.name).sql(" >= ");
    sql.value(value(last, at.kind));
    sql.sql(" AND ").name(&at.name).sql(" < ");
    sql.value(value(last.plus(SECOND), at.kind)).sql(")");
}

fn implausible_texts(sql: &mut Statement, at: &Column) {
    sql.name(&at.name).sql(" NOT LIKE '____-__-__%' OR ");
    sql.name(&at.name).sql(" < '1980-01-02' OR ");
    sql.name(&at.name).sql(" >= '2099-12-31' OR ");
    sql.name(&at.name).sql(" LIKE '2038-01-19%'");
}

/// What lies between the ranges of the form's plausible numbers, so that an index finds it.
fn implausible_numbers(sql: &mut Statement, plan: &Plan, at: &Column) {
    let name = &at.name;
    let mut below: Option<Value> = None;
    for (from, to) in plan.forms.numbers.ranges(PLAUSIBLE) {
        sql.sql("(");
        if let Some(below) = below {
            sql.name(name).sql(" >= ").value(below).sql(" AND ");
        }
        sql.name(name).sql(" < ").value(from).sql(") OR ");
        below = Some(to);
    }
    if let Some(below) = below {
        sql.name(name).sql(" >= ").value(below).sql(" OR ");
    }
    sql.name(name).sql(" IN (");
    let millis = LAST_OF_32_BITS * 1000;
    sql.value(Value::Int(LAST_OF_32_BITS)).sql(", ");
    sql.value(Value::Int(millis)).sql(")");
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

fn between_numbers(sql: &mut Statement, plan: &Plan, at: &Column, window: Window) {
    let name = &at.name;
    let ranges = plan
        .forms
        .numbers
        .ranges(plan.forms.window_of_numbers(window));
    if ranges.is_empty() {
        sql.sql("1 = 0");
    }
    for (idx, (from, to)) in ranges.into_iter().enumerate() {
        if idx > 0 {
            sql.sql(" OR ");
        }
        sql.sql("(").name(name).sql(" >= ").value(from);
        sql.sql(" AND ").name(name).sql(" < ").value(to).sql(")");
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
    use std::collections::{BTreeMap, BTreeSet};

    use expect_test::{Expect, expect};
    use waybill_source::{ColumnInfo, RowColumns};

    use super::*;
    use crate::shape::Shape;

    /// Of a table with nothing but a time.
    fn plan(kind: Kind, dialect: Dialect) -> Plan {
        let at = Column {
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
        let shape = Shape {
            schema: String::new(),
            name: "outbox".to_owned(),
            columns: vec![at],
            estimated_rows: None,
            partition: false,
            indexed: BTreeSet::new(),
            unique: BTreeSet::new(),
            rowid: None,
        };
        let roles = RowColumns {
            table: "outbox".to_owned(),
            key: "at".to_owned(),
            id: None,
            aggregate_type: None,
            fixed_aggregate_type: None,
            aggregate_id: None,
            version: None,
            kind: None,
            at: Some("at".to_owned()),
            zone: waybill_source::Zoning::default(),
            sent_at: None,
            failed_at: None,
            status: None,
            attempts: None,
            destination: None,
            due: None,
            wanted: BTreeMap::new(),
            only: None,
            payload: None,
            compare: None,
        };
        Plan::new(&shape, &roles, dialect).expect("the column is there")
    }

    fn check(kind: Kind, window: Window, expect: Expect) {
        let dialect = if kind == Kind::Dynamic {
            Dialect::Sqlite
        } else {
            Dialect::Postgres
        };
        let plan = plan(kind, dialect);
        let mut sql = Statement::inline(dialect);
        in_window(&mut sql, &plan, window);
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
                r#"(("at" >= '2026-11-20 14:03:00.000+00'::timestamptz AND "at" < '2026-11-20 14:04:00.000+00'::timestamptz) OR ("at" IS NULL OR "at" < '1980-01-01 00:00:00.000+00'::timestamptz OR "at" >= '2100-01-01 00:00:00.000+00'::timestamptz)) []"#
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
                r#"("at" IS NOT NULL OR ("at" IS NULL OR "at" < '1980-01-01 00:00:00.000'::timestamp OR "at" >= '2100-01-01 00:00:00.000'::timestamp)) []"#
            ]],
        );
    }

    #[test]
    fn texts_are_compared_by_day_and_numbers_in_every_unit() {
        check(
            Kind::Text,
            minute(),
            expect![[
                r#"(("at" LIKE '____-__-__%' AND "at" >= $1 AND "at" < $2) OR ("at" IS NULL OR "at" NOT LIKE '____-__-__%' OR "at" < '1980-01-02' OR "at" >= '2099-12-31' OR "at" LIKE '2038-01-19%')) ["2026-11-19", "2026-11-22"]"#
            ]],
        );
        check(
            Kind::Int(false),
            minute(),
            expect![[
                r#"((("at" >= (1795183380) AND "at" < (1795183440)) OR ("at" >= (1795183380000) AND "at" < (1795183440000)) OR ("at" >= (17951833800000) AND "at" < (17951834400000)) OR ("at" >= (1795183380000000) AND "at" < (1795183440000000)) OR ("at" >= (134396569800000000) AND "at" < (134396570400000000)) OR ("at" >= (639307801800000000) AND "at" < (639307802400000000)) OR ("at" >= (1795183380000000000) AND "at" < (1795183440000000000))) OR ("at" IS NULL OR ("at" < (315532800)) OR ("at" >= (4102444800) AND "at" < (315532800000)) OR ("at" >= (4102444800000) AND "at" < (10000000000000)) OR ("at" >= (41024448000000) AND "at" < (315532800000000)) OR ("at" >= (4102444800000000) AND "at" < (119600064000000000)) OR ("at" >= (157469184000000000) AND "at" < (624511296000000000)) OR ("at" >= (662380416000000000) AND "at" < (1000000000000000000)) OR "at" >= (4102444800000000000) OR "at" IN ((2147483647), (2147483647000)))) []"#
            ]],
        );
    }
}
