//! The palette.

use leptos::prelude::*;

use crate::run::use_page;
use crate::state::{Message, Overlay, OverlayMessage};

/// The palette.
#[component]
pub(super) fn Palette() -> impl IntoView {
    let page = use_page();
    let typed = page.memo(|state| match &state.overlay {
        Overlay::Palette { typed, .. } => typed.clone(),
        _ => String::new(),
    });
    let marked = page.memo(|state| match state.overlay {
        Overlay::Palette { marked, .. } => marked,
        _ => 0,
    });
    let entries = page.memo(crate::state::State::palette_entries);
    let send = move |message| page.dispatch(Message::Overlay(message));
    let rows = move || {
        entries.get().into_iter().enumerate().map(|(idx, entry)| {
            let refused = entry.refused.clone();
            view! {
                <div role="option" id=format!("palette-{idx}") data-test="palette-entry"
                    aria-selected=move || (marked.get() == idx).to_string() aria-disabled=refused.is_some().to_string()
                    title=refused.unwrap_or_default()
                    on:mousemove=move |_| if marked.get_untracked() != idx { send(OverlayMessage::MarkAt(idx)) }
                    on:click=move |_| send(OverlayMessage::Run)>
                    <span class="clip grow">{entry.title}</span>
                    {(!entry.key.is_empty()).then(|| view! { <kbd>{entry.key}</kbd> })}
                </div>
            }
        }).collect_view()
    };
    view! {
        <div class="veil-all high" on:click=move |_| send(OverlayMessage::Close)>
            <div class="palette" role="dialog" aria-modal="true" aria-label="Commands" data-test="palette"
                on:click=move |event| event.stop_propagation()>
                <input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" data-test="palette-input"
                    aria-activedescendant=move || format!("palette-{}", marked.get())
                    placeholder="What do you want to do?" autocomplete="off" spellcheck="false"
                    prop:value=move || typed.get()
                    on:input=move |event| send(OverlayMessage::Type(event_target_value(&event)))/>
                <div role="listbox" id="palette-list">
                    {rows}
                    {move || entries.get().is_empty().then(|| view! { <div class="none">"Nothing fits."</div> })}
                </div>
            </div>
        </div>
    }
}
