//! The timeline's state: what is in view, which tile is loaded, the brush, what lies under the pointer.

use waybill_model::{Micros, Window};
use waybill_protocol::{Failure, GetTile, Nearest};
use waybill_timeline::{Grid, Tile};

use super::{DetailMessage, Effect, State};
use crate::canvas::{Gesture, Hovered, Metrics, Theme};

/// The timeline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// What is in view; `None` until there is a window.
    pub view: Option<Window>,
    /// The view shows the whole window and goes along with it.
    pub following: bool,
    /// The chosen range.
    pub brush: Option<Window>,
    /// What lies under the pointer.
    pub hovered: Option<Hovered>,
    /// The columns that are loaded.
    pub tile: Option<Tile>,
    /// Width of the canvas in CSS pixels.
    pub width: u32,
    /// Colours, read from the tokens.
    pub theme: Theme,
    /// Heights, read from the tokens.
    pub metrics: Metrics,
    window: Option<Window>,
    in_flight: bool,
    stale: bool,
    /// There is news that no tile has been asked for yet.
    has_news: bool,
    asked_at: Option<Micros>,
}

/// Something about the timeline.
#[derive(Debug, Clone, PartialEq)]
pub enum TimelineMessage {
    /// Columns may look different.
    Refresh,
    /// Columns arrived.
    Tile(Box<Result<Tile, Failure>>),
    /// The pointer did something.
    Gesture(Gesture),
    /// The event nearest to a click.
    Nearest(Result<Option<u32>, Failure>),
    /// The canvas has this width, and the tokens are these.
    Dressed {
        /// Width in CSS pixels.
        width: u32,
        /// Colours.
        theme: Box<Theme>,
        /// Heights.
        metrics: Metrics,
    },
    /// Closer, around the middle or the pointer.
    ZoomIn,
    /// Further away.
    ZoomOut,
    /// Earlier.
    PanLeft,
    /// Later.
    PanRight,
    /// Everything.
    Fit,
    /// The chosen range fills the view.
    ZoomToBrush,
    /// The chosen range is let go.
    DropBrush,
}

/// Closer than this makes no sense: microseconds in view.
const CLOSEST: i64 = 2_000;

/// What one press of a key does.
const ZOOM_STEP: f64 = 0.7;
const PAN_STEP: f64 = 0.2;

/// How long a tile rests before news is asked for, in microseconds.
const REST_MICROS: i64 = 450_000;

/// The width tiles are asked for before the canvas has been measured, in pixels.
const NARROWEST: u32 = 320;

impl Timeline {
    /// Goes along with the window again.
    pub(super) fn follow(&mut self) {
        self.following = true;
        self.brush = None;
    }

    /// The window as it is shown.
    pub(super) fn window(&self) -> Option<Window> {
        self.window
    }

    /// Forgets what was shown, keeps how it is dressed.
    pub(super) fn emptied(&self) -> Self {
        Self {
            width: self.width,
            theme: self.theme,
            metrics: self.metrics,
            ..Self::default()
        }
    }

    /// The session looks at this window now. While it follows the clock it moves with every poll; as
    /// long as that is less than a pixel the picture stays as it is, and nothing is painted.
    pub(super) fn window_is(&mut self, window: Window) {
        if let Some(before) = self.window {
            let pixel = window.len_micros() / i64::from(self.width.max(NARROWEST));
            let moved = window
                .to
                .since(before.to)
                .abs()
                .max(window.from.since(before.from).abs());
            if moved < pixel {
                return;
            }
        }
        let first = self.window.is_none();
        self.window = Some(window);
        if first || self.following || self.view.is_none() {
            self.following = true;
            self.view = Some(window);
        }
    }

    fn look(&mut self, view: Window) {
        let Some(window) = self.window else { return };
        let view = clamped(view, window);
        self.following = view == window;
        self.view = Some(view);
    }

