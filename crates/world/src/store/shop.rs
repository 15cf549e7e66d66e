//! What the company does with its database while it works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use waybill_model::Micros;

use super::connect::open;
use super::rows::{OutboxRow, UNSENT_COLUMNS, UnsentRow, outbox_columns};
use super::sql::{Sql, Statement, Value, insert, marks};
use crate::event::ProductEvent;
use crate::name::Names;
use crate::product::Product;
use crate::spelling::Spelling;
use crate::{ConsumerName, DatabaseKind, Error, Result};

pub(super) const PRODUCT_COLUMNS: [&str; 6] = [
    "id",
    "version",
    "name",
    "price_cents",
    "changed_at",
    "removed",
];

pub(super) const CHANGE_COLUMNS: [&str; 7] = [
    "product_id",
    "version",
    "change_type",
    "name",
    "price_cents",
    "removed",
    "changed_at",
];

pub(super) const INBOX_COLUMNS: [&str; 2] = ["event_id", "processed_at"];

pub(super) const KNOWN_COLUMNS: [&str; 5] =
    ["product_id", "version", "name", "price_cents", "removed"];

/// The shop's database. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(super) sql: Arc<dyn Sql>,
    /// The outbox has a column that says when a row was sent.
    marks: Arc<AtomicBool>,
}

impl Store {
    /// Opens the database with its tables; on a server it must not be there yet.
    pub(crate) async fn open(kind: &DatabaseKind, names: &Names) -> Result<Self> {
        let sql = open(kind, names).await?;
        Ok(Self {
            sql,
            marks: Arc::new(AtomicBool::new(true)),
        })
    }

    /// Takes the column from the outbox that says when a row was sent.
    pub(crate) async fn drop_marks(&self) -> Result<()> {
        let mut statements = vec!["ALTER TABLE outbox DROP COLUMN sent_at".to_owned()];
        // The others drop an index with its column.
        if self.sql.name() == "sqlite" {
            statements.insert(0, "DROP INDEX outbox_unsent".to_owned());
        }
        self.run_plain("drop the mark of the outbox", statements)
            .await?;
        self.marks.store(false, Ordering::Release);
        Ok(())
    }

    /// Makes ids numbers, in the outbox and in the inboxes; both are empty still.
    pub(crate) async fn count_ids(&self) -> Result<()> {
        let inboxes = ConsumerName::ALL.map(ConsumerName::inbox);
        let tables = ["outbox"].into_iter().chain(inboxes);
        let statements = match self.sql.name() {
            "postgres" => tables
                .map(|table| {
                    format!("ALTER TABLE {table} ALTER COLUMN event_id TYPE bigint USING NULL")
                })
                .collect(),
            "mysql" => tables
                .map(|table| format!("ALTER TABLE {table} MODIFY event_id BIGINT NOT NULL"))
                .collect(),
            // SQLite's columns take anything.
            _ => Vec::new(),
        };
        self.run_plain("make ids numbers", statements).await
    }

    /// Whether the outbox has a column that says when a row was sent.
    pub(crate) fn marks_sent(&self) -> bool {
        self.marks.load(Ordering::Acquire)
    }

    /// The service's transaction: the product, its history and, unless forgotten, the outbox row.
    /// It commits after `hold`.
    pub(crate) async fn change(
        &self,
        event: &ProductEvent,
        with_outbox: bool,
        hold: Duration,
    ) -> Result<()> {
        let mut statements = vec![
            Statement::new(
                self.sql.upsert_newer("products", &PRODUCT_COLUMNS),
                product_values(event),
            ),
            Statement::new(
                insert("product_changes", &CHANGE_COLUMNS),
                change_values(event),
            ),
        ];
        if with_outbox {
            let row = OutboxRow {
                event,
                sent_at: None,
                attempts: 0,
                error: None,
                spelling: Spelling::Plain,
            };
            // First, so that a transaction that is held has its number early.
            let marks = self.marks_sent();
            let statement =
                Statement::new(insert("outbox", &outbox_columns(marks)), row.values(marks));
            statements.insert(0, statement);
        }
        self.write("save a product", &statements, hold).await?;
        Ok(())
    }

    /// The oldest rows that are unsent and not given up.
    pub(crate) async fn unsent(&self, max_attempts: i64, limit: i64) -> Result<Vec<UnsentRow>> {
        let columns: Vec<String> = UNSENT_COLUMNS
            .iter()
            .map(|column| self.sql.as_text(column))
            .collect();
        let unmarked = if self.marks_sent() {
            "sent_at IS NULL AND "
        } else {
            ""
        };
        let sql = format!(
            "SELECT {} FROM outbox WHERE {unmarked}attempts < ? ORDER BY outbox.id LIMIT ?",
            columns.join(", ")
        );
        let values = vec![Value::Int(max_attempts), Value::Int(limit)];
        let rows = self
            .sql
            .read(&Statement::new(sql, values))
            .await
            .map_err(self.failed("read the outbox"))?;
        Ok(rows.into_iter().filter_map(UnsentRow::from_texts).collect())
    }

