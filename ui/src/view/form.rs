//! The profile form: fields or text on the left, the connection test on the right.

use leptos::prelude::*;
use waybill_protocol::ProfileProblem;

use super::failure::FailureCard;
use super::fields::FieldsPanel;
use super::icon::{Icon, icon};
use super::probe::ProbePanel;
use crate::run::use_page;
use crate::state::{FormMessage, FormTab, Message, Typed};

/// The form.
#[component]
pub(super) fn ProfileForm() -> impl IntoView {
    let page = use_page();
    let editing = page.memo(|state| state.form.as_ref().and_then(|form| form.editing.clone()));
    let tab = page.memo(|state| state.form.as_ref().map(|form| form.tab).unwrap_or_default());
    let failure = page.memo(|state| state.form.as_ref().and_then(|form| form.failure.clone()));
    let refusal = page.memo(|state| {
        state
            .form
            .as_ref()
            .and_then(crate::state::Form::save_refusal)
    });
    let send = move |message| page.dispatch(Message::Form(message));
    let title = move || {
        editing.get().map_or_else(
            || "New profile".to_owned(),
            |name| format!("Profile {name}"),
        )
    };
    view! {
        <div class="veil-all">
            <div class="dialog wide" role="dialog" aria-modal="true" aria-label="Profile" data-test="form">
                <header>
                    <h2>{title}</h2>
                    {move || editing.get().is_none().then(|| view! { <FormTabs/> })}
                    <button class="ghost square" type="button" data-test="form-close" aria-label="Close"
                        on:click=move |_| send(FormMessage::Close)>{icon(Icon::Close)}</button>
                </header>
                <div class="form">
                    <div class="fields">
                        {move || failure.get().map(|failure| view! { <FailureCard failure=failure test="form-failure" retry=None/><br/> })}
                        {move || match tab.get() {
                            FormTab::Fields => view! { <FieldsPanel/> }.into_any(),
                            FormTab::Text => view! { <TextPanel/> }.into_any(),
                        }}
                        <Secrets/>
                        <Problems/>
                    </div>
                    <ProbePanel/>
                </div>
                <footer>
                    {move || editing.get().map(|_| view! {
                        <button class="ghost" type="button" data-test="form-delete" on:click=move |_| send(FormMessage::Delete)>
                            "Remove this profile"
                        </button>
                    })}
                    <span class="grow small muted clip">{move || refusal.get()}</span>
                    <button type="button" data-test="form-cancel" on:click=move |_| send(FormMessage::Close)>"Cancel"</button>
                    <button class="primary" type="button" data-test="form-save" disabled=move || refusal.get().is_some()
                        on:click=move |_| send(FormMessage::Save)>"Save"</button>
                </footer>
            </div>
        </div>
    }
}

#[component]
fn FormTabs() -> impl IntoView {
    let page = use_page();
    let tab = page.memo(|state| state.form.as_ref().map(|form| form.tab).unwrap_or_default());
    let by_hand = page.memo(|state| state.form.as_ref().is_some_and(|form| form.by_hand));
    let send = move |tab| page.dispatch(Message::Form(FormMessage::Tab(tab)));
    view! {
        <span class="seg" role="radiogroup" aria-label="Fields or text">
            <button type="button" role="radio" data-test="form-fields" disabled=move || by_hand.get()
                title=move || if by_hand.get() { "The text was edited by hand" } else { "" }
                aria-checked=move || (tab.get() == FormTab::Fields).to_string()
                on:click=move |_| send(FormTab::Fields)>"Fields"</button>
            <button type="button" role="radio" data-test="form-text"
                aria-checked=move || (tab.get() == FormTab::Text).to_string()
                on:click=move |_| send(FormTab::Text)>"Text"</button>
        </span>
    }
}

#[component]
fn TextPanel() -> impl IntoView {
    let page = use_page();
    let text = page.memo(|state| {
        state
            .form
            .as_ref()
            .map(|form| form.text.clone())
            .unwrap_or_default()
    });
    let edit =
        move |event| page.dispatch(Message::Form(FormMessage::Edit(event_target_value(&event))));
    view! {
        <textarea class="toml mono" data-test="form-toml" spellcheck="false" aria-label="The profile as text" rows="20"
            prop:value=move || text.get() on:input=edit></textarea>
    }
}

#[component]
fn Secrets() -> impl IntoView {
    let page = use_page();
    // Only names and whether they are stored: a memo of what is typed would redraw the field under the cursor.
    let secrets = page.memo(|state| {
        let secrets = state
            .form
            .as_ref()
            .map(|form| form.secrets.as_slice())
            .unwrap_or_default();
        secrets
            .iter()
            .map(|secret| (secret.name.clone(), secret.stored))
            .collect::<Vec<_>>()
    });
    let field = move |name: String, stored: bool| {
        let label = name.clone();
        let typed = move |event| {
            let typed = Typed(event_target_value(&event));
            page.dispatch(Message::Form(FormMessage::Secret {
                name: name.clone(),
                typed,
            }));
        };
        let hint = if stored {
            "stored in the keychain; type to replace it"
        } else {
            "none stored; leave empty if none is needed"
        };
        view! {
            <div class="field">
                <label>{format!("Password “{label}”")}</label>
                <input type="password" autocomplete="off" data-test=format!("secret-{label}") placeholder=hint on:input=typed/>
            </div>
        }
    };
    view! {
        {move || (!secrets.get().is_empty()).then(|| view! {
            <h4 class="caps">"Passwords"</h4>
            <div class="two">{secrets.get().into_iter().map(|(name, stored)| field(name, stored)).collect_view()}</div>
            <p class="help small muted">"Kept in the system's keychain, never in the profile's file and never in this page."</p>
        })}
    }
}

#[component]
fn Problems() -> impl IntoView {
    let page = use_page();
    let problems = page.memo(|state| {
        state
            .form
            .as_ref()
            .map(|form| form.problems.clone())
            .unwrap_or_default()
    });
    let touched = page.memo(|state| {
        let Some(form) = &state.form else {
            return false;
        };
        form.editing.is_some() || form.by_hand || !form.fields.name.is_empty()
    });
    let row = |problem: ProfileProblem| {
        let place = if problem.line > 0 {
            format!("Line {}: ", problem.line)
        } else {
            String::new()
        };
        let meant = if problem.suggestion.is_empty() {
            String::new()
        } else {
            format!(" {}", problem.suggestion)
        };
        view! {
            <div class="warn" data-test="form-problem">
                <span class="tone-missing">"✕"</span><span>{place}{problem.message}{meant}</span>
            </div>
        }
    };
    move || {
        touched
            .get()
            .then(|| problems.get().into_iter().map(row).collect_view())
    }
}
