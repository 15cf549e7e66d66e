//! Paints a scene: one mesh for all bars and strokes, a few lines and labels around it.

use std::ops::RangeInclusive;

use egui::{Align2, Color32, FontFamily, FontId, Mesh, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotPoint, PlotTransform};
use waybill_model::{Micros, Window};

use super::{Lane, LaneKind, Scene, Uncovered};

/// The narrowest column in pixels. Narrower ones cannot be told apart, and in software rendering
/// their number is what a frame costs.
pub(super) const MIN_COLUMN: f32 = 4.0;

/// The width of a stroke in the alarm lane, in pixels.
const STROKE: f32 = 3.0;

/// Columns grow slower than their counts, so that one burst does not press the rest of an hour flat.
const FLATTENED: f32 = 0.7;

/// The radius of a single event, in pixels.
const DOT: f32 = 3.5;

/// The scene as the one item of the plot. Plot x is microseconds since `scene.asked.from`, so that
/// it stays exact in a double; plot y is pixels below the axis.
pub(super) struct SceneItem<'a> {
    pub(super) scene: &'a Scene,
    base: PlotItemBase,
}

impl<'a> SceneItem<'a> {
    pub(super) fn new(scene: &'a Scene) -> Self {
        Self {
            scene,
            base: PlotItemBase::new("scene".to_owned()),
        }
    }
}

impl PlotItem for SceneItem<'_> {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let painter = Painter {
            ui,
            scene: self.scene,
            transform,
            frame: *transform.frame(),
        };
        painter.lanes(shapes);
        painter.thread(shapes);
        painter.brush(shapes);
        painter.now(shapes);
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.scene.theme.text
    }

    fn allow_hover(&self) -> bool {
        false
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        PlotBounds::NOTHING
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}

/// The plot's x of a time.
pub(super) fn x_value(scene: &Scene, at: Micros) -> f64 {
    at.since(scene.asked.from) as f64
}

struct Painter<'a> {
    ui: &'a Ui,
    scene: &'a Scene,
    transform: &'a PlotTransform,
    frame: Rect,
}

