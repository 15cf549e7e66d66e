//! The root: the start, or the session's window, and what lies above.

use leptos::prelude::*;

use super::demo::DemoPanel;
use super::detail::Detail;
use super::drawer::Drawer;
use super::filter_bar::FilterBar;
use super::foot::Foot;
use super::form::ProfileForm;
use super::grid::Grid;
use super::header::Header;
use super::rail::Rail;
use super::start::Start;
use super::tabs::Tabs;
use super::timeline::Timeline;
use super::toasts::Toasts;
use super::wizard::Wizard;
use super::{confirm::Confirm, keys::KeySheet, listen, palette::Palette};
use crate::run::use_page;
use crate::state::Overlay;

/// Everything.
#[component]
pub(crate) fn App() -> impl IntoView {
    let page = use_page();
    listen::to_keys(page);
    listen::to_system_theme(page);
    let open = page.memo(|state| state.session.opened.is_some());
    let ready = page.memo(|state| state.welcome.is_some() || state.unwelcome.is_some());
    let busy = page.memo(|state| state.session.opening || state.session.is_busy());
    let environment = page.memo(|state| {
        let opened = state.session.opened.as_ref();
        opened.map_or("", |opened| match opened.profile.environment {
            waybill_model::Environment::Development => "env-development",
            waybill_model::Environment::Staging => "env-staging",
            waybill_model::Environment::Production => "env-production",
        })
    });
    let class = move || {
        format!(
            "app {} {}",
            environment.get(),
            if open.get() { "" } else { "startup" }
        )
    };
    let overlay = page.memo(|state| std::mem::discriminant(&state.overlay));
    let above = move || {
        // Not `track`: a memo that nobody has read yet tells nobody when it changes.
        overlay.get();
        page.peek(|state| match state.overlay {
            Overlay::Palette { .. } => Some(view! { <Palette/> }.into_any()),
            Overlay::Keys => Some(view! { <KeySheet/> }.into_any()),
            Overlay::Confirm => Some(view! { <Confirm/> }.into_any()),
            _ => None,
        })
    };
    let form = page.memo(|state| state.form.is_some());
    let wizard = page.memo(|state| state.wizard.is_some());
    // What lies beneath a dialog takes neither focus nor clicks.
    let beneath = page.memo(|state| {
        state.form.is_some()
            || state.wizard.is_some()
            || matches!(
                state.overlay,
                Overlay::Palette { .. } | Overlay::Keys | Overlay::Confirm
            )
    });
    view! {
        <div class=class id="app" data-test="app"
            prop:inert=move || beneath.get()
            data-ready=move || ready.get().to_string() aria-busy=move || busy.get().to_string()>
            <Header/>
            {move || if open.get() {
                view! {
                    <FilterBar/>
                    <main class="work">
                        <Rail/>
                        <section class="center"><Timeline/><Tabs/><Grid/><Drawer/></section>
                        <Detail/>
                    </main>
                }.into_any()
            } else {
                view! { <Start/> }.into_any()
            }}
            <Foot/>
        </div>
        {move || form.get().then(|| view! { <ProfileForm/> })}
        {move || wizard.get().then(|| view! { <Wizard/> })}
        {above}
        <DemoPanel/>
        <Toasts/>
    }
}
