//! The few things that only the browser can do: clipboard, focus, scrolling.

use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

/// Height of a grid line in CSS pixels; `--row` in the tokens.
const ROW: f64 = 28.0;

/// Puts a text into the clipboard. Needs a user's gesture; without one the browser refuses.
pub(super) fn copy(text: &str) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let written = window.navigator().clipboard().write_text(text);
    wasm_bindgen_futures::spawn_local(async move {
        if let Err(why) = wasm_bindgen_futures::JsFuture::from(written).await {
            web_sys::console::warn_2(&"the clipboard refused".into(), &why);
        }
    });
}

/// Moves the focus once what was just decided is in the DOM: it is when the tasks at hand are done.
/// Waiting for the next frame would be too long where frames are slow; whoever types by then would
/// go on in another field.
pub(super) fn focus(name: &'static str) {
    let focus = move || {
        let found = by_test_name(name).and_then(|element| element.dyn_into::<HtmlElement>().ok());
        if let Some(element) = found {
            element.focus().ok();
        }
    };
    leptos::prelude::set_timeout(focus, std::time::Duration::ZERO);
}

/// Scrolls the grid as little as needed to show a line.
pub(super) fn reveal(line: u64) {
    let Some(body) = by_test_name("grid-body") else {
        return;
    };
    let (top, height) = (
        f64::from(body.scroll_top()),
        f64::from(body.client_height()),
    );
    let line_top = line as f64 * ROW;
    let wanted = if line_top < top {
        line_top
    } else if line_top + ROW > top + height {
        line_top + ROW - height
    } else {
        return;
    };
    body.set_scroll_top(wanted as i32);
}

fn by_test_name(name: &str) -> Option<Element> {
    let document = web_sys::window()?.document()?;
    document
        .query_selector(&format!("[data-test=\"{name}\"]"))
        .ok()
        .flatten()
}
