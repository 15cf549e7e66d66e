//! The consumers of a flow: each with its reason, to be taken or left, changed, or added by hand.

use leptos::prelude::*;
use waybill_model::{Consumer, Inbox};
use waybill_protocol::{SeenRole, SeenTable};

use super::choice::Choice;
use super::flow::{change, flow_part, pairs};
use super::part;
use crate::run::{Page, use_page};
use crate::state::{ConsumerDraft, INBOX_ROLES, RoleKind, Wizard, inbox_of};
use crate::view::icon::{Icon, icon};

fn change_consumer(page: Page, at: usize, nth: usize, edit: impl FnOnce(&mut ConsumerDraft)) {
    change(page, at, |flow| {
        if let Some(consumer) = flow.consumers.get_mut(nth) {
            edit(consumer);
        }
    });
}

fn consumer_part<T>(
    page: Page,
    at: usize,
    nth: usize,
    of: impl Fn(&ConsumerDraft) -> T + Send + Sync + 'static,
) -> Memo<T>
where
    T: Default + PartialEq + Send + Sync + 'static,
{
    flow_part(page, at, move |flow| {
        flow.consumers.get(nth).map(&of).unwrap_or_default()
    })
}

/// All of them.
#[component]
pub(super) fn Consumers(at: usize) -> impl IntoView {
    let page = use_page();
    let n = flow_part(page, at, |flow| flow.consumers.len());
    view! {
        {move || (n.get() == 0).then(|| view! {
            <p class="small muted">"Nobody was found who receives it. Without a consumer Waybill says whether an event was published, and no more."</p>
        })}
        {move || (0..n.get()).map(|nth| view! { <ConsumerLine at=at nth=nth/> }).collect_view()}
        <button type="button" data-test=format!("wizard-add-consumer-{at}")
            on:click=move |_| change(page, at, |flow| flow.consumers.push(ConsumerDraft::by_hand()))>
            {icon(Icon::Plus)}"Another consumer"
        </button>
    }
}

#[component]
fn ConsumerLine(at: usize, nth: usize) -> impl IntoView {
    let page = use_page();
    let taken = consumer_part(page, at, nth, |draft| draft.taken);
    let open = consumer_part(page, at, nth, |draft| draft.open);
    let name = consumer_part(page, at, nth, |draft| draft.consumer.name.clone());
    let summary = consumer_part(page, at, nth, ConsumerDraft::summary);
    let why = consumer_part(page, at, nth, |draft| draft.why.join(" "));
    view! {
        <div class="consumer" class:off=move || !taken.get() data-test="wizard-consumer">
            <input type="checkbox" data-test=format!("wizard-take-{at}-{nth}") aria-label=move || format!("Expect {}", name.get())
                prop:checked=move || taken.get()
                on:change=move |_| change_consumer(page, at, nth, |draft| draft.taken = !draft.taken)/>
            <b class="clip">{move || match name.get() { name if name.is_empty() => "a consumer".to_owned(), name => name }}</b>
            <span class="muted mono clip">{move || summary.get()}</span>
            <button class="ghost" type="button" data-test=format!("wizard-change-{at}-{nth}") aria-expanded=move || open.get().to_string()
                on:click=move |_| change_consumer(page, at, nth, |draft| draft.open = !draft.open)>
                {move || if open.get() { "Done" } else { "Change" }}
            </button>
            <p class="why small muted selectable">{move || why.get()}</p>
            {move || open.get().then(|| view! { <Parts at=at nth=nth/> })}
        </div>
    }
}

/// What tells how far it got.
#[component]
fn Parts(at: usize, nth: usize) -> impl IntoView {
    let page = use_page();
    let amqp = part(page, |wizard| wizard.addresses.is_amqp());
    let name = consumer_part(page, at, nth, |draft| draft.consumer.name.clone());
    let queue = consumer_part(page, at, nth, |d| {
        d.consumer.queue.clone().unwrap_or_default()
    });
    let group = consumer_part(page, at, nth, |d| {
        d.consumer.group.clone().unwrap_or_default()
    });
    let dead = consumer_part(page, at, nth, |d| {
        d.consumer.dead_letters.clone().unwrap_or_default()
    });
    let queues = part(page, |wizard| pairs(&wizard.broker.queues));
    let groups = part(page, |wizard| pairs(&wizard.broker.groups));
    let readable = part(page, |wizard| pairs(&wizard.broker.readable));
    let set = move |edit: fn(&mut Consumer, Option<String>), value: String| {
        change_consumer(page, at, nth, |draft| {
            edit(&mut draft.consumer, (!value.is_empty()).then_some(value));
        });
    };
    let test = move |what: &str| format!("wizard-consumer-{at}-{nth}-{what}");
    view! {
        <div class="parts">
            <label for=test("name")>"Name"</label>
            <input type="text" id=test("name") data-test=test("name") placeholder="search" autocomplete="off" spellcheck="false"
                prop:value=move || name.get()
                on:input=move |event| {
                    let text = event_target_value(&event);
                    change_consumer(page, at, nth, |draft| draft.consumer.name = text);
                }/>
            {move || if amqp.get() {
                view! {
                    <label for=test("queue")>"Queue"</label>
                    <Choice test=test("queue") label="Its queue" value=queue names=queues none="none"
                        on_change=move |value| set(|c, value| c.queue = value, value)/>
                }.into_any()
            } else {
                view! {
                    <label for=test("group")>"Group"</label>
                    <Choice test=test("group") label="Its group" value=group names=groups none="none"
                        on_change=move |value| set(|c, value| c.group = value, value)/>
                }.into_any()
            }}
            <label for=test("dead")>"Dead letters"</label>
            <Choice test=test("dead") label="Where its dead letters are" value=dead names=readable none="none"
                on_change=move |value| set(|c, value| c.dead_letters = value, value)/>
            <InboxParts at=at nth=nth/>
        </div>
    }
}

