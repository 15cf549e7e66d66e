//! A password: typed here and kept in the keychain, or the name of one that is stored already.

use leptos::prelude::*;

use super::{part, send};
use crate::run::{Page, use_page};
use crate::state::{Addresses, Connection, Password, Typed, WizardMessage};

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Database,
    Broker,
    Other(usize),
}

impl Whose {
    pub(super) fn of(self, addresses: &Addresses) -> Option<&Connection> {
        match self {
            Self::Database => Some(&addresses.database),
            Self::Broker => Some(&addresses.broker),
            Self::Other(idx) => addresses.others.get(idx),
        }
    }

    fn of_mut(self, addresses: &mut Addresses) -> Option<&mut Connection> {
        match self {
            Self::Database => Some(&mut addresses.database),
            Self::Broker => Some(&mut addresses.broker),
            Self::Other(idx) => addresses.others.get_mut(idx),
        }
    }

    /// `wizard-database`: what tests and labels call its fields.
    pub(super) fn test(self) -> String {
        match self {
            Self::Database => "wizard-database".to_owned(),
            Self::Broker => "wizard-broker".to_owned(),
            Self::Other(idx) => format!("wizard-other-{idx}"),
        }
    }
}

/// Changes the addresses and sends them back.
pub(super) fn change(page: Page, edit: impl FnOnce(&mut Addresses)) {
    let addresses = page.peek(|state| state.wizard.as_ref().map(|w| w.addresses.clone()));
    let Some(mut addresses) = addresses else {
        return;
    };
    edit(&mut addresses);
    send(page, WizardMessage::Addresses(addresses));
}

pub(super) fn change_connection(page: Page, whose: Whose, edit: impl FnOnce(&mut Connection)) {
    change(page, |addresses| {
        if let Some(connection) = whose.of_mut(addresses) {
            edit(connection);
        }
    });
}

/// The field.
#[component]
pub(super) fn PasswordField(whose: Whose) -> impl IntoView {
    let page = use_page();
    let of = move |read: fn(&Password) -> String| {
        part(page, move |wizard| {
            let connection = whose.of(&wizard.addresses);
            connection.map(|c| read(&c.password)).unwrap_or_default()
        })
    };
    let stored = part(page, move |wizard| {
        whose
            .of(&wizard.addresses)
            .is_some_and(|c| c.password.stored)
    });
    let moved = part(page, move |wizard| {
        whose
            .of(&wizard.addresses)
            .is_some_and(|c| c.password.moved)
    });
    let typed = of(|password| password.typed.0.clone());
    let name = of(|password| password.name.clone());
    let (id, label_for) = (
        format!("{}-password", whose.test()),
        format!("{}-password", whose.test()),
    );
    let choose = move |stored| {
        change_connection(page, whose, |c| c.password.stored = stored);
    };
    let field = move || {
        if stored.get() {
            let input = move |event| {
                let text = event_target_value(&event);
                change_connection(page, whose, |c| c.password.name = text);
            };
            view! {
                <input type="text" id=id.clone() data-test=id.clone() placeholder="its name: toys-database" autocomplete="off"
                    spellcheck="false" prop:value=move || name.get() on:input=input/>
            }
            .into_any()
        } else {
            let input = move |event| {
                let text = event_target_value(&event);
                change_connection(page, whose, |c| {
                    c.password.typed = Typed(text);
                    c.password.moved = false;
                });
            };
            view! {
                <input type="password" id=id.clone() data-test=id.clone() placeholder="leave empty if none is needed"
                    autocomplete="off" prop:value=move || typed.get() on:input=input/>
            }
            .into_any()
        }
    };
    let (test_typed, test_stored) = (
        format!("{}-typed", whose.test()),
        format!("{}-stored", whose.test()),
    );
    view! {
        <div class="field">
            <label for=label_for>"Password"</label>
            <div class="beside">
                {field}
                <span class="seg" role="radiogroup" aria-label="Where the password is">
                    <button type="button" role="radio" data-test=test_typed aria-checked=move || (!stored.get()).to_string()
                        on:click=move |_| choose(false)>"Type it"</button>
                    <button type="button" role="radio" data-test=test_stored aria-checked=move || stored.get().to_string()
                        on:click=move |_| choose(true)>"Stored"</button>
                </span>
            </div>
            {move || if stored.get() {
                Some(view! { <p class="help">"The name it has in the system's keychain, or in WAYBILL_SECRET_<NAME>."</p> })
            } else {
                None
            }}
            {move || (moved.get() && !stored.get()).then(|| view! {
                <p class="help" data-test="wizard-moved">"Taken out of the address. It goes into the system's keychain when you save, never into the profile."</p>
            })}
        </div>
    }
}
