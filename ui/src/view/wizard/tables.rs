//! The second page: which table is the outbox, and why.

use leptos::prelude::*;
use waybill_protocol::{SeenReason, SeenRole, SeenTable};

use super::{LookFailure, part, send};
use crate::run::use_page;
use crate::state::{WizardMessage, counted};
use crate::view::icon::{Icon, icon};

/// Tables that are named where none is an outbox.
const NAMED: usize = 12;

/// The page.
#[component]
pub(super) fn TablesPage() -> impl IntoView {
    let page = use_page();
    let has_outbox = part(page, |wizard| wizard.has_outbox());
    let outboxes = part(page, |wizard| tables(wizard, true));
    let others = part(page, |wizard| tables(wizard, false));
    let all = part(page, |wizard| wizard.all_tables);
    view! {
        <div class="page scroll" data-test="wizard-tables" tabindex="-1"
            role="radiogroup" aria-label="The outbox">
            <LookFailure/>
            {move || if has_outbox.get() {
                view! {
                    <h3>"Is this the outbox?"</h3>
                    <p class="lead">"Recognised by its columns, its name and what else hangs on it. The reasons stand below it."</p>
                    {move || outboxes.get().into_iter().map(|table| view! { <TableCard table=table/> }).collect_view()}
                }.into_any()
            } else {
                view! { <NoOutbox/> }.into_any()
            }}
            {move || (!others.get().is_empty()).then(|| view! {
                <button class="ghost more" type="button" data-test="wizard-all-tables" aria-expanded=move || all.get().to_string()
                    on:click=move |_| send(page, WizardMessage::AllTables(!all.get_untracked()))>
                    {move || icon(if all.get() { Icon::Down } else { Icon::Arrow })}
                    {move || if has_outbox.get() { "None of these: map another table by hand" } else { "Map a table by hand" }}
                </button>
            })}
            {move || all.get().then(|| others.get().into_iter().map(|table| view! { <TableCard table=table/> }).collect_view())}
        </div>
    }
}

fn tables(wizard: &crate::state::Wizard, outbox: bool) -> Vec<SeenTable> {
    let own = wizard.own_tables();
    own.filter(|table| (table.role == SeenRole::Outbox) == outbox)
        .cloned()
        .collect()
}

#[component]
fn NoOutbox() -> impl IntoView {
    let page = use_page();
    let names = part(page, |wizard| {
        let own = wizard.own_tables();
        own.map(|table| table.name.clone()).collect::<Vec<_>>()
    });
    let text = move || {
        let names = names.get();
        let n = names.len();
        if n == 0 {
            return "There is no table in this database that this user may read.".to_owned();
        }
        let mut listed = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        if n > NAMED {
            listed.push_str(", …");
        }
        let tables = counted(n as u64, "table", "tables");
        format!("No outbox was recognised in {tables}: {listed}.")
    };
    view! {
        <div class="empty-state" data-test="wizard-no-outbox">
            {icon(Icon::Inbox)}
            <h3>"No outbox found"</h3>
            <p>{text}</p>
            <p class="muted">"If one of them is the outbox, choose it and say what its columns mean. If it lies in another database or schema, go back and correct the address."</p>
        </div>
    }
}

#[component]
fn TableCard(table: SeenTable) -> impl IntoView {
    let page = use_page();
    let name = table.name.clone();
    let chosen = {
        let name = name.clone();
        part(page, move |wizard| {
            wizard.choice.as_deref() == Some(name.as_str())
        })
    };
    let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let columns = columns.join(", ");
    let words = match (table.role, table.title.as_str()) {
        (SeenRole::Nothing, _) => "nobody's that Waybill knows".to_owned(),
        (SeenRole::Inbox, title) => format!("an inbox: {title}"),
        (SeenRole::Other, title) => format!("another table of {title}"),
        (SeenRole::Outbox, title) => title.to_owned(),
    };
    let choose = {
        let name = name.clone();
        move |_| send(page, WizardMessage::Choose(name.clone()))
    };
    let reasons = table.reasons.clone();
    view! {
        <div class="candidate" class:on=move || chosen.get()>
            <button type="button" class="candidate-head" role="radio" aria-checked=move || chosen.get().to_string()
                data-test=format!("wizard-table-{name}") on:click=choose>
                <span class="radio" aria-hidden="true"></span>
                <b class="mono clip">{name.clone()}</b>
                <span class="clip">{words}</span>
                {(!table.confidence.is_empty()).then(|| view! { <span class="pill tone-unknown">{table.confidence.clone()}</span> })}
            </button>
            {move || chosen.get().then(|| view! {
                <ul class="reasons" data-test="wizard-reasons">
                    {reasons.clone().into_iter().map(reason).collect_view()}
                    <li class="faint">{icon(Icon::Dash)}<span class="mono small">{columns.clone()}</span></li>
                </ul>
            })}
        </div>
    }
}

fn reason(reason: SeenReason) -> impl IntoView {
    let (tone, picture) = if reason.speaks_for {
        ("tone-fine", Icon::Check)
    } else {
        ("tone-faint", Icon::Minus)
    };
    view! { <li><span class=tone>{icon(picture)}</span><span class="selectable">{reason.text}</span></li> }
}
