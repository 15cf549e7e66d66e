//! The statements of a read. Every one is short, and a `SELECT`.

use waybill_model::Window;

use crate::body;
use crate::condition::{in_window, inside, unreadable};
use crate::dialect::{Dialect, Statement, Value};
use crate::shape::{Kind, Plan, Shape};
use crate::state::may_be_unsent;

/// Writes the statements of one read of one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statements<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) shape: &'a Shape,
    pub(crate) plan: &'a Plan,
}

/// Where a page in time order begins: after this time and key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct After {
    /// The time column's raw value; `None` where there is no such column.
    pub(crate) at: Option<Value>,
    /// The key.
    pub(crate) key: Value,
}

/// Where a page in time order ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End<'a> {
    /// After so many rows.
    Rows(u32),
    /// Only the so-manieth row.
    Nth(u32),
    /// With the last row of this time and key.
    UpTo(&'a After),
}

impl Statements<'_> {
    /// Rows with `after < number`, `number <= up_to`, in the window, by number.
    pub(crate) fn by_number(
        self,
        mut sql: Statement,
        after: Option<i64>,
        up_to: Option<i64>,
        window: Window,
    ) -> Statement {
        let number = &self.plan.columns[self.plan.number].name;
        self.select(&mut sql);
        in_window(&mut sql, self.plan, window);
        if let Some(after) = after {
            sql.sql(" AND ")
                .name(number)
                .sql(" > ")
                .value(Value::Int(after));
        } else if self.plan.columns[self.plan.number].info.nullable {
            sql.sql(" AND ").name(number).sql(" IS NOT NULL");
        }
        if let Some(up_to) = up_to {
            sql.sql(" AND ")
                .name(number)
                .sql(" <= ")
                .value(Value::Int(up_to));
        }
        sql.sql(" ORDER BY ").name(number);
        sql
    }

    /// Rows in the window in the order of time and key, a page at a time.
    pub(crate) fn by_time(
        self,
        mut sql: Statement,
        after: Option<&After>,
        window: Window,
        end: End<'_>,
    ) -> Statement {
        let key = &self.plan.columns[self.plan.key];
        self.select(&mut sql);
        match self.plan.at {
            Some(_) => inside(&mut sql, self.plan, window),
            None => {
                sql.sql("1 = 1");
            }
        }
        if key.info.nullable {
            sql.sql(" AND ").name(&key.name).sql(" IS NOT NULL");
        }
        self.only(&mut sql);
        if let Some(after) = after {
            self.beyond(&mut sql, after, [" >= ", " > ", " > "]);
        }
        if let End::UpTo(edge) = end {
            self.beyond(&mut sql, edge, [" <= ", " < ", " <= "]);
        }
        sql.sql(" ORDER BY ");
        if let Some(at) = self.plan.at_column() {
            sql.name(&at.name).sql(", ");
        }
        sql.column(key);
        match end {
            End::Rows(rows) => sql.sql(&format!(" LIMIT {rows}")),
            End::Nth(rows) => sql.sql(&format!(" LIMIT 1 OFFSET {}", rows.saturating_sub(1))),
            End::UpTo(_) => &mut sql,
        };
        sql
    }

    /// Rows whose time cannot be read, or whose key is NULL: no order finds them.
    pub(crate) fn outside_any_order(
        self,
        mut sql: Statement,
        window: Window,
        rows: u32,
    ) -> Statement {
        let key = &self.plan.columns[self.plan.key];
        self.select(&mut sql);
        sql.sql("(");
        unreadable(&mut sql, self.plan);
        if key.info.nullable {
            sql.sql(" OR (").name(&key.name).sql(" IS NULL AND ");
            in_window(&mut sql, self.plan, window);
            sql.sql(")");
        }
        sql.sql(")");
        self.only(&mut sql);
        sql.sql(&format!(" LIMIT {rows}"));
        sql
    }

    /// Rows with a NULL number in the window.
    pub(crate) fn without_number(self, mut sql: Statement, window: Window, rows: u32) -> Statement {
        let number = &self.plan.columns[self.plan.number].name;
        self.select(&mut sql);
        sql.name(number).sql(" IS NULL AND ");
        in_window(&mut sql, self.plan, window);
        sql.sql(&format!(" LIMIT {rows}"));
        sql
    }

    /// Rows by key.
    pub(crate) fn by_keys(self, mut sql: Statement, keys: Vec<Value>) -> Statement {
        self.select(&mut sql);
        self.key_among(&mut sql, keys);
        sql
    }

    /// Rows in any of these ranges of numbers, in the window.
    pub(crate) fn in_ranges(
        self,
        mut sql: Statement,
        ranges: &[(i64, i64)],
        window: Window,
    ) -> Statement {
        self.select(&mut sql);
        in_window(&mut sql, self.plan, window);
        sql.sql(" AND ");
        self.number_among(&mut sql, ranges);
        sql
    }

    /// Rows in any of these ranges of numbers that may have been sent, or tried.
    pub(crate) fn changed_in(self, mut sql: Statement, ranges: &[(i64, i64)]) -> Statement {
        self.select(&mut sql);
        self.number_among(&mut sql, ranges);
        if !self.plan.tells_more_than_sent() {
            self.sent(&mut sql);
        }
        sql
    }

    /// Rows in the window in the order of time and key that may have been sent.
    pub(crate) fn sent_by_time(
        self,
        sql: Statement,
        after: Option<&After>,
        window: Window,
        end: End<'_>,
    ) -> Statement {
        let mut page = self.by_time(sql, after, window, end);
        if let Some(order) = page.text.rfind(" ORDER BY ") {
            let tail = page.text.split_off(order);
            self.sent(&mut page);
            page.sql(&tail);
        }
        page
    }

    /// The smallest and the largest number of the table.
    pub(crate) fn ends(self) -> Statement {
        let mut sql = Statement::new(self.dialect);
        let number = &self.plan.columns[self.plan.number].name;
        sql.sql("SELECT min(")
            .name(number)
            .sql("), max(")
            .name(number)
            .sql(") FROM ");
        sql.table(&self.shape.schema, &self.shape.name);
        sql
    }

    /// The number `rows` rows after `after`: one row, or none when there are fewer.
    pub(crate) fn number_after(self, after: Option<i64>, rows: u32) -> Statement {
        let mut sql = Statement::new(self.dialect);
        let number = &self.plan.columns[self.plan.number].name;
        sql.sql("SELECT ").name(number).sql(" FROM ");
        sql.table(&self.shape.schema, &self.shape.name)
            .sql(" WHERE ");
        match after {
            Some(after) => sql.name(number).sql(" > ").value(Value::Int(after)),
            None => sql.name(number).sql(" IS NOT NULL"),
        };
        sql.sql(" ORDER BY ").name(number);
        sql.sql(&format!(" LIMIT 1 OFFSET {}", rows.saturating_sub(1)));
        sql
    }

    /// One row when the table has a row with a time in the window.
    pub(crate) fn any_in(self, window: Window) -> Statement {
        let mut sql = Statement::new(self.dialect);
        sql.sql("SELECT 1 FROM ")
            .table(&self.shape.schema, &self.shape.name)
            .sql(" WHERE ");
        inside(&mut sql, self.plan, window);
        sql.sql(" LIMIT 1");
        sql
    }

    /// One row when the table has a row whose time cannot be compared.
    pub(crate) fn any_unreadable(self) -> Statement {
        let mut sql = Statement::new(self.dialect);
        sql.sql("SELECT 1 FROM ")
            .table(&self.shape.schema, &self.shape.name)
            .sql(" WHERE ");
        unreadable(&mut sql, self.plan);
        sql.sql(" LIMIT 1");
        sql
    }

    /// The smallest and the largest number among rows in the window, by the index on the time.
    pub(crate) fn ends_in(self, window: Window) -> Statement {
        let mut sql = Statement::new(self.dialect);
        let number = &self.plan.columns[self.plan.number].name;
        sql.sql("SELECT min(n), max(n) FROM (SELECT ")
            .name(number)
            .sql(" AS n FROM ");
        sql.table(&self.shape.schema, &self.shape.name)
            .sql(" WHERE ");
        inside(&mut sql, self.plan, window);
        // Without the fence PostgreSQL may walk the key's index from its far end instead.
        sql.sql(match self.dialect {
            Dialect::Postgres => " OFFSET 0) w",
            Dialect::MySql | Dialect::Sqlite => ") w",
        });
        sql
    }

    /// Rows in the window without their bodies, at most so many, the youngest first where an index
    /// tells which they are; with `unsent` those only that may not have been sent.
    pub(crate) fn outside_the_window(
        self,
        mut sql: Statement,
        window: Window,
        unsent: bool,
        rows: u64,
    ) -> Statement {
        sql.sql("SELECT ");
        for (idx, column) in self.plan.unbodied().enumerate() {
            if idx > 0 {
                sql.sql(", ");
            }
            sql.column(column);
        }
        sql.sql(" FROM ")
            .table(&self.shape.schema, &self.shape.name)
            .sql(" WHERE ");
        inside(&mut sql, self.plan, window);
        if unsent {
            may_be_unsent(&mut sql, self.plan);
        }
        self.only(&mut sql);
        if let Some(at) = self.plan.at_column()
            && self.plan.at_indexed
            && !unsent
        {
            sql.sql(" ORDER BY ").name(&at.name).sql(" DESC");
        }
        sql.sql(&format!(" LIMIT {rows}"));
        sql
    }

    /// On one side of a place in the order of time and key. The first comparison lets an index on
    /// the time column find the place.
    fn beyond(self, sql: &mut Statement, place: &After, [reaches, passes, key_is]: [&str; 3]) {
        let key = &self.plan.columns[self.plan.key];
        sql.sql(" AND ");
        if let (Some(at), Some(value)) = (self.plan.at_column(), &place.at) {
            sql.name(&at.name).sql(reaches).value(value.clone());
            sql.sql(" AND (")
                .name(&at.name)
                .sql(passes)
                .value(value.clone());
            sql.sql(" OR ")
                .column(key)
                .sql(key_is)
                .value(place.key.clone())
                .sql(")");
        } else {
            sql.column(key).sql(key_is).value(place.key.clone());
        }
    }

    fn select(self, sql: &mut Statement) {
        sql.sql("SELECT ");
        for (idx, column) in self.plan.columns.iter().enumerate() {
            if idx > 0 {
                sql.sql(", ");
            }
            if self.plan.is_body(idx) {
                body::comparable(sql, column);
            } else {
                sql.column(column);
            }
        }
        sql.sql(" FROM ");
        sql.table(&self.shape.schema, &self.shape.name)
            .sql(" WHERE ");
    }

    /// With an order by number the reader does this, because it must see every number.
    fn only(self, sql: &mut Statement) {
        if let Some((idx, value)) = &self.plan.only {
            let column = &self.plan.columns[*idx];
            sql.sql(" AND ");
            equals(sql, column.kind, &column.name, value);
        }
    }

    /// The cheap half of "was sent": a flag that is false is let through.
    fn sent(self, sql: &mut Statement) {
        if let Some(sent_at) = self.plan.sent_at {
            sql.sql(" AND ")
                .name(&self.plan.columns[sent_at].name)
                .sql(" IS NOT NULL");
        }
    }

    fn number_among(self, sql: &mut Statement, ranges: &[(i64, i64)]) {
        let number = &self.plan.columns[self.plan.number].name;
        sql.sql("(");
        for (idx, (from, to)) in ranges.iter().enumerate() {
            if idx > 0 {
                sql.sql(" OR ");
            }
            sql.sql("(")
                .name(number)
                .sql(" >= ")
                .value(Value::Int(*from));
            sql.sql(" AND ")
                .name(number)
                .sql(" <= ")
                .value(Value::Int(*to))
                .sql(")");
        }
        sql.sql(")");
    }

    fn key_among(self, sql: &mut Statement, keys: Vec<Value>) {
        sql.column(&self.plan.columns[self.plan.key]).sql(" IN (");
        for (idx, key) in keys.into_iter().enumerate() {
            if idx > 0 {
                sql.sql(", ");
            }
            sql.value(key);
        }
        sql.sql(")");
        self.only(sql);
    }
}

/// Compares a column of any type with a text from the profile.
pub(crate) fn equals(sql: &mut Statement, kind: Kind, name: &str, value: &str) {
    match kind {
        Kind::Text | Kind::Dynamic => {
            sql.name(name)
                .sql(" = ")
                .value(Value::Text(value.to_owned()));
        }
        _ => {
            let text = match sql.dialect {
                Dialect::Postgres | Dialect::Sqlite => "text",
                Dialect::MySql => "char",
            };
            sql.sql("CAST(").name(name).sql(&format!(" AS {text}) = "));
            sql.value(Value::Text(value.to_owned()));
        }
    }
}
