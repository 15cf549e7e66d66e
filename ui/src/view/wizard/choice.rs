//! A select over names, with none among them.

use leptos::prelude::*;

/// The names, and how each is shown. The value is chosen by itself also where it is not among them.
#[component]
pub(super) fn Choice(
    /// `data-test` and id.
    #[prop(into)]
    test: String,
    /// What it is for, for a screen reader.
    #[prop(into)]
    label: String,
    /// What is chosen; `""` for none.
    #[prop(into)]
    value: Signal<String>,
    /// Value and text of each.
    #[prop(into)]
    names: Signal<Vec<(String, String)>>,
    /// What stands for none.
    none: &'static str,
    /// Another one is chosen.
    on_change: impl Fn(String) + 'static,
) -> impl IntoView {
    let options = move || {
        let value = value.get();
        let mut names = names.get();
        if !value.is_empty() && names.iter().all(|(name, _)| *name != value) {
            names.insert(0, (value.clone(), value.clone()));
        }
        names.insert(0, (String::new(), none.to_owned()));
        names
            .into_iter()
            .map(|(name, text)| {
                let selected = name == value;
                view! { <option value=name prop:selected=selected>{text}</option> }
            })
            .collect_view()
    };
    view! {
        <select id=test.clone() data-test=test aria-label=label
            on:change=move |event| on_change(event_target_value(&event))>{options}</select>
    }
}
