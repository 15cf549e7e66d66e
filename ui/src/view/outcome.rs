//! The running or ended resend: how far, and what became of every event.

use leptos::prelude::*;
use waybill_model::{Attempt, AttemptState};

use super::icon::{Icon, icon, icon_with};
use crate::run::use_page;
use crate::state::{Message, ResendMessage, Tally, clock};

/// The panel.
#[component]
pub(super) fn OutcomePanel() -> impl IntoView {
    let page = use_page();
    let run = page.memo(|state| {
        state
            .session
            .status
            .as_ref()
            .and_then(|status| status.run.clone())
    });
    let zone = page.memo(|state| state.look.zone());
    let stop = move |_| page.dispatch(Message::Resend(ResendMessage::Stop));
    view! {
        <div class="body run" data-test="run">
            {move || match run.get() {
                None => view! { <span class="muted">"Nothing has been resent in this session."</span> }.into_any(),
                Some(run) => {
                    let tally = Tally::of(&run);
                    view! {
                        <div class="steps" data-test="run-state" data-running=run.running.to_string()
                            data-effective=tally.effective.to_string() data-total=tally.total.to_string()>
                            {run.running.then(|| icon_with(Icon::Spin, "icon spin"))}
                            <span class="big">{if run.running { run.doing.clone() } else { tally.sentence() }}</span>
                            <span class="grow"></span>
                            {run.running.then(|| view! {
                                <button type="button" data-test="stop-run" on:click=stop>"Stop"</button>
                            })}
                        </div>
                        <Progress tally=tally/>
                        {run.attempts.into_iter().map(|attempt| outcome(attempt, zone.get())).collect_view()}
                    }.into_any()
                }
            }}
        </div>
    }
}

#[component]
fn Progress(tally: Tally) -> impl IntoView {
    let parts = [
        (tally.effective, "tone-fine"),
        (tally.sent, "tone-published"),
        (tally.unknown + tally.not_effective, "tone-late"),
        (tally.refused, "tone-missing"),
        (tally.left, "tone-faint"),
    ];
    let total = tally.total.max(1);
    view! {
        <div class="long" role="progressbar" aria-valuemax=total.to_string() aria-valuenow=(tally.total - tally.waiting).to_string()>
            {parts.map(|(n, tone)| view! { <i class=tone style:width=format!("{}%", n * 100 / total)></i> })}
        </div>
    }
}

/// One event's outcome. Shared with the journal.
pub(super) fn outcome(attempt: Attempt, zone: crate::state::Zone) -> impl IntoView {
    let (tone, picture, words) = state_words(&attempt.state);
    view! {
        <div class="outcome" data-test="outcome" data-state=state_name(&attempt.state)>
            <span class=tone>{icon(picture)}</span>
            <span class="mono clip selectable" title=attempt.event.to_string()>{attempt.event.to_string()}</span>
            <span class=tone>{words.0}</span>
            <span class="muted clip" title=words.1.clone()>{words.1.clone()}</span>
            <span class="mono faint">{clock(attempt.at, zone)}</span>
        </div>
    }
}

fn state_name(state: &AttemptState) -> &'static str {
    match state {
        AttemptState::Planned => "planned",
        AttemptState::Skipped { .. } => "skipped",
        AttemptState::Sending => "sending",
        AttemptState::Sent { .. } => "sent",
        AttemptState::Refused { .. } => "refused",
        AttemptState::Unknown { .. } => "unknown",
        AttemptState::Effective => "effective",
        AttemptState::NotEffective { .. } => "not-effective",
        AttemptState::Cancelled => "cancelled",
    }
}

fn state_words(state: &AttemptState) -> (&'static str, Icon, (&'static str, String)) {
    match state {
        AttemptState::Planned => ("tone-faint", Icon::Dash, ("waiting", String::new())),
        AttemptState::Skipped { why } => (
            "tone-muted",
            Icon::Dash,
            ("not sent, no longer needed", why.clone()),
        ),
        AttemptState::Sending => ("tone-published", Icon::Arrow, ("sending", String::new())),
        AttemptState::Sent { coordinate } => {
            let place = coordinate
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            ("tone-published", Icon::Arrow, ("sent, watching", place))
        }
        AttemptState::Refused { why } => (
            "tone-missing",
            Icon::Bad,
            ("refused by the broker", why.clone()),
        ),
        AttemptState::Unknown { why } => (
            "tone-late",
            Icon::Question,
            ("unknown, not retried", why.clone()),
        ),
        AttemptState::Effective => ("tone-fine", Icon::Check, ("arrived", String::new())),
        AttemptState::NotEffective { why } => (
            "tone-late",
            Icon::Warn,
            ("sent without effect", why.clone()),
        ),
        AttemptState::Cancelled => (
            "tone-muted",
            Icon::Dash,
            ("not sent, stopped", String::new()),
        ),
    }
}
