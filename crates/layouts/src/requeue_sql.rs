//! The guarded statement that makes a library send a row again.
//!
//! One `UPDATE` of one primary key, which does nothing when the row is no longer as it was last
//! seen. Values that come from the row are named parameters, for whoever runs it to bind.

use crate::{
    Column, Condition, Dbms, FoundTable, Is, Literal, Made, MadeOf, NewValue, Requeue, RequeueBy,
    TableLayout, TimeMeaning,
};

/// A statement and the columns whose last seen values it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// The text. `:name` stands for the last seen value of the column of that name.
    pub text: String,
    /// Columns whose values are bound, in the order in which they occur: the primary key, then
    /// what must not have changed.
    pub bound: Vec<String>,
}

impl TableLayout {
    /// The statement of a re-queue by `UPDATE`, with the real names of a table that was found.
    /// `None` for other ways, and where the table lacks a column the statement needs.
    pub fn guarded_update(
        &self,
        requeue: &Requeue,
        found: &FoundTable,
        dbms: Dbms,
    ) -> Option<Guarded> {
        if requeue.by != RequeueBy::Update {
            return None;
        }
        let sql = Sql {
            shape: self,
            found,
            dbms,
        };
        let set = sql.assignments(requeue)?;
        let keys = self.primary_key(found);
        if keys.is_empty() {
            return None;
        }
        let unchanged: Vec<&str> = requeue
            .unchanged
            .iter()
            .filter_map(|name| sql.real(name))
            .collect();
        let by_key = keys
            .iter()
            .map(|key| format!("{} = :{key}", sql.quoted(key)));
        let while_so = requeue
            .only_when
            .iter()
            .filter_map(|condition| sql.condition(condition));
        let as_seen = unchanged.iter().map(|column| sql.as_seen(column));
        let guards: Vec<String> = by_key.chain(while_so).chain(as_seen).collect();
        Some(Guarded {
            text: format!(
                "UPDATE {} SET {set} WHERE {}",
                sql.table(),
                guards.join(" AND ")
            ),
            bound: keys
                .iter()
                .copied()
                .chain(unchanged)
                .map(str::to_owned)
                .collect(),
        })
    }

    /// The primary key, or the key the layout names where the table has none.
    fn primary_key<'a>(&self, found: &'a FoundTable) -> Vec<&'a str> {
        let keys = found.columns.iter().filter(|column| column.primary_key);
        let keys: Vec<&str> = keys.map(|column| column.name.as_str()).collect();
        if !keys.is_empty() {
            return keys;
        }
        let named = self
            .roles
            .as_ref()
            .and_then(|roles| found.column(roles.key.columns.first()?));
        named
            .into_iter()
            .map(|column| column.name.as_str())
            .collect()
    }
}

/// Writes pieces of a statement for one table of one database.
struct Sql<'a> {
    shape: &'a TableLayout,
    found: &'a FoundTable,
    dbms: Dbms,
}

