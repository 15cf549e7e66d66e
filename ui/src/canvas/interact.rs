//! One frame of the plot, and what the pointer did in it.

use egui::{PointerButton, Pos2, Rect, Response, Ui, Vec2};
use egui_plot::{AxisHints, GridMark, Plot, PlotPoint, PlotTransform, VPlacement};
use waybill_model::{Micros, Window};
use waybill_timeline::{Tick, Zone, ticks};

use super::paint::{MIN_COLUMN, SceneItem, cursor, x_value};
use super::{Gesture, Hovered, Scene};
use crate::state::clock;

/// Room between two labels of the axis, in pixels.
const LABEL_EVERY: f32 = 96.0;

/// How fast the wheel zooms: one notch (about 50 points after smoothing) is a factor of 1.2.
const WHEEL_ZOOM: f64 = 0.0037;

/// How far from a mark the pointer may be to mean it, in pixels.
const REACH: f32 = 5.0;

/// The pointer between two frames.
#[derive(Debug, Default)]
pub struct Pointer {
    drag: Option<Drag>,
    hovered_at: Option<Pos2>,
}

#[derive(Debug, Clone, Copy)]
enum Drag {
    Brush { anchor: Micros },
    Pan { view: Window, grabbed_x: f32 },
}

/// Paints the scene and returns what the pointer did.
pub fn frame(ui: &mut Ui, scene: &Scene, pointer: &mut Pointer) -> Vec<Gesture> {
    let zone = Zone {
        offset_secs: scene.zone.minutes() * 60,
    };
    let labels = ticks(
        scene.view,
        (ui.available_width() / LABEL_EVERY) as usize,
        zone,
    );
    let shown = plot(scene, &labels).show(ui, |plot| {
        plot.set_plot_bounds_x(x_value(scene, scene.view.from)..=x_value(scene, scene.view.to));
        let height = scene.metrics.lanes_height(scene.lanes.len()).max(1.0);
        plot.set_plot_bounds_y(0.0..=f64::from(height));
        plot.add(SceneItem::new(scene));
    });
    let look = Look {
        scene,
        transform: &shown.transform,
        response: &shown.response,
    };
    let mut gestures = Vec::new();
    look.drag(pointer, &mut gestures);
    look.wheel(ui, &mut gestures);
    look.click(&mut gestures);
    look.hover(ui, pointer, &mut gestures);
    gestures
}

fn plot<'a>(scene: &'a Scene, labels: &'a [Tick]) -> Plot<'a> {
    let theme = &scene.theme;
    let step = labels
        .windows(2)
        .map(|pair| pair[1].at.since(pair[0].at))
        .next()
        .unwrap_or(1) as f64;
    let axis = AxisHints::new_x()
        .placement(VPlacement::Top)
        .min_thickness(scene.metrics.axis)
        .label_spacing(0.0..=1.0)
        .tick_label_color(theme.faint)
        .tick_label_font(egui::FontId::monospace(10.5))
        .formatter(move |mark, _range| {
            let found = labels
                .iter()
                .find(|tick| x_value(scene, tick.at) == mark.value);
            found.map(|tick| tick.label.clone()).unwrap_or_default()
        });
    Plot::new("timeline")
        .show_axes([true, false])
        .custom_x_axes(vec![axis])
        .show_grid([true, false])
        .grid_color(theme.line_soft)
        .grid_fade(0.0)
        .x_grid_spacer(move |_input| {
            labels
                .iter()
                .map(|tick| GridMark {
                    value: x_value(scene, tick.at),
                    step_size: step,
                })
                .collect()
        })
        .show_background(false)
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .invert_y(true)
        .set_margin_fraction(Vec2::ZERO)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
}

struct Look<'a> {
    scene: &'a Scene,
    transform: &'a PlotTransform,
    response: &'a Response,
}

