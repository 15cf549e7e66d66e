//! The last page: what it is called, what a mistake would hit, what is allowed.

use leptos::prelude::*;
use waybill_model::Access;

use super::{part, send};
use crate::run::{Page, use_page};
use crate::state::{Finish, WizardMessage};
use crate::view::environment::EnvironmentChoice;
use crate::view::failure::FailureCard;
use crate::view::icon::{Icon, icon};

fn change(page: Page, edit: impl FnOnce(&mut Finish)) {
    let finish = page.peek(|state| state.wizard.as_ref().map(|w| w.finish.clone()));
    let Some(mut finish) = finish else { return };
    edit(&mut finish);
    send(page, WizardMessage::Finish(finish));
}

/// The page.
#[component]
pub(super) fn SavePage() -> impl IntoView {
    let page = use_page();
    let name = part(page, |wizard| wizard.finish.name.clone());
    let environment = part(page, |wizard| wizard.finish.environment);
    let resend = part(page, |wizard| wizard.finish.access == Access::Resend);
    let failure = part(page, |wizard| wizard.finish.failure.clone());
    let folder = page.memo(|state| {
        let welcome = state.welcome.as_ref();
        welcome
            .map(|w| w.profiles_folder.clone())
            .unwrap_or_default()
    });
    let typed = part(page, |wizard| {
        let addresses = &wizard.addresses;
        let names = addresses.secrets(wizard.finish.name.trim()).0;
        names.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    });
    let access = move |access| change(page, |finish| finish.access = access);
    view! {
        <div class="page scroll save-page">
            <h3>"Name it and save it"</h3>
            {move || failure.get().map(|failure| view! { <FailureCard failure=failure test="wizard-save-failure" retry=None/> })}
            <div class="field">
                <label for="wizard-name">"Name"</label>
                <input type="text" id="wizard-name" data-test="wizard-name" placeholder="toys" autocomplete="off" spellcheck="false"
                    prop:value=move || name.get()
                    on:input=move |event| change(page, |finish| finish.name = event_target_value(&event))
                    on:keydown=move |event| if event.key() == "Enter" { send(page, WizardMessage::Next) }/>
            </div>
            <div class="field">
                <EnvironmentChoice test="wizard" value=environment
                    on_choose=move |of| change(page, |finish| finish.environment = of)/>
                <p class="help">"Gives the window its colour, and production a stricter question before anything is sent."</p>
            </div>
            <div class="field">
                <span class="label">"Access"</span>
                <span class="seg" role="radiogroup" aria-label="Access">
                    <button type="button" role="radio" data-test="wizard-read-only" aria-checked=move || (!resend.get()).to_string()
                        on:click=move |_| access(Access::ReadOnly)>"read-only"</button>
                    <button type="button" role="radio" data-test="wizard-resend" aria-checked=move || resend.get().to_string()
                        on:click=move |_| access(Access::Resend)>"resend"</button>
                </span>
                <p class="help">{move || if resend.get() {
                    "Messages can be sent again from the window, each time after a plan, a preview and a question."
                } else {
                    "Nothing can be sent from here at all. It can be allowed later."
                }}</p>
            </div>
            {move || (!typed.get().is_empty()).then(|| view! {
                <p class="small muted note">{icon(Icon::Lock)}<span>"Into the system's keychain go: "<span class="mono">{typed.get().join(", ")}</span></span></p>
            })}
            <p class="small faint">"The profile becomes a text file in "<span class="mono selectable">{move || folder.get()}</span>", with the reasons of each part as comments."</p>
        </div>
    }
}
