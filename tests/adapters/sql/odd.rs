//! Rows nobody expected, and every type an outbox may be made of.

use waybill_model::{Marks, Micros};
use waybill_source::{Error, RowColumns, RowKey};

use super::base::{Base, Product, now, plain, read};

fn column(name: &str) -> Option<String> {
    Some(name.to_owned())
}

/// One column of every type, under names that need quotes; returns the time of the rows.
async fn every_type(test: &str) -> (Base, RowColumns, Micros) {
    let base = Base::new(Product::Postgres, test).await;
    let at = Micros::from_millis(now().millis());
    let (millis, secs) = (at.millis(), at.millis() / 1000);
    base.execute(&format!(
        "CREATE TYPE state AS ENUM ('new', 'Sent', 'dead');
         CREATE SCHEMA shop;
         CREATE TABLE shop.\"Out\"\"Box\" (\"No\" numeric(20) PRIMARY KEY, event bytea, at bigint,
             done boolean, state state, tries smallint, agg uuid, version numeric, body jsonb);
         INSERT INTO shop.\"Out\"\"Box\" VALUES
           (1, '\\x0b5f3c8a9d1e4f6a8c2b7e4d5a6f1b20', {millis}, false, 'new', 0,
            '0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B21', 7, '{{\"a\": 1}}'),
           (18446744073709551615, 'plain', {secs}, true, 'new', 3, NULL, 1.5, NULL),
           (3, '\\xff00', {millis}, false, 'dead', 2, NULL, NULL, NULL),
           (4, NULL, {millis}, NULL, 'Sent', 0, NULL, NULL, NULL);"
    ))
    .await;
    let columns = RowColumns {
        key: "No".to_owned(),
        id: column("event"),
        fixed_aggregate_type: column("product"),
        aggregate_id: column("agg"),
        version: column("version"),
        sent_at: column("done"),
        status: Some((
            "state".to_owned(),
            vec!["sent".to_owned()],
            vec!["dead".to_owned()],
        )),
        attempts: column("tries"),
        payload: column("body"),
        compare: None,
        ..plain("shop.Out\"Box")
    };
    (base, columns, at)
}

#[tokio::test]
async fn postgres_types_in_a_read() {
    let (base, columns, at) = every_type("types_read").await;
    let secs = at.millis() / 1000;
    let database = base.open().await;
    let all = read(&*database, &columns, None).await;
    assert!(all.error.is_none(), "{:?}", all.error);
    assert_eq!(
        all.ids(),
        [
            "",
            "0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20",
            "0xff00",
            "plain"
        ]
    );
    let first = all.row("0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20");
    assert_eq!(
        first.aggregate,
        "product/0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b21"
    );
    assert_eq!(
        (first.stamp.at, first.version, first.marks),
        (at, 7, Marks::empty())
    );
    assert_eq!(all.row("plain").stamp.at, Micros(secs * 1_000_000));
    assert_eq!(
        all.row("plain").marks,
        Marks::SENT | Marks::MALFORMED,
        "1.5 is no version"
    );
    assert_eq!(all.row("plain").key, "18446744073709551615");
    assert_eq!(all.row("0xff00").marks, Marks::FAILED | Marks::ATTEMPTED);
    assert_eq!(all.row("").marks, Marks::NO_ID | Marks::SENT);
}

#[tokio::test]
async fn postgres_types_in_whole_rows() {
    let (base, columns, at) = every_type("types_rows").await;
    let millis = at.millis();
    let database = base.open().await;
    let keys = ["1", "18446744073709551615"].map(|key| RowKey(key.to_owned()));
    let rows = database
        .rows(&columns, &keys, 4)
        .await
        .expect("they are there");
    let row = rows[0].as_ref().expect("it is there");
    assert_eq!(
        (row.payload.as_deref(), row.payload_len),
        (Some(&b"{\"a\""[..]), 8)
    );
    let shown: Vec<_> = row
        .columns
        .iter()
        .map(|(_, value)| value.as_deref())
        .collect();
    assert_eq!(
        shown,
        [
            Some("1"),
            Some("0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b20"),
            Some(millis.to_string().as_str()),
            Some("false"),
            Some("new"),
            Some("0"),
            Some("0b5f3c8a-9d1e-4f6a-8c2b-7e4d5a6f1b21"),
            Some("7"),
        ]
    );
    assert_eq!(rows[1].as_ref().map(|row| row.payload_len), Some(0), "NULL");
}

