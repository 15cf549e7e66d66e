//! The question before sending. In production the profile's name is typed.

use leptos::prelude::*;
use waybill_model::Environment;

use super::failure::FailureCard;
use crate::run::use_page;
use crate::state::{Message, OverlayMessage, ResendMessage, counted};

/// The question.
#[component]
pub(super) fn Confirm() -> impl IntoView {
    let page = use_page();
    let plan = page.memo(|state| state.resend.plan.clone());
    let confirm = page.memo(|state| state.resend.confirm.clone());
    let ready = page.memo(|state| {
        state.is_confirmed() && !state.resend.confirm.sending && state.send_refusal().is_none()
    });
    let production = page.memo(|state| {
        state
            .session
            .opened
            .as_ref()
            .is_some_and(|o| o.profile.environment == Environment::Production)
    });
    let send = move |message| page.dispatch(Message::Resend(message));
    let close = move |_| page.dispatch(Message::Overlay(OverlayMessage::Close));
    let n = move || plan.get().map_or(0, |plan| plan.events.len() as u64);
    let recipients = move || {
        let names = plan.get().map(|plan| {
            plan.recipients
                .into_iter()
                .map(|r| r.name)
                .collect::<Vec<_>>()
        });
        names
            .filter(|names| !names.is_empty())
            .map_or_else(|| "nobody we know of".to_owned(), |names| names.join(", "))
    };
    let warnings = move || plan.get().map_or(0, |plan| plan.warnings.len() as u64);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send(ResendMessage::Send);
    };
    view! {
        <div class="veil-all">
            <form class="dialog" class:danger=move || production.get() role="dialog" aria-modal="true"
                aria-label="Confirm the resend" data-test="confirm" on:submit=submit>
                <header><h2>{move || format!("Resend {}?", counted(n(), "event", "events"))}</h2></header>
                <div class="inside">
                    <p>"They go to "<b>{recipients}</b>". A message that is out cannot be called back."</p>
                    {move || (warnings() > 0).then(|| view! {
                        <p class="tone-late">{counted(warnings(), "warning stands", "warnings stand")}" in the drawer."</p>
                    })}
                    <br/>
                    <div class="field">
                        <label for="confirm-reason">"Why"</label>
                        <input type="text" id="confirm-reason" data-test="confirm-reason" autocomplete="off"
                            placeholder="INC-2231: search misses renamed products"
                            prop:value=move || confirm.get().reason
                            on:input=move |event| send(ResendMessage::TypeReason(event_target_value(&event)))/>
                        <span class="help">"Goes into the journal and into the messages' headers."</span>
                    </div>
                    {move || plan.get().and_then(|plan| plan.typed_confirmation).map(|asked| view! {
                        <div class="field">
                            <label for="confirm-typed">"Type "<code class="mono">{asked}</code>" to confirm"</label>
                            <input type="text" id="confirm-typed" data-test="confirm-typed" autocomplete="off" spellcheck="false"
                                prop:value=move || confirm.get().typed
                                on:input=move |event| send(ResendMessage::TypeConfirmation(event_target_value(&event)))/>
                        </div>
                    })}
                    {move || confirm.get().failure.map(|failure| view! {
                        <FailureCard failure=failure test="confirm-failure" retry=None/>
                    })}
                </div>
                <footer>
                    <button type="button" data-test="confirm-cancel" on:click=close>"Cancel"</button>
                    <button type="submit" class="primary" data-test="confirm-send" disabled=move || !ready.get()>
                        {move || if confirm.get().sending { "Sending…".to_owned() } else { format!("Resend {}", counted(n(), "event", "events")) }}
                    </button>
                </footer>
            </form>
        </div>
    }
}
