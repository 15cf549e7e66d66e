//! Listens to what belongs to no element: keys, and the system's theme.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::run::{Page, prefs};
use crate::state::{KeyPlace, KeyPress, ThemeChoice, message_for};

/// Every key goes through one table (`state::message_for`), before anything else sees it: the canvas
/// would swallow the arrows and Tab.
pub(super) fn to_keys(page: Page) {
    let handle = window_event_listener(ev::Custom::<KeyboardEvent>::new("keydown"), move |event| {
        let press = KeyPress {
            key: event.key(),
            ctrl: event.ctrl_key() || event.meta_key(),
            shift: event.shift_key(),
            alt: event.alt_key(),
            place: place_of(&event),
        };
        if is_buttons_own(&press) {
            return;
        }
        if let Some(message) = page.peek(|state| message_for(state, &press)) {
            event.prevent_default();
            event.stop_propagation();
            page.dispatch(message);
        }
    });
    on_cleanup(move || handle.remove());
}

/// Enter and Space press the button that has the focus.
fn is_buttons_own(press: &KeyPress) -> bool {
    press.place == KeyPlace::Control && !press.ctrl && matches!(press.key.as_str(), "Enter" | " ")
}

fn place_of(event: &KeyboardEvent) -> KeyPlace {
    let Some(element) = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return KeyPlace::Page;
    };
    let inside = |selector: &str| element.closest(selector).ok().flatten().is_some();
    let is_field = matches!(element.tag_name().as_str(), "TEXTAREA" | "SELECT")
        || (element.tag_name() == "INPUT"
            && element.get_attribute("type").as_deref() != Some("checkbox"));
    if is_field {
        KeyPlace::Text
    } else if inside("[data-place=grid]") {
        KeyPlace::Grid
    } else if inside("[data-place=timeline]") {
        KeyPlace::Timeline
    } else if element
        .dyn_ref::<HtmlElement>()
        .is_some_and(|_| matches!(element.tag_name().as_str(), "BUTTON" | "A"))
    {
        KeyPlace::Control
    } else {
        KeyPlace::Page
    }
}

/// The system may go dark in the evening while the page is open.
pub(super) fn to_system_theme(page: Page) {
    let follow = move || {
        if page.peek(|state| state.look.theme) == ThemeChoice::System {
            prefs::dress(ThemeChoice::System);
        }
    };
    let query = web_sys::window().and_then(|window| {
        window
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
    });
    let Some(query) = query else { return };
    let listener = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(follow);
    query
        .add_event_listener_with_callback("change", listener.as_ref().unchecked_ref())
        .ok();
    // It listens as long as the page lives.
    listener.forget();
}
