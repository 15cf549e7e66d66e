//! The event grid: only the lines in view are in the DOM.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use super::failure::FailureCard;
use super::icon::{Icon, icon_with};
use super::row::Row;
use crate::run::{Page, use_page};
use crate::state::{FilterMessage, GridMessage, Message, State, TimelineMessage};

/// Height of a line in CSS pixels; `--row` in the tokens.
const ROW: i32 = 28;

/// Lines beyond the view that are in the DOM too, so that a quick scroll shows no hole.
const MARGIN: u64 = 6;

/// WebKit makes no element taller than 33 554 428 pixels; past a million lines we show the first.
const MAX_SHEET_ROWS: u64 = 1_100_000;

/// The grid.
#[component]
pub(super) fn Grid() -> impl IntoView {
    let page = use_page();
    let body = NodeRef::<Div>::new();
    Effect::new(move |_| {
        if let Some(body) = body.get() {
            watch_size(page, &body);
            measure(page, &body);
        }
    });
    let total = page.memo(|state| state.grid.total());
    let cursor = page.memo(|state| state.grid.cursor);
    let lines = page.memo(|state| {
        let first = state.grid.first.saturating_sub(MARGIN);
        let end = (state.grid.first + state.grid.visible + MARGIN).min(state.grid.total());
        (first, end.max(first))
    });
    let rows = move || {
        let (first, end) = lines.get();
        view! { <For each=move || first..end key=|line| *line let:line><Row line=line/></For> }
    };
    let height = move || {
        format!(
            "{}px",
            total.get().min(MAX_SHEET_ROWS) * u64::try_from(ROW).unwrap_or(0)
        )
    };
    let on_scroll = move |_| {
        if let Some(body) = body.get_untracked() {
            measure(page, &body);
        }
    };
    view! {
        <div class="grid" data-place="grid" data-test="grid" data-total=move || total.get().to_string()>
            <Head/>
            <div class="body" role="grid" tabindex="0" aria-label="Events" aria-multiselectable="true"
                aria-rowcount=move || total.get().to_string() data-test="grid-body"
                aria-activedescendant=move || cursor.get().map(|line| format!("line-{line}"))
                node_ref=body on:scroll=on_scroll>
                <div class="sheet" style:height=height>{rows}</div>
            </div>
            <Hollow/>
        </div>
    }
}

fn measure(page: Page, body: &web_sys::HtmlElement) {
    let first = u64::try_from(body.scroll_top() / ROW).unwrap_or(0);
    let visible = u64::try_from(body.client_height() / ROW + 1).unwrap_or(0);
    if page.peek(|state| (state.grid.first, state.grid.visible)) != (first, visible) {
        page.dispatch(Message::Grid(GridMessage::Scrolled { first, visible }));
    }
}

fn watch_size(page: Page, body: &web_sys::HtmlElement) {
    let watched = body.clone();
    let resized = Closure::<dyn FnMut()>::new(move || measure(page, &watched));
    if let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(body);
        // It watches as long as the element lives, which is as long as the session.
        std::mem::forget(observer);
    }
    resized.forget();
}

#[component]
fn Head() -> impl IntoView {
    let page = use_page();
    let consumers = page.memo(|state| state.session.consumers().to_vec());
    let descending = page.memo(|state| state.grid.descending);
    let all = page.memo(|state| !state.selection.is_empty());
    let send = move |message| page.dispatch(Message::Grid(message));
    let toggle_all = move |_| {
        send(if all.get_untracked() {
            GridMessage::Clear
        } else {
            GridMessage::SelectAll
        })
    };
    view! {
        <div class="tr th" role="row">
            <span class="td pick">
                <input type="checkbox" data-test="select-all-box" aria-label="Choose all confirmed in view" tabindex="-1"
                    prop:checked=move || all.get() on:change=toggle_all/>
            </span>
            <span class="td verdict">"Verdict"</span>
            <span class="td kind">"Type"</span>
            <span class="td aggregate">"Aggregate"</span>
            <span class="td id">"Id"</span>
            <span class="td at">
                <button class="link" type="button" data-test="sort" tabindex="-1" title="Turn the order"
                    on:click=move |_| send(GridMessage::Turn)>
                    {move || if descending.get() { "Time ↓" } else { "Time ↑" }}
                </button>
            </span>
            <span class="td age">"Age"</span>
            <span class="td stage" title="The business row">"Stored"</span>
            <span class="td stage" title="The outbox row">"Outbox"</span>
            <span class="td stage far" title="A copy on the broker">"Published"</span>
            {move || consumers.get().into_iter().map(|name| view! {
                <span class="td stage far" title=name.clone()>{name.clone()}</span>
            }).collect_view()}
        </div>
    }
}

