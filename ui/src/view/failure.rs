//! The card that says what failed, what to do, and offers to try again.

use leptos::prelude::*;
use waybill_protocol::Failure;

use super::icon::{Icon, icon};
use crate::run::use_page;
use crate::state::Message;

/// A failure as a card.
#[component]
pub(super) fn FailureCard(
    /// What failed.
    failure: Failure,
    /// `data-test` of the card.
    test: &'static str,
    /// What "Try again" does.
    #[prop(optional_no_strip)]
    retry: Option<Message>,
) -> impl IntoView {
    let page = use_page();
    let code = format!("{:?}", failure.code);
    let details = format!("{code}: {}\n{}", failure.message, failure.detail);
    let copy = move |_| {
        page.dispatch(Message::Copy {
            text: details.clone(),
            said: "The details are copied.",
        })
    };
    view! {
        <div class="card-error" role="alert" data-test=test>
            {icon(Icon::Bad)}
            <div>
                <div class="selectable" data-test="failure-message">{failure.message}</div>
                {(!failure.hint.is_empty()).then(|| view! { <div class="hint">{failure.hint}</div> })}
            </div>
            <div class="acts">
                {retry.map(|retry| view! {
                    <button type="button" data-test="failure-retry" on:click=move |_| page.dispatch(retry.clone())>
                        "Try again"
                    </button>
                })}
                <button class="ghost" type="button" data-test="failure-copy" on:click=copy>"Copy details"</button>
                <span class="grow"></span>
                <span class="errcode" data-test="failure-code">{code}</span>
            </div>
        </div>
    }
}