impl<'a> Sql<'a> {
    fn real(&self, name: &str) -> Option<&'a str> {
        self.found.column(name).map(|column| column.name.as_str())
    }

    fn quoted(&self, name: &str) -> String {
        match self.dbms {
            Dbms::MySql => format!("`{}`", name.replace('`', "``")),
            Dbms::Postgres | Dbms::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    fn table(&self) -> String {
        match self.found.schema.as_str() {
            "" => self.quoted(&self.found.name),
            schema => format!("{}.{}", self.quoted(schema), self.quoted(&self.found.name)),
        }
    }

    /// What older versions of a table lack is left out; that nothing is left means no statement.
    fn assignments(&self, requeue: &Requeue) -> Option<String> {
        let set: Vec<String> = requeue
            .set
            .iter()
            .filter_map(|(name, value)| {
                let column = self.shape.column(name)?;
                let real = self.real(name)?;
                Some(format!(
                    "{} = {}",
                    self.quoted(real),
                    self.value(column, real, value)
                ))
            })
            .collect();
        (!set.is_empty()).then(|| set.join(", "))
    }

    fn value(&self, column: &Column, real: &str, value: &NewValue) -> String {
        match value {
            NewValue::Literal(literal) => self.literal(column, literal),
            NewValue::Made(made) => self.made(column, real, made),
        }
    }

    /// A flag is a number in SQLite, and text where the library keeps it so.
    fn literal(&self, column: &Column, literal: &Literal) -> String {
        let is_text = column
            .sql_type(self.dbms)
            .is_some_and(|sql_type| sql_type.starts_with("varchar"));
        match literal {
            Literal::Flag(flag) if is_text => format!("'{flag}'"),
            Literal::Flag(flag) if self.dbms == Dbms::Sqlite => i64::from(*flag).to_string(),
            Literal::Flag(flag) => flag.to_string(),
            Literal::Number(number) => number.to_string(),
            Literal::Text(text) => format!("'{}'", text.replace('\'', "''")),
        }
    }

    fn made(&self, column: &Column, real: &str, made: &Made) -> String {
        match made.to {
            MadeOf::Null => "NULL".to_owned(),
            MadeOf::Now => self.now(column, made.plus_secs),
            MadeOf::Epoch => "'1970-01-01 00:00:00'".to_owned(),
            MadeOf::OneMore => format!("{} + 1", self.quoted(real)),
            MadeOf::MoreThan => {
                let other = made.column.as_deref().and_then(|name| self.real(name));
                let other = self.quoted(other.unwrap_or(real));
                let greatest = if self.dbms == Dbms::Sqlite {
                    "MAX"
                } else {
                    "GREATEST"
                };
                format!("{greatest}({}, {other} + 1)", self.quoted(real))
            }
        }
    }

    /// The server's time in the column's own unit and zone.
    fn now(&self, column: &Column, plus_secs: u32) -> String {
        let (now, later) = match column.time {
            Some(TimeMeaning::UnixMillis) => (self.unix_millis(), format!(" + {plus_secs}000")),
            Some(TimeMeaning::UnixSeconds) => (
                format!("{} / 1000", self.unix_millis()),
                format!(" + {plus_secs}"),
            ),
            meaning => return self.time(column, meaning, plus_secs),
        };
        if plus_secs == 0 { now } else { now + &later }
    }

    fn unix_millis(&self) -> String {
        match self.dbms {
            Dbms::Postgres => "(extract(epoch FROM now()) * 1000)::bigint",
            Dbms::MySql => "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
            Dbms::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        }
        .to_owned()
    }

    /// MySQL converts a `timestamp` from the session's zone; a `datetime` it takes as it is.
    fn time(&self, column: &Column, meaning: Option<TimeMeaning>, plus_secs: u32) -> String {
        let converts = |sql_type: &str| sql_type.starts_with("timestamp");
        let (now, unit) = match (self.dbms, meaning) {
            (Dbms::Postgres, Some(TimeMeaning::Instant)) => ("now()", "seconds"),
            (Dbms::Postgres, _) => ("(now() AT TIME ZONE 'utc')", "seconds"),
            (Dbms::MySql, _) if column.mysql.as_deref().is_some_and(converts) => ("NOW(6)", ""),
            (Dbms::MySql, _) => ("UTC_TIMESTAMP(6)", ""),
            (Dbms::Sqlite, _) => {
                return format!("strftime('%Y-%m-%d %H:%M:%f', 'now', '+{plus_secs} seconds')");
            }
        };
        match (plus_secs, unit) {
            (0, _) => now.to_owned(),
            (secs, "") => format!("{now} + INTERVAL {secs} SECOND"),
            (secs, unit) => format!("{now} + interval '{secs} {unit}'"),
        }
    }

    /// A condition on a column that this version has; those that depend on the clock are the
    /// database's to judge.
    fn condition(&self, condition: &Condition) -> Option<String> {
        let column = self.shape.column(&condition.column)?;
        let real = self.quoted(self.real(&condition.column)?);
        if !condition.one_of.is_empty() {
            return Some(self.one_of(column, &real, &condition.one_of));
        }
        if let Some(other) = &condition.at_least {
            return Some(format!("{real} >= {}", self.quoted(self.real(other)?)));
        }
        Some(match condition.is? {
            Is::Null => format!("{real} IS NULL"),
            Is::NotNull => format!("{real} IS NOT NULL"),
            Is::Past => format!("{real} <= {}", self.now(column, 0)),
            Is::Future => format!("{real} > {}", self.now(column, 0)),
            Is::EmptyList => format!("{} = '[]'", self.as_text(&real)),
            Is::List => format!("{} <> '[]'", self.as_text(&real)),
        })
    }

    /// Of several spellings of one value only those the column's type takes.
    fn one_of(&self, column: &Column, real: &str, literals: &[Literal]) -> String {
        let is_flag = column
            .sql_type(self.dbms)
            .is_some_and(|sql_type| ["boolean", "tinyint(1)", "bit(1)"].contains(&sql_type));
        let fits = |literal: &&Literal| !is_flag || !matches!(literal, Literal::Text(_));
        let mut values: Vec<String> = literals
            .iter()
            .filter(fits)
            .map(|literal| self.literal(column, literal))
            .collect();
        values.dedup();
        format!("{real} IN ({})", values.join(", "))
    }

    fn as_text(&self, real: &str) -> String {
        match self.dbms {
            Dbms::Postgres | Dbms::Sqlite => format!("CAST({real} AS text)"),
            Dbms::MySql => format!("CAST({real} AS CHAR)"),
        }
    }

    /// Equal to what was last seen, NULL included.
    fn as_seen(&self, name: &str) -> String {
        let real = self.quoted(name);
        match self.dbms {
            Dbms::Postgres => format!("{real} IS NOT DISTINCT FROM :{name}"),
            Dbms::MySql => format!("{real} <=> :{name}"),
            Dbms::Sqlite => format!("{real} IS :{name}"),
        }
    }
}

#[cfg(test)]
mod tests;
