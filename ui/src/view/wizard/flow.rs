//! The fourth page: where events go, by what messages are recognised, and who receives them.

use leptos::prelude::*;
use waybill_protocol::{Question, Subject};

use super::choice::Choice;
use super::consumer::Consumers;
use super::{LookFailure, part, send};
use crate::run::{Page, use_page};
use crate::state::{CarrierTexts, FlowDraft, WizardMessage};
use crate::view::icon::{Icon, icon};

/// Changes a flow and sends it back.
pub(super) fn change(page: Page, at: usize, edit: impl FnOnce(&mut FlowDraft)) {
    let draft = page.peek(|state| state.wizard.as_ref()?.flows.get(at).cloned());
    let Some(mut draft) = draft else { return };
    edit(&mut draft);
    let draft = Box::new(draft);
    send(page, WizardMessage::Flow { at, draft });
}

/// A part of a flow.
pub(super) fn flow_part<T>(
    page: Page,
    at: usize,
    of: impl Fn(&FlowDraft) -> T + Send + Sync + 'static,
) -> Memo<T>
where
    T: Default + PartialEq + Send + Sync + 'static,
{
    part(page, move |wizard| {
        wizard.flows.get(at).map(&of).unwrap_or_default()
    })
}

/// The page.
#[component]
pub(super) fn FlowPage() -> impl IntoView {
    let page = use_page();
    let n = part(page, |wizard| wizard.flows.len());
    // Flows are told apart by where they go: one that is dropped moves the others up.
    let goals = part(page, |wizard| {
        let flows = wizard.flows.iter();
        flows
            .map(|f| f.flow.destination.clone())
            .collect::<Vec<_>>()
    });
    let question = part(page, |wizard| {
        let mut questions = wizard.proposed.iter().flat_map(|p| &p.questions);
        let is_it = |q: &&Question| q.about == Subject::Destination && wizard.flows.len() == 1;
        let question = questions.find(is_it)?;
        Some(format!(
            "{} {} was taken; its messages and the rows have nothing in common so far.",
            question.text, question.default
        ))
    });
    let rest = part(page, |wizard| {
        let proposed = wizard.proposed.as_ref();
        proposed.map(|p| p.why.rest.clone()).unwrap_or_default()
    });
    view! {
        <div class="page scroll" data-test="wizard-flow" tabindex="-1">
            {move || if n.get() == 0 {
                view! {
                    <h3>"Where do events go?"</h3>
                    <p class="lead">"Nothing in the outbox or on the broker tells. Choose the topic or exchange; its messages are then held against the outbox."</p>
                }.into_any()
            } else {
                view! {
                    <h3>"Where events go, and who receives them"</h3>
                    <p class="lead">"Each part with its reason. Take away what does not belong, add what is missing."</p>
                }.into_any()
            }}
            <LookFailure/>
            {move || question.get().map(|text| view! {
                <div class="warn" data-test="wizard-question">{icon(Icon::Question)}<span>{text}</span></div>
            })}
            {move || {
                let goals = goals.get();
                let only = goals.len() == 1;
                (0..goals.len()).map(|at| view! { <FlowBox at=at only=only/> }).collect_view()
            }}
            <AddDestination/>
            {move || (!rest.get().is_empty()).then(|| view! {
                <h4 class="caps">"Seen and not taken"</h4>
                <ul class="reasons" data-test="wizard-rest">
                    {rest.get().into_iter().map(|text| view! { <li><span class="tone-faint">{icon(Icon::Minus)}</span><span class="selectable">{text}</span></li> }).collect_view()}
                </ul>
            })}
        </div>
    }
}

#[component]
fn FlowBox(at: usize, only: bool) -> impl IntoView {
    let page = use_page();
    let destination = flow_part(page, at, |flow| flow.flow.destination.clone());
    let why = flow_part(page, at, |flow| flow.why.clone());
    let amqp = part(page, |wizard| wizard.addresses.is_amqp());
    view! {
        <section class="flow-box" data-test="wizard-flow-box">
            <header>
                <span class="tone-outbox">"outbox"</span>{icon(Icon::Arrow)}<b class="mono clip" data-test="wizard-destination">{move || destination.get()}</b>
                <span class="grow"></span>
                {(!only).then(|| view! {
                    <button class="ghost" type="button" data-test=format!("wizard-drop-flow-{at}")
                        on:click=move |_| send(page, WizardMessage::DropFlow(at))>"Remove"</button>
                })}
            </header>
            <ul class="reasons">
                {move || why.get().into_iter().map(|text| view! {
                    <li><span class="tone-faint">{icon(Icon::Info)}</span><span class="selectable">{text}</span></li>
                }).collect_view()}
            </ul>
            {move || amqp.get().then(|| view! { <Stream at=at/> })}
            <h4 class="caps">"By what messages are recognised"</h4>
            <Carriers at=at/>
            <h4 class="caps">"Who should receive it"</h4>
            <Consumers at=at/>
        </section>
    }
}

