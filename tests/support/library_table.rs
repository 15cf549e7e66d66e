//! A layout's table as its library would make it.

use std::fmt;

use waybill_layouts::{Column, Dbms, TableLayout, Version};

/// What stands for `*` in a name.
const FILLED_IN: &str = "orders";

/// The name of a table that its library lets the application name.
const NAMELESS: &str = "queue_out";

/// One version of one table on one database.
#[derive(Clone)]
pub struct Made {
    table: &'static TableLayout,
    version: Version,
    dbms: Dbms,
    schema: Option<String>,
    name: String,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}) as {}",
            self.table.id, self.version.name, self.name
        )
    }
}

impl Made {
    /// `None` where there is no such version.
    pub fn of(table: &'static TableLayout, version: &Version, dbms: Dbms) -> Option<Self> {
        if table.columns_of(version, dbms).is_empty() {
            return None;
        }
        let default = table.names.first().map_or(NAMELESS, String::as_str);
        let name = version.table.as_deref().unwrap_or(default);
        let name = name.replace('*', FILLED_IN);
        // MySQL has no schemas inside of a database: there the dot is in the name.
        let (schema, name) = match name.split_once('.') {
            Some((schema, name)) if dbms == Dbms::Postgres => {
                (Some(schema.to_owned()), name.to_owned())
            }
            _ => (None, name),
        };
        Some(Self {
            table,
            version: version.clone(),
            dbms,
            schema,
            name,
        })
    }

    /// The same in another schema.
    pub fn in_schema(self, schema: &str) -> Self {
        Self {
            schema: Some(schema.to_owned()),
            ..self
        }
    }

    /// The same by another of its names.
    pub fn called(self, name: &str) -> Self {
        Self {
            name: name.replace('*', FILLED_IN),
            ..self
        }
    }

    /// Whether that is its name.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name.replace('*', FILLED_IN)
    }

    /// Its layout.
    pub fn table(&self) -> &'static TableLayout {
        self.table
    }

    /// Which version it is.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The database it is for.
    pub fn dbms(&self) -> Dbms {
        self.dbms
    }

    /// Its columns as they are spelled.
    pub fn columns(&self) -> Vec<(String, &'static Column)> {
        self.table.columns_of(&self.version, self.dbms)
    }

    /// Its layout's id.
    pub fn id(&self) -> &str {
        &self.table.id
    }

    /// What must be its own: SQLite does not tell `Outbox` from `outbox`.
    pub fn place(&self) -> String {
        format!("{:?}.{}", self.schema, self.name.to_lowercase())
    }

    /// As the recogniser names it.
    pub fn full_name(&self, database: &str) -> String {
        let schema = self.schema.as_deref();
        match self.dbms {
            Dbms::Postgres => format!("{}.{}", schema.unwrap_or("public"), self.name),
            Dbms::MySql => format!("{database}.{}", self.name),
            Dbms::Sqlite => self.name.clone(),
        }
    }

    /// The statements that make it and what belongs to it.
    pub fn create(&self, database: &str) -> String {
        let columns = self.columns();
        let mut parts: Vec<String> = columns
            .iter()
            .map(|(name, column)| self.column(name, column))
            .collect();
        let keys = columns.iter().filter(|(_, column)| column.key);
        let keys: Vec<String> = keys.map(|(name, _)| self.quoted(name)).collect();
        if !keys.is_empty() {
            parts.push(format!("PRIMARY KEY ({})", keys.join(", ")));
        }
        let mut statements = Vec::new();
        if let Some(schema) = &self.schema {
            statements.push(format!(
                "CREATE SCHEMA IF NOT EXISTS {}",
                self.quoted(schema)
            ));
        }
        let also = &self.table.also;
        let (before, behind) = match self.dbms {
            Dbms::Postgres => (also.postgres_before.as_slice(), also.postgres.as_slice()),
            Dbms::MySql => (&[][..], also.mysql.as_slice()),
            Dbms::Sqlite => (&[][..], also.sqlite.as_slice()),
        };
        statements.extend(before.iter().map(|sql| self.filled_in(sql, database)));
        let table = self.real_name();
        statements.push(format!("CREATE TABLE {table} ({})", parts.join(", ")));
        statements.extend(behind.iter().map(|sql| self.filled_in(sql, database)));
        statements.join("; ")
    }

    /// Takes it away, with everything that was made for it.
    pub fn drop(&self) -> String {
        match (&self.schema, self.dbms) {
            (Some(schema), Dbms::Postgres) => {
                format!("DROP SCHEMA IF EXISTS {} CASCADE", self.quoted(schema))
            }
            (None, Dbms::Postgres) => format!("DROP TABLE {} CASCADE", self.real_name()),
            _ => format!("DROP TABLE {}", self.real_name()),
        }
    }

    fn column(&self, name: &str, column: &Column) -> String {
        let sql_type = column.sql_type(self.dbms).expect("it exists there");
        let null = if column.null || sql_type.contains("AUTO_INCREMENT") {
            ""
        } else {
            " NOT NULL"
        };
        format!("{} {sql_type}{null}", self.quoted(name))
    }

    /// Quoted, with its schema.
    pub fn real_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", self.quoted(schema), self.quoted(&self.name)),
            None => self.quoted(&self.name),
        }
    }

    /// A name in this database's quotes.
    pub fn quoted(&self, name: &str) -> String {
        match self.dbms {
            Dbms::MySql => format!("`{name}`"),
            Dbms::Postgres | Dbms::Sqlite => format!("\"{name}\""),
        }
    }

    fn filled_in(&self, sql: &str, database: &str) -> String {
        sql.replace("{table}", &self.real_name())
            .replace("{name}", &self.name)
            .replace("{schema}", self.schema.as_deref().unwrap_or(database))
    }
}
