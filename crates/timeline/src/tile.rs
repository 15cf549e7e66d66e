//! A tile: the density of every lane over one grid, and the most telling single events.

use waybill_model::Micros;

use crate::{Grid, MAX_MARKS, Mark, density};

/// What the canvas needs to paint one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its columns.
    pub grid: Grid,
    /// Its lanes, top to bottom.
    pub lanes: Vec<LaneTile>,
    /// Single events, by time; at most [`MAX_MARKS`]. Complete when [`Tile::all_marked`].
    pub marks: Vec<Mark>,
    /// Whether every event inside has its mark, so that bars are not needed.
    pub all_marked: bool,
}

/// The density of one lane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LaneTile {
    /// Events per column, as many as the grid has columns.
    pub counts: Vec<u32>,
}

impl Tile {
    /// The most lanes of one tile.
    pub const MAX_LANES: usize = 256;

    /// A tile without lanes.
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            lanes: Vec::new(),
            marks: Vec::new(),
            all_marked: false,
        }
    }

    /// Adds the next lane, given how to rank its times (see [`density::counts`]).
    ///
    /// # Panics
    /// Beyond [`Tile::MAX_LANES`]; lanes are the places and consumers of a profile.
    pub fn push_lane(&mut self, rank: impl FnMut(Micros, usize) -> usize) {
        assert!(
            self.lanes.len() < Self::MAX_LANES,
            "a profile has few lanes"
        );
        self.lanes.push(LaneTile {
            counts: density::counts(&self.grid, rank),
        });
    }

    /// Sets the marks, thinned out to [`MAX_MARKS`].
    pub fn set_marks(&mut self, marks: Vec<Mark>) {
        self.all_marked = marks.len() <= MAX_MARKS;
        self.marks = crate::most_interesting(marks, MAX_MARKS);
    }

    /// The fullest column of all lanes from `first_lane` on.
    pub fn max_count(&self, first_lane: usize) -> u32 {
        let lanes = self.lanes.iter().skip(first_lane);
        lanes
            .flat_map(|lane| lane.counts.iter().copied())
            .max()
            .unwrap_or(0)
    }
}