impl Look<'_> {
    fn frame(&self) -> Rect {
        *self.transform.frame()
    }

    fn time_at(&self, x: f32) -> Micros {
        let value = self.transform.value_from_position(Pos2::new(x, 0.0)).x;
        self.scene.asked.from.plus(value as i64)
    }

    fn micros_per_pixel(&self) -> f64 {
        self.scene.view.len_micros() as f64 / f64::from(self.frame().width().max(1.0))
    }

    fn lane_at(&self, y: f32) -> Option<usize> {
        let metrics = &self.scene.metrics;
        let lane = ((y - self.frame().top()) / (metrics.lane + metrics.gap)).floor();
        (lane >= 0.0 && (lane as usize) < self.scene.lanes.len()).then_some(lane as usize)
    }

    fn drag(&self, pointer: &mut Pointer, gestures: &mut Vec<Gesture>) {
        let Some(at) = self.response.interact_pointer_pos() else {
            pointer.drag = None;
            return;
        };
        let shift = self.response.ctx.input(|input| input.modifiers.shift);
        if self.response.drag_started_by(PointerButton::Primary) && !shift {
            let origin = self
                .response
                .ctx
                .input(|input| input.pointer.press_origin())
                .unwrap_or(at);
            pointer.drag = Some(Drag::Brush {
                anchor: self.time_at(origin.x),
            });
        } else if self.response.drag_started() {
            pointer.drag = Some(Drag::Pan {
                view: self.scene.view,
                grabbed_x: at.x,
            });
        }
        if !self.response.dragged() {
            return;
        }
        match pointer.drag {
            Some(Drag::Brush { anchor }) => {
                let here = self.time_at(at.x.clamp(self.frame().left(), self.frame().right()));
                let brush = Window {
                    from: Ord::min(anchor, here),
                    to: Ord::max(anchor, here),
                };
                gestures.push(Gesture::Brush(Some(brush)));
            }
            Some(Drag::Pan { view, grabbed_x }) => {
                let by = (f64::from(grabbed_x - at.x) * self.micros_per_pixel()) as i64;
                gestures.push(Gesture::Look(Window {
                    from: view.from.plus(by),
                    to: view.to.plus(by),
                }));
            }
            None => {}
        }
    }

    fn wheel(&self, ui: &Ui, gestures: &mut Vec<Gesture>) {
        let Some(at) = self.response.hover_pos() else {
            return;
        };
        let (scroll, pinch) =
            ui.input(|input| (input.smooth_scroll_delta(), f64::from(input.zoom_delta())));
        let factor = (-f64::from(scroll.y) * WHEEL_ZOOM).exp() / pinch;
        if factor != 1.0 {
            gestures.push(Gesture::Look(zoomed(
                self.scene.view,
                factor,
                self.time_at(at.x),
            )));
        } else if scroll.x != 0.0 {
            let by = (-f64::from(scroll.x) * self.micros_per_pixel()) as i64;
            let view = self.scene.view;
            gestures.push(Gesture::Look(Window {
                from: view.from.plus(by),
                to: view.to.plus(by),
            }));
        }
    }

    fn click(&self, gestures: &mut Vec<Gesture>) {
        if self.response.double_clicked() {
            gestures.push(Gesture::Fit);
            return;
        }
        let Some(at) = self
            .response
            .interact_pointer_pos()
            .filter(|_| self.response.clicked())
        else {
            return;
        };
        if let Some(lane) = self.lane_at(at.y) {
            let reach = (self.micros_per_pixel() * f64::from(MIN_COLUMN.max(REACH))) as i64;
            gestures.push(Gesture::Pick {
                lane,
                at: self.time_at(at.x),
                reach,
            });
        }
    }

    fn hover(&self, ui: &Ui, pointer: &mut Pointer, gestures: &mut Vec<Gesture>) {
        let at = self
            .response
            .hover_pos()
            .filter(|at| self.frame().contains(*at));
        if let Some(at) = at {
            cursor(
                ui,
                self.scene,
                self.frame(),
                at.x,
                clock(self.time_at(at.x), self.scene.zone),
            );
        }
        if at != pointer.hovered_at {
            pointer.hovered_at = at;
            let hovered = at.and_then(|at| self.hovered(at));
            gestures.push(Gesture::Hover(hovered));
        }
    }

    fn hovered(&self, at: Pos2) -> Option<Hovered> {
        let idx = self.lane_at(at.y)?;
        let lane = &self.scene.lanes[idx];
        let time = self.time_at(at.x);
        let min_step = (self.micros_per_pixel() * f64::from(MIN_COLUMN)) as i64;
        let distance = |at: Micros| {
            let value = PlotPoint::new(x_value(self.scene, at), 0.0);
            self.transform.position_from_point(&value).x
        };
        let nearest = lane
            .marks
            .iter()
            .map(|mark| ((distance(mark.at) - at.x).abs(), mark.event))
            .filter(|(pixels, _)| *pixels <= REACH)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        Some(Hovered {
            lane: idx,
            at: time,
            column: lane.bars.coarser(min_step).at(time).filter(|(_, n)| *n > 0),
            event: nearest.map(|(_, event)| event),
            uncovered: lane
                .uncovered
                .iter()
                .find(|u| u.window.contains(time))
                .map(|u| u.reason.clone()),
            pointer: (at.x, at.y),
        })
    }
}

/// The view made `factor` times as long, with `about` staying where it is.
fn zoomed(view: Window, factor: f64, about: Micros) -> Window {
    let before = (about.since(view.from) as f64 * factor) as i64;
    let after = (view.to.since(about) as f64 * factor) as i64;
    Window {
        from: about.plus(-before),
        to: about.plus(after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_the_time_under_the_pointer() {
        let view = Window {
            from: Micros(0),
            to: Micros(100),
        };
        assert_eq!(
            zoomed(view, 0.5, Micros(20)),
            Window {
                from: Micros(10),
                to: Micros(60)
            }
        );
        assert_eq!(
            zoomed(view, 2.0, Micros(0)),
            Window {
                from: Micros(0),
                to: Micros(200)
            }
        );
    }
}
