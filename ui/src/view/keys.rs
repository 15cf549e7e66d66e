//! The sheet of keys.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::run::use_page;
use crate::state::{KEYS, Message, OverlayMessage};

/// The sheet.
#[component]
pub(super) fn KeySheet() -> impl IntoView {
    let page = use_page();
    let close = move |_| page.dispatch(Message::Overlay(OverlayMessage::Close));
    view! {
        <div class="veil-all" on:click=close>
            <div class="dialog sheet" role="dialog" aria-modal="true" aria-label="Keys" data-test="keys"
                on:click=move |event| event.stop_propagation()>
                <header>
                    <h2>"Keys"</h2>
                    <button class="ghost square" type="button" data-test="keys-close" aria-label="Close" on:click=close>
                        {icon(Icon::Close)}
                    </button>
                </header>
                <div class="inside keys-sheet">
                    {KEYS.iter().map(|(group, keys)| view! {
                        <h4 class="caps">{*group}</h4>
                        {keys.iter().map(|(key, what)| view! {
                            <div><span>{*what}</span><kbd>{*key}</kbd></div>
                        }).collect_view()}
                    }).collect_view()}
                </div>
            </div>
        </div>
    }
}
