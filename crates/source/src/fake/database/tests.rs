//! The database in memory keeps the contract, and its faults do what they say.

use futures::StreamExt as _;
use waybill_model::{Clock, Coverage, Micros, PlaceId, Window};

use super::{FakeDatabase, text};
use crate::conformance::database::{self as conformance, Line, Stage};
use crate::{Chunk, Cursor, Database, RowColumns, RowKey, RowQuery};

struct Memory(FakeDatabase);

const COLUMNS: [&str; 9] = [
    "no",
    "id",
    "aggregate",
    "version",
    "type",
    "at",
    "sent_at",
    "payload",
    "aggregate_type",
];

fn roles(table: &str) -> RowColumns {
    let column = |name: &str| Some(name.to_owned());
    RowColumns {
        table: table.to_owned(),
        key: "no".to_owned(),
        id: column("id"),
        aggregate_type: column("aggregate_type"),
        fixed_aggregate_type: None,
        aggregate_id: column("aggregate"),
        version: column("version"),
        kind: column("type"),
        at: Some("at".to_owned()),
        zone: crate::Zoning::default(),
        sent_at: column("sent_at"),
        failed_at: None,
        status: None,
        attempts: None,
        destination: None,
        due: None,
        wanted: std::collections::BTreeMap::new(),
        only: None,
        payload: column("payload"),
        compare: None,
    }
}

fn insert(database: &FakeDatabase, table: &str, no: usize, line: &Line) -> usize {
    database.insert_late(
        table,
        &[
            ("no", text(&no.to_string())),
            ("id", line.id.as_deref().and_then(text)),
            ("aggregate_type", text("product")),
            ("aggregate", text(&line.aggregate)),
            ("version", text(&line.version.to_string())),
            ("type", text("ProductChanged")),
            ("at", line.at.and_then(|at| text(&at.to_string()))),
            ("payload", Some(line.payload.clone())),
        ],
    )
}

#[async_trait::async_trait]
impl Stage for Memory {
    fn database(&self) -> &dyn Database {
        &self.0
    }

    fn secret(&self) -> Option<String> {
        None
    }

    async fn table(&self, name: &str) -> RowColumns {
        self.0.add_table(name, &COLUMNS);
        roles(name)
    }

    async fn insert(&self, columns: &RowColumns, lines: &[Line]) {
        let before = self.keys(columns).await.len();
        for (no, line) in (before + 1..).zip(lines) {
            let row = insert(&self.0, &columns.table, no, line);
            self.0.commit_late(&columns.table, row);
        }
    }

    async fn mark_sent(&self, columns: &RowColumns, ids: &[String]) {
        for key in self.keys(columns).await {
            let rows = self
                .0
                .rows(columns, std::slice::from_ref(&key), 0)
                .await
                .expect("it reads");
            let id = rows[0].as_ref().and_then(|row| row.columns[1].1.clone());
            if id.is_some_and(|id| ids.contains(&id)) {
                self.0.update(
                    &columns.table,
                    &key.0,
                    "sent_at",
                    &text("2026-11-20T00:00:00Z"),
                );
            }
        }
    }

    async fn keys(&self, columns: &RowColumns) -> Vec<RowKey> {
        let tables = self.0.tables().await.expect("it lists");
        let table = tables.iter().find(|table| table.name == columns.table);
        let rows = table.and_then(|table| table.estimated_rows).unwrap_or(0);
        (1..=rows).map(|no| RowKey(no.to_string())).collect()
    }
}

/// One second per unit, on the table `t`.
fn query(after: Option<Cursor>) -> RowQuery {
    RowQuery {
        place: PlaceId(7),
        clock: Clock::Database,
        columns: roles("t"),
        window: Window {
            from: Micros(0),
            to: Micros(i64::MAX),
        },
        after,
        page_rows: 2,
    }
}

fn at(seconds: i64) -> Micros {
    Micros(seconds * 1_000_000)
}

async fn read(database: &FakeDatabase, after: Option<Cursor>) -> (Vec<String>, Coverage, Cursor) {
    let (mut ids, mut covered, mut resume) = (Vec::new(), None, None);
    let mut chunks = database.read(query(after));
    while let Some(chunk) = chunks.next().await {
        match chunk.expect("it reads") {
            Chunk::Evidence(batch) => ids.extend(batch.ids.iter().map(str::to_owned)),
            Chunk::Covered(coverage) => covered = Some(coverage),
            Chunk::Resume(cursor) => resume = Some(cursor),
            Chunk::Progress(_) | Chunk::Accounted(_) => {}
        }
    }
    (
        ids,
        covered.expect("it covers"),
        resume.expect("it can go on"),
    )
}

#[tokio::test]
async fn it_keeps_the_contract() {
    conformance::check_all(&Memory(FakeDatabase::new())).await;
}

#[tokio::test]
async fn a_read_that_dies_claims_nothing_beyond() {
    let database = FakeDatabase::new();
    database.add_table("t", &COLUMNS);
    for no in 1..=5 {
        let seconds = i64::try_from(no).expect("small") * 10;
        let row = insert(&database, "t", no, &Line::new("x", at(seconds)));
        database.commit_late("t", row);
    }
    database.die_after(Some(3));
    let query = query(None);
    let window = query.window;
    conformance::a_broken_read_claims_nothing_beyond(database.read(query), window).await;
}

#[tokio::test]
async fn a_late_row_holds_the_coverage_back_and_is_told_when_it_commits() {
    let database = FakeDatabase::new();
    database.add_table("t", &COLUMNS);
    let late = insert(&database, "t", 1, &Line::new("late", at(10)));
    let row = insert(&database, "t", 2, &Line::new("early", at(20)));
    database.commit_late("t", row);
    let before = super::now();
    let (ids, covered, resume) = read(&database, None).await;
    assert_eq!(ids, ["early"]);
    assert!(!covered.proves_absence_at(before), "{covered:?}");
    database.commit_late("t", late);
    let (ids, covered, _) = read(&database, Some(resume)).await;
    assert_eq!(ids, ["late"]);
    assert!(covered.proves_absence_at(before), "{covered:?}");
}

#[tokio::test]
async fn a_held_read_stands_still_and_ends_when_dropped() {
    let database = FakeDatabase::new();
    database.add_table("t", &COLUMNS);
    database.hold(true);
    let mut chunks = database.read(query(None));
    assert!(futures::poll!(chunks.next()).is_pending());
    assert_eq!(database.reading(), 1);
    drop(chunks);
    assert_eq!(database.reading(), 0);
    database.hold(false);
    assert_eq!(read(&database, None).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn what_does_not_answer_is_an_error() {
    let database = FakeDatabase::new();
    database.set_unreachable(true);
    database.tables().await.expect_err("nothing answers");
    let mut chunks = database.read(query(None));
    chunks
        .next()
        .await
        .expect("it says so")
        .expect_err("nothing answers");
    assert!(chunks.next().await.is_none());
}