    /// Marks rows as sent.
    pub(crate) async fn mark_sent(&self, keys: &[i64], at: Micros) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut values = vec![Value::At(at)];
        values.extend(keys.iter().map(|key| Value::Int(*key)));
        let sql = format!(
            "UPDATE outbox SET sent_at = ? WHERE id IN {}",
            marks(keys.len())
        );
        let statement = Statement::new(sql, values);
        self.write("mark rows as sent", &[statement], Duration::ZERO)
            .await?;
        Ok(())
    }

    /// Deletes rows that are sent.
    pub(crate) async fn delete_rows(&self, keys: &[i64]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let sql = format!("DELETE FROM outbox WHERE id IN {}", marks(keys.len()));
        let values = keys.iter().map(|key| Value::Int(*key)).collect();
        let statement = Statement::new(sql, values);
        self.write("delete sent rows", &[statement], Duration::ZERO)
            .await?;
        Ok(())
    }

    /// Deletes all rows that are sent.
    pub(crate) async fn delete_sent(&self) -> Result<()> {
        let statement = Statement::new("DELETE FROM outbox WHERE sent_at IS NOT NULL", Vec::new());
        self.write("delete sent rows", &[statement], Duration::ZERO)
            .await?;
        Ok(())
    }

    /// Notes a failed attempt.
    pub(crate) async fn mark_failed(&self, key: i64, why: &str) -> Result<()> {
        let statement = Statement::new(
            "UPDATE outbox SET attempts = attempts + 1, error = ? WHERE id = ?",
            vec![Value::Text(why.to_owned()), Value::Int(key)],
        );
        self.write("note a failed attempt", &[statement], Duration::ZERO)
            .await?;
        Ok(())
    }

    /// A consumer's transaction: inbox row and what it knows about the product. `false` when the
    /// event was processed before.
    pub(crate) async fn process(
        &self,
        consumer: ConsumerName,
        event: uuid::Uuid,
        product: &Product,
        at: Micros,
    ) -> Result<bool> {
        let statements = [
            Statement::new(
                self.sql.insert_if_absent(consumer.inbox(), &INBOX_COLUMNS),
                vec![Value::Id(event, Spelling::Plain), Value::At(at)],
            ),
            Statement::new(
                self.sql.upsert_newer(consumer.products(), &KNOWN_COLUMNS),
                known_values(product),
            ),
        ];
        let affected = self
            .write("process a message", &statements, Duration::ZERO)
            .await?;
        Ok(affected.first().is_some_and(|rows| *rows > 0))
    }

    /// The toys on sale, and the next free number.
    pub(crate) async fn on_sale(&self) -> Result<(Vec<Product>, i64)> {
        let columns = ["id", "version", "name", "price_cents", "removed"]
            .map(|column| self.sql.as_text(column))
            .join(", ");
        let sql = format!("SELECT {columns} FROM products ORDER BY products.id");
        let rows = self
            .sql
            .read(&Statement::new(sql, Vec::new()))
            .await
            .map_err(self.failed("read the products"))?;
        let mut products: Vec<Product> = rows.into_iter().filter_map(product_of).collect();
        let next = products.iter().map(|toy| toy.id + 1).max().unwrap_or(1);
        products.retain(|toy| !toy.removed);
        Ok((products, next))
    }

    /// Runs statements with one time each, in one transaction.
    pub(crate) async fn run(
        &self,
        what: &'static str,
        statements: Vec<(String, Micros)>,
    ) -> Result<()> {
        let statements: Vec<_> = statements
            .into_iter()
            .map(|(sql, at)| Statement::new(sql, vec![Value::At(at)]))
            .collect();
        self.write(what, &statements, Duration::ZERO).await?;
        Ok(())
    }

    /// Runs statements without values, in one transaction.
    pub(crate) async fn run_plain(
        &self,
        what: &'static str,
        statements: Vec<String>,
    ) -> Result<()> {
        let statements: Vec<_> = statements
            .into_iter()
            .map(|sql| Statement::new(sql, Vec::new()))
            .collect();
        self.write(what, &statements, Duration::ZERO).await?;
        Ok(())
    }

    /// Deletes a database of our own; a file stays.
    pub(crate) async fn remove(&self) -> Result<()> {
        let removed = self.sql.remove().await;
        removed.map_err(self.failed("remove everything"))
    }

    /// Ends the sessions.
    pub(crate) async fn close(&self) {
        self.sql.close().await;
    }

    pub(super) async fn write(
        &self,
        what: &'static str,
        statements: &[Statement],
        hold: Duration,
    ) -> Result<Vec<u64>> {
        let written = self.sql.write(statements, hold).await;
        written.map_err(self.failed(what))
    }

    pub(super) fn failed(&self, what: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
        let database = self.sql.name();
        move |source| Error::Database {
            what,
            database,
            source,
        }
    }
}

/// In the order of [`PRODUCT_COLUMNS`].
pub(super) fn product_values(event: &ProductEvent) -> Vec<Value> {
    let toy = &event.product;
    vec![
        Value::Int(toy.id),
        Value::Int(toy.version),
        Value::Text(toy.name.clone()),
        Value::Int(toy.price_cents),
        Value::At(event.at),
        Value::Int(i64::from(toy.removed)),
    ]
}

/// In the order of [`CHANGE_COLUMNS`].
pub(super) fn change_values(event: &ProductEvent) -> Vec<Value> {
    let toy = &event.product;
    vec![
        Value::Int(toy.id),
        Value::Int(toy.version),
        Value::Text(event.kind.wire_name().to_owned()),
        Value::Text(toy.name.clone()),
        Value::Int(toy.price_cents),
        Value::Int(i64::from(toy.removed)),
        Value::At(event.at),
    ]
}

/// In the order of [`KNOWN_COLUMNS`].
pub(super) fn known_values(toy: &Product) -> Vec<Value> {
    vec![
        Value::Int(toy.id),
        Value::Int(toy.version),
        Value::Text(toy.name.clone()),
        Value::Int(toy.price_cents),
        Value::Int(i64::from(toy.removed)),
    ]
}

fn product_of(row: Vec<Option<String>>) -> Option<Product> {
    let [id, version, name, price, removed]: [Option<String>; 5] = row.try_into().ok()?;
    Some(Product {
        id: id?.parse().ok()?,
        version: version?.parse().ok()?,
        name: name?,
        price_cents: price?.parse().ok()?,
        removed: removed? != "0",
    })
}
