//! Which offsets a scan reads, and what it may claim to have covered. Pure.

use std::collections::BTreeMap;

use waybill_model::{Coverage, Gap, GapReason, Micros, PlaceId, Window};

use crate::cursor::Mark;
use crate::times::{DISORDER_MICROS, Order, Time};

/// Kafka's times are whole milliseconds, rounded down: what was removed just before a record can be
/// younger than the record's time says.
const TICK_MICROS: i64 = 1000;

/// The beginning of all times.
const EVER: Micros = Micros(i64::MIN);

/// A partition's offsets at the moment the scan began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The first offset that retention has left.
    pub(crate) low: i64,
    /// One past the last committed offset (last stable offset): where the scan ends.
    pub(crate) end: i64,
    /// One past the last offset; above `end` while transactions are open.
    pub(crate) high: i64,
}

/// What the search for the window's beginning found in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// This record is the first that is young enough.
    At(i64),
    /// All records before this offset are too old; it was the end when we searched.
    NoneBefore(i64),
    /// The broker cannot search by time.
    CannotTell,
}

/// What is to be read of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first offset to read.
    pub(crate) start: i64,
    /// One past the last.
    pub(crate) end: i64,
    /// One past the last record of open transactions.
    pub(crate) high: i64,
    /// From when on everything is seen, once it is read.
    pub(crate) from: Micros,
    /// The first offset that retention has left.
    pub(crate) low: i64,
    /// Older records are gone: nothing is proven before the first record's time.
    pub(crate) lost_before: bool,
    /// What time has led to: everything from the first record on is read, and why that proves
    /// nothing before its time, or nothing at all.
    pub(crate) short: Option<Short>,
    /// Where the reads began that this one goes on from, if something may lie before.
    pub(crate) first: Option<i64>,
    /// The last hole that those reads have met.
    pub(crate) hole: Option<Micros>,
}

/// Why a read did not begin where it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Short {
    /// The times lead there, but more messages lie between than may be read.
    Capped,
    /// The times lead nowhere, and more messages lie before than may be read.
    Astray,
}

impl Span {
    /// Decides where to start: at the mark of the read before, else at the window's beginning,
    /// else at the log's.
    pub(crate) fn new(bounds: Bounds, found: Found, mark: Option<Mark>, from: Micros) -> Self {
        let Bounds { low, end, high } = bounds;
        let (start, from, lost_before) = match (mark, found) {
            // The topic was deleted and made anew, or cut: the read before says nothing about it.
            (Some(mark), _) if mark.next > high => (low, EVER, true),
            (Some(mark), _) if mark.next < low => (low, mark.to, true),
            (Some(mark), _) => (mark.next, mark.to, false),
            // One earlier than found: if nothing is there, something may have been compacted away
            // right where the window begins.
            (None, Found::At(offset)) if offset - 1 > low => (offset - 1, from, false),
            (None, Found::NoneBefore(offset)) if offset > low => (offset, from, false),
            (None, _) => (low, EVER, low > 0),
        };
        let start = Ord::min(start, end);
        Self {
            start,
            end,
            high,
            from,
            low,
            lost_before,
            short: None,
            first: mark.map_or(Some(start), |mark| mark.first),
            hole: mark.and_then(|mark| mark.hole),
        }
    }

    /// What lies right before where reading began: at most so many records.
    pub(crate) fn before(first: i64, low: i64, n: i64) -> Self {
        let end = Ord::max(first, low);
        let start = Ord::max(low, end - n);
        Self {
            start,
            end,
            high: end,
            from: EVER,
            low,
            lost_before: low > 0,
            short: None,
            first: Some(start),
            hole: None,
        }
    }

    /// Leaves out all but the newest records.
    pub(crate) fn keep_newest(&mut self, n: i64) {
        if self.end - self.start > n {
            self.start = self.end - n;
            self.first = Some(self.start);
            self.short = Some(Short::Capped);
        }
    }