/// How a table is named among those of several databases.
fn table_key(database: Option<&str>, name: &str) -> String {
    match database {
        Some(database) => format!("{database}: {name}"),
        None => name.to_owned(),
    }
}

/// Tables that may be an inbox, those that look like one first.
fn inboxes(wizard: &Wizard) -> Vec<(String, String)> {
    let mut tables: Vec<&SeenTable> = wizard.tables.iter().collect();
    tables.retain(|table| wizard.choice.as_ref() != Some(&table.name) || table.database.is_some());
    tables.sort_by_key(|table| table.role != SeenRole::Inbox);
    let names = tables.into_iter().map(|table| {
        let key = table_key(table.database.as_deref(), &table.name);
        let text = match table.role {
            SeenRole::Inbox => format!("{key}  (inbox)"),
            _ => key.clone(),
        };
        (key, text)
    });
    names.collect()
}

fn table_of(wizard: &Wizard, key: &str) -> Option<SeenTable> {
    let mut tables = wizard.tables.iter();
    let is_it = |table: &&SeenTable| table_key(table.database.as_deref(), &table.name) == key;
    tables.find(is_it).cloned()
}

#[component]
fn InboxParts(at: usize, nth: usize) -> impl IntoView {
    let page = use_page();
    let inbox = consumer_part(page, at, nth, |draft| draft.consumer.inbox.clone());
    let key = Memo::new(move |_| {
        let inbox = inbox.get();
        inbox.map_or_else(String::new, |i| table_key(i.database.as_deref(), &i.table))
    });
    let tables = part(page, inboxes);
    let columns = page.memo(move |state| {
        let table = state.wizard.as_ref().and_then(|w| table_of(w, &key.get()));
        let columns = table.into_iter().flat_map(|table| table.columns);
        columns
            .map(|c| (c.name.clone(), c.name))
            .collect::<Vec<_>>()
    });
    let choose = move |key: String| {
        let table = page.peek(|state| state.wizard.as_ref().and_then(|w| table_of(w, &key)));
        change_consumer(page, at, nth, |draft| {
            draft.consumer.inbox = table.as_ref().map(inbox_of);
        });
    };
    let test = move |what: &str| format!("wizard-consumer-{at}-{nth}-{what}");
    let has_inbox = Memo::new(move |_| inbox.get().is_some());
    view! {
        <label for=test("inbox")>"Inbox"</label>
        <Choice test=test("inbox") label="Its inbox" value=key names=tables none="none" on_change=choose/>
        {move || has_inbox.get().then(|| INBOX_ROLES.map(|role| {
            view! { <InboxRole at=at nth=nth role=role inbox=inbox columns=columns/> }
        }).collect_view())}
    }
}

/// What one of its columns means, or which values of its state do.
#[component]
fn InboxRole(
    at: usize,
    nth: usize,
    role: (&'static str, &'static str, RoleKind),
    inbox: Memo<Option<Inbox>>,
    columns: Memo<Vec<(String, String)>>,
) -> impl IntoView {
    let page = use_page();
    let (name, title, kind) = role;
    let value = Memo::new(move |_| inbox.get().map(|it| it.role(name)).unwrap_or_default());
    let set = move |value: String| {
        change_consumer(page, at, nth, |draft| {
            let inbox = draft.consumer.inbox.as_mut();
            if let Some(place) = inbox.and_then(|inbox| inbox.role_mut(name)) {
                place.set(&value);
            }
        });
    };
    let test = format!("wizard-consumer-{at}-{nth}-inbox-{name}");
    let none = match (kind, name) {
        (RoleKind::Needed | RoleKind::NeededPlace, _) => "choose a column",
        (_, "key") => "the event id",
        _ => "none",
    };
    let hint = match kind {
        RoleKind::States => Some("values, with commas between"),
        RoleKind::Word => Some("UTC, -05:00"),
        RoleKind::Needed
        | RoleKind::NeededPlace
        | RoleKind::Column
        | RoleKind::Place
        | RoleKind::Flag => None,
    };
    let input = if let Some(hint) = hint {
        view! {
            <input type="text" class="mono" id=test.clone() data-test=test.clone() autocomplete="off" spellcheck="false"
                aria-label=format!("The inbox's {title}") placeholder=hint
                prop:value=move || value.get() on:change=move |event| set(event_target_value(&event))/>
        }
        .into_any()
    } else {
        view! {
            <Choice test=test.clone() label=format!("The inbox's {title}") value=value names=columns none=none on_change=set/>
        }
        .into_any()
    };
    view! {
        <label for=test>{format!("… {title}")}</label>
        {input}
    }
}
