//! The tabs over the grid: one per kind of finding, worst first; and the tally of what is chosen.

use leptos::prelude::*;
use waybill_protocol::Group;

use crate::run::use_page;
use crate::state::{GridMessage, Message, count, counted, tone};

/// The tabs.
#[component]
pub(super) fn Tabs() -> impl IntoView {
    let page = use_page();
    let groups = page.memo(|state| state.grid.groups.clone());
    let chosen = page.memo(|state| state.grid.tab.clone());
    let send = move |message| page.dispatch(Message::Grid(message));
    let tabs = move || {
        groups.get().into_iter().map(|group| {
            let (title, to) = (group.title.clone(), group.title.clone());
            let on = move || (chosen.get().as_deref() == Some(title.as_str())).to_string();
            let number = group.class.filter(|_| group.count > 0).map_or("n", tone);
            view! {
                <button role="tab" type="button" aria-selected=on data-test=test_name(&group)
                    title=group.sentence on:click=move |_| send(GridMessage::Tab(to.clone()))>
                    {group.title.clone()} <span class=format!("n {number}")>{count(group.count)}</span>
                </button>
            }
        }).collect_view()
    };
    view! {
        <div class="tabs">
            <div class="strip" role="tablist" aria-label="Findings">{tabs}</div>
            <Tally/>
        </div>
    }
}

/// A finding that has been settled keeps its tab while the user is there, but is no finding any more.
fn test_name(group: &Group) -> String {
    if group.count == 0 && group.class.is_some() {
        "tab-settled".to_owned()
    } else {
        format!("tab-{}", slug(&group.title))
    }
}

/// A title as it stands in `data-test`: `Lost by search` is `lost-by-search`.
pub(super) fn slug(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[component]
fn Tally() -> impl IntoView {
    let page = use_page();
    let chosen = page.memo(|state| state.selection.len());
    let undo = page.memo(|state| state.selection.can_undo());
    let send = move |message| page.dispatch(Message::Grid(message));
    view! {
        <span class="tally" data-test="selection" data-count=move || chosen.get().to_string()>
            {move || (chosen.get() > 0).then(|| view! {
                <span>{format!("{} chosen", counted(chosen.get() as u64, "event", "events"))}</span>
                <button class="link" type="button" data-test="clear-selection"
                    on:click=move |_| send(GridMessage::Clear)>"clear"</button>
            })}
            {move || (chosen.get() == 0 && undo.get()).then(|| view! {
                <button class="link" type="button" data-test="undo-selection" title="Ctrl Z"
                    on:click=move |_| send(GridMessage::Undo)>"undo"</button>
            })}
            {move || (chosen.get() == 0).then(|| view! {
                <button class="link" type="button" data-test="select-all" title="Ctrl A"
                    on:click=move |_| send(GridMessage::SelectAll)>"choose all confirmed"</button>
            })}
        </span>
    }
}
