//! Many rows at once, for a past that is written in one go.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;
use waybill_model::Micros;

use super::rows::{OutboxRow, outbox_columns};
use super::shop::{
    CHANGE_COLUMNS, INBOX_COLUMNS, KNOWN_COLUMNS, PRODUCT_COLUMNS, Store, change_values,
    known_values, product_values,
};
use super::sql::{Statement, Value, marks};
use crate::event::ProductEvent;
use crate::product::Product;
use crate::spelling::Spelling;
use crate::{ConsumerName, Result};

/// Rows per `DELETE`; well below every limit of values in a statement.
const ROWS_PER_DELETE: usize = 500;

impl Store {
    /// History rows of product changes.
    pub(crate) async fn fill_changes(&self, events: &[&ProductEvent]) -> Result<()> {
        let rows: Vec<_> = events.iter().map(|event| change_values(event)).collect();
        self.fill("product_changes", &CHANGE_COLUMNS, &rows).await
    }

    /// Outbox rows, in the order of their numbers.
    pub(crate) async fn fill_outbox(&self, rows: &[OutboxRow<'_>]) -> Result<()> {
        let marks = self.marks_sent();
        let rows: Vec<_> = rows.iter().map(|row| row.values(marks)).collect();
        self.fill("outbox", &outbox_columns(marks), &rows).await
    }

    /// Deletes these outbox rows.
    pub(crate) async fn delete_outbox(&self, rows: &[&OutboxRow<'_>]) -> Result<()> {
        let statements: Vec<_> = rows
            .chunks(ROWS_PER_DELETE)
            .map(|some| {
                let ids = marks(some.len());
                let sql = format!("DELETE FROM outbox WHERE event_id IN {ids}");
                Statement::new(sql, some.iter().map(|row| row.id()).collect())
            })
            .collect();
        self.write("delete sent rows", &statements, Duration::ZERO)
            .await?;
        Ok(())
    }

    /// Inbox rows of one consumer.
    pub(crate) async fn fill_inbox(
        &self,
        consumer: ConsumerName,
        rows: &[(Uuid, Spelling, Micros)],
    ) -> Result<()> {
        let rows: Vec<_> = rows
            .iter()
            .map(|(id, spelling, at)| vec![Value::Id(*id, *spelling), Value::At(*at)])
            .collect();
        self.fill(consumer.inbox(), &INBOX_COLUMNS, &rows).await
    }

    /// The products as they are in the end.
    pub(crate) async fn put_products(&self, newest: &BTreeMap<i64, ProductEvent>) -> Result<()> {
        let sql = self.sql.upsert_newer("products", &PRODUCT_COLUMNS);
        let statements: Vec<_> = newest
            .values()
            .map(|event| Statement::new(sql.clone(), product_values(event)))
            .collect();
        self.write("save the products", &statements, Duration::ZERO)
            .await?;
        Ok(())
    }

    /// What a consumer knows in the end.
    pub(crate) async fn put_known(
        &self,
        consumer: ConsumerName,
        newest: &BTreeMap<i64, Product>,
    ) -> Result<()> {
        let sql = self.sql.upsert_newer(consumer.products(), &KNOWN_COLUMNS);
        let statements: Vec<_> = newest
            .values()
            .map(|toy| Statement::new(sql.clone(), known_values(toy)))
            .collect();
        self.write("save a consumer's products", &statements, Duration::ZERO)
            .await?;
        Ok(())
    }

    async fn fill(&self, table: &str, columns: &[&str], rows: &[Vec<Value>]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let filled = self.sql.fill(table, columns, rows).await;
        filled.map_err(self.failed("insert many rows"))
    }
}