    /// Begins earlier: at most so many records more.
    pub(crate) fn reach_back(&mut self, n: i64) {
        self.start = Ord::max(self.low, self.start - n);
        self.first = Some(self.start);
        if self.start == self.low {
            self.from = EVER;
            self.lost_before = self.low > 0;
        }
    }

    /// How many offsets there are to read; compaction and transactions leave holes in them.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.end - self.start).unwrap_or(0)
    }
}

/// What a topic does with records whose key comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cleanup {
    /// Keeps them.
    Keeps,
    /// Removes them some time later.
    Compacts,
    /// We may not ask, or the broker cannot say.
    Unknown,
}

/// What was met while a partition was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Track {
    /// The next offset to read.
    pub(crate) next: i64,
    /// The time of the first record.
    pub(crate) first: Option<Micros>,
    /// The earliest time so far.
    pub(crate) earliest: Option<Micros>,
    /// The latest time so far.
    pub(crate) latest: Option<Micros>,
    /// What the times are worth.
    pub(crate) order: Order,
    /// The latest time up to the last hole in the offsets.
    pub(crate) hole: Option<Micros>,
    /// The earliest time of a record in an open transaction.
    pub(crate) open: Option<Micros>,
    /// All records of open transactions have been seen too.
    pub(crate) open_seen: bool,
    /// The end was reached.
    pub(crate) done: bool,
}

impl Track {
    pub(crate) fn new(span: &Span) -> Self {
        Self {
            next: span.start,
            first: None,
            earliest: None,
            latest: None,
            order: Order::default(),
            hole: None,
            open: None,
            open_seen: span.high <= span.end,
            done: span.start >= span.end,
        }
    }

    /// Takes note of a record.
    pub(crate) fn met(&mut self, offset: i64, time: Time) {
        self.order.met(time);
        if let Some(at) = time.at {
            self.first = self.first.or(Some(at));
            self.earliest = Some(self.earliest.map_or(at, |earliest| Ord::min(earliest, at)));
            self.latest = Ord::max(self.latest, Some(at));
        }
        if offset > self.next {
            self.hole = self.latest;
        }
        self.next = offset + 1;
    }

    /// The same of what lies right before, which was read later.
    pub(crate) fn behind(self, earlier: &Self) -> Self {
        let either = |one: Option<Micros>,
                      other: Option<Micros>,
                      of: fn(Micros, Micros) -> Micros| match (one, other) {
            (Some(one), Some(other)) => Some(of(one, other)),
            (one, other) => one.or(other),
        };
        Self {
            first: earlier.first.or(self.first),
            earliest: either(earlier.earliest, self.earliest, Ord::min),
            latest: either(earlier.latest, self.latest, Ord::max),
            order: earlier.order.and(self.order),
            hole: match self.hole {
                Some(hole) => either(Some(hole), earlier.latest, Ord::max),
                None => earlier.hole,
            },
            ..self
        }
    }
}

/// What the read of one partition proves. `to` is when its end was asked for; `failed` says why
/// the read broke off.
pub(crate) fn coverage(
    place: PlaceId,
    partition: i32,
    span: &Span,
    track: &Track,
    cleanup: Cleanup,
    to: Micros,
    failed: Option<&str>,
) -> Coverage {
    let mut gaps = Vec::new();
    let mut gap = |from: Micros, until: Micros, reason: GapReason| {
        let window = Window {
            from: Ord::max(from, span.from),
            to: Ord::min(until, to),
        };
        if window.from < window.to {
            gaps.push(Gap { window, reason });
        }
    };
    // What the times of messages bound is known only where they are true.
    let bound = |at: Option<Micros>| at.filter(|_| track.order.is_true());
    let first = bound(track.first).map_or(to, |first| first.plus(TICK_MICROS));
    if span.lost_before {
        gap(EVER, first, GapReason::Retention);
    }
    match span.short {
        Some(Short::Capped) => gap(EVER, first, GapReason::Cap),
        Some(Short::Astray) => gap(EVER, to, GapReason::UntrueTimes),
        None => {}
    }
    if cleanup != Cleanup::Keeps
        && let Some(hole) = track.hole
    {
        let until = bound(Some(hole)).map_or(to, |hole| hole.plus(TICK_MICROS));
        gap(EVER, until, GapReason::Compacted);
    }
    let unsure_from =
        bound(track.order.reaches(to)).map_or(EVER, |reached| reached.plus(-DISORDER_MICROS));
    if !track.done {
        let why = failed.unwrap_or("the read ended early").to_owned();
        gap(unsure_from, to, GapReason::Failed(why));
    } else if !track.open_seen {
        let from = bound(track.open).unwrap_or(unsure_from);
        gap(from, to, GapReason::OpenTransactions);
    }
    Coverage {
        place,
        partition: u32::try_from(partition).ok(),
        window: Window {
            from: span.from,
            to,
        },
        positions: Some((span.start, track.next)),
        gaps,
    }
}

