//! Right: everything about one event. With none chosen, what was found.

use leptos::prelude::*;
use waybill_model::{EventDetail, Phase};

use super::diff::DiffPanel;
use super::failure::FailureCard;
use super::found::Found;
use super::headers::HeadersPanel;
use super::history::HistoryPanel;
use super::icon::{Icon, icon};
use super::payload::PayloadPanel;
use super::stages::Stages;
use crate::run::use_page;
use crate::state::{DetailMessage, DetailTab, Message, finding, phase, tone};

/// The pane.
#[component]
pub(super) fn Detail() -> impl IntoView {
    let page = use_page();
    let any = page.memo(|state| state.detail.no.is_some());
    let loading = page.memo(|state| state.detail.is_loading());
    view! {
        <aside class="detail" aria-label="Event" data-test="detail" aria-busy=move || loading.get().to_string()
            data-event=move || page.memo(|state| state.detail.shown.as_ref().map(|shown| shown.row.id.to_string())).get()>
            {move || if any.get() { view! { <Event/> }.into_any() } else { view! { <Found/> }.into_any() }}
        </aside>
    }
}

#[component]
fn Event() -> impl IntoView {
    let page = use_page();
    let shown = page.memo(|state| state.detail.shown.clone());
    let failure = page.memo(|state| state.detail.failure.clone());
    move || {
        match (failure.get(), shown.get()) {
        (Some(failure), _) => view! {
            <div class="pad">
                <FailureCard failure=failure test="detail-failure"
                    retry=Some(Message::Detail(DetailMessage::Retry))/>
            </div>
        }
        .into_any(),
        (None, Some(shown)) => view! { <Head shown=shown/><Panels/> }.into_any(),
        (None, None) => view! {
            <div class="pad" data-test="detail-loading">
                <span class="bone" style:width="45%"></span><br/><span class="bone" style:width="80%"></span><br/>
                <span class="bone" style:width="66%"></span>
            </div>
        }
        .into_any(),
    }
    }
}

#[component]
fn Head(shown: EventDetail) -> impl IntoView {
    let page = use_page();
    let consumers = page.peek(|state| state.session.consumers().to_vec());
    let row = &shown.row;
    let (id, kind) = (row.id.to_string(), row.kind.clone());
    let suspected = row.verdict.phase == Phase::Suspected && row.class.needs_action();
    let pill_class = format!(
        "pill {}{}",
        tone(row.class),
        if suspected { " suspected" } else { "" }
    );
    let pill = finding(row, &consumers);
    let sureness = row.class.needs_action().then(|| phase(row.verdict.phase));
    let aggregate = row.aggregate.replacen('/', " ", 1);
    let copied = id.clone();
    let copy = move |_| {
        page.dispatch(Message::Copy {
            text: copied.clone(),
            said: "The event's id is copied.",
        })
    };
    let problems = shown.problems.clone();
    view! {
        <div class="pad head scroll">
            <div class="path">
                <span class="clip selectable" title=id.clone()>{format!("{aggregate} · {id}")}</span>
                <span class="grow"></span>
                <button class="ghost" type="button" data-test="copy-id" title="Copy the id (C)" aria-label="Copy the id"
                    on:click=copy>{icon(Icon::Copy)}</button>
                <button class="ghost" type="button" data-test="detail-close" title="Close (Esc)" aria-label="Close"
                    on:click=move |_| page.dispatch(Message::Detail(DetailMessage::Close))>{icon(Icon::Close)}</button>
            </div>
            <h2 class="selectable">{if kind.is_empty() { "Event without a type".to_owned() } else { kind }}</h2>
            <div class="badges">
                <span class=pill_class data-test="detail-verdict">{pill}</span>
                <span class="small muted">{sureness}</span>
            </div>
            <div class="say selectable" data-test="sentence">{shown.sentence.clone()}</div>
            {problems.into_iter().map(|problem| view! {
                <div class="warn"><span class="tone-late">"▲"</span><span class="muted">{problem}</span></div>
            }).collect_view()}
            <Stages shown=shown/>
        </div>
    }
}

#[component]
fn Panels() -> impl IntoView {
    let page = use_page();
    let tab = page.memo(|state| state.detail.tab);
    view! {
        <div class="tabs" role="tablist" aria-label="Details">
            {DetailTab::ALL.map(|name| view! {
                <button role="tab" type="button" data-test=name.test_name()
                    aria-selected=move || (tab.get() == name).to_string()
                    on:click=move |_| page.dispatch(Message::Detail(DetailMessage::Tab(name)))>{name.title()}</button>
            })}
        </div>
        <div class="pad panel scroll" role="tabpanel" data-test="detail-panel">
            {move || match tab.get() {
                DetailTab::Payload => view! { <PayloadPanel/> }.into_any(),
                DetailTab::Headers => view! { <HeadersPanel/> }.into_any(),
                DetailTab::Diff => view! { <DiffPanel/> }.into_any(),
                DetailTab::History => view! { <HistoryPanel/> }.into_any(),
            }}
        </div>
    }
}
