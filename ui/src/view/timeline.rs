//! The timeline: lane names as DOM, the canvas beside them, a mirror of both for screen readers.

use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use waybill_protocol::LaneKind;
use web_sys::{CssStyleDeclaration, HtmlElement};

use super::icon::{Icon, icon};
use super::tip::Tip;
use crate::canvas::{Metrics, Stage, Theme, start};
use crate::run::{Page, use_page};
use crate::state::{Message, TimelineMessage, counted, scene, short_clock, span};

/// The timeline.
#[component]
pub(super) fn Timeline() -> impl IntoView {
    let page = use_page();
    let (wrapper, canvas) = (NodeRef::<Div>::new(), NodeRef::<Canvas>::new());
    let stage = StoredValue::new_local(None::<Stage>);
    let clicked = StoredValue::new(false);
    Effect::new(move |_| {
        let (Some(wrapper), Some(canvas)) = (wrapper.get(), canvas.get()) else {
            return;
        };
        if stage.with_value(Option::is_some) {
            return;
        }
        stage.set_value(Some(start(canvas, move |gesture| {
            page.dispatch(Message::Timeline(TimelineMessage::Gesture(gesture)));
        })));
        watch_dress(page, &wrapper);
        dress(page, &wrapper);
    });
    let shown = page.memo(scene);
    Effect::new(move |_| {
        if let Some(scene) = shown.get() {
            stage.with_value(|stage| stage.iter().for_each(|stage| stage.show(scene.clone())));
        }
    });
    let n_lanes = page.memo(|state| {
        state
            .session
            .opened
            .as_ref()
            .map_or(0, |opened| opened.lanes.len())
    });
    let height = move || {
        format!(
            "calc(var(--axis) + {} * (var(--lane) + var(--gap)) + 6px)",
            n_lanes.get()
        )
    };
    view! {
        <div class="timeline" data-test="timeline" data-place="timeline" role="application" tabindex="0"
            aria-label="Timeline. W and S zoom, A and D move, 0 shows everything." aria-describedby="timeline-summary"
            data-view=move || view_data(page) data-generation=move || generation(page)
            style:height=height node_ref=wrapper on:pointerdown=move |_| clicked.set_value(true)
            on:focusin=move |event| keep_focus(&event, wrapper, clicked.get_value())>
            <Buttons/>
            <Names/>
            <div class="canvas-box"><canvas id="timeline-canvas" node_ref=canvas aria-hidden="true"></canvas><Tip/></div>
            <BrushNote/>
            <Summary/>
        </div>
    }
}

/// A click gives the focus to the canvas, where eframe swallows Tab and the arrows for good; the
/// wrapper is where the focus belongs. Without a click it is eframe itself, starting up, and the
/// focus belongs to nobody.
fn keep_focus(event: &web_sys::FocusEvent, wrapper: NodeRef<Div>, clicked: bool) {
    let canvas = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::HtmlCanvasElement>().ok());
    let (Some(canvas), Some(wrapper)) = (canvas, wrapper.get_untracked()) else {
        return;
    };
    if clicked {
        wrapper.focus().ok();
    } else {
        canvas.blur().ok();
    }
}

/// What the canvas shows, for tests: they look at state, not at pixels.
fn view_data(page: Page) -> Option<String> {
    let view = page.memo(|state| {
        (
            state.timeline.view,
            state.timeline.brush,
            state.timeline.tile.is_some(),
        )
    });
    let (view, brush, tile) = view.get();
    let view = view?;
    let brush = brush
        .map(|brush| format!(" brush={}..{}", brush.from.0, brush.to.0))
        .unwrap_or_default();
    Some(format!(
        "from={} to={} tile={tile}{brush}",
        view.from.0, view.to.0
    ))
}

fn generation(page: Page) -> Option<String> {
    page.memo(|state| {
        state
            .session
            .status
            .as_ref()
            .map(|status| status.generation.to_string())
    })
    .get()
}

/// Reads colours and heights from the tokens, and how wide the canvas is.
fn dress(page: Page, wrapper: &HtmlElement) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let Ok(Some(style)) = window.get_computed_style(wrapper) else {
        return;
    };
    let pixels = |name: &str| {
        property(&style, name)
            .trim_end_matches("px")
            .parse::<f32>()
            .ok()
    };
    let still = window
        .match_media("(prefers-reduced-motion: reduce)")
        .ok()
        .flatten()
        .is_some_and(|q| q.matches());
    let plain = Metrics::default();
    let metrics = Metrics {
        axis: pixels("--axis").unwrap_or(plain.axis),
        lane: pixels("--lane").unwrap_or(plain.lane),
        gap: pixels("--gap").unwrap_or(plain.gap),
        still,
    };
    let names = pixels("--names").unwrap_or(0.0) as u32;
    let width = u32::try_from(wrapper.client_width())
        .unwrap_or(0)
        .saturating_sub(names);
    let theme = Box::new(Theme::read(|name| property(&style, name)));
    page.dispatch(Message::Timeline(TimelineMessage::Dressed {
        width,
        theme,
        metrics,
    }));
}

