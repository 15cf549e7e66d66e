//! The filter bar. The field's own letters are invisible; the coloured ones lie exactly beneath.

use leptos::html::{Input, Pre};
use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::run::use_page;
use crate::state::{FilterMessage, Message, count, ink};

/// The bar.
#[component]
pub(super) fn FilterBar() -> impl IntoView {
    let page = use_page();
    let filter = page.memo(|state| state.filter.clone());
    let tally = page.memo(|state| {
        let total = state
            .session
            .status
            .as_ref()
            .map_or(0, |status| status.counts.total);
        state.grid.block.as_ref().map(|block| (block.total, total))
    });
    let send = move |message| page.dispatch(Message::Filter(message));
    let (field, below) = (NodeRef::<Input>::new(), NodeRef::<Pre>::new());
    // A long filter scrolls in its field; the coloured letters go along.
    let follow = move || {
        if let (Some(field), Some(below)) = (field.get_untracked(), below.get_untracked()) {
            below.set_scroll_left(field.scroll_left());
        }
    };
    let letters = move || {
        let filter = filter.get();
        let inks = ink(&filter.typed, filter.problem.as_ref());
        inks.into_iter()
            .map(|ink| view! { <span class=ink.class>{ink.text}</span> })
            .collect_view()
    };
    view! {
        <div class="filterbar">
            <label class="filter" class:wrong=move || filter.get().problem.is_some()>
                <span class="faint">{icon(Icon::Search)}</span>
                <span class="ink">
                    <pre aria-hidden="true" node_ref=below>{letters}</pre>
                    <input type="text" data-test="filter-input" aria-label="Filter" spellcheck="false" autocomplete="off"
                        placeholder="verdict:missing and type ~ \"Product*\" and age > 30s"
                        node_ref=field prop:value=move || filter.get().typed
                        aria-invalid=move || filter.get().problem.is_some().to_string()
                        on:input=move |event| send(FilterMessage::Type(event_target_value(&event)))
                        on:scroll=move |_| follow() on:keyup=move |_| follow()
                        on:keydown=move |event| if event.key() == "Enter" { send(FilterMessage::Apply) }/>
                </span>
                <span class="faint mono" data-test="filter-count">
                    {move || tally.get().map(|(n, of)| format!("{} of {}", count(n), count(of)))}
                </span>
            </label>
            <button class="ghost" type="button" data-test="filter-clear"
                disabled=move || filter.get().typed.is_empty()
                on:click=move |_| send(FilterMessage::Clear)>"Clear"</button>
            {move || filter.get().problem.map(|problem| view! {
                <div class="filter-note" role="status" data-test="filter-problem">
                    <span class="tone-missing">{problem.message}</span>
                    {problem.suggestion.map(|suggestion| view! {
                        " Did you mean "
                        <button class="link mono" type="button" data-test="filter-suggestion"
                            on:click=move |_| send(FilterMessage::TakeSuggestion)>{suggestion}</button>"?"
                    })}
                </div>
            })}
        </div>
    }
}
