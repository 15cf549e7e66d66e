//! The exact messages, before anything is sent.

use leptos::prelude::*;
use waybill_model::{BodySource, PlannedEvent};
use waybill_protocol::PreviewedParcel;

use super::failure::FailureCard;
use super::headers::pairs_view;
use super::payload::Tree;
use crate::run::use_page;
use crate::state::{Body, Message, ResendMessage, inline, raw, read};

/// The panel.
#[component]
pub(super) fn PreviewPanel() -> impl IntoView {
    let page = use_page();
    let events = page.memo(|state| {
        state
            .resend
            .plan
            .as_ref()
            .map(|plan| plan.events.clone())
            .unwrap_or_default()
    });
    let preview = page.memo(|state| state.resend.preview.clone());
    let row = move |event: PlannedEvent| {
        let (id, to) = (event.id.clone(), event.id.clone());
        let on = move || {
            preview
                .get()
                .is_some_and(|(shown, _)| shown == id)
                .to_string()
        };
        view! {
            <button class="item" type="button" aria-current=on data-test="preview-event"
                on:click=move |_| page.dispatch(Message::Resend(ResendMessage::Preview(to.clone())))>
                <span class="mono muted">{event.attempt}</span>
                <span class="mono muted"></span>
                <span class="clip">{event.kind}" "<span class="muted">{event.aggregate.replacen('/', " ", 1)}</span></span>
                <span class="small muted">{whence(&event.body)}</span>
            </button>
        }
    };
    view! {
        <div class="preview" data-test="preview-panel">
            <div class="history scroll">{move || events.get().into_iter().map(row).collect_view()}</div>
            <div class="scroll pad">
                {move || match preview.get() {
                    Some((_, Some(Ok(parcel)))) => parcel_view(parcel).into_any(),
                    Some((_, Some(Err(failure)))) => view! { <FailureCard failure=failure test="preview-failure" retry=None/> }.into_any(),
                    Some((_, None)) => view! { <span class="muted">"Fetching…"</span> }.into_any(),
                    None => view! { <span class="muted">"Choose a message."</span> }.into_any(),
                }}
            </div>
        </div>
    }
}

fn whence(body: &BodySource) -> &'static str {
    match body {
        BodySource::Copy { .. } => "copy",
        BodySource::OutboxRow { .. } => "outbox row",
        BodySource::Reconstructed { .. } => "reconstructed",
    }
}

fn parcel_view(parcel: PreviewedParcel) -> impl IntoView {
    let route = &parcel.route;
    let mut pairs = vec![("to".to_owned(), route.destination.clone())];
    pairs.extend(
        route
            .partition
            .map(|partition| ("partition".to_owned(), partition.to_string())),
    );
    pairs.extend(
        route
            .key
            .as_deref()
            .map(|key| ("key".to_owned(), inline(Some(key)))),
    );
    pairs.extend(
        route
            .routing_key
            .clone()
            .map(|key| ("routing key".to_owned(), key)),
    );
    pairs.extend(
        parcel
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), inline(value.as_deref()))),
    );
    pairs.extend(parcel.properties.clone());
    let body = match read(parcel.payload.as_deref()) {
        Body::Json(lines) => view! { <Tree lines=lines/> }.into_any(),
        _ => {
            view! { <pre class="code selectable">{raw(parcel.payload.as_deref())}</pre> }.into_any()
        }
    };
    view! { <div class="parcel" data-test="parcel">{pairs_view(pairs)}<div>{body}</div></div> }
}