    fn zoom(&mut self, factor: f64) {
        let Some(view) = self.view else { return };
        let middle = self
            .hovered
            .as_ref()
            .map_or(view.from.plus(view.len_micros() / 2), |hovered| hovered.at);
        let before = (middle.since(view.from) as f64 * factor) as i64;
        let after = (view.to.since(middle) as f64 * factor) as i64;
        self.look(Window {
            from: middle.plus(-before),
            to: middle.plus(after),
        });
    }

    fn pan(&mut self, share: f64) {
        let Some(view) = self.view else { return };
        let by = (view.len_micros() as f64 * share) as i64;
        self.look(Window {
            from: view.from.plus(by),
            to: view.to.plus(by),
        });
    }

    /// The tile that fits the view.
    fn wanted_tile(&self) -> Option<GetTile> {
        let view = self.view.filter(|view| view.len_micros() > 0)?;
        let grid = Grid::around(view, self.width.max(NARROWEST));
        Some(GetTile {
            window: Window {
                from: grid.from,
                to: grid.to,
            },
            cols: grid.cols,
        })
    }

    fn tile_fits(&self) -> bool {
        let (Some(tile), Some(view)) = (&self.tile, self.view) else {
            return false;
        };
        tile.grid.serves(view, self.width.max(NARROWEST))
    }
}

/// `view` moved and cut so that it lies inside `window`.
fn clamped(view: Window, window: Window) -> Window {
    let longest = window.len_micros();
    let len = view.len_micros().clamp(CLOSEST.min(longest), longest);
    let from = view.from.clamp(window.from, window.to.plus(-len));
    Window {
        from,
        to: from.plus(len),
    }
}

impl State {
    pub(super) fn update_timeline(&mut self, message: TimelineMessage) -> Vec<Effect> {
        match message {
            TimelineMessage::Refresh => {
                self.timeline.has_news = true;
                return self.tile_if_due();
            }
            TimelineMessage::Tile(answer) => return self.tile_arrived(*answer),
            TimelineMessage::Gesture(gesture) => return self.gesture(gesture),
            TimelineMessage::Nearest(Ok(Some(no))) => {
                return self.update_detail(DetailMessage::Show(no));
            }
            TimelineMessage::Nearest(Ok(None)) => {}
            TimelineMessage::Nearest(Err(failure)) => self.complain(&failure, None),
            TimelineMessage::Dressed {
                width,
                theme,
                metrics,
            } => {
                self.timeline.width = width;
                self.timeline.theme = *theme;
                self.timeline.metrics = metrics;
            }
            TimelineMessage::ZoomIn => self.timeline.zoom(ZOOM_STEP),
            TimelineMessage::ZoomOut => self.timeline.zoom(1.0 / ZOOM_STEP),
            TimelineMessage::PanLeft => self.timeline.pan(-PAN_STEP),
            TimelineMessage::PanRight => self.timeline.pan(PAN_STEP),
            TimelineMessage::Fit => {
                if let Some(window) = self.timeline.window {
                    self.timeline.look(window);
                }
            }
            TimelineMessage::ZoomToBrush => {
                if let Some(brush) = self.timeline.brush {
                    let air = brush.len_micros() / 10;
                    self.timeline.look(Window {
                        from: brush.from.plus(-air),
                        to: brush.to.plus(air),
                    });
                }
            }
            TimelineMessage::DropBrush => return self.brush(None),
        }
        self.tile_if_needed()
    }

    fn gesture(&mut self, gesture: Gesture) -> Vec<Effect> {
        match gesture {
            Gesture::Look(view) => {
                self.timeline.look(view);
                self.tile_if_needed()
            }
            Gesture::Brush(brush) => self.brush(brush),
            Gesture::Hover(hovered) => {
                self.timeline.hovered = hovered;
                Vec::new()
            }
            Gesture::Fit => self.update_timeline(TimelineMessage::Fit),
            Gesture::Pick { lane, at, .. } => {
                if let Some(no) = self
                    .timeline
                    .hovered
                    .as_ref()
                    .and_then(|hovered| hovered.event)
                {
                    return self.update_detail(DetailMessage::Show(no));
                }
                let outside = self.timeline.brush.is_some_and(|brush| !brush.contains(at));
                let mut effects = if outside {
                    self.brush(None)
                } else {
                    Vec::new()
                };
                effects.push(Effect::Nearest(Nearest {
                    lane: u32::try_from(lane).unwrap_or(0),
                    at: at.0,
                }));
                effects
            }
        }
    }

