//! What was read without loss, merged over scans, and why the rest was not.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use waybill_model::{Coverage, Gap, GapReason, Micros, PlaceId, UnknownReason, Window};

/// How many gaps of one partition are remembered with their reason.
const MAX_GAPS: usize = 1000;

/// The coverage of all places.
#[derive(Debug, Clone, Default)]
pub(crate) struct CoverageBook {
    /// Ordered, so that what is reported does not depend on the order of arrival.
    parts: BTreeMap<(PlaceId, Option<u32>), Part>,
    failures: BTreeMap<PlaceId, String>,
    /// There is nothing from before.
    begins: BTreeMap<PlaceId, i64>,
}

/// One place's coverage made ready for many questions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proof {
    /// Where absence is proven in every partition: ascending, disjoint, not touching.
    proven: Vec<(i64, i64)>,
    gaps: Vec<Gap>,
    failed: bool,
    asked: bool,
}

/// Why absence is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unproven {
    /// The place could not be read in this scan.
    Failed,
    /// It was read, but not without loss at that time.
    Because(UnknownReason),
}

impl Unproven {
    /// The same as a reason for not knowing.
    pub(crate) fn reason(self) -> UnknownReason {
        match self {
            Self::Failed => UnknownReason::SourceFailed,
            Self::Because(reason) => reason,
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Part {
    proven: Vec<(i64, i64)>,
    gaps: Vec<Gap>,
    hull: Option<Window>,
    positions: Option<(i64, i64)>,
    end: Option<End>,
}

/// The end of a partition as it was noted while looking.
#[derive(Debug, Clone, Copy)]
struct End {
    /// The furthest that was noted, and when first.
    furthest: (i64, i64),
    /// The latest that was noted, and when.
    latest: (i64, i64),
}

impl End {
    fn note(known: Option<Self>, position: i64, at: i64) -> Self {
        let Some(mut known) = known else {
            return Self {
                furthest: (position, at),
                latest: (position, at),
            };
        };
        match position.cmp(&known.furthest.0) {
            Ordering::Greater => known.furthest = (position, at),
            Ordering::Equal => known.furthest.1 = known.furthest.1.min(at),
            Ordering::Less => {}
        }
        if at >= known.latest.1 {
            known.latest = (position, at);
        }
        known
    }
}

impl CoverageBook {
    /// Takes in what a read proves to have seen; `looked` says when that look began.
    pub(crate) fn cover(&mut self, coverage: Coverage, looked: i64) {
        let part = self
            .parts
            .entry((coverage.place, coverage.partition))
            .or_default();
        let mut holes: Vec<(i64, i64)> = coverage
            .gaps
            .iter()
            .map(|gap| (gap.window.from.0, gap.window.to.0))
            .collect();
        normalise(&mut holes);
        let whole = [(coverage.window.from.0, coverage.window.to.0)];
        part.proven.extend(subtract(&whole, &holes));
        normalise(&mut part.proven);
        part.gaps.extend(coverage.gaps);
        part.prune_gaps();
        let old = part.hull.unwrap_or(coverage.window);
        part.hull = Some(Window {
            from: old.from.min(coverage.window.from),
            to: old.to.max(coverage.window.to),
        });
        // What reaches up to the look itself was read to the end of what was there.
        if let Some((_, position)) = coverage.positions
            && coverage.window.to.0 >= looked
        {
            part.end = Some(End::note(part.end, position, coverage.window.to.0));
        }
        part.positions = match (part.positions, coverage.positions) {
            (Some(old), Some(new)) => Some((old.0.min(new.0), old.1.max(new.1))),
            (old, new) => new.or(old),
        };
    }

    /// Says that a place holds nothing from before that time.
    pub(crate) fn begins(&mut self, place: PlaceId, at: i64) {
        let begin = self.begins.entry(place).or_insert(at);
        *begin = at.min(*begin);
    }

    /// Says that a place could not be read (further).
    pub(crate) fn fail(&mut self, place: PlaceId, why: String) {
        self.failures.insert(place, why);
    }

    /// A new scan begins.
    pub(crate) fn forget_failures(&mut self) {
        self.failures.clear();
    }

    /// Why a place could not be read in this scan.
    pub(crate) fn failure(&self, place: PlaceId) -> Option<&str> {
        self.failures.get(&place).map(String::as_str)
    }

    /// Since when nothing has come to a place, by positions that were noted while looking: `None`
    /// where none were, or where it was made anew since.
    pub(crate) fn still_since(&self, place: PlaceId) -> Option<i64> {
        let all = (place, None)..=(place, Some(u32::MAX));
        let mut since = None;
        for (_, part) in self.parts.range(all) {
            let end = part.end?;
            if end.latest.0 != end.furthest.0 {
                return None;
            }
            since = since.max(Some(end.furthest.1));
        }
        since
    }

    /// Merged coverage, one entry per place and partition.
    pub(crate) fn merged(&self) -> Vec<Coverage> {
        let parts = self.parts.iter().filter_map(|(&(place, partition), part)| {
            Some(Coverage {
                place,
                partition,
                window: part.hull?,
                positions: part.positions,
                gaps: part.holes(),
            })
        });
        parts.collect()
    }

    /// What of one place is proven, in all its partitions.
    pub(crate) fn proof(&self, place: PlaceId) -> Proof {
        let all = (place, None)..=(place, Some(u32::MAX));
        let mut proof = Proof {
            failed: self.failures.contains_key(&place),
            ..Proof::default()
        };
        for (_, part) in self.parts.range(all) {
            proof.proven = if proof.asked {
                intersect(&proof.proven, &part.proven)
            } else {
                part.proven.clone()
            };
            proof.asked = true;
            proof.gaps.extend(part.gaps.iter().cloned());
        }
        if let Some(&begin) = self.begins.get(&place).filter(|_| proof.asked) {
            proof.proven.push((i64::MIN, begin));
            normalise(&mut proof.proven);
        }
        proof
    }
}

impl Part {
    /// Drops what a later read has closed of the gaps.
    fn prune_gaps(&mut self) {
        let gaps = std::mem::take(&mut self.gaps).into_iter();
        self.gaps = gaps
            .flat_map(|gap| {
                let left = subtract(&[(gap.window.from.0, gap.window.to.0)], &self.proven);
                left.into_iter().map(move |(from, to)| Gap {
                    window: Window {
                        from: Micros(from),
                        to: Micros(to),
                    },
                    reason: gap.reason.clone(),
                })
            })
            .collect();
        // Of several reasons for one stretch the same is told, whichever was heard of first.
        let rank = |gap: &Gap| (gap.window.from, gap.window.to, unknown_reason(&gap.reason));
        self.gaps
            .sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| words(one, other)));
        self.gaps.dedup();
        self.gaps.truncate(MAX_GAPS);
    }

    /// The unproven stretches inside the hull, each with the best reason known.
    fn holes(&self) -> Vec<Gap> {
        let Some(hull) = self.hull else {
            return Vec::new();
        };
        let holes = subtract(&[(hull.from.0, hull.to.0)], &self.proven);
        let reason = |from: i64, to: i64| {
            let here = |gap: &Gap| {
                gap.window
                    .to
                    .0
                    .min(to)
                    .saturating_sub(gap.window.from.0.max(from))
            };
            let told = self.gaps.iter().filter(|gap| here(gap) > 0);
            // The reason for most of it; of several for as much the first, in their order.
            let told = told.rev().max_by_key(|gap| here(gap));
            told.map_or(GapReason::Cancelled, |gap| gap.reason.clone())
        };
        let gaps = holes.into_iter().map(|(from, to)| Gap {
            window: Window {
                from: Micros(from),
                to: Micros(to),
            },
            reason: reason(from, to),
        });
        gaps.collect()
    }
}

impl Proof {
    /// Whether nothing can have been missed from `from` up to but excluding `to`.
    pub(crate) fn absence(&self, from: i64, to: i64) -> Result<(), Unproven> {
        let to = to.max(from.saturating_add(1));
        if contains(&self.proven, from, to) {
            return Ok(());
        }
        if self.failed {
            return Err(Unproven::Failed);
        }
        let told = self
            .gaps
            .iter()
            .find(|gap| gap.window.from.0 < to && from < gap.window.to.0);
        Err(Unproven::Because(match told.map(|gap| &gap.reason) {
            None => UnknownReason::NotCovered,
            Some(reason) => unknown_reason(reason),
        }))
    }

