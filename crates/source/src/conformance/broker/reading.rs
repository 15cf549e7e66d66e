//! Checks of scanning, following and fetching.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use waybill_model::{
    Accounts, Carriers, Coordinate, Coverage, Marks, Micros, Observation, PlaceId, Window,
};

use super::{Letter, Stage};
use crate::{Chunk, ChunkStream, CopyQuery, CopyRole, Cursor, Error};

/// How long anything may take on a busy machine. Nothing waits this long unless it fails.
const LIMIT: Duration = Duration::from_secs(30);

/// The place all checks read as.
const PLACE: PlaceId = PlaceId(7);

/// Everything a read yielded.
#[derive(Debug, Default)]
pub(super) struct Yield {
    pub(super) seen: Vec<Observation>,
    pub(super) covered: Vec<Coverage>,
    pub(super) accounts: Accounts,
    pub(super) resume: Option<Cursor>,
    pub(super) error: Option<Error>,
}

impl Yield {
    fn take(&mut self, chunk: Result<Chunk, Error>) {
        match chunk {
            Ok(Chunk::Evidence(batch)) => {
                assert_eq!(
                    batch.place, PLACE,
                    "a batch names the place it was asked for"
                );
                self.seen
                    .extend((0..batch.len()).map(|idx| batch.observation(idx)));
            }
            Ok(Chunk::Covered(covered)) => {
                self.covered
                    .retain(|old| old.partition != covered.partition);
                self.covered.push(covered);
            }
            Ok(Chunk::Resume(cursor)) => self.resume = Some(cursor),
            Ok(Chunk::Accounted(accounts)) => self.accounts.add(accounts),
            Ok(Chunk::Progress(_)) => {}
            Err(error) => self.error = Some(error),
        }
    }

    fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<_> = self.seen.iter().map(|seen| seen.id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    fn proves_absence_at(&self, at: Micros) -> bool {
        !self.covered.is_empty() && self.covered.iter().all(|c| c.proves_absence_at(at))
    }
}

pub(super) fn query(stage: &dyn Stage, channel: &str) -> CopyQuery {
    CopyQuery {
        place: PLACE,
        role: stage.role(),
        channel: channel.to_owned(),
        exchange: None,
        carriers: Carriers::default(),
        aggregate_type: Some("product".to_owned()),
        only: Vec::new(),
        whose: crate::Whose::default(),
        compare: None,
        window: Window {
            from: Micros(0),
            to: Micros(i64::MAX),
        },
        after: None,
        max_messages: None,
    }
}

/// Reads to the end, or for as long as anything may take.
pub(super) async fn drain(mut stream: ChunkStream) -> Yield {
    let mut all = Yield::default();
    let reading = async {
        while let Some(chunk) = stream.next().await {
            all.take(chunk);
        }
    };
    let ended = tokio::time::timeout(LIMIT, reading).await;
    assert!(ended.is_ok(), "a scan ends by itself; so far: {all:?}");
    all
}

pub(super) async fn scan(stage: &dyn Stage, channel: &str) -> Yield {
    let all = drain(stage.broker().scan(query(stage, channel))).await;
    assert!(all.error.is_none(), "the scan failed: {:?}", all.error);
    all
}

fn letters(ids: std::ops::Range<usize>) -> Vec<Letter> {
    ids.map(|id| Letter::with_id(&format!("event-{id:05}")))
        .collect()
}

pub(super) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A channel that only listens has no past to scan.
pub(super) fn has_past(stage: &dyn Stage) -> bool {
    stage.role() != CopyRole::Tap
}

/// Nothing there is an answer too: from one scan to the next it proves that nothing was published.
/// (Before the first one it proves nothing where the channel may only just have been made.)
pub async fn an_empty_channel_is_covered(stage: &dyn Stage) {
    if !has_past(stage) {
        return;
    }
    let channel = stage.channel("empty").await;
    let first = scan(stage, &channel).await;
    assert_eq!(first.ids(), [""; 0]);
    assert!(first.resume.is_some(), "a scan says where to go on");
    let between = now();
    let after = CopyQuery {
        after: first.resume,
        ..query(stage, &channel)
    };
    let second = drain(stage.broker().scan(after)).await;
    assert!(second.error.is_none(), "{second:?}");
    assert_eq!(second.ids(), [""; 0]);
    assert!(second.proves_absence_at(between), "{second:?}");
}

/// Every message once, in its place, and the coverage reaches to the beginning of the scan.
pub async fn a_scan_sees_everything_once_and_says_so(stage: &dyn Stage) {
    if !has_past(stage) {
        return;
    }
    let channel = stage.channel("everything").await;
    let letters = letters(0..1000);
    stage.publish(&channel, &letters).await;
    let before = now();
    let all = scan(stage, &channel).await;
    let expected: Vec<_> = (0..1000).map(|id| format!("event-{id:05}")).collect();
    assert_eq!(all.ids(), expected);
    let places: BTreeSet<_> = all.seen.iter().map(|s| (s.partition, s.position)).collect();
    assert_eq!(places.len(), 1000, "every message has its own place");
    assert!(
        all.seen.iter().all(|s| s.marks.is_empty()),
        "nothing is odd"
    );
    assert!(all.proves_absence_at(before), "{:?}", all.covered);
    assert!(
        !all.proves_absence_at(now().plus(1_000_000)),
        "the future is not covered: {:?}",
        all.covered
    );
}

/// The cursor of one scan makes the next one see what is new, and prove the time between.
pub async fn the_next_scan_goes_on_where_the_last_one_ended(stage: &dyn Stage) {
    if !has_past(stage) {
        return;
    }
    let channel = stage.channel("resume").await;
    stage.publish(&channel, &letters(0..20)).await;
    let first = scan(stage, &channel).await;
    assert_eq!(first.seen.len(), 20);
    let between = now();
    stage.publish(&channel, &letters(20..25)).await;
    let after = CopyQuery {
        after: first.resume.clone(),
        ..query(stage, &channel)
    };
    let second = drain(stage.broker().scan(after)).await;
    assert!(second.error.is_none(), "{second:?}");
    let expected: Vec<_> = (20..25).map(|id| format!("event-{id:05}")).collect();
    assert_eq!(second.ids(), expected);
    assert!(second.proves_absence_at(between), "{:?}", second.covered);
}

/// What cannot be understood is shown with its marks.
pub async fn what_is_odd_is_marked_and_never_left_out(stage: &dyn Stage) {
    if !has_past(stage) {
        return;
    }
    let channel = stage.channel("odd").await;
    let bare = Letter {
        payload: Some(b"no id".to_vec()),
        ..Letter::default()
    };
    let crooked = Letter {
        headers: vec![("id".to_owned(), Some(vec![b'x', 0xff]))],
        payload: Some(vec![0xff, 0xfe]),
        ..Letter::default()
    };
    let empty = Letter {
        headers: vec![("id".to_owned(), Some(b"empty".to_vec()))],
        ..Letter::default()
    };
    let large = Letter {
        payload: Some(vec![b'x'; 800_000]),
        ..Letter::with_id("large")
    };
    stage
        .publish(&channel, &[bare, crooked, empty, large])
        .await;
    let all = scan(stage, &channel).await;
    assert_eq!(all.ids(), ["", "empty", "large", "x\u{fffd}"]);
    let marks = |id: &str| {
        let found = all.seen.iter().find(|seen| seen.id == id);
        found.expect("it was seen").marks
    };
    assert!(marks("").contains(Marks::NO_ID), "{all:?}");
    assert!(marks("x\u{fffd}").contains(Marks::NOT_UTF8), "{all:?}");
    assert!(marks("empty").is_empty() && marks("large").is_empty());
}

/// Coordinates of a scan lead to whole messages, in the order asked for.
pub async fn copies_come_back_whole(stage: &dyn Stage) {
    if !has_past(stage) {
        return;
    }
    let channel = stage.channel("copies").await;
    let mut letters = letters(0..30);
    letters[7].payload = Some(vec![b'y'; 5000]);
    stage.publish(&channel, &letters).await;
    let all = scan(stage, &channel).await;
    let at: Vec<_> = [29, 7, 0, 15]
        .map(|n| coordinate_of(stage, &channel, &all, &format!("event-{n:05}")))
        .to_vec();
    let mut asked = at.clone();
    asked.push(beyond(&at[0]));
    let copies = stage
        .broker()
        .copies(&asked, 1000)
        .await
        .expect("copies can be fetched");
    assert_eq!(copies.len(), asked.len());
    assert!(copies[4].is_none(), "there is nothing beyond the end");
    for (n, (copy, at)) in [29, 7, 0, 15].into_iter().zip(copies.iter().zip(&at)) {
        let copy = copy.as_ref().expect("it is still there");
        let sent = &letters[n];
        assert_eq!(&copy.coordinate, at);
        assert_eq!(
            Some(copy.payload_len),
            sent.payload.as_ref().map(|body| body.len() as u64)
        );
        let body = sent.payload.as_deref().expect("these have bodies");
        let head = &body[..Ord::min(body.len(), 1000)];
        assert_eq!(copy.payload.as_deref(), Some(head));
        let id = copy.headers.iter().find(|(name, _)| name == "id");
        assert_eq!(id, sent.headers.first(), "headers come back");
    }
}

/// What is published while we follow shows, and coverage keeps moving.
pub async fn a_follow_shows_what_arrives(stage: &dyn Stage) {
    let channel = stage.channel("follow").await;
    stage.publish(&channel, &letters(0..3)).await;
    let mut stream = stage.broker().follow(query(stage, &channel));
    let mut all = Yield::default();
    until(&mut stream, &mut all, |all| !all.covered.is_empty()).await;
    let started = now();
    stage.publish(&channel, &letters(3..13)).await;
    until(&mut stream, &mut all, |all| all.seen.len() >= 10).await;
    let arrived = now();
    until(&mut stream, &mut all, |all| {
        all.covered
            .iter()
            .all(|covered| covered.window.to > arrived)
    })
    .await;
    let expected: Vec<_> = (3..13).map(|id| format!("event-{id:05}")).collect();
    assert_eq!(all.ids(), expected, "from now on, and nothing twice");
    assert!(all.proves_absence_at(started), "{:?}", all.covered);
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
        "the follow did not get there: {all:?}"
    );
}

