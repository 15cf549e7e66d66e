//! What databases refuse, in words a user understands.

use std::time::{Duration, Instant};

use waybill_source::{Error, Secret};

use super::base::{Base, Product, plain, read};

#[tokio::test]
async fn a_wrong_password_is_named_and_not_shown() {
    for product in [Product::Postgres, Product::MariaDb] {
        let base = Base::new(product, "password").await;
        let mut target = base.target();
        target.secret = Some(Secret::new("Wr0ng-Secret"));
        let error = base.open_at(&target).await.expect_err("it is wrong");
        let Error::Login { user, .. } = &error else {
            panic!("{product:?}: {error:?}");
        };
        assert_eq!(user, "waybill");
        let shown = format!("{error} {error:?} {} {target:?}", error.chain());
        assert!(!shown.contains("Wr0ng"), "{product:?}: {shown}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    for product in [Product::Postgres, Product::MariaDb] {
        let base = Base::new(product, "nowhere").await;
        let mut target = base.target();
        target.url = target.url.replace(&base.name, "waybill_no_such_database");
        let error = base.open_at(&target).await.expect_err("it is not there");
        let named = matches!(
            &error,
            Error::NotFound { what: "database", name, .. } if name == "waybill_no_such_database"
        );
        assert!(named, "{product:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let base = Base::new(Product::Sqlite, "no_file").await;
    let mut target = base.target();
    target.url = target.url.replace("shop.db", "shop2.db");
    let error = base.open_at(&target).await.expect_err("it is not there");
    assert!(matches!(&error, Error::Connect { .. }), "{error:?}");
    let path = target.url.trim_start_matches("sqlite:");
    assert!(!std::path::Path::new(path).exists());
    std::fs::write(
        path,
        "this is no database, however long it may be ".repeat(100),
    )
    .expect("a file");
    let error = base.open_at(&target).await.expect_err("it is no database");
    assert!(
        error.chain().contains("not a database"),
        "{}",
        error.chain()
    );
}

#[tokio::test]
async fn nobody_there_is_said_with_the_address() {
    // Bound and not listening any more: nobody else gets this port meanwhile.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    for product in [Product::Postgres, Product::MariaDb] {
        let base = Base::new(product, "nobody").await;
        let mut target = base.target();
        let scheme = target.url.split("://").next().unwrap_or_default();
        target.url = format!("{scheme}://waybill@127.0.0.1:{port}/shop");
        let error = base.open_at(&target).await.expect_err("nobody listens");
        assert_eq!(
            error.to_string(),
            format!("failed to connect to 127.0.0.1:{port}")
        );
        assert!(error.chain().contains("refused"), "{}", error.chain());
    }
}

#[tokio::test]
async fn a_missing_right_is_named() {
    for product in [Product::Postgres, Product::MariaDb] {
        let test = "no_right";
        let base = Base::new(product, test).await;
        let columns = base.plain_table("outbox").await;
        base.execute("CREATE TABLE other (id integer)").await;
        let user = format!("waybill_{test}");
        let target = base.user(&user).await;
        let mariadb = product == Product::MariaDb;
        let other = if mariadb {
            format!("{}.other", base.name)
        } else {
            "other".to_owned()
        };
        base.execute(&format!("GRANT SELECT ON {other} TO {user}"))
            .await;
        let database = base.open_at(&target).await.expect("it may log in");
        let error = read(&*database, &columns, None)
            .await
            .error
            .expect("it may not read");
        if mariadb {
            // Its catalogue does not show what one may not read.
            assert!(
                matches!(&error, Error::NotFound { what: "table", .. }),
                "{error:?}"
            );
        } else {
            assert_eq!(error.to_string(), "no right to read table outbox");
            assert!(
                error.chain().contains("permission denied"),
                "{}",
                error.chain()
            );
        }
        let tables = database.tables().await.expect("it may look");
        let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["other"], "{product:?}");
        database.close().await;
        let drop = if mariadb {
            format!("DROP USER {user}")
        } else {
            format!("DROP OWNED BY {user}; DROP ROLE {user}")
        };
        base.execute(&drop).await;
    }
}

/// A view that writes when it is read: only the session can keep it from doing so.
#[tokio::test]
async fn our_sessions_cannot_write_on_postgres() {
    for pooled in [false, true] {
        let base = Base::new(Product::Postgres, "writes_pg").await;
        base.execute(
            "CREATE TABLE written (n integer);
             CREATE FUNCTION write_it() RETURNS bigint LANGUAGE sql VOLATILE AS
             'INSERT INTO written VALUES (1) RETURNING 1::bigint';
             CREATE VIEW outbox AS
             SELECT write_it() AS no, 'x' AS id, now() AS at, now() AS sent_at",
        )
        .await;
        let mut target = base.target();
        if pooled {
            target
                .options
                .insert("pooler".to_owned(), "true".to_owned());
        }
        let database = base.open_at(&target).await.expect("it can be opened");
        let error = read(&*database, &plain("outbox"), None).await.error;
        let chain = error.map(|error| error.chain()).unwrap_or_default();
        assert!(
            chain.contains("cannot execute INSERT in a read-only transaction"),
            "{chain}"
        );
        assert_eq!(
            base.texts("SELECT count(*)::text FROM written").await,
            ["0"]
        );
    }
}

/// A view that says of the session that reads it whether it can write.
#[tokio::test]
async fn our_sessions_cannot_write_on_mariadb() {
    let base = Base::new(Product::MariaDb, "writes_my").await;
    base.execute(
        "CREATE FUNCTION session_is() RETURNS varchar(20) NO SQL \
         RETURN IF(@@session.tx_read_only, 'read-only', 'writing')",
    )
    .await;
    base.execute(
        "CREATE VIEW outbox AS SELECT 1 AS no, session_is() AS id, \
         UTC_TIMESTAMP(6) AS at, NULL AS sent_at",
    )
    .await;
    let database = base.open().await;
    let all = read(&*database, &plain("outbox"), None).await;
    assert_eq!(all.ids(), ["read-only"], "{:?}", all.error);
}

/// A view whose rows take half a minute each.
fn slow_view(product: Product) -> &'static str {
    match product {
        Product::MariaDb => {
            "CREATE VIEW outbox AS SELECT CAST(SLEEP(30) AS SIGNED) AS no, 'x' AS id, \
             UTC_TIMESTAMP(6) AS at, NULL AS sent_at"
        }
        _ => {
            "CREATE VIEW outbox AS SELECT (length(pg_sleep(30)::text) + 1)::bigint AS no, 'x' AS id, \
             now() AS at, now() AS sent_at"
        }
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended() {
    for product in [Product::Postgres, Product::MariaDb] {
        let base = Base::new(product, "slow").await;
        base.execute(slow_view(product)).await;
        let database = base.open().await;
        let began = Instant::now();
        let all = read(&*database, &plain("outbox"), None).await;
        let error = all.error.as_ref().expect("it takes too long");
        assert_eq!(
            error.to_string(),
            "reading table outbox took longer than 5 s",
            "{product:?}"
        );
        assert!(
            began.elapsed() < Duration::from_secs(14),
            "{:?}",
            began.elapsed()
        );
        let coverage = all.coverage();
        assert!(
            !coverage.proves_absence_at(super::base::now().plus(-3_600_000_000)),
            "{coverage:?}"
        );
    }
}

/// How many statements of ours the server works on.
async fn running(base: &Base) -> usize {
    let sql = match base.product {
        Product::MariaDb => format!(
            "SELECT info FROM information_schema.processlist WHERE db = '{}' \
             AND id <> CONNECTION_ID() AND command IN ('Execute', 'Query')",
            base.name
        ),
        _ => format!(
            "SELECT query FROM pg_stat_activity WHERE datname = '{}' \
             AND application_name = 'waybill' AND state = 'active'",
            base.name
        ),
    };
    base.texts(&sql).await.len()
}

#[tokio::test]
async fn a_dropped_read_leaves_nothing_running() {
    use futures::StreamExt as _;
    use waybill_tests::wait::wait_for;

    for product in [Product::Postgres, Product::MariaDb] {
        let base = Base::new(product, "dropped_read").await;
        base.execute(slow_view(product)).await;
        let database = base.open().await;
        let mut stream = database.read(super::base::query(&plain("outbox"), None));
        let reading = tokio::spawn(async move { stream.next().await.is_some() });
        wait_for("the statement to run", Duration::from_secs(4), async || {
            (running(&base).await > 0).then_some(())
        })
        .await;
        reading.abort();
        let dropped = Instant::now();
        wait_for("the server to stop", Duration::from_secs(2), async || {
            (running(&base).await == 0).then_some(())
        })
        .await;
        // The server's own time-out is five seconds: it was told.
        assert!(dropped.elapsed() < Duration::from_secs(2), "{product:?}");
        eprintln!("{product:?} stopped after {:?}", dropped.elapsed());
        database.tables().await.expect("the rest goes on");
    }
}

/// How many times this process has a file open.
fn handles(path: &str) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").expect("Linux lists them");
    let links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links.filter(|link| link.to_str() == Some(path)).count()
}

#[tokio::test]
async fn a_dropped_read_leaves_nothing_running_in_sqlite() {
    use futures::StreamExt as _;
    use waybill_source::Chunk;
    use waybill_tests::wait::wait_for;

    let base = Base::new(Product::Sqlite, "dropped_file").await;
    // Counts for hours before there is a row.
    base.execute(
        "CREATE VIEW outbox AS WITH RECURSIVE s(n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000000000) \
         SELECT max(n) AS no, 'x' AS id, datetime() AS at, NULL AS sent_at FROM s",
    )
    .await;
    // A copy that nobody else has open: SQLite keeps a file open while its own process locks it.
    let path = base
        .url
        .trim_start_matches("sqlite:")
        .replace("shop.db", "copy.db");
    base.execute(&format!("VACUUM INTO '{path}'")).await;
    let mut target = base.target();
    target.url = format!("sqlite:{path}");
    let database = base.open_at(&target).await.expect("it can be opened");
    let mut stream = database.read(super::base::query(&plain("outbox"), None));
    // The catalogue takes a moment, the view takes for ever.
    let reading = async {
        while let Some(chunk) = stream.next().await {
            assert!(!matches!(chunk, Ok(Chunk::Evidence(_))), "there is no row");
        }
    };
    tokio::time::timeout(Duration::from_secs(1), reading)
        .await
        .expect_err("it counts");
    assert!(handles(&path) > 0);
    drop(stream);
    database.close().await;
    wait_for("the worker to stop", Duration::from_secs(2), async || {
        (handles(&path) == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_session_that_the_server_ended_is_replaced_on_postgres() {
    let base = Base::new(Product::Postgres, "ended_pg").await;
    let columns = base.plain_table("outbox").await;
    base.execute("INSERT INTO outbox (id) VALUES ('a')").await;
    let database = base.open().await;
    assert_eq!(read(&*database, &columns, None).await.ids(), ["a"]);
    let sql = format!(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
         WHERE datname = '{}' AND application_name = 'waybill'",
        base.name
    );
    assert_eq!(base.texts(&sql).await, ["true"]);
    let again = read(&*database, &columns, None).await;
    assert_eq!(again.ids(), ["a"], "{:?}", again.error);
}

#[tokio::test]
async fn a_session_that_the_server_ended_is_replaced_on_mariadb() {
    let base = Base::new(Product::MariaDb, "ended_my").await;
    let columns = base.plain_table("outbox").await;
    base.execute("INSERT INTO outbox (id) VALUES ('a')").await;
    let target = base.user("waybill_ended").await;
    base.execute(&format!("GRANT SELECT ON {}.* TO waybill_ended", base.name))
        .await;
    let database = base.open_at(&target).await.expect("it can be opened");
    assert_eq!(read(&*database, &columns, None).await.ids(), ["a"]);
    let sql = "SELECT CAST(id AS char(20)) FROM information_schema.processlist \
               WHERE user = 'waybill_ended'";
    let sessions = base.texts(sql).await;
    assert_eq!(sessions.len(), 1);
    base.execute(&format!("KILL {}", sessions[0])).await;
    let again = read(&*database, &columns, None).await;
    assert_eq!(again.ids(), ["a"], "{:?}", again.error);
    base.execute("DROP USER waybill_ended").await;
}
