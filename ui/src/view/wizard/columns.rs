//! The third page: what each column means, and beside it rows as the mapping reads them.

use leptos::prelude::*;
use waybill_model::InColumn;
use waybill_protocol::{MappedRow, MappedState, SeenColumn};

use super::choice::Choice;
use super::{LookFailure, part, send};
use crate::run::use_page;
use crate::state::{
    ROLES, RoleInfo, RoleKind, WizardMessage, date_clock, joined_place, may_hold_json,
};
use crate::view::failure::FailureCard;
use crate::view::icon::{Icon, icon, icon_with};

/// The page.
#[component]
pub(super) fn ColumnsPage() -> impl IntoView {
    let page = use_page();
    let table = part(page, |wizard| {
        let outbox = wizard.outbox.as_ref();
        outbox
            .map(|outbox| outbox.table.clone())
            .unwrap_or_default()
    });
    let why = part(page, |wizard| {
        let proposed = wizard.proposed.as_ref();
        proposed.map(|p| p.why.outbox.clone()).unwrap_or_default()
    });
    view! {
        <div class="form mapping">
            <div class="fields">
                <LookFailure/>
                <p class="lead">"What the columns of "<b class="mono">{move || table.get()}</b>" mean. Rows on the right are read by it as you choose."</p>
                {move || (!why.get().is_empty()).then(|| view! {
                    <ul class="reasons" data-test="wizard-outbox-why">
                        {why.get().into_iter().map(|text| view! {
                            <li><span class="tone-faint">{icon(Icon::Info)}</span><span class="selectable">{text}</span></li>
                        }).collect_view()}
                    </ul>
                })}
                {ROLES.iter().map(|(group, roles)| view! {
                    <h4 class="caps">{*group}</h4>
                    {roles.iter().map(|role| view! { <RoleField role=*role/> }).collect_view()}
                }).collect_view()}
            </div>
            <Rows/>
        </div>
    }
}

#[component]
fn RoleField(role: RoleInfo) -> impl IntoView {
    let page = use_page();
    let value = part(page, move |wizard| {
        let outbox = wizard.outbox.as_ref();
        outbox.map(|o| o.role(role.name)).unwrap_or_default()
    });
    let question = part(page, move |wizard| {
        wizard
            .question(role.name)
            .map(|question| question.text.clone())
    });
    let by_hand = part(page, move |wizard| wizard.by_hand.contains_key(role.name));
    let test = format!("wizard-role-{}", role.name);
    let set = move |value: String| {
        send(
            page,
            WizardMessage::Role {
                role: role.name,
                value,
            },
        );
    };
    let input = match role.kind {
        RoleKind::States => {
            let hint = "values, with commas between";
            view! { <TextInput test=test.clone() hint=hint value=value set=set/> }.into_any()
        }
        RoleKind::Word => {
            let hint = "found out; or UTC, -05:00";
            view! { <TextInput test=test.clone() hint=hint value=value set=set/> }.into_any()
        }
        RoleKind::Flag => view! {
            <input type="checkbox" id=test.clone() data-test=test.clone()
                prop:checked=move || value.get() == "true"
                on:change=move |_| set((value.get_untracked() != "true").to_string())/>
        }
        .into_any(),
        _ => view! { <ColumnInput role=role test=test.clone() value=value set=set/> }.into_any(),
    };
    view! {
        <div class="role" class:needed=matches!(role.kind, RoleKind::Needed | RoleKind::NeededPlace)
            class:unset=move || value.get().is_empty() title=role.help>
            <label for=test>{role.title}</label>
            {input}
            <span class="mark">
                {move || by_hand.get().then(|| view! { <span class="small muted" title="Set by hand">"by hand"</span> })}
            </span>
            {move || question.get().map(|text| view! {
                <p class="help tone-late" data-test="wizard-question">{text}</p>
            })}
        </div>
    }
}

#[component]
fn TextInput(
    test: String,
    hint: &'static str,
    value: Memo<String>,
    set: impl Fn(String) + Copy + 'static,
) -> impl IntoView {
    view! {
        <input type="text" class="mono" id=test.clone() data-test=test autocomplete="off" spellcheck="false"
            placeholder=hint prop:value=move || value.get()
            on:change=move |event| set(event_target_value(&event))/>
    }
}