impl Painter<'_> {
    fn x(&self, at: Micros) -> f32 {
        self.transform
            .position_from_point(&PlotPoint::new(x_value(self.scene, at), 0.0))
            .x
    }

    fn x_range(&self, window: Window) -> (f32, f32) {
        let (from, to) = (self.x(window.from), self.x(window.to));
        (from.max(self.frame.left()), to.min(self.frame.right()))
    }

    fn lane_rect(&self, lane: usize) -> Rect {
        let metrics = &self.scene.metrics;
        let top = self.frame.top() + metrics.lane_top(lane);
        Rect::from_min_max(
            pos2(self.frame.left(), top),
            pos2(self.frame.right(), top + metrics.lane),
        )
    }

    fn micros_per_pixel(&self) -> f64 {
        self.scene.view.len_micros() as f64 / f64::from(self.frame.width().max(1.0))
    }

    fn lanes(&self, shapes: &mut Vec<Shape>) {
        let theme = &self.scene.theme;
        let min_step = (self.micros_per_pixel() * f64::from(MIN_COLUMN)) as i64;
        let coarse: Vec<_> = self
            .scene
            .lanes
            .iter()
            .map(|lane| lane.bars.coarser(min_step))
            .collect();
        let tallest = self.tallest(&coarse);
        let mut mesh = Mesh::default();
        for (idx, (lane, bars)) in self.scene.lanes.iter().zip(&coarse).enumerate() {
            let rect = self.lane_rect(idx);
            let baseline = rect.bottom() - 0.5;
            shapes.push(Shape::hline(
                rect.x_range(),
                baseline,
                Stroke::new(1.0, theme.line),
            ));
            match lane.kind {
                LaneKind::Alarm => self.alarm_lane(rect, lane, bars, &mut mesh),
                LaneKind::Stage(tone) if self.scene.near => {
                    self.marks(rect, lane, theme.tone(tone), shapes)
                }
                LaneKind::Stage(tone) => {
                    self.histogram(rect, bars, tallest, theme.tone(tone), lane, &mut mesh)
                }
            }
        }
        shapes.push(Shape::mesh(mesh));
        for (idx, lane) in self.scene.lanes.iter().enumerate() {
            for uncovered in &lane.uncovered {
                self.hatch(self.lane_rect(idx), uncovered, shapes);
            }
        }
    }

    /// The highest column of all stage lanes in view: they share one scale, so that a dip in one is a dip.
    fn tallest(&self, coarse: &[super::Bars]) -> u32 {
        let stages = self
            .scene
            .lanes
            .iter()
            .zip(coarse)
            .filter(|(lane, _)| lane.kind != LaneKind::Alarm);
        let visible = stages.flat_map(|(_, bars)| {
            let in_view = move |idx: usize| {
                let from = bars.start + i64::try_from(idx).unwrap_or(0) * bars.step;
                from < self.scene.view.to.0 && from + bars.step > self.scene.view.from.0
            };
            bars.counts
                .iter()
                .enumerate()
                .filter(move |(idx, _)| in_view(*idx))
                .map(|(_, n)| *n)
        });
        visible.max().unwrap_or(1).max(1)
    }

    fn columns<'b>(&'b self, bars: &'b super::Bars) -> impl Iterator<Item = (f32, f32, u32)> + 'b {
        bars.counts
            .iter()
            .enumerate()
            .filter(|(_, n)| **n > 0)
            .filter_map(move |(idx, n)| {
                let from = Micros(bars.start + i64::try_from(idx).ok()? * bars.step);
                let (x0, x1) = (self.x(from), self.x(from.plus(bars.step)));
                (x1 > self.frame.left() && x0 < self.frame.right()).then_some((x0, x1, *n))
            })
    }

    fn histogram(
        &self,
        rect: Rect,
        bars: &super::Bars,
        tallest: u32,
        color: Color32,
        lane: &Lane,
        mesh: &mut Mesh,
    ) {
        let full = rect.height() * 0.92;
        for (x0, x1, n) in self.columns(bars) {
            let height = ((n as f32 / tallest as f32).powf(FLATTENED) * full).max(2.0);
            let column = Rect::from_min_max(
                pos2(x0, rect.bottom() - 1.0 - height),
                pos2((x1 - 1.0).max(x0 + 1.0), rect.bottom() - 1.0),
            );
            let doubtful = lane.uncovered.iter().any(|u| {
                let (from, to) = self.x_range(u.window);
                column.center().x >= from && column.center().x < to
            });
            mesh.add_colored_rect(
                column.intersect(self.frame),
                color.gamma_multiply(if doubtful { 0.25 } else { 0.7 }),
            );
        }
    }

    fn alarm_lane(&self, rect: Rect, lane: &Lane, bars: &super::Bars, mesh: &mut Mesh) {
        let inset = rect.height() * 0.14;
        let mut stroke = |x: f32| {
            let left = (x - STROKE / 2.0).round();
            let stroke = Rect::from_min_max(
                pos2(left, rect.top() + inset),
                pos2(left + STROKE, rect.bottom() - inset),
            );
            mesh.add_colored_rect(stroke.intersect(self.frame), self.scene.theme.missing);
        };
        if self.scene.near {
            lane.marks.iter().for_each(|mark| stroke(self.x(mark.at)));
        } else {
            self.columns(bars)
                .for_each(|(x0, x1, _)| stroke(f32::midpoint(x0, x1)));
        }
    }

    fn marks(&self, rect: Rect, lane: &Lane, color: Color32, shapes: &mut Vec<Shape>) {
        for mark in &lane.marks {
            let center = pos2(self.x(mark.at), rect.center().y);
            if self.frame.expand(DOT).contains(center) {
                shapes.push(Shape::circle_filled(center, DOT, color));
            }
        }
    }

    fn hatch(&self, rect: Rect, uncovered: &Uncovered, shapes: &mut Vec<Shape>) {
        let (from, to) = self.x_range(uncovered.window);
        if to - from < 2.0 {
            return;
        }
        let theme = &self.scene.theme;
        let stroke = Stroke::new(1.0, theme.unknown.gamma_multiply(0.45));
        let area = Rect::from_min_max(pos2(from, rect.top()), pos2(to, rect.bottom() - 1.0));
        let mut x = area.left() - area.height();
        while x < area.right() {
            shapes.extend(clipped_diagonal(x, area).map(|line| Shape::line_segment(line, stroke)));
            x += 7.0;
        }
        let font = FontId::new(10.5, FontFamily::Proportional);
        let galley = self
            .ui
            .painter()
            .layout_no_wrap(uncovered.reason.clone(), font, theme.muted);
        if galley.size().x + 16.0 < area.width() {
            let at = pos2(area.left() + 8.0, area.center().y - galley.size().y / 2.0);
            let behind = Rect::from_min_size(at, galley.size()).expand2(vec2(5.0, 1.0));
            shapes.push(Shape::rect_filled(
                behind,
                3.0,
                theme.background.gamma_multiply(0.85),
            ));
            shapes.push(Shape::galley(at, galley, theme.muted));
        }
    }

    fn thread(&self, shapes: &mut Vec<Shape>) {
        let Some(thread) = &self.scene.thread else {
            return;
        };
        let theme = &self.scene.theme;
        let points: Vec<Pos2> = thread
            .seen
            .iter()
            .map(|(lane, at)| pos2(self.x(*at), self.lane_rect(*lane).center().y))
            .collect();
        for pair in points.windows(2) {
            shapes.push(Shape::line_segment(
                [pair[0], pair[1]],
                Stroke::new(1.5, theme.text.gamma_multiply(0.7)),
            ));
        }
        for point in &points {
            shapes.push(Shape::circle_filled(*point, 5.5, theme.background));
            shapes.push(Shape::circle_filled(*point, 4.0, theme.text));
        }
        let Some(last) = points.last() else { return };
        for lane in &thread.missing {
            let hole = pos2(last.x, self.lane_rect(*lane).center().y);
            shapes.extend(Shape::dashed_line(
                &[*last, hole],
                Stroke::new(1.2, theme.missing),
                3.0,
                3.0,
            ));
            shapes.push(Shape::circle_filled(hole, 5.0, theme.background));
            shapes.push(Shape::circle_stroke(
                hole,
                4.5,
                Stroke::new(1.6, theme.missing),
            ));
        }
    }

    fn brush(&self, shapes: &mut Vec<Shape>) {
        let Some(brush) = self.scene.brush else {
            return;
        };
        let (from, to) = (self.x(brush.from), self.x(brush.to));
        let accent = self.scene.theme.accent;
        let area = Rect::from_x_y_ranges(from..=to, self.frame.y_range()).intersect(self.frame);
        shapes.push(Shape::rect_filled(area, 0.0, accent.gamma_multiply(0.12)));
        for x in [from, to] {
            if self.frame.x_range().contains(x) {
                shapes.push(Shape::vline(
                    x,
                    self.frame.y_range(),
                    Stroke::new(1.0, accent),
                ));
            }
        }
    }

    fn now(&self, shapes: &mut Vec<Shape>) {
        let Some(x) = self.scene.now.map(|now| self.x(now)) else {
            return;
        };
        if self.frame.x_range().contains(x) {
            let ends = [pos2(x, self.frame.top()), pos2(x, self.frame.bottom())];
            shapes.extend(Shape::dashed_line(
                &ends,
                Stroke::new(1.0, self.scene.theme.published),
                2.0,
                3.0,
            ));
        }
    }
}