/// A reader that loses interest harms nobody.
pub async fn dropping_a_read_leaves_the_rest_working(stage: &dyn Stage) {
    let channel = stage.channel("dropped").await;
    stage.publish(&channel, &letters(0..500)).await;
    for _ in 0..3 {
        let mut stream = if has_past(stage) {
            stage.broker().scan(query(stage, &channel))
        } else {
            stage.broker().follow(query(stage, &channel))
        };
        let first = tokio::time::timeout(LIMIT, stream.next()).await;
        assert!(matches!(first, Ok(Some(Ok(_)))), "{first:?}");
        drop(stream);
    }
    if has_past(stage) {
        assert_eq!(scan(stage, &channel).await.seen.len(), 500);
    }
    stage.broker().server().await.expect("it still answers");
}

fn coordinate_of(stage: &dyn Stage, channel: &str, all: &Yield, id: &str) -> Coordinate {
    let seen = all.seen.iter().find(|seen| seen.id == id);
    let seen = seen.expect("the scan saw it");
    coordinate(stage, channel, seen)
}

/// Where an observation lies, in the words of its kind of broker.
pub(super) fn coordinate(stage: &dyn Stage, channel: &str, seen: &Observation) -> Coordinate {
    match stage.route(channel).routing_key {
        // RabbitMQ keeps the past in streams.
        Some(_) => Coordinate::StreamEntry {
            stream: channel.to_owned(),
            offset: seen.position,
        },
        None => Coordinate::Record {
            topic: channel.to_owned(),
            partition: seen.partition,
            offset: seen.position,
        },
    }
}

fn beyond(at: &Coordinate) -> Coordinate {
    let mut at = at.clone();
    if let Coordinate::Record { offset, .. } | Coordinate::StreamEntry { offset, .. } = &mut at {
        *offset += 1_000_000;
    }
    at
}
