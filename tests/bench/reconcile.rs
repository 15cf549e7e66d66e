//! How many pieces of evidence a second become verdicts on one core, and what an event weighs.

use std::time::Instant;

use waybill_model::{
    Batch, Clock, ConsumerNo, Content, Coverage, GraceSettings, Marks, Micros, Observation, Place,
    PlaceId, PlaceRole, Stamp, Window,
};
use waybill_reconcile::{ConsumerShape, Index, Judgement, ProgressKind, Shape};

use crate::duckdb::DuckDb;
use crate::figure::Figure;

const RUNS: usize = 3;
const BATCH: usize = 8192;
/// Outbox row, copy, and three inboxes.
const PLACES: [PlaceRole; 5] = [
    PlaceRole::Outbox,
    PlaceRole::Destination,
    PlaceRole::Inbox(ConsumerNo(0)),
    PlaceRole::Inbox(ConsumerNo(1)),
    PlaceRole::Inbox(ConsumerNo(2)),
];
/// 2026-11-20T13:00:00Z; a thousand events a second from here.
const START: i64 = 1_795_179_600_000_000;

/// Pieces of evidence per second, ingestion and judgement together, beside a join of the same
/// columns; and bytes per event.
pub(crate) fn rate_and_size(events: usize) -> anyhow::Result<Vec<Figure>> {
    let duckdb = DuckDb::new()?;
    let mut rates = Vec::new();
    let mut joins = Vec::new();
    let mut bytes = Vec::new();
    for _ in 0..RUNS {
        let batches: Vec<Batch> = (0..PLACES.len())
            .flat_map(|place| batches(place, events))
            .collect();
        let mut index = Index::new(shape());
        let began = Instant::now();
        index.begin_scan(Micros(START));
        for batch in &batches {
            index.ingest(batch);
        }
        let end = Micros(START + events as i64 * 1000 + 3_600_000_000);
        for place in 0..PLACES.len() {
            index.cover(everything(place, end));
        }
        let arrived = index.judge(&Judgement::new(end, end)).total;
        assert_eq!(arrived as usize, events, "every event has a verdict");
        let pieces = events * PLACES.len();
        rates.push(pieces as f64 / began.elapsed().as_secs_f64());
        bytes.push(index.heap_bytes() as f64 / events as f64);
        drop((index, batches));
        joins.push(pieces as f64 / duckdb.join(events)?);
    }
    let budget = ">= 3 000 000, ratio >= 1";
    Ok(vec![
        Figure::alone("reconcile", "pieces of evidence/s", rates, budget)
            .beside("DuckDB full outer join, one thread", joins),
        Figure::alone(
            "event-index",
            "bytes/event, 3 consumers, ids included",
            bytes,
            "<= 96",
        ),
    ])
}

fn shape() -> Shape {
    let place = |(no, role): (usize, &PlaceRole)| Place {
        id: PlaceId(no as u16),
        role: *role,
        source: "bench".to_owned(),
        name: format!("place-{no}"),
    };
    let consumer = |name: &str| ConsumerShape {
        name: name.to_owned(),
        destination: Some(PlaceId(1)),
        inbox: true,
        inbox_tells: false,
        progress: ProgressKind::None,
        dead_letters: false,
    };
    Shape {
        places: PLACES.iter().enumerate().map(place).collect(),
        consumers: ["inventory", "search", "storefront"]
            .into_iter()
            .map(consumer)
            .collect(),
        has_outbox: true,
        outbox_tells_sent: true,
        deletes_after_send: false,
        found_by_id: true,
        has_business: false,
        keeps_versions: false,
        has_observer: true,
        grace: GraceSettings::default().into(),
    }
}

fn everything(place: usize, end: Micros) -> Coverage {
    Coverage {
        place: PlaceId(place as u16),
        partition: None,
        window: Window {
            from: Micros(0),
            to: end,
        },
        positions: None,
        gaps: Vec::new(),
    }
}

fn batches(place: usize, events: usize) -> Vec<Batch> {
    let starts = (0..events).step_by(BATCH);
    starts
        .map(|start| batch(place, start..events.min(start + BATCH)))
        .collect()
}

fn batch(place: usize, events: std::ops::Range<usize>) -> Batch {
    let mut batch = Batch::new(PlaceId(place as u16), Clock::Database, 1, events.len());
    for i in events {
        batch.push(&Observation {
            place: PlaceId(place as u16),
            id: uuid_of(i),
            kind: if place < 2 {
                "ProductRenamed".to_owned()
            } else {
                String::new()
            },
            aggregate: if place < 2 {
                format!("product/{}", i % 50_000)
            } else {
                String::new()
            },
            version: if place < 2 {
                (i / 50_000) as i64
            } else {
                waybill_model::NO_VERSION
            },
            stamp: Stamp {
                at: Micros(START + i as i64 * 1000 + place as i64 * 40_000),
                clock: Clock::Database,
                resolution_micros: 1,
            },
            partition: 0,
            position: i as i64,
            key: String::new(),
            marks: if place == 0 {
                Marks::SENT
            } else {
                Marks::default()
            },
            content: Content::NONE,
        });
    }
    batch
}

/// A UUID that looks random and is the same every time.
fn uuid_of(i: usize) -> String {
    let mixed = (i as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let hex = format!("{mixed:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
