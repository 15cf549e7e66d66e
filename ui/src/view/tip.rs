//! What lies under the pointer, beside the pointer.

use leptos::prelude::*;

use crate::canvas::Hovered;
use crate::run::use_page;
use crate::state::{State, clock, counted, finding, span};

/// The tip.
#[component]
pub(super) fn Tip() -> impl IntoView {
    let page = use_page();
    let tip = page.memo(|state| {
        state
            .timeline
            .hovered
            .as_ref()
            .and_then(|hovered| text(state, hovered))
    });
    let place = page.memo(|state| {
        let pointer = state.timeline.hovered.as_ref()?.pointer;
        Some((pointer, state.timeline.width))
    });
    // On the right half it hangs to the left, so that it stays inside.
    let left = move || {
        let ((x, _), width) = place.get()?;
        let on_right = x > width as f32 / 2.0;
        (!on_right).then(|| format!("{}px", x as i32 + 14))
    };
    let right = move || {
        let ((x, _), width) = place.get()?;
        (x > width as f32 / 2.0).then(|| format!("{}px", width as i32 - x as i32 + 14))
    };
    let top = move || {
        place
            .get()
            .map(|((_, y), _)| format!("{}px", (y as i32 - 8).max(2)))
    };
    move || {
        tip.get().map(|(title, lines)| {
            view! {
                <div class="tip" role="tooltip" data-test="tip" style:left=left style:right=right style:top=top>
                    <b>{title}</b>
                    {lines.into_iter().map(|line| view! { <div class="muted">{line}</div> }).collect_view()}
                </div>
            }
        })
    }
}

fn text(state: &State, hovered: &Hovered) -> Option<(String, Vec<String>)> {
    let zone = state.look.zone();
    let lane = state.session.opened.as_ref()?.lanes.get(hovered.lane)?;
    if let Some(no) = hovered.event {
        let row = state.grid.line_of(no).and_then(|line| state.grid.row(line));
        let lines = row.map(|row| {
            vec![
                row.aggregate.clone(),
                finding(row, state.session.consumers()),
            ]
        });
        let title = row.map_or_else(|| clock(hovered.at, zone), |row| row.kind.clone());
        return Some((title, lines.unwrap_or_default()));
    }
    if let Some((window, n)) = hovered.column {
        let what = if hovered.lane == 0 {
            "in need of action"
        } else {
            lane.title.as_str()
        };
        let when = format!(
            "{} · {} wide",
            clock(window.from, zone),
            span(window.len_micros())
        );
        let mut lines = vec![what.to_owned(), when];
        lines.extend(hovered.uncovered.clone());
        return Some((counted(u64::from(n), "event", "events"), lines));
    }
    let reason = hovered.uncovered.clone()?;
    Some(("Cannot know".to_owned(), vec![reason]))
}
