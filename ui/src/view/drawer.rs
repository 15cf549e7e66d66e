//! Bottom: sending again.

use leptos::prelude::*;
use waybill_model::Mode;

use super::dry_run::DryRunPanel;
use super::icon::{Icon, icon};
use super::journal::JournalPanel;
use super::outcome::OutcomePanel;
use super::plan::PlanPanel;
use super::preview::PreviewPanel;
use crate::run::use_page;
use crate::state::{Drawer as What, Message, ResendMessage, counted};

/// The drawer.
#[component]
pub(super) fn Drawer() -> impl IntoView {
    let page = use_page();
    let open = page.memo(|state| state.resend.open);
    let what = page.memo(|state| state.resend.drawer);
    move || {
        open.get().then(|| {
            view! {
                <section class="drawer" data-test="drawer" aria-label="Resend">
                    <Head/>
                    {move || match what.get() {
                        What::Plan => view! { <PlanPanel/> }.into_any(),
                        What::Preview => view! { <PreviewPanel/> }.into_any(),
                        What::DryRun => view! { <DryRunPanel/> }.into_any(),
                        What::Run => view! { <OutcomePanel/> }.into_any(),
                        What::Journal => view! { <JournalPanel/> }.into_any(),
                    }}
                </section>
            }
        })
    }
}

#[component]
fn Head() -> impl IntoView {
    let page = use_page();
    let what = page.memo(|state| state.resend.drawer);
    let planning = move || matches!(what.get(), What::Plan | What::Preview | What::DryRun);
    let has_run = page.memo(|state| {
        state
            .session
            .status
            .as_ref()
            .is_some_and(|status| status.run.is_some())
    });
    let send = move |message| page.dispatch(Message::Resend(message));
    view! {
        <div class="dh">
            {move || if planning() {
                view! { <PlanHead/> }.into_any()
            } else {
                view! {
                    <b>{if what.get() == What::Journal { "Journal" } else { "Resend" }}</b>
                    <span class="grow"></span>
                }.into_any()
            }}
            {move || (has_run.get() && what.get() != What::Run).then(|| view! {
                <button class="ghost" type="button" data-test="show-run" on:click=move |_| send(ResendMessage::Show(What::Run))>
                    "Last run"
                </button>
            })}
            {move || (what.get() != What::Journal).then(|| view! {
                <button class="ghost wordy" type="button" data-test="show-journal" on:click=move |_| send(ResendMessage::OpenJournal)>
                    "Journal"
                </button>
            })}
            <button class="ghost square" type="button" data-test="drawer-close" aria-label="Close" title="Close (R)"
                on:click=move |_| send(ResendMessage::Toggle)>{icon(Icon::Down)}</button>
        </div>
    }
}

#[component]
fn PlanHead() -> impl IntoView {
    let page = use_page();
    let what = page.memo(|state| state.resend.drawer);
    let n = page.memo(|state| {
        let planned = state
            .resend
            .plan
            .as_ref()
            .filter(|_| !state.resend.planning)
            .map(|plan| plan.events.len());
        planned.unwrap_or_else(|| state.selection.len()) as u64
    });
    let refusal = page.memo(crate::state::State::send_refusal);
    let no_plan = page.memo(|state| state.resend.plan.is_none() || state.resend.planning);
    let send = move |message| page.dispatch(Message::Resend(message));
    let toggle = move |panel: What| {
        send(ResendMessage::Show(if what.get_untracked() == panel {
            What::Plan
        } else {
            panel
        }));
    };
    view! {
        <b data-test="resend-count">{move || format!("Resend {}", n.get())}</b>
        <Modes/>
        <span class="grow"></span>
        <button type="button" data-test="dry-run" disabled=move || no_plan.get()
            aria-pressed=move || (what.get() == What::DryRun).to_string()
            title="Asks the broker whether it would arrive. Sends nothing."
            on:click=move |_| toggle(What::DryRun)>"Dry run"</button>
        <button type="button" data-test="preview" disabled=move || no_plan.get()
            aria-pressed=move || (what.get() == What::Preview).to_string()
            title="The exact messages"
            on:click=move |_| toggle(What::Preview)>"Preview"</button>
        <button class="primary" type="button" data-test="resend" disabled=move || refusal.get().is_some()
            title=move || refusal.get().unwrap_or_default()
            on:click=move |_| send(ResendMessage::Ask)>
            {move || format!("Resend {}…", counted(n.get(), "event", "events"))}
        </button>
    }
}

#[component]
fn Modes() -> impl IntoView {
    let page = use_page();
    let mode = page.memo(|state| state.resend.mode.clone());
    let one = page.memo(|state| {
        state
            .session
            .opened
            .as_ref()
            .is_some_and(|opened| opened.one_consumer)
    });
    let consumers = page.memo(|state| state.session.consumers().to_vec());
    let choose = move |mode| page.dispatch(Message::Resend(ResendMessage::Mode(mode)));
    let consumer = move || match mode.get() {
        Mode::OneConsumer { consumer } => Some(consumer),
        Mode::Everyone => None,
    };
    let first = move || {
        consumers
            .get_untracked()
            .first()
            .cloned()
            .unwrap_or_default()
    };
    let why = move || {
        if one.get() {
            "To one consumer's own queue"
        } else {
            "This broker has no way to one consumer alone: everyone reads the same topic."
        }
    };
    view! {
        <span class="seg" role="radiogroup" aria-label="Who receives it">
            <button type="button" role="radio" data-test="mode-everyone" aria-checked=move || consumer().is_none().to_string()
                on:click=move |_| choose(Mode::Everyone)>"To everyone"</button>
            <button type="button" role="radio" data-test="mode-one" aria-checked=move || consumer().is_some().to_string()
                disabled=move || !one.get() title=why
                on:click=move |_| choose(Mode::OneConsumer { consumer: first() })>"To one consumer"</button>
        </span>
        {move || consumer().map(|chosen| view! {
            <span class="seg" role="radiogroup" aria-label="Which consumer">
                {consumers.get().into_iter().map(|name| {
                    let (on, to) = ((name == chosen).to_string(), name.clone());
                    view! {
                        <button type="button" role="radio" aria-checked=on data-test=format!("mode-one-{name}")
                            on:click=move |_| choose(Mode::OneConsumer { consumer: to.clone() })>{name.clone()}</button>
                    }
                }).collect_view()}
            </span>
        })}
    }
}
