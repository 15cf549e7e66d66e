//! The wizard: a page at a time, its steps on top, back and next below.

use leptos::prelude::*;
use waybill_protocol::{Code, Failure};

use super::failure::FailureCard;
use super::icon::{Icon, icon, icon_with};
use crate::run::{Page, use_page};
use crate::state::{self, FormMessage, Message, Step, WizardMessage};

mod addresses;
mod choice;
mod columns;
mod consumer;
mod flow;
mod password;
mod progress;
mod save;
mod tables;
mod trial;

/// A part of the wizard that tells when it has changed.
fn part<T>(page: Page, of: impl Fn(&state::Wizard) -> T + Send + Sync + 'static) -> Memo<T>
where
    T: Default + PartialEq + Send + Sync + 'static,
{
    page.memo(move |state| state.wizard.as_ref().map(&of).unwrap_or_default())
}

fn send(page: Page, message: WizardMessage) {
    page.dispatch(Message::Wizard(message));
}

/// The wizard.
#[component]
pub(super) fn Wizard() -> impl IntoView {
    let page = use_page();
    let step = part(page, |wizard| wizard.step);
    let running = part(page, |wizard| wizard.work.running);
    view! {
        <div class="veil-all">
            <div class="dialog wizard" role="dialog" aria-modal="true" aria-label="New profile" data-test="wizard"
                aria-busy=move || running.get().to_string() data-step=move || step.get().title()>
                <header>
                    <h2>"New profile"</h2>
                    <Steps/>
                    <button class="ghost square" type="button" data-test="wizard-close" aria-label="Close"
                        on:click=move |_| send(page, WizardMessage::Close)>{icon(Icon::Close)}</button>
                </header>
                {move || match step.get() {
                    Step::Addresses => view! { <addresses::AddressesPage/> }.into_any(),
                    Step::Outbox => view! { <tables::TablesPage/> }.into_any(),
                    Step::Columns => view! { <columns::ColumnsPage/> }.into_any(),
                    Step::Flow => view! { <flow::FlowPage/> }.into_any(),
                    Step::Preview => view! { <trial::TrialPage/> }.into_any(),
                    Step::Save => view! { <save::SavePage/> }.into_any(),
                }}
                <Buttons/>
            </div>
        </div>
    }
}

#[component]
fn Steps() -> impl IntoView {
    let page = use_page();
    let step = part(page, |wizard| wizard.step);
    let reached = part(page, |wizard| wizard.reached);
    let running = part(page, |wizard| wizard.work.running);
    let shut = move |of| reached.get() < of || running.get();
    let tab = move |(nth, of): (usize, Step)| {
        view! {
            <li>
                <button type="button" class="ghost" data-test=format!("wizard-step-{}", of.title().to_lowercase())
                    disabled=move || shut(of)
                    aria-current=move || (step.get() == of).then_some("step")
                    on:click=move |_| send(page, WizardMessage::Go(of))>
                    <span class="no">{nth + 1}</span>{of.title()}
                </button>
            </li>
        }
    };
    view! {
        <ol class="steps" aria-label="Steps">
            {Step::ALL.into_iter().enumerate().map(tab).collect_view()}
        </ol>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    let page = use_page();
    let step = part(page, |wizard| wizard.step);
    let running = part(page, |wizard| wizard.work.running);
    let saving = part(page, |wizard| wizard.finish.saving);
    let refusal = page.memo(|state| {
        let names = state.profile_names();
        state.wizard.as_ref().and_then(|w| w.refusal(&names))
    });
    let next = move || match step.get() {
        Step::Addresses => "Look",
        Step::Save => "Save and open",
        _ => "Next",
    };
    view! {
        <footer>
            {move || (step.get() == Step::Addresses).then(|| view! {
                <button class="ghost" type="button" data-test="wizard-by-text"
                    on:click=move |_| {
                        send(page, WizardMessage::Close);
                        page.dispatch(Message::Form(FormMessage::Open(None)));
                    }>"Write it by hand instead"</button>
            })}
            {move || (step.get() != Step::Addresses).then(|| view! {
                <button type="button" data-test="wizard-back" disabled=move || running.get()
                    on:click=move |_| send(page, WizardMessage::Back)>"Back"</button>
            })}
            <span class="grow small muted clip doing" data-test="wizard-status" role="status">
                {move || (running.get() || saving.get()).then(|| icon_with(Icon::Spin, "icon spin"))}
                <span class="clip">{move || refusal.get()}</span>
            </span>
            {move || if running.get() {
                view! {
                    <button type="button" data-test="wizard-stop"
                        on:click=move |_| send(page, WizardMessage::StopLooking)>"Stop"</button>
                }.into_any()
            } else {
                view! {
                    <button type="button" data-test="wizard-cancel"
                        on:click=move |_| send(page, WizardMessage::Close)>"Cancel"</button>
                }.into_any()
            }}
            <button class="primary" type="button" data-test="wizard-next" disabled=move || refusal.get().is_some()
                on:click=move |_| send(page, WizardMessage::Next)>{next}</button>
        </footer>
    }
}

/// Why looking came to nothing, on the page where something can be done about it.
#[component]
fn LookFailure() -> impl IntoView {
    let page = use_page();
    let failure = part(page, |wizard| {
        let failure = wizard.work.failure.clone();
        failure
            .filter(|failure| !wizard.work.running && is_of(failure.code, wizard.step))
            .map(in_a_window)
    });
    move || {
        failure.get().map(|failure| {
            view! { <FailureCard failure=failure test="wizard-failure" retry=None/> }
        })
    }
}

fn is_of(code: Code, step: Step) -> bool {
    match code {
        // The page says so itself.
        Code::NoOutbox => step != Step::Outbox,
        Code::NoDestination => step == Step::Flow,
        _ => true,
    }
}

/// What to do next is to be done on this page, not on a command line.
fn in_a_window(failure: Failure) -> Failure {
    match failure.code {
        Code::NoOutbox => failure.hint("Choose the columns that are still needed."),
        Code::NoDestination => failure.hint("Choose it below."),
        _ => failure,
    }
}
