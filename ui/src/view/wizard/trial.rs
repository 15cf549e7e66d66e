//! The fifth page: what the profile shows, before it is saved.

use leptos::prelude::*;
use waybill_model::Phase;
use waybill_protocol::{Group, TriedEvent};

use super::{part, send};
use crate::run::use_page;
use crate::state::{Message, WizardMessage, clock, counted, date_clock, finding, tone};
use crate::view::failure::FailureCard;
use crate::view::icon::{Icon, icon, icon_with};

/// The page.
#[component]
pub(super) fn TrialPage() -> impl IntoView {
    let page = use_page();
    let failure = part(page, |wizard| wizard.trial.failure.clone());
    let problems = part(page, |wizard| wizard.trial.problems.clone());
    let troubles = part(page, |wizard| wizard.trial.shown.troubles.clone());
    let running = part(page, |wizard| wizard.trial.running);
    let events = part(page, |wizard| wizard.trial.shown.events.clone());
    let quiet = move || {
        !running.get()
            && events.get().is_empty()
            && failure.get().is_none()
            && problems.get().is_empty()
    };
    view! {
        <div class="page scroll" data-test="wizard-preview" tabindex="-1" aria-busy=move || running.get().to_string()>
            <Head/>
            {move || failure.get().map(|failure| view! {
                <FailureCard failure=failure test="wizard-trial-failure" retry=Some(Message::Wizard(WizardMessage::TryAgain))/>
            })}
            {move || troubles.get().into_iter().map(|failure| view! {
                <FailureCard failure=failure test="wizard-trial-trouble" retry=None/>
            }).collect_view()}
            {move || problems.get().into_iter().map(|problem| view! {
                <div class="warn" data-test="wizard-problem"><span class="tone-missing">"✕"</span><span>{problem.message}" "{problem.suggestion}</span></div>
            }).collect_view()}
            {move || quiet().then(|| view! {
                <div class="empty-state" data-test="wizard-no-events">
                    {icon(Icon::Inbox)}
                    <h3>"No events in the last 30 days"</h3>
                    <p class="muted">"The outbox and the destination can be read, and hold nothing of that time. The profile can be saved; it shows events as they come."</p>
                </div>
            })}
            <div class="tried">
                {move || events.get().into_iter().map(|event| view! { <Event event=event/> }).collect_view()}
            </div>
        </div>
    }
}

/// What was read, by what it is matched, and what it amounts to.
#[component]
fn Head() -> impl IntoView {
    let page = use_page();
    let doing = part(page, |wizard| wizard.trial.shown.doing.clone());
    let running = part(page, |wizard| wizard.trial.running);
    let total = part(page, |wizard| wizard.trial.shown.total);
    let shown = part(page, |wizard| wizard.trial.shown.events.len() as u64);
    let matched = part(page, |wizard| wizard.trial.shown.matched.clone());
    let groups = part(page, |wizard| {
        let groups = wizard.trial.shown.groups.iter();
        let worth = groups.filter(|group| group.class.is_some() && group.count > 0);
        worth.cloned().collect::<Vec<_>>()
    });
    let window = page.memo(|state| {
        let window = state.wizard.as_ref()?.trial.shown.window?;
        Some(date_clock(window.from, state.look.zone()))
    });
    let lead = move || {
        let events = counted(total.get(), "event", "events");
        match (running.get(), window.get()) {
            (true, _) => doing.get(),
            (false, Some(since)) => format!(
                "{events} since {since}; {} of them below, what to look at first.",
                shown.get()
            ),
            (false, None) => String::new(),
        }
    };
    view! {
        <div class="trial-head">
            <div class="grow">
                <h3>"What the profile shows"</h3>
                <p class="lead" data-test="wizard-trial-lead" role="status">
                    {move || running.get().then(|| icon_with(Icon::Spin, "icon spin"))}{lead}
                </p>
            </div>
            <button type="button" data-test="wizard-try-again" disabled=move || running.get()
                on:click=move |_| send(page, WizardMessage::TryAgain)>{icon(Icon::Refresh)}"Read again"</button>
        </div>
        <ul class="groups" data-test="wizard-groups">
            {move || groups.get().into_iter().map(group).collect_view()}
            {move || matched.get().into_iter().map(|text| view! {
                <li class="muted"><span class="tone-faint">{icon(Icon::Info)}</span>{text}</li>
            }).collect_view()}
        </ul>
    }
}

fn group(group: Group) -> impl IntoView {
    let tone = group.class.map_or("tone-muted", tone);
    view! { <li><span class=format!("sq {tone}")></span><span class="selectable">{group.sentence}</span></li> }
}

#[component]
fn Event(event: TriedEvent) -> impl IntoView {
    let page = use_page();
    let consumers = part(page, |wizard| wizard.trial.shown.consumers.clone());
    let zone = page.memo(|state| state.look.zone());
    let row = event.row;
    let suspected = row.verdict.phase == Phase::Suspected && row.class.needs_action();
    let class = format!(
        "pill {}{}",
        tone(row.class),
        if suspected { " suspected" } else { "" }
    );
    let at = row.at;
    let about = row.aggregate.replacen('/', " ", 1);
    let (id, kind) = (row.id.to_string(), row.kind.clone());
    let pill = move || finding(&row, &consumers.get());
    view! {
        <div class="tried-event" data-test="wizard-event">
            <span class="verdict"><span class=class data-test="wizard-verdict">{pill}</span></span>
            <span class="clip"><b>{kind}</b>" "<span class="muted">{about}</span></span>
            <span class="mono muted clip selectable" title=id.clone()>{id.clone()}</span>
            <span class="mono muted">{move || clock(at, zone.get())}</span>
            <p class="small muted selectable" data-test="wizard-sentence">{event.sentence}</p>
        </div>
    }
}
