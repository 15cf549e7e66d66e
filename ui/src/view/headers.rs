//! Headers and properties of the copy, columns of the outbox row.

use leptos::prelude::*;

use crate::run::use_page;
use crate::state::inline;

/// The panel.
#[component]
pub(super) fn HeadersPanel() -> impl IntoView {
    let page = use_page();
    let copy = page.memo(|state| {
        state
            .detail
            .shown
            .as_ref()
            .and_then(|shown| shown.copies.first().cloned())
    });
    let more = page.memo(|state| {
        state
            .detail
            .shown
            .as_ref()
            .map_or(0, |shown| shown.copies.len().saturating_sub(1))
    });
    let row = page.memo(|state| {
        state
            .detail
            .shown
            .as_ref()
            .and_then(|shown| shown.outbox_row.clone())
    });
    view! {
        {move || copy.get().map(|copy| {
            let mut pairs = vec![("where".to_owned(), copy.coordinate.to_string()), ("key".to_owned(), inline(copy.key.as_deref()))];
            pairs.extend(copy.headers.iter().map(|(name, value)| (name.clone(), inline(value.as_deref()))));
            let properties = copy.properties.clone();
            view! {
                <div class="caps">"Copy"</div>
                {(more.get() > 0).then(|| view! { <p class="small tone-late">{format!("and {} more copies", more.get())}</p> })}
                {pairs_view(pairs)}
                {(!properties.is_empty()).then(|| view! { <br/><div class="caps">"Properties"</div> })}
                {pairs_view(properties)}
                <br/>
            }
        })}
        {move || row.get().map(|row| {
            let pairs = row.columns.into_iter().map(|(name, value)| (name, value.unwrap_or_else(|| "NULL".to_owned())));
            view! { <div class="caps">"Outbox row"</div> {pairs_view(pairs.collect())} }
        })}
        {move || (copy.get().is_none() && row.get().is_none()).then(|| view! {
            <p class="muted">"Neither an outbox row nor a copy was seen."</p>
        })}
    }
}

/// Names and values.
pub(super) fn pairs_view(pairs: Vec<(String, String)>) -> impl IntoView {
    view! {
        <dl class="pairs">
            {pairs.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd class="selectable">{value}</dd> }).collect_view()}
        </dl>
    }
}
