//! The stage of the conformance checks, on every product and with every kind of key.

use std::sync::Arc;

use async_trait::async_trait;
use waybill_model::Micros;
use waybill_source::conformance::database::{Line, Stage};
use waybill_source::{Database, RowColumns, RowKey};

use super::base::{Base, Product};

/// What the tables' key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// A number the database gives.
    Number,
    /// A UUID, as text where there is no such type.
    Uuid,
    /// SQLite: a UUID, in a table without row numbers.
    WithoutRowid,
    /// Sixteen bytes.
    Bytes,
}

pub(super) struct Real {
    base: Base,
    key: KeyKind,
    database: Arc<dyn Database>,
}

impl Real {
    pub(super) async fn new(product: Product, key: KeyKind, test: &str) -> Self {
        let base = Base::new(product, test).await;
        let database = base.open().await;
        Self {
            base,
            key,
            database,
        }
    }

    /// The same behind a pooler that shares sessions.
    pub(super) async fn pooled(test: &str) -> Self {
        let base = Base::new(Product::Postgres, test).await;
        let mut target = base.target();
        target
            .options
            .insert("pooler".to_owned(), "true".to_owned());
        let database = base.open_at(&target).await.expect("it can be opened");
        Self {
            base,
            key: KeyKind::Number,
            database,
        }
    }

    fn key_column(&self) -> &'static str {
        match (self.base.product, self.key) {
            (Product::Postgres, KeyKind::Number) => "no bigserial PRIMARY KEY",
            (Product::Postgres, KeyKind::Bytes) => {
                "no bytea PRIMARY KEY DEFAULT uuid_send(gen_random_uuid())"
            }
            (Product::Postgres, _) => "no uuid PRIMARY KEY DEFAULT gen_random_uuid()",
            (Product::MariaDb, KeyKind::Number) => "no bigint AUTO_INCREMENT PRIMARY KEY",
            (Product::MariaDb, KeyKind::Bytes) => {
                "no binary(16) PRIMARY KEY DEFAULT (unhex(replace(uuid(), '-', '')))"
            }
            (Product::MariaDb, _) => "no char(36) PRIMARY KEY DEFAULT (uuid())",
            (Product::Sqlite, KeyKind::Number) => "no integer PRIMARY KEY AUTOINCREMENT",
            (Product::Sqlite, KeyKind::Bytes) => "no blob PRIMARY KEY DEFAULT (randomblob(16))",
            (Product::Sqlite, _) => "no text PRIMARY KEY DEFAULT (lower(hex(randomblob(16))))",
        }
    }

    fn create(&self, name: &str) -> String {
        let key = self.key_column();
        // Tells the order of insertion where the key does not.
        let seq = match (self.base.product, self.key) {
            (_, KeyKind::Number) => "",
            (Product::Postgres, _) => ", seq bigserial",
            (Product::MariaDb, _) => ", seq bigint AUTO_INCREMENT UNIQUE",
            (Product::Sqlite, _) => ", seq integer",
        };
        let time = match self.base.product {
            Product::Postgres => "timestamptz",
            Product::MariaDb => "datetime(6)",
            Product::Sqlite => "text",
        };
        let text = match self.base.product {
            Product::MariaDb => "varchar(100)",
            Product::Postgres | Product::Sqlite => "text",
        };
        let body = match self.base.product {
            Product::MariaDb => "longtext",
            Product::Postgres | Product::Sqlite => "text",
        };
        let tail = match self.key {
            KeyKind::WithoutRowid => " WITHOUT ROWID",
            _ => "",
        };
        format!(
            "CREATE TABLE {name} ({key}{seq}, id {text}, aggregate_type {text}, \
             aggregate {text}, version bigint, type {text}, at {time}, sent_at {time}, \
             payload {body}){tail}"
        )
    }

    fn values(&self, seq: usize, line: &Line) -> String {
        let id = line
            .id
            .as_ref()
            .map_or("NULL".to_owned(), |id| format!("'{id}'"));
        let payload = String::from_utf8_lossy(&line.payload);
        let (aggregate, version) = (&line.aggregate, line.version);
        let at = self.time(line.at);
        let seq = match (self.base.product, self.key) {
            (_, KeyKind::Number) | (Product::Postgres | Product::MariaDb, _) => String::new(),
            (Product::Sqlite, _) => format!("{seq}, "),
        };
        format!(
            "({seq}{id}, 'product', '{aggregate}', {version}, 'ProductChanged', {at}, '{payload}')"
        )
    }

    fn time(&self, at: Option<Micros>) -> String {
        let Some(at) = at else {
            return "NULL".to_owned();
        };
        match self.base.product {
            Product::MariaDb => {
                format!(
                    "'{}'",
                    at.to_string().trim_end_matches('Z').replace('T', " ")
                )
            }
            Product::Postgres | Product::Sqlite => format!("'{at}'"),
        }
    }
}

