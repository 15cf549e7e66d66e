//! The axis: from time to pixels and back, exact in doubles.

use waybill_model::{Micros, Window};

/// A view of time, drawn `width_px` wide.
///
/// Times are kept relative to a base: microseconds since 1970 are too large for a double to tell
/// apart the quarter pixels of a view that is a few milliseconds long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    base: Micros,
    from: f64,
    to: f64,
    width_px: f64,
}

impl Axis {
    /// The shortest view, in microseconds: what is closer together was hardly measured.
    pub const SHORTEST_MICROS: f64 = 1000.0;

    /// The longest view, in microseconds: a hundred years.
    pub const LONGEST_MICROS: f64 = 3.2e15;

    /// Shows `view` on `width_px` pixels.
    pub fn new(view: Window, width_px: f64) -> Self {
        Self {
            base: view.from,
            from: 0.0,
            to: (view.len_micros() as f64).clamp(Self::SHORTEST_MICROS, Self::LONGEST_MICROS),
            width_px: width_px.max(1.0),
        }
    }

    /// What is shown.
    pub fn view(&self) -> Window {
        Window {
            from: self.at(self.from),
            to: self.at(self.to),
        }
    }

    /// Pixels from the left edge; outside of `0..width` for what is not in view.
    pub fn x_from_time(&self, at: Micros) -> f64 {
        (at.since(self.base) as f64 - self.from) / self.micros_per_px()
    }

    /// The instant at a pixel.
    pub fn time_from_x(&self, x: f64) -> Micros {
        self.at(self.from + x * self.micros_per_px())
    }

    /// How long a pixel is.
    pub fn micros_per_px(&self) -> f64 {
        (self.to - self.from) / self.width_px
    }

    /// The same view moved by pixels: positive shows later times.
    #[must_use]
    pub fn panned(self, dx: f64) -> Self {
        let micros = dx * self.micros_per_px();
        self.shifted(self.from + micros, self.to + micros)
    }

    /// The view made `factor` times as long (above 1 zooms out); what is at `x` stays there.
    #[must_use]
    pub fn zoomed(self, x: f64, factor: f64) -> Self {
        let span = (self.to - self.from) * factor;
        let span = span.clamp(Self::SHORTEST_MICROS, Self::LONGEST_MICROS);
        let share = x / self.width_px;
        let at = self.from + share * (self.to - self.from);
        self.shifted(at - share * span, at + (1.0 - share) * span)
    }

    /// Re-bases, so that errors do not add up over many gestures.
    fn shifted(self, from: f64, to: f64) -> Self {
        let base = self.at(from);
        Self {
            base,
            from: 0.0,
            to: to - from,
            width_px: self.width_px,
        }
    }

    fn at(&self, relative: f64) -> Micros {
        // `as` saturates, which is what a view at the end of time should do.
        self.base.plus(relative.round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pixel is one millisecond, from an instant of today.
    fn axis() -> Axis {
        let from = Micros(1_795_000_000_000_000);
        Axis::new(
            Window {
                from,
                to: from.plus(1_000_000),
            },
            1000.0,
        )
    }

    #[test]
    fn pixels_and_times_are_each_others_inverse() {
        let axis = axis();
        for x in [-50.0, 0.0, 0.25, 333.0, 1000.0, 2000.0] {
            assert!(
                (axis.x_from_time(axis.time_from_x(x)) - x).abs() < 0.001,
                "{x}"
            );
        }
        assert_eq!(axis.time_from_x(1.0), axis.view().from.plus(1000));
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let axis = axis();
        let under = axis.time_from_x(250.0);
        let near = axis.zoomed(250.0, 0.1);
        assert!((near.x_from_time(under) - 250.0).abs() < 0.02);
        assert_eq!(near.view().len_micros(), 100_000);
    }

    #[test]
    fn zooming_ends_where_nothing_is_left_to_tell_apart() {
        let mut axis = axis();
        for _ in 0..200 {
            axis = axis.zoomed(500.0, 0.5);
        }
        assert_eq!(axis.view().len_micros(), 1000);
        for _ in 0..200 {
            axis = axis.zoomed(500.0, 2.0);
        }
        assert!(axis.view().len_micros() > 3_000_000_000_000_000);
    }

    #[test]
    fn panning_there_and_back_a_thousand_times_ends_where_it_began() {
        let start = axis();
        let mut axis = start;
        for _ in 0..1000 {
            axis = axis.panned(37.0).panned(-37.0);
        }
        assert_eq!(axis.view(), start.view());
    }
}
