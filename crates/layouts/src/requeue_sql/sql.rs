//! Pieces of statements, in the words of one database.

use crate::{
    Column, Condition, Dbms, FoundTable, Is, Literal, Made, MadeOf, NewValue, Requeue, TableLayout,
    TimeMeaning,
};

use super::NEW_ID;

/// Writes pieces of a statement for one table of one database.
pub(super) struct Sql<'a> {
    pub(super) shape: &'a TableLayout,
    pub(super) found: &'a FoundTable,
    pub(super) dbms: Dbms,
}

impl<'a> Sql<'a> {
    pub(super) fn real(&self, name: &str) -> Option<&'a str> {
        self.found.column(name).map(|column| column.name.as_str())
    }

    pub(super) fn quoted(&self, name: &str) -> String {
        match self.dbms {
            Dbms::MySql => format!("`{}`", name.replace('`', "``")),
            Dbms::Postgres | Dbms::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    pub(super) fn table(&self) -> String {
        match self.found.schema.as_str() {
            "" => self.quoted(&self.found.name),
            schema => format!("{}.{}", self.quoted(schema), self.quoted(&self.found.name)),
        }
    }

    pub(super) fn assignments(&self, requeue: &Requeue) -> Option<String> {
        let set: Option<Vec<String>> = requeue
            .set
            .iter()
            .map(|(name, value)| {
                let column = self.shape.column(name)?;
                let real = self.real(name)?;
                Some(format!(
                    "{} = {}",
                    self.quoted(real),
                    self.value(column, real, value)
                ))
            })
            .collect();
        set.filter(|set| !set.is_empty()).map(|set| set.join(", "))
    }

    /// What every re-queue of one row asks for: its primary key, that all holds of it which has
    /// to, and that it is as it was last seen. With it the columns whose values are bound.
    pub(super) fn guards(&self, requeue: &Requeue) -> Option<(String, Vec<String>)> {
        let keys = self.primary_key();
        if keys.is_empty() || !requeue.fits(self.found) {
            return None;
        }
        let unchanged: Option<Vec<&str>> = requeue
            .unchanged
            .iter()
            .map(|name| self.real(name))
            .collect();
        let unchanged = unchanged?;
        let by_key = keys
            .iter()
            .map(|key| Some(format!("{} = :{key}", self.quoted(key))));
        let while_so = requeue
            .only_when
            .iter()
            .map(|condition| self.condition(condition));
        let as_seen = unchanged.iter().map(|column| Some(self.as_seen(column)));
        let guards: Option<Vec<String>> = by_key.chain(while_so).chain(as_seen).collect();
        let bound = keys.iter().copied().chain(unchanged);
        Some((guards?.join(" AND "), bound.map(str::to_owned).collect()))
    }

    /// The primary key, or the key the layout names where the table has none.
    pub(super) fn primary_key(&self) -> Vec<&'a str> {
        let keys = self
            .found
            .columns
            .iter()
            .filter(|column| column.primary_key);
        let keys: Vec<&str> = keys.map(|column| column.name.as_str()).collect();
        if !keys.is_empty() {
            return keys;
        }
        let roles = self.shape.roles.as_ref();
        let named = roles.and_then(|roles| self.real(roles.key.columns.first()?));
        named.into_iter().collect()
    }

    pub(super) fn value(&self, column: &Column, real: &str, value: &NewValue) -> String {
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
            MadeOf::Due => self.due(column),
            MadeOf::Epoch => "'1970-01-01 00:00:00'".to_owned(),
            MadeOf::NewId => format!(":{NEW_ID}"),
            MadeOf::NewIdInJson => self.with_new_id(real, made.member.as_deref().unwrap_or("id")),
            MadeOf::Transaction => "pg_current_xact_id()".to_owned(),
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

    /// JSON that is kept as text.
    fn with_new_id(&self, real: &str, member: &str) -> String {
        let real = self.quoted(real);
        match self.dbms {
            Dbms::Postgres => {
                format!("jsonb_set({real}::jsonb, '{{{member}}}', to_jsonb(:{NEW_ID}::text))::text")
            }
            Dbms::MySql => format!("JSON_SET({real}, '$.{member}', :{NEW_ID})"),
            Dbms::Sqlite => format!("json_set({real}, '$.{member}', :{NEW_ID})"),
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

    /// A time that is over in whatever zone the library takes the column for.
    fn due(&self, column: &Column) -> String {
        let now = self.now(column, 0);
        let counted = [TimeMeaning::UnixMillis, TimeMeaning::UnixSeconds];
        if column
            .time
            .is_some_and(|meaning| counted.contains(&meaning))
        {
            return now;
        }
        let sql_type = column.sql_type(self.dbms).unwrap_or_default();
        match self.dbms {
            Dbms::Postgres if sql_type.starts_with("timestamptz") => now,
            Dbms::Postgres => format!("{now} - interval '1 day'"),
            // It is converted from the session's zone.
            Dbms::MySql if sql_type.starts_with("timestamp") => now,
            Dbms::MySql => format!("{now} - INTERVAL 1 DAY"),
            Dbms::Sqlite => now.replace("'+0 seconds'", "'-1 day'"),
        }
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
    pub(super) fn condition(&self, condition: &Condition) -> Option<String> {
        let column = self.shape.column(&condition.column)?;
        let real = self.quoted(self.real(&condition.column)?);
        if !condition.one_of.is_empty() {
            return Some(self.one_of(column, &real, "IN", &condition.one_of));
        }
        if !condition.none_of.is_empty() {
            return Some(self.one_of(column, &real, "NOT IN", &condition.none_of));
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
    fn one_of(&self, column: &Column, real: &str, is_in: &str, literals: &[Literal]) -> String {
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
        format!("{real} {is_in} ({})", values.join(", "))
    }

    fn as_text(&self, real: &str) -> String {
        match self.dbms {
            Dbms::Postgres | Dbms::Sqlite => format!("CAST({real} AS text)"),
            Dbms::MySql => format!("CAST({real} AS CHAR)"),
        }
    }

    /// Equal to what was last seen, NULL included.
    pub(super) fn as_seen(&self, name: &str) -> String {
        let real = self.quoted(name);
        match self.dbms {
            Dbms::Postgres => format!("{real} IS NOT DISTINCT FROM :{name}"),
            Dbms::MySql => format!("{real} <=> :{name}"),
            Dbms::Sqlite => format!("{real} IS :{name}"),
        }
    }
}
