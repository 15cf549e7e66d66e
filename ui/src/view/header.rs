//! The header: who is looked at, how far back, live or not, and the switches of the look.

use leptos::prelude::*;
use waybill_model::Access;

use super::icon::{Icon, icon, mark};
use super::profile_menu::ProfileMenu;
use super::window_menu::WindowMenu;
use crate::run::use_page;
use crate::state::{
    DemoMessage, Live, Message, Overlay, OverlayMessage, SessionMessage, ThemeChoice,
    environment_name,
};

/// The header.
#[component]
pub(super) fn Header() -> impl IntoView {
    let page = use_page();
    let open = page.memo(|state| state.session.opened.is_some());
    let demo = page.memo(|state| {
        state
            .session
            .opened
            .as_ref()
            .is_some_and(|opened| opened.demo)
    });
    view! {
        <header class="top">
            <span class="brand">{mark()}"Waybill"</span>
            {move || open.get().then(|| view! { <ProfileChip/><LockChip/><WindowChip/><LiveChip/> })}
            <span class="grow"></span>
            {move || demo.get().then(|| view! { <BreakButton/> })}
            <ZoneButton/>
            <ThemeButton/>
            <button class="ghost" type="button" data-test="open-palette"
                on:click=move |_| page.dispatch(Message::Overlay(OverlayMessage::Toggle(Overlay::palette())))>
                "Commands" <kbd>"Ctrl K"</kbd>
            </button>
        </header>
    }
}

#[component]
fn ProfileChip() -> impl IntoView {
    let page = use_page();
    let profile = page.memo(|state| {
        state.session.opened.as_ref().map(|opened| {
            let name = if opened.demo {
                "demo"
            } else {
                environment_name(opened.profile.environment)
            };
            let what = if opened.demo {
                String::new()
            } else {
                format!("{} · ", opened.profile.name)
            };
            (name, format!("{what}{}", opened.profile.subtitle))
        })
    });
    let shown = page.memo(|state| state.overlay == Overlay::Profiles);
    view! {
        <span class="anchor">
            <button class="chip profile" type="button" data-test="profile" aria-haspopup="menu"
                aria-expanded=move || shown.get().to_string()
                on:click=move |_| page.dispatch(Message::Overlay(OverlayMessage::Toggle(Overlay::Profiles)))>
                <b>{move || profile.get().map(|(environment, _)| environment)}</b>
                <span class="clip">{move || profile.get().map(|(_, name)| name)}</span>
                {icon(Icon::Down)}
            </button>
            {move || shown.get().then(|| view! { <ProfileMenu/> })}
        </span>
    }
}

#[component]
fn LockChip() -> impl IntoView {
    let page = use_page();
    let reason = page.memo(|state| state.session.read_only_reason().map(str::to_owned));
    let access = page.memo(|state| {
        state
            .session
            .opened
            .as_ref()
            .map(|opened| opened.profile.access)
    });
    move || {
        match reason.get() {
        Some(reason) => {
            let words = if access.get() == Some(Access::Resend) { "looking only" } else { "read-only" };
            view! {
                <span class="chip locked" data-test="read-only" title=reason.clone() aria-label=reason>
                    {icon(Icon::Lock)}{words}
                </span>
            }
            .into_any()
        }
        None => view! {
            <span class="chip allowed" data-test="resend-allowed" title="This profile may resend. Every resend is confirmed first and stands in the journal.">
                "resend allowed"
            </span>
        }
        .into_any(),
    }
    }
}

#[component]
fn WindowChip() -> impl IntoView {
    let page = use_page();
    let shown = page.memo(|state| state.overlay == Overlay::Window);
    let asked = page.memo(|state| state.session.asked);
    let zone = page.memo(|state| state.look.zone());
    let text = move |end: crate::state::End| match end {
        crate::state::End::At(at) => crate::state::date_clock(at, zone.get()),
        relative => relative.to_string(),
    };
    view! {
        <span class="anchor">
            <button class="chip window" type="button" data-test="window" aria-haspopup="dialog"
                aria-expanded=move || shown.get().to_string()
                title="The time window (T)"
                on:click=move |_| page.dispatch(Message::Overlay(OverlayMessage::Toggle(Overlay::Window)))>
                {move || text(asked.get().from)} <span class="faint">{icon(Icon::Arrow)}</span> {move || text(asked.get().to)}
            </button>
            {move || shown.get().then(|| view! { <WindowMenu/> })}
        </span>
    }
}

#[component]
fn LiveChip() -> impl IntoView {
    let page = use_page();
    let follows = page.memo(|state| state.session.asked.follows_now());
    let live =
        page.memo(|state| state.session.live == Live::On && state.session.asked.follows_now());
    view! {
        <button class="chip live" type="button" data-test="live" aria-pressed=move || live.get().to_string()
            disabled=move || !follows.get()
            title=move || if follows.get() { "Live, or stand still (L)" } else { "A fixed window does not move" }
            on:click=move |_| page.dispatch(Message::Session(SessionMessage::ToggleLive))>
            <span class="dot"></span>
            {move || if live.get() { "Live" } else { "Standing still" }}
        </button>
    }
}

#[component]
fn BreakButton() -> impl IntoView {
    let page = use_page();
    let shown = page.memo(|state| state.demo.open);
    let on = page.memo(|state| state.demo.faults.iter().filter(|fault| fault.on).count());
    view! {
        <button type="button" data-test="break-it" aria-pressed=move || shown.get().to_string()
            on:click=move |_| page.dispatch(Message::Demo(DemoMessage::Toggle))>
            {icon(Icon::Bolt)} "Break it"
            {move || (on.get() > 0).then(|| view! { <span class="n tone-late">{on.get()}" on"</span> })}
        </button>
    }
}

#[component]
fn ZoneButton() -> impl IntoView {
    let page = use_page();
    let label = page.memo(|state| state.look.zone().label());
    view! {
        <button class="ghost" type="button" data-test="zone" title="UTC or local times"
            on:click=move |_| page.dispatch(Message::SwitchZone)>{label}</button>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let page = use_page();
    let theme = page.memo(|state| state.look.theme);
    let title = move || match theme.get() {
        ThemeChoice::System => "Theme: as the system says",
        ThemeChoice::Light => "Theme: light",
        ThemeChoice::Dark => "Theme: dark",
    };
    let picture = move || {
        icon(match theme.get() {
            ThemeChoice::System => Icon::Auto,
            ThemeChoice::Light => Icon::Sun,
            ThemeChoice::Dark => Icon::Moon,
        })
    };
    view! {
        <button class="ghost square" type="button" data-test="theme" title=title aria-label=title
            on:click=move |_| page.dispatch(Message::Theme(theme.get_untracked().next()))>{picture}</button>
    }
}
