//! What the canvas shows: plain data, in time and lanes, without a pixel in it.

use waybill_model::{Micros, Window};

use super::{Metrics, Theme, Tone};
use crate::state::Zone;

/// Everything the canvas needs for one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// From top to bottom.
    pub lanes: Vec<Lane>,
    /// Near enough that every event is a mark of its own; else there are only columns.
    pub near: bool,
    /// What is in view.
    pub view: Window,
    /// What the session looks at; outside of it nothing is known.
    pub asked: Window,
    /// The zone of the axis labels.
    pub zone: Zone,
    /// Where now is, when it is worth a line.
    pub now: Option<Micros>,
    /// The chosen range.
    pub brush: Option<Window>,
    /// The way of the chosen event through the lanes.
    pub thread: Option<Thread>,
    /// Colours, read from the page's tokens.
    pub theme: Theme,
    /// Heights, read from the page's tokens.
    pub metrics: Metrics,
}

/// One lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// How it is painted.
    pub kind: LaneKind,
    /// Density.
    pub bars: Bars,
    /// Single events, when they are few enough to tell apart.
    pub marks: Vec<Mark>,
    /// Where nothing can be said, with the reason.
    pub uncovered: Vec<Uncovered>,
}

/// How a lane is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneKind {
    /// What is wrong: every column that holds something is a full-height stroke.
    Alarm,
    /// A stage: a histogram.
    Stage(Tone),
}

/// Counts of equal columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    /// Where the first column begins, in microseconds since 1970.
    pub start: i64,
    /// The width of a column in microseconds; 0 means there are no columns yet.
    pub step: i64,
    /// Events in each column.
    pub counts: Vec<u32>,
}

/// One event in one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Micros,
    /// Its number in the session's index.
    pub event: u32,
}

/// A span in which a lane cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    /// When.
    pub window: Window,
    /// Why, as a short sentence.
    pub reason: String,
}

/// The way of one event: where it was seen, by lane, and where it should have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Lane index and time, from top to bottom.
    pub seen: Vec<(usize, Micros)>,
    /// Lanes it is missing from.
    pub missing: Vec<usize>,
}

/// What the pointer did.
#[derive(Debug, Clone, PartialEq)]
pub enum Gesture {
    /// Show this span.
    Look(Window),
    /// A range was drawn, or dropped.
    Brush(Option<Window>),
    /// The pointer rests here; `None` when it left.
    Hover(Option<Hovered>),
    /// A click: the lane, the time, and half the width of what the pointer covers.
    Pick {
        /// Lane index.
        lane: usize,
        /// When.
        at: Micros,
        /// How far around a neighbour still counts, in microseconds.
        reach: i64,
    },
    /// Back to everything.
    Fit,
}

/// What lies under the pointer.
#[derive(Debug, Clone, PartialEq)]
pub struct Hovered {
    /// Lane index.
    pub lane: usize,
    /// When.
    pub at: Micros,
    /// The column's span and count, when there are bars there.
    pub column: Option<(Window, u32)>,
    /// The event there, when there is a mark.
    pub event: Option<u32>,
    /// Why nothing can be said here.
    pub uncovered: Option<String>,
    /// Where the pointer is in the canvas, in CSS pixels.
    pub pointer: (f32, f32),
}

impl Bars {
    /// Adds up neighbours until each column is at least `min_step` wide. Groups sit on a fixed grid,
    /// so that columns do not flicker while the view pans.
    pub fn coarser(&self, min_step: i64) -> Self {
        if self.step <= 0 || self.step >= min_step {
            return self.clone();
        }
        let group = usize::try_from(min_step / self.step + i64::from(min_step % self.step != 0))
            .unwrap_or(1);
        let step = self.step * i64::try_from(group).unwrap_or(1);
        let lead = usize::try_from(self.start.rem_euclid(step) / self.step).unwrap_or(0);
        let mut counts = vec![0_u32; (self.counts.len() + lead).div_ceil(group)];
        for (idx, count) in self.counts.iter().enumerate() {
            counts[(idx + lead) / group] += count;
        }
        Self {
            start: self.start - i64::try_from(lead).unwrap_or(0) * self.step,
            step,
            counts,
        }
    }

    /// The column at a time: its span and its count.
    pub fn at(&self, at: Micros) -> Option<(Window, u32)> {
        if self.step <= 0 {
            return None;
        }
        let idx = at.0.saturating_sub(self.start).div_euclid(self.step);
        let count = *self.counts.get(usize::try_from(idx).ok()?)?;
        let from = Micros(self.start + idx * self.step);
        Some((
            Window {
                from,
                to: from.plus(self.step),
            },
            count,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(start: i64, counts: &[u32]) -> Bars {
        Bars {
            start,
            step: 10,
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn coarser_columns_keep_every_event_and_sit_on_a_fixed_grid() {
        assert_eq!(
            bars(20, &[1, 2, 3, 4, 5]).coarser(20),
            Bars {
                start: 20,
                step: 20,
                counts: vec![3, 7, 5]
            },
        );
        // Panned by one column, the groups stay where they were.
        assert_eq!(
            bars(30, &[2, 3, 4, 5]).coarser(20),
            Bars {
                start: 20,
                step: 20,
                counts: vec![2, 7, 5]
            },
        );
        assert_eq!(bars(0, &[1]).coarser(5), bars(0, &[1]));
        assert_eq!(Bars::default().coarser(5), Bars::default());
    }

    #[test]
    fn a_column_is_found_by_its_time() {
        let columns = bars(20, &[7, 8]);
        assert_eq!(columns.at(Micros(30)).map(|(_, n)| n), Some(8));
        assert_eq!(columns.at(Micros(19)), None);
        assert_eq!(columns.at(Micros(40)), None);
    }
}
