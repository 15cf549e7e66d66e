//! The choice of what a mistake would hit.

use leptos::prelude::*;
use waybill_model::Environment;

use crate::state::environment_name;

/// One button for each environment.
#[component]
pub(super) fn EnvironmentChoice(
    /// Begins the `data-test` of each.
    test: &'static str,
    /// What is chosen.
    #[prop(into)]
    value: Signal<Environment>,
    /// Another one is chosen.
    on_choose: impl Fn(Environment) + Copy + Send + 'static,
) -> impl IntoView {
    view! {
        <span class="label">"What a mistake would hit"</span>
        <span class="seg" role="radiogroup" aria-label="Environment">
            {[Environment::Development, Environment::Staging, Environment::Production].map(|environment| view! {
                <button type="button" role="radio" data-test=format!("{test}-{}", environment_name(environment))
                    aria-checked=move || (value.get() == environment).to_string()
                    on:click=move |_| on_choose(environment)>
                    {environment_name(environment)}
                </button>
            })}
        </span>
    }
}
