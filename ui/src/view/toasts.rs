//! Short notes at the lower right. Failures stay until they are dropped.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::run::use_page;
use crate::state::{Message, Toast, ToastKind};

/// All notes.
#[component]
pub(super) fn Toasts() -> impl IntoView {
    let page = use_page();
    let toasts = page.memo(|state| state.toasts.clone());
    view! {
        <div class="toasts" aria-live="polite" data-test="toasts">
            <For each=move || toasts.get() key=|toast| toast.no let:toast><Note toast=toast/></For>
        </div>
    }
}

#[component]
fn Note(toast: Toast) -> impl IntoView {
    let page = use_page();
    let (tone, picture, kind) = match toast.kind {
        ToastKind::Good => ("tone-fine", Icon::Check, "good"),
        ToastKind::Note => ("tone-late", Icon::Info, "note"),
        ToastKind::Bad => ("tone-missing", Icon::Bad, "bad"),
    };
    let no = toast.no;
    let bad = toast.kind == ToastKind::Bad;
    let details = format!("{}\n{}", toast.text, toast.detail);
    let retry = toast.retry;
    view! {
        <div class="toast" role="status" data-test="toast" data-kind=kind>
            <span class=tone>{icon(picture)}</span>
            <div>
                <div class="selectable">{toast.text}</div>
                {(!toast.hint.is_empty()).then(|| view! { <div class="muted">{toast.hint}</div> })}
                {bad.then(|| view! { <div class="errcode clip">{toast.detail.clone()}</div> })}
                {bad.then(|| view! {
                    <div class="acts">
                        {retry.map(|retry| view! {
                            <button type="button" data-test="toast-retry"
                                on:click=move |_| { page.dispatch(Message::DropToast(no)); page.dispatch((*retry).clone()); }>
                                "Try again"
                            </button>
                        })}
                        <button class="ghost" type="button" data-test="toast-copy"
                            on:click=move |_| page.dispatch(Message::Copy { text: details.clone(), said: "The details are copied." })>
                            "Copy details"
                        </button>
                    </div>
                })}
            </div>
            <button class="ghost square" type="button" data-test="toast-drop" aria-label="Close"
                on:click=move |_| page.dispatch(Message::DropToast(no))>{icon(Icon::Close)}</button>
        </div>
    }
}