/// What stands in the grid when there are no lines: why, and what to do.
#[derive(Clone, PartialEq)]
enum Nothing {
    Loading,
    Failed(waybill_protocol::Failure),
    AllWell,
    NoMatch { brush: bool },
    NoEvents,
    Unread,
    Lines,
}

fn nothing(state: &State) -> Nothing {
    if let Some(failure) = &state.grid.failure {
        return Nothing::Failed(failure.clone());
    }
    let known = state
        .session
        .status
        .as_ref()
        .map(|status| status.counts.total);
    match (state.grid.block.as_ref().map(|block| block.total), known) {
        (Some(1..), _) => Nothing::Lines,
        (None, _) | (_, None) => Nothing::Loading,
        (Some(0), Some(0)) if state.session.is_scanning() => Nothing::Loading,
        (Some(0), Some(0)) if !state.session.failures().is_empty() => Nothing::Unread,
        (Some(0), Some(0)) => Nothing::NoEvents,
        (Some(0), Some(_))
            if !state.filter.applied.is_empty() || state.timeline.brush.is_some() =>
        {
            Nothing::NoMatch {
                brush: state.timeline.brush.is_some(),
            }
        }
        (Some(0), Some(_)) => Nothing::AllWell,
    }
}

#[component]
fn Hollow() -> impl IntoView {
    let page = use_page();
    let what = page.memo(nothing);
    let clear = move |_| {
        page.dispatch(Message::Filter(FilterMessage::Clear));
        page.dispatch(Message::Timeline(TimelineMessage::DropBrush));
    };
    move || {
        match what.get() {
        Nothing::Lines => ().into_any(),
        Nothing::Loading => view! { <div class="empty"><Bones/></div> }.into_any(),
        Nothing::Failed(failure) => view! {
            <div class="empty">
                <FailureCard failure=failure test="grid-failure" retry=Some(Message::Grid(GridMessage::Refresh))/>
            </div>
        }
        .into_any(),
        Nothing::AllWell => view! {
            <div class="empty" data-test="grid-all-well">
                {icon_with(Icon::Check, "icon glyph good")}
                <h2>"Nothing left here"</h2>
                <p>"No event stands under this heading any more."</p>
            </div>
        }
        .into_any(),
        Nothing::NoMatch { brush } => view! {
            <div class="empty" data-test="grid-no-match">
                {icon_with(Icon::Search, "icon glyph")}
                <h2>"No event fits"</h2>
                <p>{if brush { "None in the chosen range passes the filter." } else { "No event in the window passes the filter." }}</p>
                <div class="acts"><button type="button" data-test="clear-all" on:click=clear>"Show all"</button></div>
            </div>
        }
        .into_any(),
        Nothing::Unread => view! {
            <div class="empty" data-test="grid-unread">
                {icon_with(Icon::Bad, "icon glyph")}
                <h2>"Not everything could be read"</h2>
                <p>"No event was seen, but that proves nothing while a source cannot be read. The reason is on the right."</p>
                <div class="acts">
                    <button type="button" data-test="read-again"
                        on:click=move |_| page.dispatch(Message::Session(crate::state::SessionMessage::Rescan))>
                        "Try again"
                    </button>
                </div>
            </div>
        }
        .into_any(),
        Nothing::NoEvents => view! {
            <div class="empty" data-test="grid-empty">
                {icon_with(Icon::Inbox, "icon glyph")}
                <h2>"No events in this window"</h2>
                <p>"Nothing was stored, published or consumed in it. Look further back, or wait: what arrives shows up by itself."</p>
                <div class="acts">
                    <button type="button" data-test="look-further"
                        on:click=move |_| page.dispatch(Message::Session(crate::state::SessionMessage::Look(crate::state::Asked::last(86_400_000_000))))>
                        "Look at the last day"
                    </button>
                </div>
            </div>
        }
        .into_any(),
    }
    }
}

/// Lines to come.
#[component]
fn Bones() -> impl IntoView {
    let widths = ["62%", "48%", "71%", "55%"];
    view! {
        <div class="bones" aria-label="Loading" data-test="grid-loading">
            {widths.map(|width| view! { <div class="tr"><span class="bone" style:width=width></span></div> })}
        </div>
    }
}
