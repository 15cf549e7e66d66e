//! Former resends: who, why, what became of each event; one that was cut off can be continued.

use leptos::prelude::*;
use waybill_model::Mode;
use waybill_protocol::JournalRun;

use super::failure::FailureCard;
use super::outcome::outcome;
use crate::run::use_page;
use crate::state::{Message, ResendMessage, Tally, Zone, counted, date_clock};

/// The panel.
#[component]
pub(super) fn JournalPanel() -> impl IntoView {
    let page = use_page();
    let journal = page.memo(|state| state.resend.journal.clone());
    let zone = page.memo(|state| state.look.zone());
    view! {
        <div class="body run tall" data-test="journal">
            {move || match journal.get() {
                None => view! { <span class="muted">"Reading the journal…"</span> }.into_any(),
                Some(Err(failure)) => {
                    let retry = Message::Resend(ResendMessage::OpenJournal);
                    view! { <FailureCard failure=failure test="journal-failure" retry=Some(retry)/> }.into_any()
                }
                Some(Ok(runs)) if runs.is_empty() => {
                    view! { <span class="muted">"Nothing has been resent yet. Every resend will stand here, whatever becomes of it."</span> }.into_any()
                }
                Some(Ok(runs)) => runs.into_iter().map(|run| view! { <Run run=run zone=zone.get()/> }).collect_view().into_any(),
            }}
        </div>
    }
}

#[component]
fn Run(run: JournalRun, zone: Zone) -> impl IntoView {
    let page = use_page();
    let tally = Tally::of_states(run.attempts.iter().map(|attempt| &attempt.state));
    let whom = match &run.mode {
        Mode::Everyone => "to everyone".to_owned(),
        Mode::OneConsumer { consumer } => format!("to {consumer}"),
    };
    let what = format!(
        "{} {whom}",
        counted(u64::from(tally.total), "event", "events")
    );
    let (id, unfinished) = (run.id, run.unfinished);
    view! {
        <details class="journal-run" data-test="journal-run" open=unfinished>
            <summary>
                <span class="mono muted">{date_clock(run.at, zone)}</span>
                <b>{what}</b>
                <span class="clip muted">{run.reason}</span>
                <span class=if unfinished { "tone-late" } else { "muted" }>
                    {if unfinished { "cut off".to_owned() } else { tally.sentence() }}
                </span>
                <span class="muted">{run.by}</span>
            </summary>
            {unfinished.then(|| view! {
                <p>
                    <button type="button" class="primary" data-test="continue-run"
                        on:click=move |_| page.dispatch(Message::Resend(ResendMessage::Continue(id)))>
                        {format!("Send the {} that are certainly not sent", tally.waiting)}
                    </button>
                    " "<span class="muted">{tally.sentence()}</span>
                </p>
            })}
            {run.attempts.into_iter().map(|attempt| outcome(attempt, zone)).collect_view()}
        </details>
    }
}