/// A column, and where it may hold JSON the place inside of it.
#[component]
fn ColumnInput(
    role: RoleInfo,
    test: String,
    value: Memo<String>,
    set: impl Fn(String) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let page = use_page();
    let columns = part(page, |wizard| {
        wizard
            .chosen()
            .map(|table| table.columns.clone())
            .unwrap_or_default()
    });
    let column = Memo::new(move |_| InColumn::of(&value.get()).column.to_owned());
    let pointer = Memo::new(move |_| {
        let place = value.get();
        InColumn::of(&place).pointer.unwrap_or_default().to_owned()
    });
    let bodies = part(page, |wizard| {
        let outbox = wizard.outbox.as_ref();
        outbox
            .map(|o| [o.role("payload"), o.role("headers")])
            .unwrap_or_default()
    });
    let names = Memo::new(move |_| columns.get().iter().map(shown).collect::<Vec<_>>());
    let is_place = matches!(role.kind, RoleKind::Place | RoleKind::NeededPlace);
    let inside = Memo::new(move |_| {
        let column = column.get();
        let columns = columns.get();
        let chosen = columns.iter().find(|c| c.name == column);
        let is_body = bodies.get().contains(&column);
        let is_inside = !pointer.get().is_empty();
        is_place && chosen.is_some_and(|c| may_hold_json(c, is_body) || is_inside)
    });
    let none = match role.kind {
        RoleKind::Needed | RoleKind::NeededPlace => "choose a column",
        _ => "none",
    };
    let pointer_test = format!("{test}-inside");
    view! {
        <span class="places" class:inside=move || inside.get()>
            <Choice test=test label=role.title value=column names=names none=none
                on_change=move |name: String| set(joined_place(&name, ""))/>
            {move || inside.get().then(|| view! {
                <input type="text" class="mono" data-test=pointer_test.clone() aria-label=format!("{}: place inside of its JSON", role.title)
                    title="A place inside of its JSON: /data/id" placeholder="/in/json" autocomplete="off" spellcheck="false"
                    prop:value=move || pointer.get()
                    on:change=move |event| set(joined_place(&column.get_untracked(), &event_target_value(&event)))/>
            })}
        </span>
    }
}

fn shown(column: &SeenColumn) -> (String, String) {
    let sql_type = column
        .sql_type
        .replace("timestamp with time zone", "timestamptz");
    let text = match sql_type.as_str() {
        "" => column.name.clone(),
        sql_type => format!("{}  ({sql_type})", column.name),
    };
    (column.name.clone(), text)
}

/// Rows as the mapping reads them.
#[component]
fn Rows() -> impl IntoView {
    let page = use_page();
    let reading = part(page, |wizard| wizard.sample.reading);
    let failure = part(page, |wizard| wizard.sample.failure.clone());
    let rows = part(page, |wizard| wizard.sample.rows.clone());
    let complete = part(page, |wizard| {
        wizard
            .outbox
            .as_ref()
            .is_some_and(|outbox| !outbox.key.is_empty() && !outbox.id.is_empty())
    });
    let content = move || {
        if let Some(failure) = failure.get() {
            return view! { <FailureCard failure=failure test="wizard-sample-failure" retry=None/> }.into_any();
        }
        if !complete.get() {
            return view! { <p class="small muted">"As soon as key and event id are chosen, rows appear here."</p> }.into_any();
        }
        let rows = rows.get();
        if rows.is_empty() && !reading.get() {
            return view! { <p class="small muted">"The table has no rows yet, so nothing shows whether this is right."</p> }.into_any();
        }
        rows.into_iter()
            .map(|row| view! { <RowCard row=row/> })
            .collect_view()
            .into_any()
    };
    view! {
        <div class="tests rows" data-test="wizard-sample" aria-busy=move || reading.get().to_string() aria-live="polite">
            <h4 class="caps">
                "Rows as this mapping reads them"
                {move || reading.get().then(|| icon_with(Icon::Spin, "icon spin"))}
            </h4>
            {content}
        </div>
    }
}

#[component]
fn RowCard(row: MappedRow) -> impl IntoView {
    let page = use_page();
    let zone = page.memo(|state| state.look.zone());
    let at = row.at;
    let (tone, state) = match row.state {
        MappedState::Sent => ("tone-fine", "sent"),
        MappedState::Unsent => ("tone-late", "not sent"),
        MappedState::GivenUp => ("tone-missing", "given up"),
        MappedState::Untold => ("tone-muted", "not told"),
    };
    let version = row.version.map(|version| format!(" v{version}"));
    let or_none = |text: &str| match text {
        "" => "–".to_owned(),
        text => text.to_owned(),
    };
    view! {
        <div class="read-row" data-test="wizard-row">
            <span class="mono" data-test="wizard-row-at">{move || at.map_or_else(|| "no time".to_owned(), |at| date_clock(at, zone.get()))}</span>
            <span class=tone data-test="wizard-row-state">{state}</span>
            <span class="muted">"id"</span><span class="mono clip selectable" data-test="wizard-row-id">{or_none(&row.id)}</span>
            <span class="muted">"type"</span><span class="clip">{or_none(&row.kind)}</span>
            <span class="muted">"about"</span><span class="clip">{or_none(&row.aggregate)}{version}</span>
            {(!row.body.is_empty()).then(|| view! { <span class="mono small faint clip body">{row.body.clone()}</span> })}
            {row.oddities.into_iter().map(|text| view! {
                <span class="odd tone-missing">{icon(Icon::Warn)}{text}</span>
            }).collect_view()}
        </div>
    }
}
