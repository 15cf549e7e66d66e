//! Outbox row against copy.

use leptos::prelude::*;

use crate::run::use_page;
use crate::state::{DiffWith, Difference, differences};

/// The panel.
#[component]
pub(super) fn DiffPanel() -> impl IntoView {
    let page = use_page();
    let with = page.memo(|state| state.detail.diff_with());
    let found = page.memo(|state| {
        let shown = state.detail.shown.as_ref()?;
        let (row, copy) = (shown.outbox_row.as_ref()?, shown.copies.first()?);
        Some(differences(row.payload.as_deref(), copy.payload.as_deref()))
    });
    move || {
        match (with.get(), found.get()) {
        (DiffWith::NoRow, _) => view! { <p class="muted">"There is no outbox row to compare with."</p> }.into_any(),
        (DiffWith::NoCopy, _) | (_, None) => {
            view! { <p class="muted">"There is no copy to compare with."</p> }.into_any()
        }
        (DiffWith::Both, Some(found)) if found.is_empty() => {
            view! { <p class="muted" data-test="diff-equal">"Outbox row and copy say the same."</p> }.into_any()
        }
        (DiffWith::Both, Some(found)) => table(found).into_any(),
    }
    }
}

fn table(found: Vec<Difference>) -> impl IntoView {
    let side = |value: Option<String>| value.unwrap_or_else(|| "not there".to_owned());
    let rows = found.into_iter().map(move |difference| {
        let path = if difference.path.is_empty() { "whole body".to_owned() } else { difference.path };
        view! {
            <dt class="mono">{path}</dt>
            <dd class="selectable"><div class="diff-l">{side(difference.left)}</div><div class="diff-r">{side(difference.right)}</div></dd>
        }
    });
    view! {
        <p class="small muted"><span class="tone-missing">"outbox row"</span>" against "<span class="tone-fine">"copy"</span></p>
        <dl class="pairs" data-test="diff">{rows.collect_view()}</dl>
    }
}
