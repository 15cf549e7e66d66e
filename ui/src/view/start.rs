//! Before anything is open: two doors, the saved profiles, and what went wrong with the last attempt.

use leptos::prelude::*;
use waybill_model::Environment;
use waybill_protocol::{OpenTarget, ProfileSummary};

use super::failure::FailureCard;
use super::icon::{Icon, icon, icon_with, mark};
use crate::run::use_page;
use crate::state::{FormMessage, Message, SessionMessage, WizardMessage, environment_name};

/// The start.
#[component]
pub(super) fn Start() -> impl IntoView {
    let page = use_page();
    let welcome = page.memo(|state| state.welcome.clone());
    let unwelcome = page.memo(|state| state.unwelcome.clone());
    let opening = page.memo(|state| {
        state
            .session
            .opening
            .then(|| name_of(state.session.target.as_ref()))
    });
    let failure = page.memo(|state| state.session.failure.clone());
    let target = page.memo(|state| state.session.target.clone());
    view! {
        <main class="start" data-test="start">
            {move || match opening.get() {
                Some(name) => view! { <Opening name=name/> }.into_any(),
                None => view! {
                    <div class="hero">
                        {mark()}
                        <h1>"Stored, published, consumed?"</h1>
                        <p>"Waybill compares a service's database, its outbox and the broker, says for every event how far it came, and sends again what is missing."</p>
                    </div>
                    {move || unwelcome.get().map(|failure| view! {
                        <div class="saved"><FailureCard failure=failure test="hello-failure" retry=Some(Message::HelloAgain)/></div>
                    })}
                    {move || failure.get().map(|failure| {
                        let retry = target.get().map(|target| Message::Session(SessionMessage::Open(target)));
                        view! { <div class="saved"><FailureCard failure=failure test="open-failure" retry=retry/><br/></div> }
                    })}
                    <Doors/>
                    {move || welcome.get().map(|welcome| view! { <Saved profiles=welcome.profiles folder=welcome.profiles_folder/> })}
                }.into_any(),
            }}
        </main>
    }
}

fn name_of(target: Option<&OpenTarget>) -> String {
    match target {
        Some(OpenTarget::Profile(name)) => name.clone(),
        _ => "the demo".to_owned(),
    }
}

#[component]
fn Opening(name: String) -> impl IntoView {
    let page = use_page();
    view! {
        <div class="hero" data-test="opening" role="status">
            {icon_with(Icon::Spin, "icon spin")}
            <h1>{format!("Opening {name}…")}</h1>
            <p>"Connecting, looking at tables and topics. Nothing is changed."</p>
            <br/>
            <button type="button" data-test="opening-cancel"
                on:click=move |_| page.dispatch(Message::Session(SessionMessage::Close))>"Cancel"</button>
        </div>
    }
}

#[component]
fn Doors() -> impl IntoView {
    let page = use_page();
    view! {
        <div class="doors">
            <button class="door" type="button" data-test="open-demo"
                on:click=move |_| page.dispatch(Message::Session(SessionMessage::Open(OpenTarget::Demo)))>
                {icon(Icon::Bolt)}
                <b>"Try the demo"</b>
                <span>"A small toy company with a database and a broker inside. Break it, find what is missing, resend it."</span>
            </button>
            <button class="door" type="button" data-test="new-profile"
                on:click=move |_| page.dispatch(Message::Wizard(WizardMessage::Open))>
                {icon(Icon::Plug)}
                <b>"Connect to a service"</b>
                <span>"Database, broker, consumers. Tested step by step; read-only until you say otherwise."</span>
            </button>
        </div>
    }
}

#[component]
fn Saved(profiles: Vec<ProfileSummary>, folder: String) -> impl IntoView {
    view! {
        <div class="saved">
            {(!profiles.is_empty()).then(|| view! { <div class="caps">"Saved profiles"</div> })}
            {profiles.into_iter().map(|profile| view! { <SavedRow profile=profile/> }).collect_view()}
            <p class="small faint">"Profiles are text files in "<span class="mono selectable">{folder}</span></p>
        </div>
    }
}

#[component]
fn SavedRow(profile: ProfileSummary) -> impl IntoView {
    let page = use_page();
    let environment = match profile.environment {
        Environment::Development => "row env-development",
        Environment::Staging => "row env-staging",
        Environment::Production => "row env-production",
    };
    let broken = !profile.problem.is_empty();
    let (open, edit) = (profile.name.clone(), profile.name.clone());
    let click = move |_| {
        let name = open.clone();
        page.dispatch(if broken {
            Message::Form(FormMessage::Open(Some(name)))
        } else {
            Message::Session(SessionMessage::Open(OpenTarget::Profile(name)))
        });
    };
    let words = if broken {
        profile.problem.clone()
    } else {
        profile.subtitle.clone()
    };
    view! {
        <div class="saved-line">
            <button class=environment type="button" data-test=format!("profile-{}", profile.name) on:click=click>
                <span class="envname">{environment_name(profile.environment)}</span>
                <b class="clip">{profile.name.clone()}</b>
                <span class=if broken { "clip tone-missing" } else { "clip muted" } title=words.clone()>{words.clone()}</span>
                <span class="small muted">
                    {match profile.access {
                        waybill_model::Access::ReadOnly => "read-only",
                        waybill_model::Access::Resend => "resend allowed",
                    }}
                </span>
            </button>
            <button class="ghost" type="button" data-test=format!("edit-{edit}")
                on:click=move |_| page.dispatch(Message::Form(FormMessage::Open(Some(edit.clone()))))>"Edit"</button>
        </div>
    }
}
