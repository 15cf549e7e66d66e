//! The contract of databases, on every product and with every kind of key.

use waybill_source::conformance::database::check_all;

use super::base::Product;
use super::stage::{KeyKind, Real};

async fn check(product: Product, key: KeyKind, test: &str) {
    check_all(&Real::new(product, key, test).await).await;
}

#[tokio::test]
async fn postgres_with_numbers() {
    check(Product::Postgres, KeyKind::Number, "pg_numbers").await;
}

#[tokio::test]
async fn postgres_with_uuids() {
    check(Product::Postgres, KeyKind::Uuid, "pg_uuids").await;
}

#[tokio::test]
async fn postgres_with_bytes() {
    check(Product::Postgres, KeyKind::Bytes, "pg_bytes").await;
}

#[tokio::test]
async fn postgres_behind_a_pooler() {
    check_all(&Real::pooled("pg_pooler").await).await;
}

#[tokio::test]
async fn mariadb_with_numbers() {
    check(Product::MariaDb, KeyKind::Number, "my_numbers").await;
}

#[tokio::test]
async fn mariadb_with_uuids() {
    check(Product::MariaDb, KeyKind::Uuid, "my_uuids").await;
}

#[tokio::test]
async fn mariadb_with_bytes() {
    check(Product::MariaDb, KeyKind::Bytes, "my_bytes").await;
}

#[tokio::test]
async fn sqlite_with_numbers() {
    check(Product::Sqlite, KeyKind::Number, "lite_numbers").await;
}

#[tokio::test]
async fn sqlite_with_uuids() {
    check(Product::Sqlite, KeyKind::Uuid, "lite_uuids").await;
}

#[tokio::test]
async fn sqlite_with_bytes() {
    check(Product::Sqlite, KeyKind::Bytes, "lite_bytes").await;
}

#[tokio::test]
async fn sqlite_without_row_numbers() {
    check(Product::Sqlite, KeyKind::WithoutRowid, "lite_without_rowid").await;
}
