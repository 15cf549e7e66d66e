//! The body: a tree that folds, or raw.

use leptos::prelude::*;

use crate::run::use_page;
use crate::state::{Body, DetailMessage, Line, Message, PieceKind, State, bytes, raw, read};

/// What the panel shows.
#[derive(Clone, PartialEq)]
struct Shown {
    body: Body,
    raw: String,
    whence: &'static str,
    size: u64,
    cut: bool,
}

fn shown(state: &State) -> Option<Shown> {
    let (body, size, whence) = state.detail.body()?;
    let cut = body.is_some_and(|body| (body.len() as u64) < size);
    Some(Shown {
        body: read(body),
        raw: raw(body),
        whence,
        size,
        cut,
    })
}

/// The panel.
#[component]
pub(super) fn PayloadPanel() -> impl IntoView {
    let page = use_page();
    let shown = page.memo(shown);
    let as_raw = page.memo(|state| state.detail.raw);
    let send = move |message| page.dispatch(Message::Detail(message));
    let bar = move || {
        shown.get().map(|shown| {
            let size = bytes(shown.size);
            let cut = shown.cut.then(|| format!("only the first {} were fetched", bytes(shown.raw.len() as u64)));
            let text = shown.raw.clone();
            view! {
                <span class="whence clip">
                    {shown.whence}" · "{size}
                    {cut.map(|cut| view! { <span class="tone-late">" · "{cut}</span> })}
                </span>
                <button class="ghost" type="button" data-test="copy-payload"
                    on:click=move |_| page.dispatch(Message::Copy { text: text.clone(), said: "The body is copied." })>"Copy"</button>
            }
        })
    };
    view! {
        <div class="panel-bar">
            <span class="seg" role="radiogroup" aria-label="How the body is shown">
                <button type="button" role="radio" data-test="payload-tree" aria-checked=move || (!as_raw.get()).to_string()
                    on:click=move |_| send(DetailMessage::Raw(false))>"Tree"</button>
                <button type="button" role="radio" data-test="payload-raw" aria-checked=move || as_raw.get().to_string()
                    on:click=move |_| send(DetailMessage::Raw(true))>"Raw"</button>
            </span>
            {bar}
        </div>
        {move || match shown.get() {
            None => view! { <p class="muted">"Neither an outbox row nor a copy was seen, so there is no body to show."</p> }.into_any(),
            Some(shown) => body(shown, as_raw.get()).into_any(),
        }}
    }
}

fn body(shown: Shown, as_raw: bool) -> impl IntoView {
    match shown.body {
        Body::None => view! { <p class="muted">"The body is NULL: a tombstone."</p> }.into_any(),
        Body::Json(lines) if !as_raw => view! { <Tree lines=lines/> }.into_any(),
        _ => {
            view! { <pre class="code selectable" data-test="payload">{shown.raw}</pre> }.into_any()
        }
    }
}

/// A JSON document as lines. Shared with the preview of a resend.
#[component]
pub(super) fn Tree(lines: Vec<Line>) -> impl IntoView {
    let page = use_page();
    let folded = page.memo(|state| state.detail.folded.clone());
    let lines = StoredValue::new(lines);
    let rows = move || {
        let folded = folded.get();
        lines.with_value(|lines| {
            let mut hidden_to = None;
            let mut rows = Vec::new();
            for (idx, line) in lines.iter().enumerate() {
                if hidden_to.is_some_and(|end| idx <= end) {
                    continue;
                }
                let is_folded = line.closes_at.filter(|_| folded.contains(&idx));
                hidden_to = is_folded;
                rows.push(row(idx, line, is_folded.is_some(), page).into_any());
            }
            rows
        })
    };
    view! { <div class="code selectable" role="tree" data-test="payload">{rows}</div> }
}

fn row(idx: usize, line: &Line, folded: bool, page: crate::run::Page) -> impl IntoView + use<> {
    let folds = line.closes_at.is_some();
    let class = if folds { "line fold" } else { "line" };
    let indent = format!("{}px", line.depth * 14);
    let pieces = line.pieces.iter().map(|piece| {
        let class = match piece.kind {
            PieceKind::Key => "key",
            PieceKind::Text => "str",
            PieceKind::Number => "num",
            PieceKind::Literal => "lit",
            PieceKind::Punctuation => "pun",
        };
        view! { <span class=class>{piece.text.clone()}</span> }
    });
    view! {
        <span class=class role="treeitem" title=line.path.clone() style:padding-left=indent
            on:click=move |_| if folds { page.dispatch(Message::Detail(DetailMessage::Fold(idx))) }>
            {pieces.collect_view()}
            {folded.then(|| view! { <span class="pun">" … "</span> })}
        </span>
    }
}
