//! What the broker says about the plan. Nothing is sent.

use leptos::prelude::*;
use waybill_protocol::CheckedRoute;

use super::failure::FailureCard;
use super::icon::{Icon, icon};
use crate::run::use_page;
use crate::state::{Drawer, Message, ResendMessage, counted};

/// The panel.
#[component]
pub(super) fn DryRunPanel() -> impl IntoView {
    let page = use_page();
    let answer = page.memo(|state| state.resend.dry_run.clone());
    view! {
        <div class="body run" data-test="dry-run-panel">
            {move || match answer.get() {
                None => view! { <span class="muted">"Asking the broker. Nothing is sent."</span> }.into_any(),
                Some(Err(failure)) => {
                    let retry = Message::Resend(ResendMessage::Show(Drawer::DryRun));
                    view! { <FailureCard failure=failure test="dry-run-failure" retry=Some(retry)/> }.into_any()
                }
                Some(Ok(routes)) => routes.into_iter().map(route).collect_view().into_any(),
            }}
        </div>
    }
}

fn route(checked: CheckedRoute) -> impl IntoView {
    let (tone, picture) = if checked.check.reachable {
        ("tone-fine", Icon::Check)
    } else {
        ("tone-missing", Icon::Bad)
    };
    let route = &checked.route;
    let mut to = if route.destination.is_empty() {
        "the queue itself".to_owned()
    } else {
        route.destination.clone()
    };
    if let Some(partition) = route.partition {
        to = format!("{to}, partition {partition}");
    }
    if let Some(key) = &route.routing_key {
        to = format!("{to}, routing key {key}");
    }
    let reaches = match (checked.check.reachable, checked.check.reaches.is_empty()) {
        (_, false) => format!("· reaches {}", checked.check.reaches.join(", ")),
        (true, true) => "· the broker takes it".to_owned(),
        (false, true) => "· reaches nobody".to_owned(),
    };
    view! {
        <div class="warn" data-test="route">
            <span class=tone>{icon(picture)}</span>
            <span>
                {counted(u64::from(checked.events), "event", "events")}" to "{to}" "<span class="muted">{reaches}</span>
                {checked.check.notes.into_iter().map(|note| view! { <div class="muted">{note}</div> }).collect_view()}
            </span>
        </div>
    }
}
