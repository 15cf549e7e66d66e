//! The most rows of a table that the profile lets a read take. Pure.

use waybill_model::{Coverage, Gap, GapReason, PlaceId, Window};
use waybill_source::Chunk;

/// What is left of one read.
#[derive(Debug)]
pub(super) struct RowLimit {
    place: PlaceId,
    window: Window,
    left: Option<u64>,
}

impl RowLimit {
    /// Of a read of this window; `None`: as many as there are.
    pub(super) fn of(place: PlaceId, window: Window, most: Option<u64>) -> Self {
        Self {
            place,
            window,
            left: most,
        }
    }

    /// Takes note of what was read. What it proves when the limit is reached: nothing, as nobody
    /// knows which rows were not read.
    pub(super) fn reached(&mut self, chunk: &Chunk) -> Option<Coverage> {
        let (Some(left), Chunk::Evidence(batch)) = (&mut self.left, chunk) else {
            return None;
        };
        *left = left.saturating_sub(u64::try_from(batch.len()).unwrap_or(u64::MAX));
        (*left == 0).then(|| Coverage {
            place: self.place,
            partition: None,
            window: self.window,
            positions: None,
            gaps: vec![Gap {
                window: self.window,
                reason: GapReason::Cap,
            }],
        })
    }
}

#[cfg(test)]
mod tests {
    use waybill_model::{Batch, Clock, Micros};

    use super::*;

    #[test]
    fn a_read_ends_at_the_limit_and_proves_nothing() {
        let window = Window {
            from: Micros(0),
            to: Micros(10),
        };
        let rows = |n: usize| {
            let mut batch = Batch::new(PlaceId(1), Clock::Database, 1, n);
            for nth in 0..n {
                batch.ids.push(&nth.to_string());
                batch.at.push(1);
            }
            Chunk::Evidence(batch)
        };
        let mut none = RowLimit::of(PlaceId(1), window, None);
        assert_eq!(none.reached(&rows(1000)), None);
        let mut three = RowLimit::of(PlaceId(1), window, Some(3));
        assert_eq!(three.reached(&rows(2)), None);
        let reached = three.reached(&rows(2)).expect("there is no more to read");
        assert!(!reached.proves_absence_at(Micros(5)));
        assert_eq!(reached.gaps[0].reason, GapReason::Cap);
    }
}
