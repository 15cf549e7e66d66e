//! The fields of a new profile.

use leptos::prelude::*;
use waybill_model::Access;

use super::environment::EnvironmentChoice;
use super::icon::{Icon, icon};
use crate::run::{Page, use_page};
use crate::state::{ConsumerFields, Fields, FormMessage, Message};

/// Changes the fields and sends them back.
fn change(page: Page, edit: impl FnOnce(&mut Fields)) {
    let fields = page.peek(|state| state.form.as_ref().map(|form| form.fields.clone()));
    let Some(mut fields) = fields else { return };
    edit(&mut fields);
    page.dispatch(Message::Form(FormMessage::Fields(fields)));
}

/// The panel.
#[component]
pub(super) fn FieldsPanel() -> impl IntoView {
    let page = use_page();
    let amqp = page.memo(|state| {
        state
            .form
            .as_ref()
            .is_some_and(|form| form.fields.is_amqp())
    });
    view! {
        <div class="two head">
            <TextField label="Name" test="form-name" placeholder="toys"
                read=|fields| fields.name.clone() write=|fields, text| fields.name = text/>
            <EnvironmentField/>
        </div>
        <AccessField/>
        <h4 class="caps">"Database"</h4>
        <TextField label="Address" test="form-database" placeholder="postgres://waybill@db.example:5432/toys"
            read=|fields| fields.database_url.clone() write=|fields, text| fields.database_url = text/>
        <TextField label="Outbox table (empty: there is none)" test="form-outbox" placeholder="outbox"
            read=|fields| fields.outbox.clone() write=|fields, text| fields.outbox = text/>
        <h4 class="caps">"Broker"</h4>
        <TextField label="Address" test="form-broker" placeholder="kafka://mq.example:9092 or amqp://waybill@mq.example/%2f"
            read=|fields| fields.broker_url.clone() write=|fields, text| fields.broker_url = text/>
        {move || amqp.get().then(|| view! {
            <TextField label="Management API" test="form-management" placeholder="http://waybill@mq.example:15672"
                read=|fields| fields.management_url.clone() write=|fields, text| fields.management_url = text/>
        })}
        <TextField label="Topic or exchange" test="form-destination" placeholder="product-events"
            read=|fields| fields.destination.clone() write=|fields, text| fields.destination = text/>
        <h4 class="caps">"Who should receive it"</h4>
        <ConsumersField/>
    }
}

#[component]
fn TextField(
    label: &'static str,
    test: &'static str,
    placeholder: &'static str,
    read: fn(&Fields) -> String,
    write: fn(&mut Fields, String),
) -> impl IntoView {
    let page = use_page();
    let value = page.memo(move |state| {
        state
            .form
            .as_ref()
            .map(|form| read(&form.fields))
            .unwrap_or_default()
    });
    let typed = move |event| {
        let text = event_target_value(&event);
        change(page, |fields| write(fields, text));
    };
    view! {
        <div class="field">
            <label for=test>{label}</label>
            <input type="text" id=test data-test=test placeholder=placeholder autocomplete="off" spellcheck="false"
                prop:value=move || value.get() on:input=typed/>
        </div>
    }
}

#[component]
fn EnvironmentField() -> impl IntoView {
    let page = use_page();
    let value = page.memo(|state| {
        state
            .form
            .as_ref()
            .map(|form| form.fields.environment)
            .unwrap_or_default()
    });
    view! {
        <div class="field">
            <EnvironmentChoice test="form" value=value
                on_choose=move |of| change(page, |fields| fields.environment = of)/>
        </div>
    }
}

#[component]
fn AccessField() -> impl IntoView {
    let page = use_page();
    let resend = page.memo(|state| {
        state
            .form
            .as_ref()
            .is_some_and(|form| form.fields.access == Access::Resend)
    });
    let toggle = move |_| {
        let access = if resend.get_untracked() {
            Access::ReadOnly
        } else {
            Access::Resend
        };
        change(page, |fields| fields.access = access);
    };
    view! {
        <label class="check">
            <input type="checkbox" data-test="form-resend" prop:checked=move || resend.get() on:change=toggle/>
            <span>"Allow resending. "<span class="muted">"Off, nothing can be sent from here at all."</span></span>
        </label>
    }
}

#[component]
fn ConsumersField() -> impl IntoView {
    let page = use_page();
    let n = page.memo(|state| {
        state
            .form
            .as_ref()
            .map_or(0, |form| form.fields.consumers.len())
    });
    let amqp = page.memo(|state| {
        state
            .form
            .as_ref()
            .is_some_and(|form| form.fields.is_amqp())
    });
    let group = move || if amqp.get() { "queue" } else { "group" };
    view! {
        {move || (0..n.get()).map(|idx| view! {
            <div class="boxed">
                <div class="two">
                    <ConsumerText idx=idx part="name" placeholder="search".to_owned()
                        read=|c| c.name.clone() write=|c, text| c.name = text/>
                    <ConsumerText idx=idx part="group" placeholder=format!("its {}", group())
                        read=|c| c.group.clone() write=|c, text| c.group = text/>
                    <ConsumerText idx=idx part="inbox" placeholder="inbox table: proves processing".to_owned()
                        read=|c| c.inbox.clone() write=|c, text| c.inbox = text/>
                    <ConsumerText idx=idx part="dead" placeholder="dead letters: topic or stream".to_owned()
                        read=|c| c.dead_letters.clone() write=|c, text| c.dead_letters = text/>
                </div>
            </div>
        }).collect_view()}
        <button type="button" data-test="form-add-consumer"
            on:click=move |_| change(page, |fields| fields.consumers.push(ConsumerFields::default()))>
            {icon(Icon::Plus)}"Another consumer"
        </button>
    }
}

#[component]
fn ConsumerText(
    idx: usize,
    part: &'static str,
    placeholder: String,
    read: fn(&ConsumerFields) -> String,
    write: fn(&mut ConsumerFields, String),
) -> impl IntoView {
    let page = use_page();
    let value = page.memo(move |state| {
        state
            .form
            .as_ref()
            .and_then(|form| form.fields.consumers.get(idx))
            .map(read)
            .unwrap_or_default()
    });
    let typed = move |event| {
        let text = event_target_value(&event);
        change(page, |fields| {
            if let Some(consumer) = fields.consumers.get_mut(idx) {
                write(consumer, text);
            }
        });
    };
    view! {
        <div class="field">
            <input type="text" data-test=format!("form-consumer-{idx}-{part}") aria-label=format!("Consumer {}: {part}", idx + 1)
                placeholder=placeholder autocomplete="off" spellcheck="false" prop:value=move || value.get() on:input=typed/>
        </div>
    }
}