    /// Whether nothing but a record that nobody kept stands between this and a proof.
    pub(crate) fn only_unwatched(&self, from: i64, to: i64) -> bool {
        let asked = [(from, to.max(from.saturating_add(1)))];
        let of = |wanted: bool| -> Vec<(i64, i64)> {
            let gaps = self.gaps.iter();
            let gaps = gaps.filter(|gap| (gap.reason == GapReason::TapClosed) == wanted);
            let mut spans: Vec<_> = gaps
                .map(|gap| (gap.window.from.0, gap.window.to.0))
                .collect();
            normalise(&mut spans);
            spans
        };
        let holes = subtract(&asked, &self.proven);
        let other = intersect(&holes, &of(false));
        other.is_empty() && subtract(&holes, &of(true)).is_empty()
    }

    /// Whether the place could not be read in this scan.
    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    /// Where absence is proven, in order.
    pub(crate) fn spans(&self) -> &[(i64, i64)] {
        &self.proven
    }

    /// The stretch around `at` in which absence is proven.
    pub(crate) fn span_around(&self, at: i64) -> Option<(i64, i64)> {
        let idx = self.proven.partition_point(|&(_, to)| to <= at);
        self.proven
            .get(idx)
            .copied()
            .filter(|&(from, _)| from <= at)
    }