    fn brush(&mut self, brush: Option<Window>) -> Vec<Effect> {
        if self.timeline.brush == brush {
            return Vec::new();
        }
        self.timeline.brush = brush;
        self.start_over()
    }

    fn tile_if_needed(&mut self) -> Vec<Effect> {
        if self.timeline.tile_fits() {
            Vec::new()
        } else {
            self.ask_tile()
        }
    }

    /// News is painted twice a second at most: in software every frame costs the whole window.
    pub(super) fn tile_if_due(&mut self) -> Vec<Effect> {
        let rested = self
            .timeline
            .asked_at
            .is_none_or(|asked| self.now().since(asked) >= REST_MICROS);
        if self.timeline.has_news && rested {
            self.ask_tile()
        } else {
            self.tile_if_needed()
        }
    }

    fn ask_tile(&mut self) -> Vec<Effect> {
        if self.session.status.is_none() {
            return Vec::new();
        }
        if self.timeline.in_flight {
            self.timeline.stale = true;
            return Vec::new();
        }
        let Some(wanted) = self.timeline.wanted_tile() else {
            return Vec::new();
        };
        self.timeline.in_flight = true;
        self.timeline.stale = false;
        self.timeline.has_news = false;
        self.timeline.asked_at = Some(self.now());
        vec![Effect::Tile(wanted)]
    }

    fn tile_arrived(&mut self, answer: Result<Tile, Failure>) -> Vec<Effect> {
        self.timeline.in_flight = false;
        match answer {
            Ok(tile) => self.timeline.tile = Some(tile),
            // The poll says what is wrong with the core; the old tile stays.
            Err(_) => return Vec::new(),
        }
        if self.timeline.stale || !self.timeline.tile_fits() {
            self.ask_tile()
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(from: i64, to: i64) -> Window {
        Window {
            from: Micros(from * 1_000_000),
            to: Micros(to * 1_000_000),
        }
    }

    #[test]
    fn the_view_stays_inside_the_window() {
        let window = seconds(0, 100);
        assert_eq!(clamped(seconds(-20, 30), window), seconds(0, 50));
        assert_eq!(clamped(seconds(80, 130), window), seconds(50, 100));
        assert_eq!(clamped(seconds(-50, 500), window), window);
        assert_eq!(clamped(seconds(5, 5), window).len_micros(), CLOSEST);
    }

    #[test]
    fn a_view_of_everything_goes_along_with_the_window_and_a_closer_one_stands_still() {
        let mut timeline = Timeline::default();
        timeline.window_is(seconds(0, 100));
        timeline.window_is(seconds(1, 101));
        assert_eq!(timeline.view, Some(seconds(1, 101)));
        let less_than_a_pixel = Window {
            from: Micros(1_000_100),
            to: Micros(101_000_100),
        };
        timeline.window_is(less_than_a_pixel);
        assert_eq!(timeline.view, Some(seconds(1, 101)));
        timeline.look(seconds(40, 60));
        timeline.window_is(seconds(2, 102));
        assert_eq!(timeline.view, Some(seconds(40, 60)));
    }

    #[test]
    fn panning_within_a_tile_asks_for_nothing() {
        let mut state = State::default();
        state.timeline.width = 1_000;
        state.timeline.window_is(seconds(0, 1_000));
        state.timeline.look(seconds(400, 500));
        let wanted = state.timeline.wanted_tile().expect("there is a view");
        state.timeline.tile = Some(Tile::new(Grid::over(wanted.window, wanted.cols)));
        assert!(state.timeline.tile_fits());
        state.timeline.pan(0.9);
        assert!(
            state.timeline.tile_fits(),
            "one view to the side is still inside"
        );
        state.timeline.pan(0.9);
        assert!(!state.timeline.tile_fits());
        state.timeline.look(seconds(400, 410));
        assert!(!state.timeline.tile_fits(), "closer needs finer columns");
    }
}