#[async_trait]
impl Stage for Real {
    fn database(&self) -> &dyn Database {
        &*self.database
    }

    fn secret(&self) -> Option<String> {
        self.base.password.clone()
    }

    async fn table(&self, name: &str) -> RowColumns {
        self.base.execute(&self.create(name)).await;
        let column = |name: &str| Some(name.to_owned());
        RowColumns {
            destination: None,
            table: name.to_owned(),
            key: "no".to_owned(),
            id: column("id"),
            aggregate_type: column("aggregate_type"),
            fixed_aggregate_type: None,
            aggregate_id: column("aggregate"),
            version: column("version"),
            kind: column("type"),
            at: Some("at".to_owned()),
            zone: waybill_source::Zoning::default(),
            sent_at: column("sent_at"),
            failed_at: None,
            status: None,
            attempts: None,
            due: None,
            wanted: std::collections::BTreeMap::new(),
            only: None,
            payload: column("payload"),
            compare: None,
        }
    }

    async fn insert(&self, columns: &RowColumns, lines: &[Line]) {
        let seq = match (self.base.product, self.key) {
            (_, KeyKind::Number) | (Product::Postgres | Product::MariaDb, _) => "",
            (Product::Sqlite, _) => "seq, ",
        };
        let rows: Vec<String> = (0..)
            .zip(lines)
            .map(|(seq, line)| self.values(seq, line))
            .collect();
        let sql = format!(
            "INSERT INTO {} ({seq}id, aggregate_type, aggregate, version, type, at, payload) VALUES {}",
            columns.table,
            rows.join(", ")
        );
        self.base.execute(&sql).await;
    }

    async fn mark_sent(&self, columns: &RowColumns, ids: &[String]) {
        let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        let sent = match self.base.product {
            Product::Postgres => "now()",
            Product::MariaDb => "UTC_TIMESTAMP(6)",
            Product::Sqlite => "datetime()",
        };
        let (table, ids) = (&columns.table, ids.join(", "));
        self.base
            .execute(&format!(
                "UPDATE {table} SET sent_at = {sent} WHERE id IN ({ids})"
            ))
            .await;
    }

    async fn keys(&self, columns: &RowColumns) -> Vec<RowKey> {
        let (key, order) = match (self.base.product, self.key) {
            (Product::Postgres, KeyKind::Number) => ("no::text", "no"),
            (Product::MariaDb, KeyKind::Number) => ("CAST(no AS CHAR)", "no"),
            (Product::Sqlite, KeyKind::Number) => ("CAST(no AS text)", "no"),
            (Product::Postgres, KeyKind::Bytes) => ("encode(no, 'hex')::uuid::text", "seq"),
            (Product::Postgres, _) => ("no::text", "seq"),
            (Product::Sqlite | Product::MariaDb, KeyKind::Bytes) => ("lower(hex(no))", "seq"),
            (Product::Sqlite | Product::MariaDb, _) => ("no", "seq"),
        };
        let sql = format!("SELECT {key} FROM {} ORDER BY {order}", columns.table);
        let keys = self.base.texts(&sql).await.into_iter();
        match self.key {
            KeyKind::Bytes => keys.map(|key| RowKey(dashed(&key))).collect(),
            _ => keys.map(RowKey).collect(),
        }
    }
}

/// Sixteen bytes are shown as the UUID they are.
fn dashed(hex: &str) -> String {
    uuid::Uuid::parse_str(hex).expect("32 digits").to_string()
}
