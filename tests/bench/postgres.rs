//! Our scan of an outbox table beside `psql \copy` in binary of the same columns.

use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;
use futures::StreamExt as _;
use sqlx::{Connection as _, Executor as _};
use waybill_model::{Access, Clock, Micros, PlaceId, Window};
use waybill_source::{Chunk, RowColumns, RowQuery, Source};

use crate::figure::Figure;

const RUNS: usize = 5;

/// Rows per second of both, in turn.
pub(crate) async fn scan_beside_psql(n: usize) -> anyhow::Result<Vec<Figure>> {
    let servers = waybill_services::endpoints()?;
    let table = format!("bench_outbox_{}", std::process::id());
    let mut connection = sqlx::PgConnection::connect(&servers.postgres_url).await?;
    fill(&mut connection, &table, n).await?;
    let (mut ours, mut psql) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(scan(&servers.postgres_url, &table, n).await?);
        psql.push(copy(&servers.postgres_url, &table, n)?);
    }
    connection
        .execute(sqlx::AssertSqlSafe(format!("DROP TABLE {table}")))
        .await?;
    let figure = Figure::alone("postgres-outbox-scan", "rows/s", ours, "ratio >= 0.85");
    Ok(vec![
        figure.beside("psql \\copy (format binary) to /dev/null", psql),
    ])
}

async fn fill(connection: &mut sqlx::PgConnection, table: &str, n: usize) -> anyhow::Result<()> {
    let made = format!(
        "CREATE TABLE {table} (id bigserial PRIMARY KEY, event_id uuid NOT NULL, aggregate_type text,
             aggregate_id text, version int, type text, payload text, created_at timestamptz, sent_at timestamptz);
         INSERT INTO {table} (event_id, aggregate_type, aggregate_id, version, type, payload, created_at, sent_at)
         SELECT gen_random_uuid(), 'product', (i % 5000)::text, i / 5000, 'ProductRenamed', repeat('x', 200),
             now() - interval '50 min' + i * interval '1 ms', now() FROM generate_series(1, {n}) i;
         ANALYZE {table};"
    );
    connection.execute(sqlx::AssertSqlSafe(made)).await?;
    Ok(())
}

async fn scan(url: &str, table: &str, n: usize) -> anyhow::Result<f64> {
    let Source::Database(database) = crate::figure_source::open(url, Access::ReadOnly).await?
    else {
        anyhow::bail!("this is no database");
    };
    let column = |name: &str| Some(name.to_owned());
    let began = Instant::now();
    let mut chunks = database.read(RowQuery {
        place: PlaceId(0),
        clock: Clock::Database,
        columns: RowColumns {
            destination: None,
            table: table.to_owned(),
            key: "id".to_owned(),
            id: column("event_id"),
            aggregate_type: column("aggregate_type"),
            fixed_aggregate_type: None,
            aggregate_id: column("aggregate_id"),
            version: column("version"),
            kind: column("type"),
            at: Some("created_at".to_owned()),
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
        },
        window: Window {
            from: Micros(0),
            to: Micros(i64::MAX / 2),
        },
        after: None,
        page_rows: 5000,
    });
    let mut seen = 0;
    while let Some(chunk) = chunks.next().await {
        if let Chunk::Evidence(batch) = chunk? {
            seen += batch.len();
        }
    }
    anyhow::ensure!(seen == n, "the scan saw {seen} of {n} rows");
    Ok(n as f64 / began.elapsed().as_secs_f64())
}

fn copy(url: &str, table: &str, n: usize) -> anyhow::Result<f64> {
    let columns = "id, event_id, aggregate_type, aggregate_id, version, type, created_at, sent_at";
    let command = format!(
        "\\copy (SELECT {columns} FROM {table} ORDER BY id) TO '/dev/null' (FORMAT binary)"
    );
    let began = Instant::now();
    let run = Command::new("psql")
        .args([url, "-X", "-q", "-c", &command])
        .output();
    let output = run.context("failed to start psql")?;
    let took = began.elapsed().as_secs_f64();
    anyhow::ensure!(
        output.status.success(),
        "psql: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(n as f64 / took)
}