/// A 45° line that begins at `x` on the lower edge, cut at the area's sides.
fn clipped_diagonal(x: f32, area: Rect) -> Option<[Pos2; 2]> {
    let mut low = pos2(x, area.bottom());
    let mut high = pos2(x + area.height(), area.top());
    if low.x < area.left() {
        low = pos2(area.left(), area.bottom() - (area.left() - low.x));
    }
    if high.x > area.right() {
        high = pos2(area.right(), area.top() + (high.x - area.right()));
    }
    (low.x < high.x).then_some([low, high])
}

/// The vertical line and the time under the pointer.
pub(super) fn cursor(ui: &Ui, scene: &Scene, frame: Rect, x: f32, label: String) {
    let theme = &scene.theme;
    let painter = ui.painter();
    painter.vline(
        x,
        frame.y_range(),
        Stroke::new(1.0, theme.faint.gamma_multiply(0.6)),
    );
    let font = FontId::new(10.5, FontFamily::Monospace);
    let galley = painter.layout_no_wrap(label, font, theme.text);
    let half = galley.size().x / 2.0 + 5.0;
    let center = x.clamp(
        frame.left() + half,
        (frame.right() - half).max(frame.left() + half),
    );
    let plate = Align2::CENTER_BOTTOM.anchor_size(
        pos2(center, frame.top() - 2.0),
        galley.size() + vec2(10.0, 3.0),
    );
    painter.rect_filled(plate, 3.0, theme.line);
    painter.galley(plate.min + vec2(5.0, 1.5), galley, theme.text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagonals_stay_inside_their_area() {
        let area = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 20.0));
        assert_eq!(
            clipped_diagonal(-10.0, area),
            Some([pos2(0.0, 10.0), pos2(10.0, 0.0)])
        );
        assert_eq!(
            clipped_diagonal(90.0, area),
            Some([pos2(90.0, 20.0), pos2(100.0, 10.0)])
        );
        assert_eq!(clipped_diagonal(-20.0, area), None);
    }
}
