//! Checks of reading a table, once and again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use waybill_model::{Clock, Coverage, GapReason, Marks, Micros, Observation, PlaceId, Window};

use super::{Line, Stage};
use crate::{Chunk, ChunkStream, Cursor, Error, RowColumns, RowQuery};

/// How long anything may take on a busy machine. Nothing waits this long unless it fails.
const LIMIT: Duration = Duration::from_secs(60);

/// The place all checks read as.
const PLACE: PlaceId = PlaceId(7);

/// Everything a read yielded.
#[derive(Debug, Default)]
pub(super) struct Yield {
    pub(super) seen: Vec<Observation>,
    pub(super) covered: Option<Coverage>,
    pub(super) resume: Option<Cursor>,
    pub(super) error: Option<Error>,
}

impl Yield {
    fn ids(&self) -> Vec<&str> {
        self.seen.iter().map(|seen| seen.id.as_str()).collect()
    }

    fn coverage(&self) -> &Coverage {
        self.covered.as_ref().expect("a read says what it covered")
    }
}

/// That many minutes before now.
pub(super) fn minutes_ago(minutes: i64) -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970");
    // Whole milliseconds, which every database can keep.
    Micros::from_millis(i64::try_from(since.as_millis()).expect("it is before the year 290000"))
        .plus(-minutes * 60_000_000)
}

fn query(roles: &RowColumns, after: Option<Cursor>) -> RowQuery {
    RowQuery {
        place: PLACE,
        clock: Clock::Database,
        columns: roles.clone(),
        window: Window {
            from: minutes_ago(24 * 60),
            to: minutes_ago(-60),
        },
        after,
        page_rows: 100,
    }
}

/// Reads to the end, or for as long as anything may take.
async fn drain(mut stream: ChunkStream) -> Yield {
    let mut all = Yield::default();
    let reading = async {
        while let Some(chunk) = stream.next().await {
            assert!(all.error.is_none(), "an error is the end of a read");
            match chunk {
                Ok(Chunk::Evidence(batch)) => {
                    all.seen
                        .extend((0..batch.len()).map(|idx| batch.observation(idx)));
                }
                Ok(Chunk::Covered(covered)) => all.covered = Some(covered),
                Ok(Chunk::Resume(cursor)) => all.resume = Some(cursor),
                Ok(Chunk::Progress(_) | Chunk::Accounted(_)) => {}
                Err(error) => all.error = Some(error),
            }
        }
    };
    let ended = tokio::time::timeout(LIMIT, reading).await;
    assert!(
        ended.is_ok(),
        "a read ends by itself; so far {} rows",
        all.seen.len()
    );
    all
}

pub(super) async fn read(stage: &dyn Stage, roles: &RowColumns, after: Option<Cursor>) -> Yield {
    let all = drain(stage.database().read(query(roles, after))).await;
    for seen in &all.seen {
        assert_eq!(
            seen.place, PLACE,
            "a batch names the place it was asked for"
        );
    }
    all
}

pub(super) async fn read_well(
    stage: &dyn Stage,
    roles: &RowColumns,
    after: Option<Cursor>,
) -> Yield {
    let all = read(stage, roles, after).await;
    if let Some(error) = &all.error {
        panic!("the read failed: {}", error.chain());
    }
    assert!(
        all.resume.is_some(),
        "a read that ends says where the next can go on"
    );
    all
}

/// An empty table is covered as well as a full one: nothing is missing there.
pub async fn an_empty_table_is_covered(stage: &dyn Stage) {
    let roles = stage.table("empty").await;
    let all = read_well(stage, &roles, None).await;
    assert_eq!(all.ids(), Vec::<&str>::new());
    assert!(
        all.coverage().proves_absence_at(minutes_ago(20)),
        "{:?}",
        all.covered
    );
    assert!(
        !all.coverage().proves_absence_at(minutes_ago(-30)),
        "nobody has seen the future: {:?}",
        all.covered
    );
}

/// Every row once, with everything its columns say, however many pages it takes; and again the same.
pub async fn a_read_sees_everything_once_and_says_so(stage: &dyn Stage) {
    let roles = stage.table("everything").await;
    let begin = minutes_ago(60);
    let lines: Vec<Line> = (0..1234)
        .map(|n| Line {
            version: n,
            aggregate: format!("a{}", n % 7),
            ..Line::new(&format!("event-{n:04}"), begin.plus(n * 1_000_000))
        })
        .collect();
    stage.insert(&roles, &lines).await;
    let all = read_well(stage, &roles, None).await;
    let expected: Vec<String> = lines.iter().filter_map(|line| line.id.clone()).collect();
    let mut ids = all.ids();
    ids.sort_unstable();
    assert_eq!(ids, expected, "every row once");
    for seen in &all.seen {
        let n: i64 = seen.id["event-".len()..]
            .parse()
            .expect("the ids end in a number");
        assert_eq!(seen.stamp.at, begin.plus(n * 1_000_000), "{seen:?}");
        assert_eq!(seen.version, n, "{seen:?}");
        assert_eq!(seen.aggregate, format!("product/a{}", n % 7), "{seen:?}");
        assert_eq!(seen.kind, "ProductChanged", "{seen:?}");
        assert_eq!(seen.marks, Marks::empty(), "{seen:?}");
    }
    assert!(
        all.coverage().proves_absence_at(begin.plus(500_000)),
        "{:?}",
        all.covered
    );
    let again = read_well(stage, &roles, None).await;
    assert_eq!(again.ids(), all.ids(), "a read changes nothing");
}

