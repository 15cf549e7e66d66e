//! A table as a database describes it: what the recogniser looks at.

use crate::canon::same;

/// A table that was found in a database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundTable {
    /// Schema, `""` where there are none.
    pub schema: String,
    /// Name, as it is really spelled.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<FoundColumn>,
    /// Names of what hangs on it.
    pub attached: Vec<Attachment>,
    /// What its definition says of values.
    pub said: Vec<FoundSaying>,
    /// Some of its newest rows: a value per column, `None` for NULL. Long values may be cut off.
    pub rows: Vec<Vec<Option<String>>>,
}

/// What a table's definition says of the values of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSaying {
    /// The column it is about, as it is really spelled; `None` where it is a condition that names it.
    pub column: Option<String>,
    /// What says it.
    pub by: SaidBy,
    /// What is said, in the database's words.
    pub text: String,
}

/// What says something about values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaidBy {
    /// The value a column has when none is given.
    Default,
    /// A comment.
    Comment,
    /// A word of an enumerated type, or MySQL's list of them.
    Label,
    /// A condition every row fulfils.
    Check,
    /// The condition of an index over some of the rows.
    Index,
}

/// A column that was found in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundColumn {
    /// Name, as it is really spelled.
    pub name: String,
    /// Type in the database's words.
    pub sql_type: String,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether it belongs to the primary key.
    pub primary_key: bool,
}

/// Something that hangs on a table and has a name that its maker chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is.
    pub kind: Attached,
    /// Its name.
    pub name: String,
}

/// What hangs on a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// An index.
    Index,
    /// A constraint.
    Constraint,
    /// A trigger.
    Trigger,
    /// PostgreSQL: a publication, through which somebody reads the table from the log.
    Publication,
}

/// The table somebody means by a name: `schema.table` or `table`, exactly, else in another
/// spelling where only one table has it.
pub fn find_table<'a>(tables: &'a [FoundTable], name: &str) -> Result<&'a FoundTable, NoTable> {
    let called = |fits: &dyn Fn(&str) -> bool| -> Vec<&'a FoundTable> {
        let fits = |table: &&FoundTable| fits(&table.full_name()) || fits(&table.name);
        tables.iter().filter(fits).collect()
    };
    let exactly = called(&|real| real == name);
    let alike = match exactly.as_slice() {
        [] => called(&|real| same(real, name)),
        _ => exactly,
    };
    match alike.as_slice() {
        [table] => Ok(table),
        alike => Err(NoTable {
            alike: alike.iter().map(|table| table.full_name()).collect(),
        }),
    }
}

/// No table has that name, or several have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoTable {
    /// The tables that could be meant; none when no table has the name.
    pub alike: Vec<String>,
}

impl FoundTable {
    /// As a profile names it.
    pub fn full_name(&self) -> String {
        match self.schema.as_str() {
            "" => self.name.clone(),
            schema => format!("{schema}.{}", self.name),
        }
    }

    /// The column of that name, in whatever spelling.
    pub fn column(&self, name: &str) -> Option<&FoundColumn> {
        self.columns.iter().find(|column| same(&column.name, name))
    }

    /// The values a column has in the rows there are; NULL is left out.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let Some(at) = self
            .columns
            .iter()
            .position(|column| same(&column.name, name))
        else {
            return Vec::new();
        };
        self.rows
            .iter()
            .filter_map(|row| row.get(at)?.as_deref())
            .collect()
    }
}

/// What kind of values a column holds, as far as its type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Text,
    Number,
    Flag,
    Time,
    Json,
    Bytes,
    Uuid,
    /// SQLite does not say, or the type is one of the database's own.
    Any,
}

impl FoundColumn {
    /// How many letters it holds at most, where its type says so.
    pub(crate) fn length(&self) -> Option<usize> {
        let (name, rest) = self.sql_type.split_once('(')?;
        let is_text = name.to_lowercase().contains("char");
        let digits = rest.split([')', ',']).next()?.trim();
        digits.parse().ok().filter(|_| is_text)
    }

    pub(crate) fn family(&self) -> Family {
        let sql_type = self.sql_type.to_lowercase();
        let starts = |words: &[&str]| words.iter().any(|word| sql_type.starts_with(word));
        if starts(&["bool", "tinyint(1)", "bit(1)"]) {
            Family::Flag
        } else if starts(&["timestamp", "datetime", "date"]) {
            Family::Time
        } else if starts(&["json"]) {
            Family::Json
        } else if starts(&["uuid"]) {
            Family::Uuid
        } else if starts(&[
            "bytea",
            "blob",
            "longblob",
            "mediumblob",
            "binary",
            "varbinary",
        ]) {
            Family::Bytes
        } else if starts(&[
            "int",
            "bigint",
            "smallint",
            "tinyint",
            "mediumint",
            "numeric",
            "decimal",
        ]) {
            Family::Number
        } else if starts(&[
            "text",
            "char",
            "varchar",
            "nvarchar",
            "longtext",
            "mediumtext",
            "nchar",
        ]) {
            Family::Text
        } else {
            Family::Any
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_what_people_call_it() {
        let table = |schema: &str, name: &str| FoundTable {
            schema: schema.to_owned(),
            name: name.to_owned(),
            ..FoundTable::default()
        };
        let tables = [
            table("shop", "cap.published"),
            table("Sales", "OutboxMessage"),
            table("sales", "outbox_message"),
            table("a", "outbox"),
            table("b", "outbox"),
        ];
        let find = |name: &str| find_table(&tables, name).map(FoundTable::full_name);
        assert_eq!(find("cap.published").as_deref(), Ok("shop.cap.published"));
        assert_eq!(find("OutboxMessage").as_deref(), Ok("Sales.OutboxMessage"));
        assert_eq!(
            find("Sales.OutboxMessage").as_deref(),
            Ok("Sales.OutboxMessage")
        );
        assert_eq!(find("b.outbox").as_deref(), Ok("b.outbox"));
        assert_eq!(find("B.Outbox").as_deref(), Ok("b.outbox"));
        let several = find("outbox").expect_err("two schemas have it");
        assert_eq!(several.alike, ["a.outbox", "b.outbox"]);
        assert_eq!(find("outboxmessage").expect_err("it is two").alike.len(), 2);
        assert!(find("inbox").expect_err("nobody has it").alike.is_empty());
    }

    #[test]
    fn types_are_told_apart_in_every_dialect() {
        for (sql_type, expected) in [
            ("timestamp with time zone", Family::Time),
            ("datetime(6)", Family::Time),
            ("character varying(255)", Family::Text),
            ("TEXT", Family::Text),
            ("tinyint(1)", Family::Flag),
            ("tinyint(4)", Family::Number),
            ("jsonb", Family::Json),
            ("binary(16)", Family::Bytes),
            ("oban_job_state", Family::Any),
            ("", Family::Any),
        ] {
            let column = FoundColumn {
                name: "x".to_owned(),
                sql_type: sql_type.to_owned(),
                nullable: true,
                primary_key: false,
            };
            assert_eq!(column.family(), expected, "{sql_type}");
        }
    }
}
