//! Brings the page up: panic card, host, state, DOM.

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use waybill_model::Micros;

use crate::host;
use crate::run::{Page, prefs};
use crate::state::{BootFacts, Message};
use crate::view::App;

/// Starts the page; called once by `main`.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| show_broken(&panic.to_string())));
    let Some(window) = web_sys::window() else {
        return;
    };
    let address = window.location().href().unwrap_or_default();
    let host = match host::find(&address) {
        Ok(host) => host,
        Err(failure) => {
            show_broken(&failure.message);
            return;
        }
    };
    leptos::mount::mount_to_body(move || {
        let page = Page::new(host);
        provide_context(page);
        page.dispatch(Message::Boot(boot_facts(&address)));
        view! { <App/> }
    });
}

fn boot_facts(address: &str) -> BootFacts {
    let date = js_sys::Date::new_0();
    BootFacts {
        now: Micros::from_millis(js_sys::Date::now() as i64),
        // JavaScript counts minutes west of UTC.
        local_minutes: -(date.get_timezone_offset() as i32),
        theme: prefs::theme(),
        local_times: prefs::local_times(),
        // The shell says so in the address; it also refuses, so this is only for saying why.
        look_only: address.contains("look-only"),
    }
}

/// Shows the card that `index.html` keeps for the case that the page itself is broken.
fn show_broken(why: &str) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let detail = web_sys::CustomEventInit::new();
    detail.set_detail(&JsValue::from_str(why));
    if let Ok(event) = web_sys::CustomEvent::new_with_event_init_dict("waybill-broken", &detail) {
        window.dispatch_event(&event).ok();
    }
    web_sys::console::error_1(&why.into());
}
