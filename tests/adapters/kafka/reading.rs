//! Everything a read yields, gathered for the other tests.

use std::time::Duration;

use futures::StreamExt as _;
use waybill_model::{Carriers, Coverage, GapReason, Micros, Observation, PlaceId, Window};
use waybill_source::conformance::broker::Letter;
use waybill_source::{Broker, Chunk, ChunkStream, CopyQuery, CopyRole, Cursor, Error};
use waybill_tests::kafka::LIMIT;

/// What a read yielded.
#[derive(Debug, Default)]
pub(super) struct Yield {
    pub(super) seen: Vec<Observation>,
    pub(super) covered: Vec<Coverage>,
    pub(super) resume: Option<Cursor>,
    pub(super) error: Option<Error>,
}

impl Yield {
    pub(super) fn take(&mut self, chunk: Result<Chunk, Error>) {
        match chunk {
            Ok(Chunk::Evidence(batch)) => {
                self.seen
                    .extend((0..batch.len()).map(|idx| batch.observation(idx)));
            }
            Ok(Chunk::Covered(covered)) => {
                self.covered
                    .retain(|old| old.partition != covered.partition);
                self.covered.push(covered);
            }
            Ok(Chunk::Resume(cursor)) => self.resume = Some(cursor),
            Ok(Chunk::Progress(_) | Chunk::Accounted(_)) => {}
            Err(error) => self.error = Some(error),
        }
    }

    pub(super) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<_> = self.seen.iter().map(|seen| seen.id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn one(&self, id: &str) -> &Observation {
        let mut found = self.seen.iter().filter(|seen| seen.id == id);
        let one = found
            .next()
            .unwrap_or_else(|| panic!("no {id} in {self:?}"));
        assert!(found.next().is_none(), "{id} was seen twice: {self:?}");
        one
    }

    pub(super) fn reasons(&self) -> Vec<&GapReason> {
        let gaps = self.covered.iter().flat_map(|covered| &covered.gaps);
        gaps.map(|gap| &gap.reason).collect()
    }

    pub(super) fn proves_absence_at(&self, at: Micros) -> bool {
        !self.covered.is_empty() && self.covered.iter().all(|c| c.proves_absence_at(at))
    }
}

pub(super) fn query(topic: &str) -> CopyQuery {
    CopyQuery {
        place: PlaceId(0),
        role: CopyRole::Destination,
        channel: topic.to_owned(),
        exchange: None,
        carriers: Carriers::default(),
        aggregate_type: Some("product".to_owned()),
        only: Vec::new(),
        whose: waybill_source::Whose::default(),
        compare: None,
        window: Window {
            from: Micros(0),
            to: Micros(i64::MAX),
        },
        after: None,
        max_messages: None,
    }
}

pub(super) async fn drain(mut stream: ChunkStream) -> Yield {
    let mut all = Yield::default();
    until_end(&mut stream, &mut all).await;
    all
}

/// Reads on to the end.
pub(super) async fn until_end(stream: &mut ChunkStream, all: &mut Yield) {
    let reading = async {
        while let Some(chunk) = stream.next().await {
            all.take(chunk);
        }
    };
    let ended = tokio::time::timeout(LIMIT * 2, reading).await;
    assert!(ended.is_ok(), "a scan ends by itself; so far: {all:?}");
}

/// A scan that must succeed.
pub(super) async fn scan(broker: &dyn Broker, query: CopyQuery) -> Yield {
    let all = drain(broker.scan(query)).await;
    assert!(all.error.is_none(), "the scan failed: {:?}", all.error);
    all
}

/// Pulls until the condition holds; fails with what was seen so far.
pub(super) async fn until(
    stream: &mut ChunkStream,
    all: &mut Yield,
    holds: impl Fn(&Yield) -> bool,
) {
    let pulling = async {
        while !holds(all) {
            match stream.next().await {
                Some(chunk) => all.take(chunk),
                None => break,
            }
        }
    };
    let in_time = tokio::time::timeout(LIMIT, pulling).await.is_ok();
    assert!(
        in_time && all.error.is_none() && holds(all),
        "the read did not get there: {all:?}"
    );
}

pub(super) fn letters(ids: std::ops::Range<usize>) -> Vec<Letter> {
    ids.map(|id| Letter::with_id(&format!("event-{id:05}")))
        .collect()
}

pub(super) fn now() -> Micros {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
