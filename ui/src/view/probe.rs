//! The connection test, step by step.

use leptos::prelude::*;
use waybill_model::{ProbeOutcome, ProbeStep};

use super::icon::{Icon, icon, icon_with};
use crate::run::use_page;
use crate::state::{FormMessage, Message, span};

/// The panel.
#[component]
pub(super) fn ProbePanel() -> impl IntoView {
    let page = use_page();
    let probed = page.memo(|state| state.form.as_ref().and_then(|form| form.probed.clone()));
    let probing = page.memo(|state| state.form.as_ref().is_some_and(|form| form.probing));
    let steps = move || {
        let steps = probed.get().map(|probed| probed.steps).unwrap_or_default();
        let mut before = String::new();
        steps
            .into_iter()
            .map(|(connection, step)| {
                let heading = (connection != before).then(|| connection.clone());
                before = connection;
                view! {
                    {heading.map(|heading| view! { <h4 class="caps">{heading}</h4> })}
                    <Step step=step/>
                }
            })
            .collect_view()
    };
    view! {
        <div class="tests" data-test="probe" data-done=move || probed.get().is_some_and(|probed| probed.done).to_string()>
            <button type="button" data-test="probe-start" disabled=move || probing.get()
                on:click=move |_| page.dispatch(Message::Form(FormMessage::Probe))>
                {icon(Icon::Plug)}{move || if probing.get() { "Testing…" } else { "Test the connections" }}
            </button>
            {move || (probed.get().is_none() && !probing.get()).then(|| view! {
                <p class="small muted">"Name, network, encryption, login, rights: each step by itself, so that you see which one fails. Nothing is written."</p>
            })}
            {steps}
            {move || probing.get().then(|| view! {
                <div class="test-step waits">{icon_with(Icon::Spin, "icon spin")}<span>"…"</span></div>
            })}
        </div>
    }
}

/// One step of a test.
#[component]
pub(in crate::view) fn Step(step: ProbeStep) -> impl IntoView {
    let (tone, picture, state, note) = match step.outcome {
        ProbeOutcome::Fine(note) => ("tone-fine", Icon::Check, "fine", note),
        ProbeOutcome::Warn(note) => ("tone-late", Icon::Warn, "warn", note),
        ProbeOutcome::Failed(note) => ("tone-missing", Icon::Bad, "failed", note),
    };
    view! {
        <div class="test-step" data-test="probe-step" data-state=state>
            <span class=tone>{icon(picture)}</span>
            <span>{step.what}</span>
            <span class="n tone-faint">{span(i64::try_from(step.took_micros).unwrap_or(i64::MAX))}</span>
            {(!note.is_empty()).then(|| view! { <span class="note selectable">{note}</span> })}
        </div>
    }
}