/// Where the next read goes on: only partitions that were read to their end have a mark, the
/// others are searched by time again.
pub(crate) fn marks(
    spans: &BTreeMap<i32, Span>,
    tracks: &BTreeMap<i32, Track>,
    to: Micros,
) -> BTreeMap<i32, Mark> {
    let done = tracks.iter().filter(|(_, track)| track.done);
    done.map(|(partition, track)| {
        let of_broker = track.order.is_the_brokers();
        let span = spans.get(partition).filter(|_| !of_broker);
        let first = span.and_then(|span| span.first.filter(|first| *first > span.low));
        let known = spans.get(partition).and_then(|span| span.hole);
        let mark = Mark {
            next: track.next,
            to,
            first,
            hole: track.hole.max(known),
            open: (!track.open_seen).then(|| track.open.unwrap_or(EVER)),
        };
        (*partition, mark)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const HOUR: i64 = 3_600_000_000;

    /// Hours are the unit of every time, so gaps can be read off.
    fn hours(at: Micros) -> String {
        if at == EVER {
            "ever".to_owned()
        } else {
            // A tick more is written as a plus.
            let plus = if at.0 % HOUR == TICK_MICROS { "+" } else { "" };
            format!(
                "{}h{plus}",
                (at.0 as f64 / HOUR as f64 * 100.0).trunc() / 100.0
            )
        }
    }

    fn bounds(low: i64, end: i64, high: i64) -> Bounds {
        Bounds { low, end, high }
    }

    fn check_span(bounds: Bounds, found: Found, mark: Option<Mark>, expected: Expect) {
        let span = Span::new(bounds, found, mark, Micros(10 * HOUR));
        expected.assert_eq(&format!(
            "{}..{} from {}{}",
            span.start,
            span.end,
            hours(span.from),
            if span.lost_before { ", older lost" } else { "" }
        ));
    }

    fn found(low: i64, found: Found, expected: Expect) {
        check_span(bounds(low, 9, 9), found, None, expected);
    }

    #[test]
    fn a_scan_starts_where_the_window_or_the_log_begins() {
        found(0, Found::At(0), expect!["0..9 from ever"]);
        found(0, Found::At(1), expect!["0..9 from ever"]);
        found(0, Found::At(4), expect!["3..9 from 10h"]);
        found(0, Found::NoneBefore(7), expect!["7..9 from 10h"]);
        found(3, Found::At(3), expect!["3..9 from ever, older lost"]);
        found(3, Found::CannotTell, expect!["3..9 from ever, older lost"]);
    }

    #[test]
    fn a_scan_ends_where_transactions_are_open() {
        check_span(
            bounds(0, 5, 9),
            Found::At(8),
            None,
            expect!["5..5 from 10h"],
        );
    }

    fn resumed(low: i64, end: i64, next: i64, expected: Expect) {
        let to = Micros(20 * HOUR);
        let mark = Some(Mark {
            next,
            to,
            first: None,
            hole: None,
            open: None,
        });
        check_span(bounds(low, end, end), Found::At(low), mark, expected);
    }

    #[test]
    fn a_scan_goes_on_where_the_last_one_ended_unless_that_is_gone() {
        resumed(3, 9, 6, expect!["6..9 from 20h"]);
        resumed(8, 9, 6, expect!["8..9 from 20h, older lost"]);
        resumed(0, 4, 6, expect!["0..4 from ever, older lost"]);
    }

    fn time(hour: i64) -> Time {
        Time {
            at: Some(Micros(hour * HOUR)),
            leads: true,
            ..Time::NONE
        }
    }

    fn check_coverage(
        span: Span,
        records: &[(i64, i64)],
        cleanup: Cleanup,
        failed: Option<&str>,
        expected: Expect,
    ) {
        let mut track = Track::new(&span);
        for (offset, hour) in records {
            track.met(*offset, time(*hour));
        }
        track.done = failed.is_none();
        let coverage = coverage(
            PlaceId(0),
            2,
            &span,
            &track,
            cleanup,
            Micros(100 * HOUR),
            failed,
        );
        let window = |w: &Window| format!("{}..{}", hours(w.from), hours(w.to));
        let mut text = window(&coverage.window);
        for gap in &coverage.gaps {
            text.push_str(&format!("; {} {}", window(&gap.window), gap.reason));
        }
        expected.assert_eq(&text);
    }

    fn span(bounds: Bounds) -> Span {
        Span::new(bounds, Found::CannotTell, None, Micros(10 * HOUR))
    }

    #[test]
    fn a_whole_log_proves_everything_before_its_end_was_asked_for() {
        check_coverage(
            span(bounds(0, 2, 2)),
            &[(0, 40), (1, 50)],
            Cleanup::Keeps,
            None,
            expect!["ever..100h"],
        );
    }

    #[test]
    fn what_retention_removed_is_a_gap_up_to_the_first_record() {
        check_coverage(
            span(bounds(5, 7, 7)),
            &[(5, 40), (6, 50)],
            Cleanup::Keeps,
            None,
            expect!["ever..100h; ever..40h+ retention has removed older entries"],
        );
        check_coverage(
            span(bounds(5, 5, 5)),
            &[],
            Cleanup::Keeps,
            None,
            expect!["ever..100h; ever..100h retention has removed older entries"],
        );
    }

    #[test]
    fn holes_count_only_where_compaction_can_have_made_them() {
        let records = [(0, 40), (3, 50), (4, 60)];
        check_coverage(
            span(bounds(0, 5, 5)),
            &records,
            Cleanup::Keeps,
            None,
            expect!["ever..100h"],
        );
        for cleanup in [Cleanup::Compacts, Cleanup::Unknown] {
            check_coverage(
                span(bounds(0, 5, 5)),
                &records,
                cleanup,
                None,
                expect!["ever..100h; ever..50h+ the topic is compacted"],
            );
        }
    }

    #[test]
    fn a_broken_read_claims_nothing_near_or_after_where_it_broke() {
        check_coverage(
            span(bounds(0, 9, 9)),
            &[(0, 40), (1, 50)],
            Cleanup::Keeps,
            Some("gone"),
            expect!["ever..100h; 49.75h..100h reading failed: gone"],
        );
        check_coverage(
            span(bounds(0, 9, 9)),
            &[],
            Cleanup::Keeps,
            Some("gone"),
            expect!["ever..100h; ever..100h reading failed: gone"],
        );
    }

    #[test]
    fn open_transactions_may_still_add_what_was_not_seen() {
        check_coverage(
            span(bounds(0, 2, 4)),
            &[(0, 40), (1, 50)],
            Cleanup::Keeps,
            None,
            expect!["ever..100h; 49.75h..100h transactions are still open"],
        );
    }

    #[test]
    fn only_partitions_that_were_read_to_the_end_are_resumed() {
        let done = span(bounds(0, 0, 0));
        let broken = span(bounds(0, 9, 9));
        let tracks = BTreeMap::from([(0, Track::new(&done)), (1, Track::new(&broken))]);
        let spans = BTreeMap::from([(0, done), (1, broken)]);
        let marks = marks(&spans, &tracks, Micros(7));
        assert_eq!(marks.into_keys().collect::<Vec<_>>(), [0]);
    }
}
