//! Tables whose rows somebody deletes after a while: that a row is not there says nothing about the
//! time before. Pure.

use waybill_model::{Coverage, Gap, GapReason, Micros, Window};
use waybill_source::Chunk;

/// Clocks of hosts with time synchronisation differ by less.
const CLOCKS_MICROS: i64 = 30_000_000;

/// What a read proves, with a gap before the time since when rows are kept. What was read while it
/// was there stays proven.
pub(super) fn as_kept(chunk: Chunk, kept_micros: Option<i64>, now: Micros) -> Chunk {
    match (kept_micros, chunk) {
        (Some(kept), Chunk::Covered(covered)) => Chunk::Covered(with_gap(covered, kept, now)),
        (_, chunk) => chunk,
    }
}

fn with_gap(mut covered: Coverage, kept_micros: i64, now: Micros) -> Coverage {
    let gone = Window {
        from: covered.window.from,
        to: now.plus(-kept_micros).plus(CLOCKS_MICROS),
    };
    if gone.from < gone.to {
        covered.gaps.push(Gap {
            window: gone,
            reason: GapReason::Retention,
        });
    }
    covered
}

#[cfg(test)]
mod tests {
    use waybill_model::PlaceId;

    use super::*;

    /// Read from 0 to 1000 seconds, at 1000; what is proven of these seconds.
    fn proven(kept_secs: Option<i64>) -> Vec<i64> {
        let micros = |secs: i64| Micros(secs * 1_000_000);
        let covered = Coverage {
            place: PlaceId(0),
            partition: None,
            window: Window {
                from: micros(0),
                to: micros(1000),
            },
            positions: None,
            gaps: Vec::new(),
        };
        let kept = kept_secs.map(|secs| secs * 1_000_000);
        let Chunk::Covered(covered) = as_kept(Chunk::Covered(covered), kept, micros(1000)) else {
            panic!("coverage stays coverage");
        };
        let asked = [0, 100, 500, 729, 730, 999].into_iter();
        asked
            .filter(|secs| covered.proves_absence_at(micros(*secs)))
            .collect()
    }

    #[test]
    fn what_may_have_been_deleted_proves_nothing() {
        assert_eq!(proven(None), [0, 100, 500, 729, 730, 999]);
        assert_eq!(proven(Some(300)), [730, 999]);
        assert_eq!(proven(Some(0)), [] as [i64; 0]);
        assert_eq!(proven(Some(3600)), [0, 100, 500, 729, 730, 999]);
    }
}
