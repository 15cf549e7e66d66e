//! The demo's panel: for the stage, and for whoever wants to see it happen.

use leptos::prelude::*;
use waybill_protocol::FaultInfo;

use super::icon::{Icon, icon};
use crate::run::use_page;
use crate::state::{DemoMessage, Message};

/// The panel.
#[component]
pub(super) fn DemoPanel() -> impl IntoView {
    let page = use_page();
    let open = page.memo(|state| state.demo.open && state.session.opened.is_some());
    let faults = page.memo(|state| state.demo.faults.clone());
    let said = page.memo(|state| state.demo.said.clone());
    let send = move |message| page.dispatch(Message::Demo(message));
    move || {
        open.get().then(|| view! {
            <section class="demo" aria-label="Break it" data-test="demo">
                <header>
                    {icon(Icon::Bolt)}<b>"Break it"</b>
                    <button class="ghost" type="button" data-test="demo-heal" on:click=move |_| send(DemoMessage::Heal)>"Heal all"</button>
                    <button class="ghost square" type="button" data-test="demo-reset" title="Start the company anew" aria-label="Start anew"
                        on:click=move |_| send(DemoMessage::Reset)>{icon(Icon::Refresh)}</button>
                    <button class="ghost square" type="button" data-test="demo-close" aria-label="Close"
                        on:click=move |_| send(DemoMessage::Toggle)>{icon(Icon::Close)}</button>
                </header>
                <div class="inside scroll">
                    {move || faults.get().into_iter().map(|fault| view! { <Fault fault=fault/> }).collect_view()}
                </div>
                {move || (!said.get().is_empty()).then(|| view! {
                    <div class="truth" role="status" data-test="demo-said">{said.get()}</div>
                })}
            </section>
        })
    }
}

#[component]
fn Fault(fault: FaultInfo) -> impl IntoView {
    let page = use_page();
    let name = fault.name.clone();
    let busy_name = fault.name.clone();
    let busy = page.memo(move |state| state.demo.busy.as_deref() == Some(busy_name.as_str()));
    view! {
        <div class=if fault.on { "fault on" } else { "fault" }>
            <div>
                <div class="say">{fault.title}</div>
                <div class="sub">{fault.sentence}</div>
            </div>
            <button type="button" data-test=format!("fault-{name}") aria-pressed=fault.on.to_string() disabled=move || busy.get()
                on:click=move |_| page.dispatch(Message::Demo(DemoMessage::Break(name.clone())))>
                {if fault.on { "On" } else { "Break" }}
            </button>
        </div>
    }
}