/// Rows outside the window are not told, and nothing is claimed there.
pub async fn a_window_leaves_the_rest_out(stage: &dyn Stage) {
    let roles = stage.table("windowed").await;
    let lines = [
        Line::new("before", minutes_ago(50)),
        Line::new("inside", minutes_ago(40)),
        Line::new("after", minutes_ago(30)),
    ];
    stage.insert(&roles, &lines).await;
    let mut query = query(&roles, None);
    query.window = Window {
        from: minutes_ago(45),
        to: minutes_ago(35),
    };
    let all = drain(stage.database().read(query)).await;
    assert_eq!(all.ids(), ["inside"]);
    assert!(
        all.coverage().proves_absence_at(minutes_ago(44)),
        "{:?}",
        all.covered
    );
    for outside in [minutes_ago(49), minutes_ago(31)] {
        assert!(
            !all.coverage().proves_absence_at(outside),
            "{:?}",
            all.covered
        );
    }
}

/// A read that goes on tells new rows and rows that were sent meanwhile, and nothing else.
pub async fn the_next_read_tells_the_news_only(stage: &dyn Stage) {
    let roles = stage.table("news").await;
    let lines: Vec<Line> = (0..250)
        .map(|n| Line::new(&format!("old-{n:03}"), minutes_ago(30).plus(n)))
        .collect();
    stage.insert(&roles, &lines).await;
    let first = read_well(stage, &roles, None).await;
    assert_eq!(first.seen.len(), 250);

    let nothing = read_well(stage, &roles, first.resume).await;
    assert_eq!(nothing.ids(), Vec::<&str>::new(), "nothing happened");
    assert!(
        nothing.coverage().proves_absence_at(minutes_ago(20)),
        "{:?}",
        nothing.covered
    );

    stage
        .insert(&roles, &[Line::new("new", minutes_ago(0))])
        .await;
    stage
        .mark_sent(&roles, &["old-007".to_owned(), "old-249".to_owned()])
        .await;
    let news = read_well(stage, &roles, nothing.resume).await;
    let mut told: Vec<_> = news
        .seen
        .iter()
        .map(|seen| (seen.id.as_str(), seen.marks))
        .collect();
    told.sort_unstable_by_key(|(id, _)| *id);
    let expected = [
        ("new", Marks::empty()),
        ("old-007", Marks::SENT),
        ("old-249", Marks::SENT),
    ];
    assert_eq!(told, expected);

    let nothing = read_well(stage, &roles, news.resume).await;
    assert_eq!(nothing.ids(), Vec::<&str>::new(), "all is told");
}

/// Rows that cannot be understood are told with what is wrong with them.
pub async fn what_is_odd_is_marked_and_never_left_out(stage: &dyn Stage) {
    let roles = stage.table("odd").await;
    let at = minutes_ago(10);
    let line = |id: Option<&str>, at: Option<Micros>| Line {
        id: id.map(str::to_owned),
        at,
        ..Line::new("", minutes_ago(0))
    };
    let uuid = "0B5F3C8A-9D1E-4F6A-8C2B-7E4D5A6F1B20";
    let lines = [
        line(None, Some(at)),
        line(Some("  "), Some(at)),
        line(Some("twice"), Some(at)),
        line(Some("twice"), Some(at)),
        line(Some("timeless"), None),
        line(Some(uuid), Some(at)),
    ];
    stage.insert(&roles, &lines).await;
    let all = read_well(stage, &roles, None).await;
    let mut told: Vec<_> = all
        .seen
        .iter()
        .map(|seen| (seen.id.clone(), seen.marks))
        .collect();
    told.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        (String::new(), Marks::NO_ID),
        (String::new(), Marks::NO_ID),
        (uuid.to_lowercase(), Marks::empty()),
        ("timeless".to_owned(), Marks::NO_TIME),
        ("twice".to_owned(), Marks::empty()),
        ("twice".to_owned(), Marks::empty()),
    ];
    assert_eq!(told, expected);
    let again = read_well(stage, &roles, all.resume).await;
    assert_eq!(
        again.ids(),
        Vec::<&str>::new(),
        "odd rows are told once, too"
    );
}

/// Whoever stops listening hurts nobody.
pub async fn dropping_a_read_leaves_the_rest_working(stage: &dyn Stage) {
    let roles = stage.table("dropped").await;
    let lines: Vec<Line> = (0..500)
        .map(|n| Line::new(&format!("event-{n:03}"), minutes_ago(30).plus(n)))
        .collect();
    stage.insert(&roles, &lines).await;
    for chunks in 0..5 {
        let mut stream = stage.database().read(query(&roles, None));
        for _ in 0..chunks {
            let next = tokio::time::timeout(LIMIT, stream.next()).await;
            assert!(next.is_ok(), "a read goes on");
        }
    }
    let all = read_well(stage, &roles, None).await;
    assert_eq!(all.seen.len(), 500, "the database still answers");
}

/// A read of `window` that breaks off says so last, after a coverage that claims nothing which was
/// not read: no time after the last row it told, and the failure is its reason.
///
/// Not part of [`super::check_all`]: it takes a stream that is going to fail.
pub async fn a_broken_read_claims_nothing_beyond(stream: ChunkStream, window: Window) {
    let all = drain(stream).await;
    let error = all.error.as_ref().expect("the read breaks off");
    let covered = all.coverage();
    let last = all
        .seen
        .iter()
        .map(|seen| seen.stamp.at)
        .max()
        .unwrap_or(window.from);
    for ahead in [0, 1, 1_000_000, 3_600_000_000] {
        let at = last.plus(ahead);
        assert!(
            !covered.proves_absence_at(at),
            "{at} was not read: {covered:?}"
        );
    }
    let failed = covered
        .gaps
        .iter()
        .any(|gap| matches!(gap.reason, GapReason::Failed(_)));
    assert!(failed, "the gap says why: {covered:?}");
    assert!(
        all.resume.is_none(),
        "there is no place to go on after {}",
        error.chain()
    );
}
