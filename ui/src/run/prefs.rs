//! What the page remembers by itself: the theme and the zone of times.

use web_sys::Storage;

use crate::state::ThemeChoice;

const THEME: &str = "waybill.theme";
const LOCAL_TIMES: &str = "waybill.local-times";

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A full or forbidden storage costs the memory of a preference, nothing else.
        storage.set_item(key, value).ok();
    }
}

/// The theme chosen last time.
pub(crate) fn theme() -> ThemeChoice {
    match kept(THEME).as_deref() {
        Some("light") => ThemeChoice::Light,
        Some("dark") => ThemeChoice::Dark,
        _ => ThemeChoice::System,
    }
}

/// Puts a theme on and remembers it.
pub(super) fn wear(choice: ThemeChoice) {
    keep(THEME, choice.name());
    dress(choice);
}

/// Puts a theme on.
pub(crate) fn dress(choice: ThemeChoice) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let prefers_dark = window
        .match_media("(prefers-color-scheme: dark)")
        .ok()
        .flatten();
    let dark = match choice {
        ThemeChoice::System => prefers_dark.is_some_and(|query| query.matches()),
        ThemeChoice::Light => false,
        ThemeChoice::Dark => true,
    };
    if let Some(root) = window
        .document()
        .and_then(|document| document.document_element())
    {
        root.set_attribute("data-theme", if dark { "dark" } else { "light" })
            .ok();
    }
}

/// Whether times were local last time.
pub(crate) fn local_times() -> bool {
    kept(LOCAL_TIMES).as_deref() == Some("yes")
}

pub(super) fn keep_local_times(local: bool) {
    keep(LOCAL_TIMES, if local { "yes" } else { "no" });
}
