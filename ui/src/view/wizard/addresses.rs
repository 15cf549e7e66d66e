//! The first page: where to look.

use leptos::prelude::*;

use super::password::{PasswordField, Whose, change, change_connection};
use super::progress::Progress;
use super::{LookFailure, part, send};
use crate::run::use_page;
use crate::state::{Connection, WizardMessage};
use crate::view::icon::{Icon, icon};

/// The page.
#[component]
pub(super) fn AddressesPage() -> impl IntoView {
    let page = use_page();
    let amqp = part(page, |wizard| wizard.addresses.is_amqp());
    let kafka = part(page, |wizard| wizard.addresses.is_kafka());
    let management = part(page, |wizard| wizard.addresses.management_url.clone());
    let options = part(page, |wizard| wizard.addresses.options.clone());
    let entered = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            send(page, WizardMessage::Next);
        }
    };
    view! {
        <div class="form">
            <div class="fields" on:keydown=entered>
                <LookFailure/>
                <h4 class="caps">"The service's database"</h4>
                <AddressField whose=Whose::Database placeholder="postgres://waybill@db.example:5432/toys, mysql://…, sqlite:path"/>
                <PasswordField whose=Whose::Database/>
                <h4 class="caps">"Broker"</h4>
                <AddressField whose=Whose::Broker placeholder="kafka://mq.example:9092 or amqp://waybill@mq.example/%2f"/>
                <PasswordField whose=Whose::Broker/>
                {move || amqp.get().then(|| view! {
                    <div class="field">
                        <label for="wizard-management">"Management API"</label>
                        <input type="text" id="wizard-management" data-test="wizard-management" autocomplete="off" spellcheck="false"
                            placeholder="http://waybill@mq.example:15672" prop:value=move || management.get()
                            on:input=move |event| change(page, |a| a.set_management_url(&event_target_value(&event)))/>
                        <p class="help">"Without it no exchange, queue or binding is known. It takes the broker's password."</p>
                    </div>
                })}
                {move || kafka.get().then(|| view! {
                    <div class="field">
                        <label for="wizard-options">"Client settings"</label>
                        <input type="text" id="wizard-options" data-test="wizard-options" autocomplete="off" spellcheck="false"
                            placeholder="security.protocol=sasl_ssl, sasl.mechanism=PLAIN" prop:value=move || options.get()
                            on:input=move |event| change(page, |a| a.options = event_target_value(&event))/>
                    </div>
                })}
                <Others/>
            </div>
            <Progress/>
        </div>
    }
}

#[component]
fn AddressField(whose: Whose, placeholder: &'static str) -> impl IntoView {
    let page = use_page();
    let url = part(page, move |wizard| {
        let connection = whose.of(&wizard.addresses);
        connection.map(|c| c.url.clone()).unwrap_or_default()
    });
    let test = whose.test();
    view! {
        <div class="field">
            <label for=test.clone()>"Address"</label>
            <input type="text" id=test.clone() data-test=test placeholder=placeholder autocomplete="off" spellcheck="false"
                prop:value=move || url.get()
                on:input=move |event| change_connection(page, whose, |c| c.set_url(&event_target_value(&event)))/>
        </div>
    }
}

/// Databases of consumers that keep their inbox elsewhere.
#[component]
fn Others() -> impl IntoView {
    let page = use_page();
    let n = part(page, |wizard| wizard.addresses.others.len());
    let one = move |idx: usize| {
        let whose = Whose::Other(idx);
        let name = part(page, move |wizard| {
            let other = wizard.addresses.others.get(idx);
            other.map(|other| other.name.clone()).unwrap_or_default()
        });
        let test = format!("wizard-other-{idx}-name");
        view! {
            <div class="boxed">
                <div class="field">
                    <label for=test.clone()>"Whose"</label>
                    <div class="beside">
                        <input type="text" id=test.clone() data-test=test placeholder="search" autocomplete="off" spellcheck="false"
                            prop:value=move || name.get()
                            on:input=move |event| change_connection(page, whose, |c| c.name = event_target_value(&event))/>
                        <button class="ghost" type="button" data-test=format!("wizard-other-{idx}-drop")
                            on:click=move |_| change(page, |a| { a.others.remove(idx); })>"Remove"</button>
                    </div>
                </div>
                <AddressField whose=whose placeholder="postgres://waybill@db.example:5432/search"/>
                <PasswordField whose=whose/>
            </div>
        }
    };
    view! {
        <h4 class="caps">"Databases of consumers"</h4>
        <p class="help small muted">"Where a consumer keeps its inbox in a database of its own: the inbox proves what it has processed."</p>
        {move || (0..n.get()).map(one).collect_view()}
        <button type="button" data-test="wizard-add-database"
            on:click=move |_| change(page, |a| a.others.push(Connection::default()))>
            {icon(Icon::Plus)}"A consumer's database"
        </button>
    }
}
