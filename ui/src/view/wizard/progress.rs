//! What is being done, as it is done: connection tests step by step, then what is looked at.

use leptos::prelude::*;

use super::part;
use crate::run::use_page;
use crate::view::icon::{Icon, icon, icon_with};
use crate::view::probe::Step;

/// The panel.
#[component]
pub(super) fn Progress() -> impl IntoView {
    let page = use_page();
    let steps = part(page, |wizard| wizard.work.steps.clone());
    let said = part(page, |wizard| wizard.work.said.clone());
    let running = part(page, |wizard| wizard.work.running);
    let is_idle = move || steps.get().is_empty() && said.get().is_empty() && !running.get();
    let tests = move || {
        // Connections are tested at the same time; each is shown as one.
        let steps = steps.get();
        let mut names: Vec<String> = Vec::new();
        for (name, _) in &steps {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
            .into_iter()
            .map(|name| {
                let own = steps.iter().filter(|(of, _)| *of == name);
                let own: Vec<_> = own.map(|(_, step)| step.clone()).collect();
                view! {
                    <h4 class="caps">{name}</h4>
                    {own.into_iter().map(|step| view! { <Step step=step/> }).collect_view()}
                }
            })
            .collect_view()
    };
    let sentences = move || {
        let said = said.get();
        let n = said.len();
        let line = move |(nth, text): (usize, String)| {
            let doing = running.get() && nth + 1 == n;
            view! {
                <div class="test-step" data-test="wizard-said">
                    <span class="tone-fine">
                        {if doing { icon_with(Icon::Spin, "icon spin").into_any() } else { icon(Icon::Check).into_any() }}
                    </span>
                    <span class="selectable wraps">{text}</span>
                </div>
            }
        };
        (n > 0).then(|| {
            view! {
                <h4 class="caps">"What is there"</h4>
                {said.into_iter().enumerate().map(line).collect_view()}
            }
        })
    };
    view! {
        <div class="tests" data-test="wizard-progress" aria-live="polite">
            {move || is_idle().then(|| view! {
                <p class="small muted">"Waybill tests each connection step by step, recognises the outbox among the tables, and holds messages of the broker against its rows. It only reads."</p>
                <p class="small muted">"From that it proposes a profile. Every part of it can be changed on the pages that follow."</p>
            })}
            {tests}
            {sentences}
            {move || (running.get() && said.get().is_empty()).then(|| view! {
                <div class="test-step waits">{icon_with(Icon::Spin, "icon spin")}<span>"…"</span></div>
            })}
        </div>
    }
}
