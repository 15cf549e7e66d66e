//! With no event chosen: what was found, in sentences, each a way into the grid.

use leptos::prelude::*;
use waybill_model::VerdictClass;
use waybill_protocol::{Group, ScanState};

use super::failure::FailureCard;
use super::icon::{Icon, icon};
use super::tabs::slug;
use crate::run::use_page;
use crate::state::{GridMessage, Message, SessionMessage, State, count, counted, is_whole, tone};

/// What was found.
#[component]
pub(super) fn Found() -> impl IntoView {
    let page = use_page();
    let groups = page.memo(|state| {
        let worth = state
            .grid
            .groups
            .iter()
            .filter(|group| group.class.is_some() && group.count > 0);
        worth.cloned().collect::<Vec<_>>()
    });
    let headline = page.memo(headline);
    let failure =
        page.memo(
            |state| match state.session.status.as_ref().map(|status| &status.scan) {
                Some(ScanState::Failed { failure }) => Some(failure.clone()),
                _ => None,
            },
        );
    let unread = page.memo(|state| state.session.failures());
    view! {
        <div class="pad found scroll" data-test="found">
            {move || failure.get().map(|failure| view! {
                <FailureCard failure=failure test="scan-failure"
                    retry=Some(Message::Session(SessionMessage::Rescan))/>
                <br/>
            })}
            <h2 data-test="headline">{move || headline.get().0}</h2>
            <p class="lead">{move || headline.get().1}</p>
            {move || unread.get().into_iter().map(|failure| view! {
                <FailureCard failure=failure test="place-failure"
                    retry=Some(Message::Session(SessionMessage::Rescan))/>
                <br/>
            }).collect_view()}
            {move || groups.get().into_iter().map(|group| view! { <Finding group=group/> }).collect_view()}
        </div>
    }
}

/// The one sentence on top, and what it rests on.
fn headline(state: &State) -> (String, String) {
    let Some(status) = &state.session.status else {
        return ("Reading…".to_owned(), String::new());
    };
    let wrong: u64 = VerdictClass::ALL
        .into_iter()
        .filter(|c| c.needs_action())
        .map(|c| status.counts.of(c))
        .sum();
    let unsure = status
        .places
        .iter()
        .filter(|place| !is_whole(place))
        .count();
    let rests = if unsure == 0 {
        "Every source was read without a gap.".to_owned()
    } else {
        let sources = counted(unsure as u64, "source was", "sources were");
        format!("{sources} not read without a gap. What cannot be known is never called missing.")
    };
    if state.session.is_scanning() && wrong == 0 {
        return (
            "Reading…".to_owned(),
            "Findings appear here while the sources are read.".to_owned(),
        );
    }
    if wrong > 0 {
        return (
            format!("{} action", counted(wrong, "event needs", "events need")),
            rests,
        );
    }
    let known = status.counts.of(VerdictClass::Unknown) == 0 && unsure == 0;
    if status.counts.total == 0 && unsure > 0 {
        ("Nobody can say what happened".to_owned(), rests)
    } else if status.counts.total == 0 {
        ("Nothing happened in this window".to_owned(), rests)
    } else if known {
        ("Everything arrived".to_owned(), rests)
    } else {
        ("Nothing is known to be missing".to_owned(), rests)
    }
}

#[component]
fn Finding(group: Group) -> impl IntoView {
    let page = use_page();
    let title = group.title.clone();
    view! {
        <button class="finding" type="button" data-test=format!("finding-{}", slug(&group.title))
            on:click=move |_| page.dispatch(Message::Grid(GridMessage::Tab(title.clone())))>
            <span class=format!("count {}", group.class.map_or("", tone))>{count(group.count)}</span>
            <span>{without_count(&group)}</span>
            {icon(Icon::Arrow)}
        </button>
    }
}

/// The sentence without the number that stands large before it.
fn without_count(group: &Group) -> String {
    let number = group.count.to_string();
    let rest = group
        .sentence
        .strip_prefix(number.as_str())
        .unwrap_or(&group.sentence);
    rest.trim_start().to_owned()
}