#[tokio::test]
async fn times_that_are_none() {
    for (product, time, never) in [
        (Product::Postgres, "timestamp", "'infinity'"),
        (Product::MariaDb, "datetime(3)", "'0000-00-00 00:00:00'"),
        (Product::Sqlite, "text", "'yesterday'"),
    ] {
        for key in ["bigint", "varchar(20)"] {
            let base = Base::new(product, "timeless").await;
            base.execute(&format!(
                "CREATE TABLE outbox (no {key} PRIMARY KEY, id varchar(20), at {time}, \
                 sent_at {time})"
            ))
            .await;
            let lenient = if product == Product::MariaDb {
                "SET sql_mode = ''; "
            } else {
                ""
            };
            base.execute(&format!(
                "{lenient}INSERT INTO outbox (no, id, at) VALUES ('1', 'null', NULL), \
                 ('2', 'never', {never})"
            ))
            .await;
            let database = base.open().await;
            let all = read(&*database, &plain("outbox"), None).await;
            assert_eq!(
                all.ids(),
                ["never", "null"],
                "{product:?} {key}: {:?}",
                all.error
            );
            assert_eq!(all.row("null").marks, Marks::NO_TIME, "{product:?} {key}");
            let never = all.row("never").marks;
            // sqlx hands a "zero date" out as NULL.
            assert!(
                never.contains(Marks::NO_TIME),
                "{product:?} {key}: {never:?}"
            );
            let again = read(&*database, &plain("outbox"), all.resume).await;
            assert_eq!(again.ids(), Vec::<&str>::new(), "{product:?} {key}");
        }
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_is_shown_and_marked() {
    for (product, table, values) in [
        (
            Product::MariaDb,
            "no bigint AUTO_INCREMENT PRIMARY KEY, id varbinary(20), at datetime(6), \
             sent_at datetime(6), body blob, note varchar(20) CHARACTER SET latin1",
            "(x'636166e9', UTC_TIMESTAMP(6), x'636166e9', _latin1 x'636166e9')",
        ),
        (
            Product::Sqlite,
            "no integer PRIMARY KEY, id text, at text, sent_at text, body text, note text",
            "(CAST(x'636166e9' AS text), datetime(), CAST(x'636166e9' AS text), 'café')",
        ),
    ] {
        let base = Base::new(product, "not_utf8").await;
        base.execute(&format!("CREATE TABLE outbox ({table})"))
            .await;
        base.execute(&format!(
            "INSERT INTO outbox (id, at, body, note) VALUES {values}"
        ))
        .await;
        let columns = RowColumns {
            payload: column("body"),
            compare: None,
            ..plain("outbox")
        };
        let database = base.open().await;
        let all = read(&*database, &columns, None).await;
        assert!(all.error.is_none(), "{:?}", all.error);
        let seen = &all.seen[0];
        if product == Product::Sqlite {
            assert_eq!(
                (seen.id.as_str(), seen.marks),
                ("caf\u{fffd}", Marks::NOT_UTF8)
            );
        } else {
            // Binary columns promise no text.
            assert_eq!(
                (seen.id.as_str(), seen.marks),
                ("0x636166e9", Marks::empty())
            );
        }
        let rows = database
            .rows(&columns, &[RowKey("1".to_owned())], 100)
            .await;
        let row = rows.expect("it can be read")[0]
            .clone()
            .expect("it is there");
        assert_eq!(
            row.payload.as_deref(),
            Some(&b"caf\xe9"[..]),
            "bodies are bytes"
        );
        let shown = |name: &str| {
            let found = row.columns.iter().find(|(column, _)| column == name);
            found
                .and_then(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        assert_eq!(shown("id"), "caf\u{fffd} (not UTF-8)", "{product:?}");
        assert_eq!(shown("note"), "café", "{product:?}");
    }
}

#[tokio::test]
async fn a_body_of_20_megabytes_comes_by_its_head() {
    const BYTES: u64 = 20_000_000;
    for product in [Product::Postgres, Product::MariaDb, Product::Sqlite] {
        let base = Base::new(product, "large").await;
        let columns = RowColumns {
            payload: column("payload"),
            compare: None,
            ..base.plain_table("outbox").await
        };
        let body = match product {
            Product::Postgres | Product::MariaDb => format!("repeat('x', {BYTES})"),
            Product::Sqlite => format!("replace(hex(zeroblob({BYTES} / 2)), '0', 'x')"),
        };
        base.execute(&format!(
            "INSERT INTO outbox (id, payload) VALUES ('large', {body})"
        ))
        .await;
        let database = base.open().await;
        let all = read(&*database, &columns, None).await;
        assert_eq!(all.ids(), ["large"], "{product:?}: {:?}", all.error);
        let rows = database
            .rows(&columns, &[RowKey("1".to_owned())], 1000)
            .await;
        let row = rows.expect("it can be read")[0]
            .clone()
            .expect("it is there");
        assert_eq!(row.payload_len, BYTES, "{product:?}");
        assert_eq!(
            row.payload.map(|head| head.len()),
            Some(1000),
            "{product:?}"
        );
        let whole = database
            .rows(&columns, &[RowKey("1".to_owned())], BYTES + 1)
            .await;
        let row = whole.expect("it can be read")[0]
            .clone()
            .expect("it is there");
        assert_eq!(
            row.payload.map(|body| body.len() as u64),
            Some(BYTES),
            "{product:?}"
        );
    }
}

#[tokio::test]
async fn null_and_duplicate_keys_are_all_told() {
    for (product, time) in [
        (Product::Postgres, "timestamptz DEFAULT now()"),
        (Product::MariaDb, "datetime(6) DEFAULT (UTC_TIMESTAMP(6))"),
        (Product::Sqlite, "text DEFAULT (datetime())"),
    ] {
        for key in ["varchar(20)", "bigint"] {
            let base = Base::new(product, "dup_keys").await;
            // No primary key at all: the id is the key, and nothing keeps it unique.
            base.execute(&format!(
                "CREATE TABLE outbox (id {key}, at {time}, sent_at {time})"
            ))
            .await;
            base.execute(
                "INSERT INTO outbox (id) VALUES ('1'), ('1'), (NULL), ('2'), (NULL), ('1')",
            )
            .await;
            let columns = RowColumns {
                key: "id".to_owned(),
                ..plain("outbox")
            };
            let database = base.open().await;
            let mut query = super::base::query(&columns, None);
            query.page_rows = 2;
            let all = super::base::drain(database.read(query)).await;
            assert!(all.error.is_none(), "{product:?} {key}: {:?}", all.error);
            assert_eq!(all.ids(), ["", "", "1", "1", "1", "2"], "{product:?} {key}");
            let odd = all
                .seen
                .iter()
                .filter(|row| row.marks.contains(Marks::NO_ID));
            assert_eq!(odd.count(), 2, "{product:?} {key}");
        }
    }
}

#[tokio::test]
async fn an_inbox_that_consumers_share() {
    for (product, time) in [
        (Product::Postgres, "timestamptz DEFAULT now()"),
        (Product::MariaDb, "datetime(6) DEFAULT (UTC_TIMESTAMP(6))"),
        (Product::Sqlite, "text DEFAULT (datetime())"),
    ] {
        let base = Base::new(product, "shared_inbox").await;
        base.execute(&format!(
            "CREATE TABLE inbox (id varchar(20), consumer varchar(20), at {time}, \
             PRIMARY KEY (id, consumer))"
        ))
        .await;
        base.execute(
            "INSERT INTO inbox (id, consumer) VALUES ('a', 'search'), ('a', 'store'), ('b', 'store')",
        )
        .await;
        let columns = RowColumns {
            key: "id".to_owned(),
            sent_at: None,
            only: Some(("consumer".to_owned(), "store".to_owned())),
            ..plain("inbox")
        };
        let database = base.open().await;
        let all = read(&*database, &columns, None).await;
        assert_eq!(all.ids(), ["a", "b"], "{product:?}: {:?}", all.error);
        assert_eq!(all.row("a").key, "a", "{product:?}");
        base.execute("INSERT INTO inbox (id, consumer) VALUES ('b', 'search'), ('c', 'store')")
            .await;
        let more = read(&*database, &columns, all.resume).await;
        assert_eq!(more.ids(), ["c"], "{product:?}");
        let key = [RowKey("a".to_owned()), RowKey("zzz".to_owned())];
        let rows = database
            .rows(&columns, &key, 10)
            .await
            .expect("they can be read");
        let consumer = rows[0].as_ref().and_then(|row| row.columns[1].1.clone());
        assert_eq!(consumer.as_deref(), Some("store"), "{product:?}");
        assert!(rows[1].is_none());
    }
}

#[tokio::test]
async fn a_table_whose_name_has_a_dot() {
    let base = Base::new(Product::MariaDb, "dotted").await;
    base.execute(
        "CREATE TABLE `cap.published` (Id bigint PRIMARY KEY, Added datetime, StatusName varchar(20))",
    )
    .await;
    base.execute("INSERT INTO `cap.published` VALUES (7001, UTC_TIMESTAMP(), 'Succeeded')")
        .await;
    let columns = RowColumns {
        key: "id".to_owned(),
        id: column("Id"),
        at: Some("added".to_owned()),
        sent_at: None,
        status: Some((
            "statusname".to_owned(),
            vec!["Succeeded".to_owned()],
            Vec::new(),
        )),
        ..plain("cap.published")
    };
    let database = base.open().await;
    let all = read(&*database, &columns, None).await;
    assert_eq!(all.ids(), ["7001"], "{:?}", all.error);
    assert_eq!(all.row("7001").marks, Marks::SENT);
    assert_eq!(
        all.row("7001").stamp.resolution_micros,
        1_000_000,
        "DATETIME counts seconds"
    );
    let missing = read(&*database, &plain("cap.publishd"), None).await;
    let error = missing.error.expect("there is no such table");
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("; did you mean 'cap.published'?"),
        "{error}"
    );
}

/// Libraries that tell no sent time from a given-up one, and those that keep the id in the body.
#[tokio::test]
async fn an_id_in_the_body_and_a_flag_for_given_up() {
    let uuid = "0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20";
    for (product, json, time, flag) in [
        (Product::Postgres, "jsonb", "timestamptz", "boolean"),
        (Product::Postgres, "text", "timestamptz", "timestamptz"),
        (Product::MariaDb, "json", "datetime(6)", "boolean"),
        (Product::Sqlite, "text", "text", "integer"),
    ] {
        let base = Base::new(product, &format!("in_body_{json}")).await;
        let now = match product {
            Product::Postgres => "now()",
            Product::MariaDb => "utc_timestamp(6)",
            Product::Sqlite => "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
        };
        let given_up = if flag == time { now } else { "true" };
        base.execute(&format!(
            "CREATE TABLE box (no integer PRIMARY KEY, body {json}, at {time} NOT NULL, \
             sent {flag}, dead {flag}, tries integer NOT NULL)"
        ))
        .await;
        for (no, body, sent, dead) in [
            (
                1,
                format!("'{{\"data\": {{\"id\": \"{uuid}\", \"of\": 7}}}}'"),
                given_up,
                "NULL",
            ),
            (2, "'{\"data\": {\"id\": 42}}'".to_owned(), "NULL", given_up),
            (3, "'{\"id\": \"elsewhere\"}'".to_owned(), "NULL", "NULL"),
        ] {
            base.execute(&format!(
                "INSERT INTO box VALUES ({no}, {body}, {now}, {sent}, {dead}, 3)"
            ))
            .await;
        }
        let columns = RowColumns {
            id: column("body#/data/id"),
            aggregate_id: column("body#/data/of"),
            fixed_aggregate_type: column("product"),
            sent_at: column("sent"),
            failed_at: column("dead"),
            attempts: column("tries"),
            payload: column("body"),
            ..plain("box")
        };
        let database = base.open().await;
        let all = read(&*database, &columns, None).await;
        assert!(all.error.is_none(), "{:?}", all.error);
        let uuid = uuid.to_lowercase();
        assert_eq!(all.ids(), ["", uuid.as_str(), "42"], "{product:?} {json}");
        let sent = all.row(&uuid);
        assert_eq!(
            (sent.marks, sent.aggregate.as_str()),
            (Marks::SENT, "product/7")
        );
        assert_eq!(all.row("42").marks, Marks::FAILED | Marks::ATTEMPTED);
        assert_eq!(all.row("").marks, Marks::NO_ID | Marks::ATTEMPTED);
    }
}
