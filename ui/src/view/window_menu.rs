//! The menu of the time window: a field that takes whatever logs contain, and presets.

use leptos::prelude::*;

use crate::run::use_page;
use crate::state::{Asked, Message, PRESETS, SessionMessage};

/// The menu.
#[component]
pub(super) fn WindowMenu() -> impl IntoView {
    let page = use_page();
    let asked = page.peek(|state| state.session.asked);
    let text = RwSignal::new(format!("{} / {}", asked.from, asked.to));
    let problem = page.memo(|state| state.session.asked_problem.clone());
    let look = move |asked| page.dispatch(Message::Session(SessionMessage::Look(asked)));
    let typed = move |event| {
        let typed = event_target_value(&event);
        text.set(typed.clone());
        page.dispatch(Message::Session(SessionMessage::TypeWindow(typed)));
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(asked) = Asked::parse(&text.get_untracked()) {
            look(asked);
        }
    };
    view! {
        <div class="menu window-menu" role="dialog" aria-label="Time window" data-test="window-menu">
            <form on:submit=submit>
                <input type="text" class="mono" data-test="window-input" spellcheck="false" autocomplete="off"
                    aria-label="From and to" prop:value=move || text.get() on:input=typed
                    aria-invalid=move || problem.get().is_some().to_string()/>
            </form>
            <div class="presets">
                {PRESETS.map(|(name, micros)| view! {
                    <button type="button" data-test=format!("window-{name}")
                        on:click=move |_| look(Asked::last(micros))>{name}</button>
                })}
            </div>
            {move || match problem.get() {
                Some(why) => view! { <div class="small tone-missing" data-test="window-problem">{why}</div> }.into_any(),
                None => view! {
                    <div class="small muted">"now-1h, 15m, a time, or an interval pasted from a log. Enter looks."</div>
                }.into_any(),
            }}
        </div>
    }
}
