//! What bodies say, in every type of column that an outbox keeps them in.

use waybill_model::Content;
use waybill_source::carry::MAX_PARSED_BYTES;
use waybill_source::content::Compare;
use waybill_source::{Database, RowColumns};

use super::base::{Base, Product, plain, read};

/// As the service wrote it, and as a relay may publish it.
const ROW: &str =
    r#"{"price": 10.50, "name": "dück", "tags": [1e2, null], "at": 1, "id": 9007199254740993}"#;
const COPY: &str =
    r#"{"at":2,"id":9007199254740993,"name":"d\u00fcck","price":10.5,"tags":[100,null]}"#;
const OTHER: &str =
    r#"{"at":2,"id":9007199254740992,"name":"dück","price":10.5,"tags":[100,null]}"#;

/// A table for each type, with the row, something that is no document, and nothing.
async fn check(product: Product, test: &str, types: &[&str], no_document: Option<&str>) {
    let base = Base::new(product, test).await;
    let mut tables = Vec::new();
    for (nth, sql_type) in types.iter().enumerate() {
        let columns = base.plain_table(&format!("outbox{nth}")).await;
        let table = &columns.table;
        base.execute(&format!("ALTER TABLE {table} ADD COLUMN body {sql_type}"))
            .await;
        let body = |text: &str| match (product, sql_type.contains("bytea")) {
            (Product::Postgres, true) => format!("convert_to('{text}', 'UTF8')"),
            _ => format!("'{text}'"),
        };
        base.execute(&format!(
            "INSERT INTO {table} (id, body) VALUES ('row', {}), ('none', NULL)",
            body(ROW)
        ))
        .await;
        if let Some(bytes) = no_document
            && (sql_type.contains("bytea") || sql_type.contains("blob"))
        {
            let insert = format!("INSERT INTO {table} (id, body) VALUES ('packed', {bytes})");
            base.execute(&insert).await;
        }
        tables.push((sql_type, columns));
    }
    let database = base.open().await;
    for (sql_type, columns) in tables {
        check_table(&*database, sql_type, columns).await;
    }
}

async fn check_table(database: &dyn Database, sql_type: &str, columns: RowColumns) {
    let compare = Compare::new("", ["/at"]);
    let columns = RowColumns {
        payload: Some("body".to_owned()),
        compare: Some(compare.clone()),
        ..columns
    };
    let all = read(database, &columns, None).await;
    assert!(all.error.is_none(), "{sql_type}: {:?}", all.error);
    let row = all.row("row").content;
    assert_eq!(row, compare.content(Some(COPY.as_bytes())), "{sql_type}");
    let other = compare.content(Some(OTHER.as_bytes()));
    assert!(row.differs_from(other), "{sql_type}");
    for seen in all.seen.iter().filter(|seen| seen.id != "row") {
        assert_eq!(seen.content, Content::NONE, "{sql_type}: {}", seen.id);
    }
}

#[tokio::test]
async fn postgres_bodies_of_every_type() {
    let types = ["json", "jsonb", "text", "varchar(200)", "bytea"];
    let packed = Some("'\\x0000000007'::bytea");
    check(Product::Postgres, "contents", &types, packed).await;
}

#[tokio::test]
async fn mariadb_bodies_of_every_type() {
    let types = [
        "json",
        "longtext",
        "varchar(200)",
        "text CHARACTER SET latin1",
        "longblob",
    ];
    check(Product::MariaDb, "contents", &types, Some("x'1f8b08'")).await;
}

#[tokio::test]
async fn sqlite_bodies_of_every_type() {
    let types = ["text", "json", "blob", ""];
    check(Product::Sqlite, "contents", &types, Some("x'1f8b08'")).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_stays_where_it_is() {
    for (product, large) in [
        (
            Product::Postgres,
            "string_agg(md5(n::text), '') FROM generate_series(1, 140000) n",
        ),
        (Product::MariaDb, "repeat('0123456789abcdef', 300000)"),
        (Product::Sqlite, "hex(randomblob(2200000))"),
    ] {
        let base = Base::new(product, "large_body").await;
        base.plain_table("outbox").await;
        base.execute(&format!(
            "INSERT INTO outbox (id, payload) SELECT 'large', {large}"
        ))
        .await;
        base.execute("INSERT INTO outbox (id, payload) VALUES ('small', '{}')")
            .await;
        let columns = RowColumns {
            payload: Some("payload".to_owned()),
            compare: Some(Compare::new("", [])),
            ..plain("outbox")
        };
        let database = base.open().await;
        let all = read(&*database, &columns, None).await;
        assert_eq!(all.ids(), ["large", "small"], "{product:?}");
        assert_eq!(all.row("large").content, Content::NONE, "{product:?}");
        assert!(!all.row("small").content.is_none(), "{product:?}");
        let limit = MAX_PARSED_BYTES as u64;
        assert!(
            all.bytes < limit,
            "{product:?}: {} bytes came over",
            all.bytes
        );
    }
}
