//! The columns of a tile: how wide, how many, from where.

use waybill_model::{Micros, Window};

/// Equal columns side by side, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Where the first column begins.
    pub from: Micros,
    /// Where the last column ends.
    pub to: Micros,
    /// How many columns, at least 1.
    pub cols: u32,
}

impl Grid {
    /// The most columns of one grid: three screens of a wide display.
    pub const MAX_COLS: u32 = 16_384;

    /// Columns over exactly this window; as many as asked for, at least 1 and never narrower than
    /// a microsecond.
    pub fn over(window: Window, cols: u32) -> Self {
        let span = window.len_micros().max(1);
        let finest = u32::try_from(span).unwrap_or(u32::MAX);
        Self {
            from: window.from,
            to: window.from.plus(span),
            cols: cols.clamp(1, Self::MAX_COLS).min(finest),
        }
    }

    /// The grid to ask for when `view` is to be shown `width_px` wide.
    ///
    /// A column is a power of two of microseconds and begins at a multiple of itself, so that
    /// panning and small zooms ask for the very same columns again. The grid reaches one view's
    /// width beyond the view on both sides: that far one can pan without asking.
    pub fn around(view: Window, width_px: u32) -> Self {
        let span = view.len_micros().max(1);
        let width = i64::from(width_px.clamp(1, Self::MAX_COLS / 8));
        // At most one column per pixel, more than half a column per pixel.
        let mut step = 1_i64;
        while step.saturating_mul(width) < span {
            step = step.saturating_mul(2);
        }
        let from = floor_to(view.from.0.saturating_sub(span), step);
        let to = floor_to(view.to.0.saturating_add(span), step).saturating_add(step);
        Self {
            from: Micros(from),
            to: Micros(to),
            cols: u32::try_from((to - from) / step).unwrap_or(Self::MAX_COLS),
        }
    }

    /// Whether a tile of this grid can show `view` at `width_px`: it contains the view, and its
    /// columns are those [`Grid::around`] would choose.
    pub fn serves(&self, view: Window, width_px: u32) -> bool {
        self.from <= view.from
            && view.to <= self.to
            && Self::around(view, width_px).step_micros() == self.step_micros()
    }

    /// The width of a column in microseconds; the last one may be cut short.
    pub fn step_micros(&self) -> f64 {
        self.to.since(self.from) as f64 / f64::from(self.cols)
    }

    /// Where column `col` begins; for `cols` where the last one ends.
    pub fn edge(&self, col: u32) -> Micros {
        let span = i128::from(self.to.since(self.from));
        let offset = span * i128::from(col) / i128::from(self.cols.max(1));
        // The offset is at most the span, which fits.
        self.from.plus(i64::try_from(offset).unwrap_or(i64::MAX))
    }

    /// The column that contains `at`; `None` outside.
    pub fn col_of(&self, at: Micros) -> Option<u32> {
        if at < self.from || at >= self.to {
            return None;
        }
        let span = i128::from(self.to.since(self.from));
        let guess = i128::from(at.since(self.from)) * i128::from(self.cols) / span;
        let mut col = u32::try_from(guess).ok()?.min(self.cols - 1);
        // Edges are rounded down, so the guess may be one short.
        while col + 1 < self.cols && self.edge(col + 1) <= at {
            col += 1;
        }
        Some(col)
    }
}

fn floor_to(at: i64, step: i64) -> i64 {
    at.div_euclid(step).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: i64, to: i64) -> Window {
        Window {
            from: Micros(from),
            to: Micros(to),
        }
    }

    /// One microsecond is one pixel, so a grid reads as a ruler.
    #[test]
    fn a_grid_around_a_view_has_a_skirt_of_its_width_on_both_sides() {
        let grid = Grid::around(window(100, 200), 100);
        assert_eq!((grid.from.0, grid.to.0, grid.cols), (0, 301, 301));
        let coarse = Grid::around(window(100, 200), 30);
        assert_eq!((coarse.from.0, coarse.to.0, coarse.cols), (0, 304, 76));
    }

    #[test]
    fn panning_inside_the_skirt_and_small_zooms_ask_for_nothing() {
        let grid = Grid::around(window(1000, 2000), 700);
        assert!(grid.serves(window(1000, 2000), 700));
        assert!(grid.serves(window(100, 1100), 700), "panned by 0.9 views");
        assert!(grid.serves(window(1000, 1800), 700), "zoomed by a fifth");
        assert!(
            !grid.serves(window(1000, 1600), 700),
            "finer columns are due"
        );
        assert!(!grid.serves(window(-100, 900), 700), "left the skirt");
    }

    #[test]
    fn every_instant_lies_in_the_column_whose_edges_enclose_it() {
        let grid = Grid::over(window(5, 105), 7);
        for at in 5..105 {
            let col = grid.col_of(Micros(at)).expect("it is inside");
            assert!(grid.edge(col).0 <= at && at < grid.edge(col + 1).0, "{at}");
        }
        assert_eq!(grid.col_of(Micros(4)), None);
        assert_eq!(grid.col_of(Micros(105)), None);
    }

    #[test]
    fn a_column_is_never_narrower_than_the_clock() {
        assert_eq!(Grid::over(window(0, 3), 100).cols, 3);
        assert_eq!(Grid::over(window(3, 0), 100).cols, 1);
        let extreme = Grid::over(window(i64::MIN, i64::MAX), 4);
        assert_eq!(extreme.col_of(Micros(i64::MIN)), Some(0));
    }
}