    /// Up to where absence is proven without a break from `from` on; `from` when not at all.
    pub(crate) fn proven_until(&self, from: i64) -> i64 {
        let idx = self.proven.partition_point(|&(_, to)| to <= from);
        match self.proven.get(idx) {
            Some(&(start, to)) if start <= from => to,
            _ => from,
        }
    }
}

fn words(one: &Gap, other: &Gap) -> std::cmp::Ordering {
    one.reason.to_string().cmp(&other.reason.to_string())
}

fn unknown_reason(reason: &GapReason) -> UnknownReason {
    match reason {
        GapReason::Cancelled | GapReason::TapOverflow => UnknownReason::NotCovered,
        GapReason::Cap => UnknownReason::ScanLimit,
        GapReason::NotBound(_) => UnknownReason::NotBound,
        GapReason::UntrueTimes => UnknownReason::UntrueTimes,
        GapReason::Failed(_) => UnknownReason::SourceFailed,
        GapReason::Retention => UnknownReason::RetentionPassed,
        GapReason::Compacted => UnknownReason::Compacted,
        GapReason::TapClosed => UnknownReason::NoObserver,
        GapReason::OpenTransactions => UnknownReason::OpenTransactions,
        GapReason::NotReadable(_) => UnknownReason::NotGathered,
        GapReason::RowsHidden(_) => UnknownReason::RowsHidden,
        GapReason::ReplicaBehind(_) => UnknownReason::ReplicaBehind,
        GapReason::TransactionsHidden(_) => UnknownReason::TransactionsHidden,
        GapReason::NoTimes(_) => UnknownReason::NoTime,
        GapReason::ZoneUnknown(_) => UnknownReason::ZoneUnknown,
    }
}

/// Sorts, drops empty spans, joins what overlaps or touches.
fn normalise(spans: &mut Vec<(i64, i64)>) {
    spans.retain(|&(from, to)| from < to);
    spans.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
    for &(from, to) in spans.iter() {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    *spans = joined;
}

/// `spans` without `holes`; both normalised.
fn subtract(spans: &[(i64, i64)], holes: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut left = Vec::new();
    for &(from, to) in spans {
        let mut from = from;
        for &(hole_from, hole_to) in holes {
            if hole_to <= from || hole_from >= to {
                continue;
            }
            if from < hole_from {
                left.push((from, hole_from));
            }
            from = hole_to;
        }
        if from < to {
            left.push((from, to));
        }
    }
    left
}

/// What lies in both; both normalised.
fn intersect(a: &[(i64, i64)], b: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut both = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(&(a_from, a_to)), Some(&(b_from, b_to))) = (a.get(i), b.get(j)) {
        let (from, to) = (a_from.max(b_from), a_to.min(b_to));
        if from < to {
            both.push((from, to));
        }
        if a_to < b_to {
            i += 1;
        } else {
            j += 1;
        }
    }
    both
}

/// Whether one of the normalised spans contains `from..to`.
fn contains(spans: &[(i64, i64)], from: i64, to: i64) -> bool {
    let idx = spans.partition_point(|&(_, end)| end <= from);
    spans
        .get(idx)
        .is_some_and(|&(start, end)| start <= from && to <= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: PlaceId = PlaceId(3);

    fn window(from: i64, to: i64) -> Window {
        Window {
            from: Micros(from),
            to: Micros(to),
        }
    }

    fn coverage(partition: u32, from: i64, to: i64, gaps: &[(i64, i64, GapReason)]) -> Coverage {
        Coverage {
            place: PLACE,
            partition: Some(partition),
            window: window(from, to),
            positions: None,
            gaps: gaps
                .iter()
                .map(|(from, to, reason)| Gap {
                    window: window(*from, *to),
                    reason: reason.clone(),
                })
                .collect(),
        }
    }

    fn book(parts: &[Coverage]) -> CoverageBook {
        let mut book = CoverageBook::default();
        for part in parts {
            book.cover(part.clone(), 0);
        }
        book
    }

    #[test]
    fn absence_needs_every_partition_and_no_gap() {
        let retention = (20, 30, GapReason::Retention);
        let proof =
            book(&[coverage(0, 0, 100, &[]), coverage(1, 0, 80, &[retention])]).proof(PLACE);
        for ((from, to), expected) in [
            ((0, 20), Ok(())),
            ((30, 80), Ok(())),
            (
                (10, 25),
                Err(Unproven::Because(UnknownReason::RetentionPassed)),
            ),
            ((70, 90), Err(Unproven::Because(UnknownReason::NotCovered))),
            ((-1, 5), Err(Unproven::Because(UnknownReason::NotCovered))),
        ] {
            assert_eq!(proof.absence(from, to), expected, "{from}..{to}");
        }
        assert_eq!(
            [
                proof.proven_until(5),
                proof.proven_until(25),
                proof.proven_until(79)
            ],
            [20, 25, 80]
        );
    }

    #[test]
    fn only_what_nobody_kept_may_be_missing() {
        let closed = || (10, 30, GapReason::TapClosed);
        let retention = (20, 25, GapReason::Retention);
        let proof =
            |gaps: &[(i64, i64, GapReason)]| book(&[coverage(0, 0, 100, gaps)]).proof(PLACE);
        assert!(proof(&[closed()]).only_unwatched(15, 90));
        assert!(!proof(&[closed()]).only_unwatched(15, 101), "not read");
        assert!(!proof(&[closed(), retention]).only_unwatched(15, 90));
        assert!(!CoverageBook::default().proof(PLACE).only_unwatched(0, 1));
    }

    #[test]
    fn a_place_that_was_never_read_proves_nothing() {
        let mut book = CoverageBook::default();
        let absence = |book: &CoverageBook| book.proof(PLACE).absence(0, 1);
        assert_eq!(
            absence(&book),
            Err(Unproven::Because(UnknownReason::NotCovered))
        );
        book.fail(PLACE, "refused".to_owned());
        assert_eq!(absence(&book), Err(Unproven::Failed));
        book.forget_failures();
        book.cover(coverage(0, 0, 10, &[]), 0);
        assert_eq!(absence(&book), Ok(()));
    }

    #[test]
    fn what_a_later_scan_has_closed_of_a_gap_is_no_reason_any_more() {
        let retention = (81, 110, GapReason::Retention);
        let book = book(&[
            coverage(0, 21, 101, &[retention]),
            coverage(0, 21, 109, &[]),
        ]);
        let proof = book.proof(PLACE);
        assert_eq!(
            proof.absence(20, 108),
            Err(Unproven::Because(UnknownReason::NotCovered)),
            "the second before the first read is what is missing"
        );
        assert_eq!(
            proof.absence(30, 110),
            Err(Unproven::Because(UnknownReason::RetentionPassed))
        );
    }

    #[test]
    fn of_two_reasons_for_one_stretch_the_same_is_told_whichever_was_heard_of_first() {
        let first = || coverage(0, 0, 100, &[(10, 30, GapReason::TapClosed)]);
        let second = || coverage(0, 0, 100, &[(14, 21, GapReason::Retention)]);
        for parts in [[first(), second()], [second(), first()]] {
            assert_eq!(
                book(&parts).proof(PLACE).absence(15, 16),
                Err(Unproven::Because(UnknownReason::RetentionPassed))
            );
        }
    }

    #[test]
    fn later_scans_close_gaps_and_join_what_touches() {
        let failed = (40, 60, GapReason::Failed("lost connection".to_owned()));
        let book = book(&[
            coverage(0, 0, 50, &[failed]),
            coverage(0, 50, 100, &[]),
            coverage(0, 45, 50, &[]),
        ]);
        let merged = book.merged();
        assert_eq!(merged.len(), 1);
        assert_eq!(merged[0].window, window(0, 100));
        let gaps: Vec<_> = merged[0].gaps.iter().map(|gap| gap.window).collect();
        assert_eq!(gaps, [window(40, 45)]);
        assert!(
            merged[0].gaps[0]
                .reason
                .to_string()
                .contains("lost connection")
        );
    }

    #[test]
    fn reading_less_later_takes_nothing_away() {
        let expired = (0, 50, GapReason::Retention);
        let book = book(&[coverage(0, 0, 100, &[]), coverage(0, 0, 200, &[expired])]);
        assert_eq!(book.proof(PLACE).absence(0, 200), Ok(()));
    }
}
