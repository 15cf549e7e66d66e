//! Putting a row back by the statement that Waybill knows of its library.

use uuid::Uuid;
use waybill_layouts::NEW_ID;

use crate::database::Database;

/// The statement, with places for the key and for the state last seen: `:column`.
#[derive(Debug)]
pub(crate) struct Requeue {
    pub(crate) statement: String,
    pub(crate) table: String,
    /// The column that identifies a row.
    pub(crate) key: String,
}

/// The statement for one row as it was last seen.
#[derive(Debug)]
pub(crate) struct Seen(String);

impl Requeue {
    /// The statement for the row with this key, as that is now.
    pub(crate) async fn of(&self, database: &Database, key: &str) -> Seen {
        let mut sql = String::new();
        let mut rest = self.statement.as_str();
        // Wherever it stands in the statement, it is one.
        let new_id = Uuid::now_v7();
        while let Some(at) = rest.find(':') {
            let (before, behind) = (&rest[..at], &rest[at + 1..]);
            let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, behind) = behind.split_at(end.unwrap_or(behind.len()));
            sql.push_str(before);
            // A colon inside of a time is followed by a digit.
            if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let value = match name {
                    NEW_ID => format!("'{new_id}'"),
                    name => database.literal(&self.table, name, &self.key, key).await,
                };
                sql.push_str(&value);
            } else {
                sql.push(':');
                sql.push_str(name);
            }
            rest = behind;
        }
        sql.push_str(rest);
        Seen(sql)
    }

    /// Puts the row with this key back. Returns the statement, whose state is gone by now.
    pub(crate) async fn put_back(&self, database: &Database, key: &str) -> Seen {
        let seen = self.of(database, key).await;
        assert_eq!(database.hits(&seen.0).await, 1, "{}", seen.0);
        seen.leaves_alone(database).await;
        seen
    }
}

impl Seen {
    /// The row is not any more as it was last seen, so it is not touched.
    pub(crate) async fn leaves_alone(&self, database: &Database) {
        assert_eq!(database.hits(&self.0).await, 0, "{}", self.0);
    }
}