fn property(style: &CssStyleDeclaration, name: &str) -> String {
    style
        .get_property_value(name)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// Dresses the canvas again whenever the window's size or the theme changes.
fn watch_dress(page: Page, wrapper: &HtmlElement) {
    let watched = wrapper.clone();
    let resized = Closure::<dyn FnMut()>::new(move || dress(page, &watched));
    if let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(wrapper);
        // It watches as long as the element lives, which is as long as the session.
        std::mem::forget(observer);
    }
    resized.forget();
    let watched = wrapper.clone();
    let theme = page.memo(|state| state.look.theme);
    Effect::new(move |_| {
        theme.get();
        dress(page, &watched);
    });
    let watched = wrapper.clone();
    let themed = Closure::<dyn FnMut()>::new(move || dress(page, &watched));
    let query = web_sys::window().and_then(|window| {
        window
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
    });
    if let Some(query) = query {
        query
            .add_event_listener_with_callback("change", themed.as_ref().unchecked_ref())
            .ok();
    }
    themed.forget();
}

#[component]
fn Buttons() -> impl IntoView {
    let page = use_page();
    let send = move |message| page.dispatch(Message::Timeline(message));
    view! {
        <div class="corner">
            <button class="ghost" type="button" data-test="zoom-in" title="Closer (W)" aria-label="Closer"
                on:click=move |_| send(TimelineMessage::ZoomIn)>{icon(Icon::Plus)}</button>
            <button class="ghost" type="button" data-test="zoom-out" title="Further away (S)" aria-label="Further away"
                on:click=move |_| send(TimelineMessage::ZoomOut)>{icon(Icon::Minus)}</button>
            <button class="ghost" type="button" data-test="zoom-fit" title="Everything (0)" aria-label="Everything"
                on:click=move |_| send(TimelineMessage::Fit)>{icon(Icon::Fit)}</button>
        </div>
    }
}

fn tone_of(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::Missing => "sq tone-missing",
        LaneKind::Stored => "sq tone-stored",
        LaneKind::Outbox => "sq tone-outbox",
        LaneKind::Published { .. } => "sq tone-published",
        LaneKind::Consumer { .. } => "sq tone-consumed",
    }
}

#[component]
fn Names() -> impl IntoView {
    let page = use_page();
    let lanes = page.memo(|state| {
        state
            .session
            .opened
            .as_ref()
            .map(|o| o.lanes.clone())
            .unwrap_or_default()
    });
    let alarm = page.memo(|state| {
        state.session.status.as_ref().is_some_and(|status| {
            let classes = waybill_model::VerdictClass::ALL;
            classes
                .into_iter()
                .filter(|class| class.needs_action())
                .any(|class| status.counts.of(class) > 0)
        })
    });
    view! {
        <div class="names">
            {move || lanes.get().into_iter().map(|lane| {
                let first = lane.kind == LaneKind::Missing;
                let class = move || match (first, alarm.get()) {
                    (true, true) => "name first tone-missing",
                    (true, false) => "name first tone-faint",
                    (false, _) => "name",
                };
                view! {
                    <div class=class title=lane.title.clone()>
                        <span class=tone_of(lane.kind)></span><span class="clip">{lane.title.clone()}</span>
                    </div>
                }
            }).collect_view()}
        </div>
    }
}

#[component]
fn BrushNote() -> impl IntoView {
    let page = use_page();
    let brush = page.memo(|state| state.timeline.brush);
    let zone = page.memo(|state| state.look.zone());
    let send = move |message| page.dispatch(Message::Timeline(message));
    move || {
        brush.get().map(|brush| {
            let text = format!("{} · {}", crate::state::clock(brush.from, zone.get()), span(brush.len_micros()));
            view! {
                <div class="brush-note" data-test="brush">
                    <span class="mono small">{text}</span>
                    <button type="button" data-test="brush-zoom" on:click=move |_| send(TimelineMessage::ZoomToBrush)>
                        "Zoom" <kbd>"F"</kbd>
                    </button>
                    <button type="button" class="ghost" data-test="brush-drop" aria-label="Let the range go"
                        on:click=move |_| send(TimelineMessage::DropBrush)>{icon(Icon::Close)}</button>
                </div>
            }
        })
    }
}

/// What the picture says, in words, for those who do not see it.
#[component]
fn Summary() -> impl IntoView {
    let page = use_page();
    let text = page.memo(|state| {
        let (view, zone) = (state.timeline.view?, state.look.zone());
        let missing = state.session.status.as_ref()?.counts.by_class[..3]
            .iter()
            .sum();
        let total = state.session.status.as_ref()?.counts.total;
        Some(format!(
            "{} to {}, {}, {} in need of action",
            short_clock(view.from, zone),
            short_clock(view.to, zone),
            counted(total, "event", "events"),
            counted(missing, "event", "events"),
        ))
    });
    view! { <p class="visually-hidden" id="timeline-summary" aria-live="polite">{move || text.get()}</p> }
}