/// The stream that keeps an exchange's history.
#[component]
fn Stream(at: usize) -> impl IntoView {
    let page = use_page();
    let value = flow_part(page, at, |flow| {
        flow.flow.audit_stream.clone().unwrap_or_default()
    });
    let names = part(page, |wizard| pairs(&wizard.broker.readable));
    view! {
        <div class="role">
            <label for=format!("wizard-stream-{at}")>"Audit stream"</label>
            <Choice test=format!("wizard-stream-{at}") label="The stream that keeps its history" value=value names=names
                none="none: only seen while Waybill listens"
                on_change=move |name: String| change(page, at, |flow| {
                    flow.flow.audit_stream = (!name.is_empty()).then_some(name);
                })/>
        </div>
    }
}

/// Names that are shown as they are.
pub(super) fn pairs(names: &[String]) -> Vec<(String, String)> {
    let names = names.iter();
    names.map(|name| (name.clone(), name.clone())).collect()
}

#[component]
fn Carriers(at: usize) -> impl IntoView {
    let page = use_page();
    let wrong = flow_part(page, at, |flow| flow.carriers.carriers().err());
    view! {
        <div class="four">
            <Carrier at=at title="Event id" name="id" read=|texts| texts.id.clone() write=|texts, text| texts.id = text/>
            <Carrier at=at title="Type" name="type" read=|texts| texts.kind.clone() write=|texts, text| texts.kind = text/>
            <Carrier at=at title="Aggregate" name="aggregate" read=|texts| texts.aggregate.clone() write=|texts, text| texts.aggregate = text/>
            <Carrier at=at title="Version" name="version" read=|texts| texts.version.clone() write=|texts, text| texts.version = text/>
        </div>
        {move || wrong.get().map(|text| view! { <p class="help tone-missing" data-test="wizard-carrier-wrong">{text}</p> })}
    }
}

#[component]
fn Carrier(
    at: usize,
    title: &'static str,
    name: &'static str,
    read: fn(&CarrierTexts) -> String,
    write: fn(&mut CarrierTexts, String),
) -> impl IntoView {
    let page = use_page();
    let value = flow_part(page, at, move |flow| read(&flow.carriers));
    let test = format!("wizard-carrier-{at}-{name}");
    view! {
        <div class="field">
            <label for=test.clone()>{title}</label>
            <input type="text" class="mono" id=test.clone() data-test=test autocomplete="off" spellcheck="false" placeholder="header:id, key, json:/id"
                prop:value=move || value.get()
                on:input=move |event| {
                    let text = event_target_value(&event);
                    change(page, at, |flow| write(&mut flow.carriers, text));
                }/>
        </div>
    }
}

#[component]
fn AddDestination() -> impl IntoView {
    let page = use_page();
    let n = part(page, |wizard| wizard.flows.len());
    let amqp = part(page, |wizard| wizard.addresses.is_amqp());
    let names = part(page, |wizard| {
        let taken = |name: &&String| wizard.flows.iter().all(|f| f.flow.destination != **name);
        let names = wizard.broker.destinations.iter();
        let names: Vec<String> = names.filter(taken).cloned().collect();
        pairs(&names)
    });
    let none = Signal::stored(String::new());
    let add = move |name: String| send(page, WizardMessage::AddDestination(name));
    let label = move || {
        let what = if amqp.get() { "exchange" } else { "topic" };
        match n.get() {
            0 => format!("The {what}"),
            _ => format!("Another {what}"),
        }
    };
    view! {
        <div class="role add">
            <label for="wizard-add-destination">{label}</label>
            {move || if names.get().is_empty() && n.get() == 0 {
                view! {
                    <input type="text" id="wizard-add-destination" data-test="wizard-add-destination" placeholder="its name, then Enter"
                        autocomplete="off" spellcheck="false" on:change=move |event| add(event_target_value(&event))/>
                }.into_any()
            } else {
                view! {
                    <Choice test="wizard-add-destination" label="Another destination" value=none names=names none="choose"
                        on_change=add/>
                }.into_any()
            }}
        </div>
    }
}
