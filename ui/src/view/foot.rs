//! The foot: how far the scan is, the clocks, the keys.

use leptos::prelude::*;
use waybill_protocol::ScanState;

use crate::run::use_page;
use crate::state::{Message, Overlay, OverlayMessage, SessionMessage, counted, span};

/// The foot.
#[component]
pub(super) fn Foot() -> impl IntoView {
    let page = use_page();
    let clocks = page.memo(|state| {
        state
            .session
            .status
            .as_ref()
            .map(|s| s.clocks.clone())
            .unwrap_or_default()
    });
    let open = page.memo(|state| state.session.opened.is_some());
    let version = page.memo(|state| {
        state
            .welcome
            .as_ref()
            .map(|welcome| welcome.version.clone())
    });
    view! {
        <footer class="foot">
            <Scan/>
            {move || clocks.get().into_iter().map(|clock| view! {
                <span title="This clock minus ours, and how well it is known">
                    {format!("{} clock {} ± {}", clock.source, signed(clock.offset_micros), span(clock.error_micros))}
                </span>
            }).collect_view()}
            <span class="grow"></span>
            {move || if open.get() {
                view! {
                    <span class="keys">
                        <span><kbd>"W"</kbd>" "<kbd>"S"</kbd>" zoom"</span>
                        <span class="rare"><kbd>"A"</kbd>" "<kbd>"D"</kbd>" move"</span>
                        <span><kbd>"."</kbd>" "<kbd>","</kbd>" next problem"</span>
                        <span class="rare"><kbd>"Space"</kbd>" choose"</span>
                        <span><kbd>"R"</kbd>" resend"</span>
                    </span>
                }.into_any()
            } else {
                view! { <span>{move || version.get().map(|version| format!("Waybill {version}"))}</span> }.into_any()
            }}
            <button class="ghost" type="button" data-test="open-keys"
                on:click=move |_| page.dispatch(Message::Overlay(OverlayMessage::Toggle(Overlay::Keys)))>
                <kbd>"?"</kbd>" keys"
            </button>
        </footer>
    }
}

fn signed(micros: i64) -> String {
    if micros > 0 {
        format!("+{}", span(micros))
    } else {
        span(micros)
    }
}

#[component]
fn Scan() -> impl IntoView {
    let page = use_page();
    let scan = page.memo(|state| {
        state
            .session
            .status
            .as_ref()
            .map(|status| status.scan.clone())
    });
    let tally = page.memo(|state| {
        let status = state.session.status.as_ref()?;
        let events = counted(status.counts.total, "event", "events");
        Some(format!(
            "{events}, {}",
            counted(status.copies, "copy", "copies")
        ))
    });
    let lost = page.memo(|state| state.session.lost.is_some());
    let running = page.memo(|state| state.session.is_scanning());
    let failed = move || {
        matches!(
            scan.get(),
            Some(ScanState::Failed { .. } | ScanState::Stopped)
        )
    };
    let send = move |message| page.dispatch(Message::Session(message));
    view! {
        <span data-test="scan-state" data-state=move || scan.get().as_ref().map(state_name)>
            {move || if lost.get() { Some("The core does not answer. ".to_owned()) } else { scan.get().as_ref().map(words) }}
            {move || running.get().then(|| view! { <Bar/> })}
            " "{move || tally.get()}
        </span>
        {move || running.get().then(|| view! {
            <button type="button" data-test="stop-scan" on:click=move |_| send(SessionMessage::Stop)>"Stop"</button>
        })}
        {move || failed().then(|| view! {
            <button type="button" data-test="rescan" on:click=move |_| send(SessionMessage::Rescan)>"Scan again"</button>
        })}
    }
}

/// The state's name, for tests.
fn state_name(scan: &ScanState) -> &'static str {
    match scan {
        ScanState::Idle => "idle",
        ScanState::Connecting => "connecting",
        ScanState::Scanning { .. } => "scanning",
        ScanState::Done { .. } => "done",
        ScanState::Live => "live",
        ScanState::Stopped => "stopped",
        ScanState::Failed { .. } => "failed",
    }
}

fn words(scan: &ScanState) -> String {
    match scan {
        ScanState::Idle => "Nothing read yet. ".to_owned(),
        ScanState::Connecting => "Connecting ".to_owned(),
        ScanState::Scanning { pass: 1, share, .. } => {
            format!("Reading {} % ", (share * 100.0) as u32)
        }
        ScanState::Scanning { share, .. } => {
            format!("Reading again, to be sure {} % ", (share * 100.0) as u32)
        }
        ScanState::Done { took_micros } => {
            format!(
                "Read in {}: ",
                span(i64::try_from(*took_micros).unwrap_or(i64::MAX))
            )
        }
        ScanState::Live => "Following: ".to_owned(),
        ScanState::Stopped => "Stopped; what was read is shown: ".to_owned(),
        ScanState::Failed { .. } => "A source failed; what was read is shown: ".to_owned(),
    }
}

#[component]
fn Bar() -> impl IntoView {
    let page = use_page();
    let share = page.memo(
        |state| match state.session.status.as_ref().map(|status| &status.scan) {
            Some(ScanState::Scanning { share, .. }) if *share > 0.0 => Some((share * 100.0) as u32),
            _ => None,
        },
    );
    view! {
        <span class="bar" class:unsure=move || share.get().is_none() role="progressbar"
            aria-valuenow=move || share.get().map(|share| share.to_string())>
            <i style:width=move || share.get().map(|share| format!("{share}%"))></i>
        </span>
    }
}
