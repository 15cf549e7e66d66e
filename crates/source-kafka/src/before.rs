//! What reading the stretch right before a read of earlier adds to what that one has proven.

use crate::cursor::Mark;
use crate::span::{Span, Track};

impl Track {
    /// What a read of the stretch right before the marked one proves of both: what was not certain
    /// there is none the more so now. Offsets that lead up to it without a record are a hole, too.
    pub(crate) fn up_to(self, mark: &Mark, span: &Span) -> Self {
        let empty = (self.next < span.end).then_some(mark.to);
        Self {
            hole: mark.hole.or(empty).max(self.hole),
            open: mark.open,
            open_seen: mark.open.is_none(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use waybill_model::{Micros, PlaceId};

    use crate::cursor::Mark;
    use crate::span::{Cleanup, Span, Track, coverage};
    use crate::times::Time;

    const SECOND: i64 = 1_000_000;

    /// What a read of offsets 0 to 39 proves that came after one from there on; times in seconds.
    fn check(hole: Option<i64>, open: Option<i64>, records: &[(i64, i64)], expected: Expect) {
        let micros = |at: i64| Micros(at * SECOND);
        let span = Span::before(39, 0, 1000);
        let mut track = Track::new(&span);
        for (offset, at) in records {
            let time = Time {
                at: Some(micros(*at)),
                leads: true,
                ..Time::NONE
            };
            track.met(*offset, time);
        }
        track.done = true;
        let mark = Mark {
            next: 60,
            to: micros(100),
            first: Some(39),
            hole: hole.map(micros),
            open: open.map(micros),
        };
        let track = track.up_to(&mark, &span);
        let (place, cleanup) = (PlaceId(0), Cleanup::Compacts);
        let covered = coverage(place, 2, &span, &track, cleanup, mark.to, None);
        let gaps = covered.gaps.iter().map(|gap| {
            let (from, to) = (gap.window.from.0.max(0), gap.window.to.0);
            let (from, to) = (from / SECOND, to / SECOND);
            format!("{from} to {to} {}", gap.reason)
        });
        expected.assert_eq(&gaps.collect::<Vec<_>>().join("; "));
    }

    #[test]
    fn reading_what_lies_before_makes_nothing_certain_that_was_not() {
        let all: Vec<(i64, i64)> = (0..39).map(|offset| (offset, 20)).collect();
        check(None, None, &all, expect![""]);
        check(
            Some(50),
            None,
            &all,
            expect!["0 to 50 the topic is compacted"],
        );
        check(
            None,
            Some(60),
            &all,
            expect!["60 to 100 transactions are still open"],
        );
        // All that was there before is gone.
        check(
            Some(50),
            None,
            &[],
            expect!["0 to 50 the topic is compacted"],
        );
        check(None, None, &[], expect!["0 to 100 the topic is compacted"]);
    }
}
