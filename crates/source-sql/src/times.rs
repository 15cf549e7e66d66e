//! How the times of a table are written: with their zone, or as a clock on somebody's wall shows
//! them, and what is known of that wall.

use waybill_model::{Micros, Window, Zone};
use waybill_source::{Result, RowColumns, SaidBy, Times};

use crate::cell::Cell;
use crate::condition::inside;
use crate::dialect::{Dialect, Statement};
use crate::epoch::{PLAUSIBLE, When};
use crate::forms::{self, Forms};
use crate::link::{Doing, Link};
use crate::sample::newest_first;
use crate::shape::{Column, Plan, Shape};

/// How many values are looked at.
const VALUES: u32 = 200;

/// A table of more rows is not sorted to find its newest.
const SORTED_ROWS: u64 = 100_000;

/// A row that was just written lies no later than this, whatever the zone.
const AHEAD_MICROS: i64 = Zone::EAST_MICROS + 3_600_000_000;

/// Looks at some of a table's newest times.
pub(crate) async fn times(link: &dyn Link, roles: &RowColumns) -> Result<Times> {
    let shape = link.shape(&roles.table).await?;
    let mut plan = Plan::new(&shape, roles, link.dialect())?;
    let Some(at) = plan.at_column().cloned() else {
        return Ok(Times::default());
    };
    if !at.is_local(link.dialect()) {
        return Ok(Times::default());
    }
    let now = link.now().await?;
    plan.forms = Forms {
        zone: None,
        ..forms::look(link, &shape, &at, now).await?
    };
    let newest = newest(link, &shape, &plan, &at, now).await?;
    let local = at.kind.is_time() || !newest.is_empty();
    if !local {
        return Ok(Times::default());
    }
    Ok(Times {
        local,
        newest,
        now: Some(now),
        defined: defined(link, &shape, &at.name).await?,
        server: link.zone().await?,
    })
}

/// Those of the newest times that name no zone.
async fn newest(
    link: &dyn Link,
    shape: &Shape,
    plan: &Plan,
    at: &Column,
    now: Micros,
) -> Result<Vec<Micros>> {
    let mut newest = Vec::new();
    let forms = plan.forms;
    let mut each = |cells: &[Cell<'_>]| newest.extend(cells.first().and_then(|c| local(c, &forms)));
    let doing = Doing::reading(&shape.name);
    let kinds = [at.kind];
    let statement = statement(link.dialect(), shape, plan, at, now);
    link.select(&doing, statement, &kinds, &mut each).await?;
    Ok(newest)
}

/// A time that names no zone.
fn local(cell: &Cell<'_>, forms: &Forms) -> Option<Micros> {
    match cell.when(forms) {
        When::Local(at) => Some(at),
        When::At { .. } | When::Missing | When::Sentinel | When::Unreadable => None,
    }
}

fn statement(dialect: Dialect, shape: &Shape, plan: &Plan, at: &Column, now: Micros) -> Statement {
    let mut sql = Statement::new(dialect);
    sql.sql("SELECT ").column(at).sql(" FROM ");
    sql.table(&shape.schema, &shape.name).sql(" WHERE ");
    let window = Window {
        from: PLAUSIBLE.from,
        to: now.plus(AHEAD_MICROS),
    };
    inside(&mut sql, plan, window);
    let is_small = shape.estimated_rows.is_none_or(|rows| rows <= SORTED_ROWS);
    if plan.at_indexed || is_small {
        sql.sql(" ORDER BY ").name(&at.name).sql(" DESC");
    } else if let Some(newest) = newest_first(shape) {
        sql.sql(" ORDER BY ").name(newest).sql(" DESC");
    }
    sql.sql(&format!(" LIMIT {VALUES}"));
    sql
}

/// What the column's default says of its zone.
async fn defined(link: &dyn Link, shape: &Shape, column: &str) -> Result<Option<(Zone, String)>> {
    let all = link.said().await?.into_iter();
    let mut here = all.filter(|it| it.schema == shape.schema && it.table == shape.name);
    let is_its = |column_of: &Option<String>| column_of.as_deref() == Some(column);
    let default = here.find(|it| it.said.by == SaidBy::Default && is_its(&it.said.column));
    let text = default.map(|default| default.said.text);
    let utc = text.filter(|text| is_utc(text, link.dialect()));
    Ok(utc.map(|text| (Zone::UTC, format!("the default of {column} is {text}"))))
}

/// Whether an expression is the time in UTC.
fn is_utc(expression: &str, dialect: Dialect) -> bool {
    let expression = expression.to_ascii_lowercase();
    let of_sqlite = ["current_timestamp", "now"];
    match dialect {
        Dialect::Postgres | Dialect::MySql => expression.contains("utc"),
        Dialect::Sqlite => {
            !expression.contains("localtime")
                && of_sqlite.iter().any(|word| expression.contains(word))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_no_zone_is_local() {
        let forms = Forms {
            zone: None,
            ..Forms::default()
        };
        for (cell, expected) in [
            (Cell::Text(b"2026-11-20 14:03:12"), true),
            (Cell::Text(b"2026-11-20T14:03:12.418"), true),
            (Cell::Text(b"Fri Nov 20 14:03:12 2026"), true),
            (Cell::Text(b"2026-11-20T14:03:12Z"), false),
            (Cell::Text(b"2026-11-20 15:03:12+01"), false),
            (Cell::Text(b"Fri, 20 Nov 2026 09:03:12 -0500"), false),
            (Cell::Int(1_795_183_392), false),
            (Cell::Time(Micros(1_795_183_392_000_000)), true),
            (Cell::Null, false),
        ] {
            assert_eq!(local(&cell, &forms).is_some(), expected, "{cell:?}");
        }
    }

    #[test]
    fn a_default_may_say_utc() {
        for (text, dialect, expected) in [
            ("timezone('utc'::text, now())", Dialect::Postgres, true),
            ("now()", Dialect::Postgres, false),
            ("utc_timestamp()", Dialect::MySql, true),
            ("current_timestamp()", Dialect::MySql, false),
            ("CURRENT_TIMESTAMP", Dialect::Sqlite, true),
            ("datetime('now', 'localtime')", Dialect::Sqlite, false),
        ] {
            assert_eq!(is_utc(text, dialect), expected, "{text}");
        }
    }
}
