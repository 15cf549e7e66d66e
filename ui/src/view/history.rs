//! The events of the same aggregate, in order: where the gap is, and what came after it.

use leptos::prelude::*;
use waybill_model::Sibling;

use crate::run::use_page;
use crate::state::{DetailMessage, Message, clock, tone};

const WIDTH: i32 = 340;
const LABELS: i32 = 76;
const LANE: i32 = 32;

/// The panel.
#[component]
pub(super) fn HistoryPanel() -> impl IntoView {
    let page = use_page();
    let history = page.memo(|state| {
        state
            .detail
            .shown
            .as_ref()
            .map(|shown| shown.history.clone())
            .unwrap_or_default()
    });
    let here = page.memo(|state| state.detail.no);
    let consumers = page.memo(|state| state.session.consumers().to_vec());
    let zone = page.memo(|state| state.look.zone());
    move || {
        let history = history.get();
        if history.is_empty() {
            return view! { <p class="muted">"No other event of this aggregate is in the window."</p> }.into_any();
        }
        let rows = history.iter().map(|sibling| {
            let (no, version) = (sibling.no, sibling.version.map(|v| v.to_string()).unwrap_or_default());
            view! {
                <button class="item" type="button" aria-current=(Some(no) == here.get()).to_string() data-test="sibling"
                    on:click=move |_| page.dispatch(Message::Detail(DetailMessage::Show(no)))>
                    <span class=format!("sq {}", tone(sibling.class))></span>
                    <span class="mono muted">{version}</span>
                    <span class="clip">{sibling.kind.clone()}</span>
                    <span class="mono faint">{clock(sibling.at, zone.get())}</span>
                </button>
            }
        });
        view! {
            {chart(&history, &consumers.get(), here.get())}
            <div class="history">{rows.collect_view()}</div>
        }
        .into_any()
    }
}

/// Beads on strings: a string per stage, a bead per event.
fn chart(history: &[Sibling], consumers: &[String], here: Option<u32>) -> impl IntoView + use<> {
    let mut strings: Vec<(String, &'static str, Vec<bool>)> = vec![
        (
            "stored".to_owned(),
            "bead tone-stored",
            history.iter().map(|s| s.stored).collect(),
        ),
        (
            "published".to_owned(),
            "bead tone-published",
            history.iter().map(|s| s.published).collect(),
        ),
    ];
    for (idx, name) in consumers.iter().enumerate() {
        let has = history
            .iter()
            .map(|s| s.consumed.get(idx).copied().unwrap_or(false))
            .collect();
        strings.push((name.clone(), "bead tone-consumed", has));
    }
    let n = i32::try_from(history.len()).unwrap_or(1).max(1);
    let step = ((WIDTH - LABELS - 20) / n).min(56);
    let labels: Vec<_> = history
        .iter()
        .map(|s| s.version.map_or_else(|| "·".to_owned(), |v| v.to_string()))
        .collect();
    let current: Vec<_> = history.iter().map(|s| Some(s.no) == here).collect();
    let height = i32::try_from(strings.len()).unwrap_or(1) * LANE;
    let drawn = (0..).zip(strings).map(move |(lane, (name, class, has))| {
        let y = lane * LANE + LANE / 2;
        let beads = (0..).zip(has).zip(labels.clone()).zip(current.clone());
        let beads = beads.map(move |(((nth, has), label), here)| {
            let x = LABELS + 16 + nth * step;
            let class = format!(
                "{}{}",
                if has { class } else { "bead gone" },
                if here { " here" } else { "" }
            );
            view! {
                <g class=class>
                    <circle cx=x cy=y r="8.5"></circle>
                    <text class="v" x=x y=y + 3>{label}</text>
                </g>
            }
        });
        view! {
            <text x="0" y=y + 4>{name}</text>
            <line class="rail-line" x1=LABELS x2=WIDTH y1=y y2=y></line>
            {beads.collect_view()}
        }
    });
    view! {
        <svg class="history-chart" viewBox=format!("0 0 {WIDTH} {height}") role="img" aria-label="Versions by stage">
            {drawn.collect_view()}
        </svg>
    }
}
