//! Checks of what a database says about itself, and of whole rows.

use waybill_model::Micros;

use super::reading::minutes_ago;
use super::{Line, Stage};
use crate::{Error, Row, RowKey};

/// The server names its product and version, and how its clock stands.
pub async fn it_says_who_it_is(stage: &dyn Stage) {
    let server = stage.database().server().await.expect("the server answers");
    assert!(
        !server.product.is_empty() && !server.version.is_empty(),
        "{server:?}"
    );
    let (offset, error) = (server.clock_offset_micros, server.clock_error_micros);
    let (Some(offset), Some(error)) = (offset, error) else {
        panic!("a database tells its clock: {server:?}");
    };
    // Both are this machine's clock in a test, so only the way there and back may show.
    assert!(offset.abs() <= error + 50_000, "{server:?}");
}

/// The password is in nothing that could be printed.
pub async fn it_shows_no_secret(stage: &dyn Stage) {
    let Some(secret) = stage.secret() else {
        return;
    };
    let shown = format!("{:?} {:#?}", stage.database(), stage.database());
    assert!(!shown.contains(&secret), "the password is in Debug");
}

/// A table is listed with its columns in order, and its key is known as one.
pub async fn tables_are_listed_with_their_columns(stage: &dyn Stage) {
    let roles = stage.table("listed").await;
    let tables = stage
        .database()
        .tables()
        .await
        .expect("the tables can be listed");
    let name = roles.table.rsplit('.').next().unwrap_or_default();
    let table = tables
        .iter()
        .find(|table| table.name == name)
        .unwrap_or_else(|| panic!("{name} is among {} tables", tables.len()));
    let column = |name: &str| {
        table
            .columns
            .iter()
            .find(|column| column.name == name)
            .unwrap_or_else(|| panic!("{name} is among {:?}", table.columns))
    };
    assert!(column(&roles.key).primary_key, "{:?}", column(&roles.key));
    let at = column(roles.at.as_deref().expect("the roles have a time"));
    assert!(!at.primary_key, "{at:?}");
    assert!(!at.sql_type.is_empty(), "{at:?}");
    assert!(
        roles.payload.as_deref().map(column).is_some(),
        "the roles have a payload"
    );
}

/// A sample has a value for every column, no more rows than asked for, and only the head of a
/// large value.
pub async fn a_sample_shows_what_columns_hold(stage: &dyn Stage) {
    let roles = stage.table("sampled").await;
    let empty = stage.database().sample(&roles.table, 5).await;
    assert!(
        empty
            .expect("an empty table can be sampled")
            .rows
            .is_empty()
    );
    let at = minutes_ago(10);
    let nameless = Line {
        id: None,
        ..Line::new("", at)
    };
    let large = Line {
        payload: vec![b'x'; 100_000],
        ..Line::new("large", at)
    };
    let lines = [Line::new("first", at), nameless, large];
    stage.insert(&roles, &lines).await;
    let sample = stage.database().sample(&roles.table, 3).await;
    let sample = sample.expect("a table can be sampled");
    let values = |column: &Option<String>| -> Vec<Option<String>> {
        let name = column.as_deref().expect("the roles have it");
        let at = sample.columns.iter().position(|column| column == name);
        let at = at.expect("every column is there");
        sample.rows.iter().map(|row| row[at].clone()).collect()
    };
    let mut ids = values(&roles.id);
    ids.sort();
    assert_eq!(
        ids,
        [None, Some("first".to_owned()), Some("large".to_owned())]
    );
    let longest = values(&roles.payload)
        .into_iter()
        .flatten()
        .map(|text| text.len());
    let longest = longest.fold(0, Ord::max);
    assert!(
        (100..10_000).contains(&longest),
        "{longest} bytes of a large value"
    );
    let two = stage.database().sample(&roles.table, 2).await;
    assert_eq!(two.expect("a table can be sampled").rows.len(), 2);
}

/// A table or column that is not there is an error that names it, with the nearest name.
pub async fn a_table_that_is_not_there_is_named(stage: &dyn Stage) {
    let mut roles = stage.table("misspelt").await;
    let right = roles.table.clone();
    roles.table.push('x');
    let error = stage
        .database()
        .rows(&roles, &[RowKey("1".to_owned())], 10)
        .await
        .expect_err("there is no such table");
    let Error::NotFound { what, name, .. } = &error else {
        panic!("a missing table is NotFound, not {error:?}");
    };
    assert_eq!((*what, name), ("table", &roles.table));
    let right = right.rsplit('.').next().unwrap_or_default();
    let first = &right[..1];
    assert!(error.to_string().contains("did you mean"), "{error}");
    assert!(error.to_string().contains(&format!("'{first}")), "{error}");

    let mut roles = stage.table("miscolumned").await;
    roles.version = Some("versoin".to_owned());
    let all = super::reading::read(stage, &roles, None).await;
    let error = all.error.expect("there is no such column");
    assert!(
        matches!(&error, Error::NotFound { what: "column", name, .. } if name == "versoin"),
        "{error:?}"
    );
}

/// Rows come back whole, in the order asked for, `None` where there is no such row; of a large
/// body only the head, with the length of the whole.
pub async fn rows_come_back_whole_and_in_order(stage: &dyn Stage) {
    let roles = stage.table("whole").await;
    let at = minutes_ago(10);
    let large = Line {
        payload: vec![b'x'; 100_000],
        ..Line::new("large", at)
    };
    let lines = [Line::new("first", at), large, Line::new("last", at)];
    stage.insert(&roles, &lines).await;
    let keys = stage.keys(&roles).await;
    assert_eq!(keys.len(), 3, "the stage lists the keys of all rows");
    let asked = [
        &keys[2],
        &RowKey("987654321".to_owned()),
        &keys[0],
        &keys[1],
        &keys[0],
    ];
    let asked: Vec<RowKey> = asked.into_iter().cloned().collect();
    let rows = stage
        .database()
        .rows(&roles, &asked, 1000)
        .await
        .expect("rows can be read");
    let id_column = roles.id.as_deref().expect("the roles have an id");
    let ids: Vec<Option<String>> = rows
        .iter()
        .map(|row| shown(row.as_ref()?, id_column))
        .collect();
    let ids: Vec<Option<&str>> = ids.iter().map(Option::as_deref).collect();
    assert_eq!(
        ids,
        [
            Some("last"),
            None,
            Some("first"),
            Some("large"),
            Some("first")
        ]
    );
    for (row, key) in rows.iter().zip(&asked) {
        if let Some(row) = row {
            assert_eq!(&row.key, key);
            assert_eq!(row.at.map(Micros::millis), Some(at.millis()));
            let payload = roles.payload.as_deref();
            assert!(
                row.columns
                    .iter()
                    .all(|(name, _)| Some(name.as_str()) != payload)
            );
        }
    }
    let body = |idx: usize| {
        let row = rows[idx].as_ref().expect("it was found above");
        (row.payload.clone().unwrap_or_default(), row.payload_len)
    };
    assert_eq!(body(2), (br#"{"id":"first"}"#.to_vec(), 14));
    assert_eq!(body(3), (vec![b'x'; 1000], 100_000));
}

/// A column's value.
fn shown(row: &Row, column: &str) -> Option<String> {
    let found = row.columns.iter().find(|(name, _)| name == column);
    found.and_then(|(_, value)| value.clone())
}
