//! The menu of profiles.

use leptos::prelude::*;
use waybill_protocol::OpenTarget;

use super::icon::{Icon, icon};
use crate::run::use_page;
use crate::state::{FormMessage, Message, SessionMessage, WizardMessage};

/// The menu.
#[component]
pub(super) fn ProfileMenu() -> impl IntoView {
    let page = use_page();
    let profiles = page.peek(|state| {
        state
            .welcome
            .as_ref()
            .map(|w| w.profiles.clone())
            .unwrap_or_default()
    });
    let current = page.peek(|state| {
        state
            .session
            .opened
            .as_ref()
            .filter(|opened| !opened.demo)
            .map(|opened| opened.profile.name.clone())
    });
    let edit = current.clone();
    let open = move |target| page.dispatch(Message::Session(SessionMessage::Open(target)));
    let rows = profiles.into_iter().map(|profile| {
        let target = OpenTarget::Profile(profile.name.clone());
        let here = current.as_deref() == Some(profile.name.as_str());
        view! {
            <button role="menuitem" type="button" data-test=format!("open-{}", profile.name)
                disabled=!profile.problem.is_empty() title=profile.problem.clone()
                on:click=move |_| open(target.clone())>
                <span class="clip">{profile.name.clone()}</span>
                <span class="n">{if here { "open" } else { crate::state::environment_name(profile.environment) }}</span>
            </button>
        }
    });
    view! {
        <div class="menu profile-menu" role="menu" data-test="profile-menu">
            <button role="menuitem" type="button" data-test="profile-menu-first"
                on:click=move |_| open(OpenTarget::Demo)>{icon(Icon::Bolt)}"Demo"</button>
            {rows.collect_view()}
            <hr/>
            {edit.map(|name| view! {
                <button role="menuitem" type="button" data-test="edit-profile"
                    on:click=move |_| page.dispatch(Message::Form(FormMessage::Open(Some(name.clone()))))>
                    "Edit this profile"
                </button>
            })}
            <button role="menuitem" type="button" data-test="new-profile-menu"
                on:click=move |_| page.dispatch(Message::Wizard(WizardMessage::Open))>
                {icon(Icon::Plus)}"New profile"
            </button>
            <button role="menuitem" type="button" data-test="close-session"
                on:click=move |_| page.dispatch(Message::Session(SessionMessage::Close))>"Back to the start"</button>
        </div>
    }
}
