//! The left rail: verdicts, consumers, health, coverage.

use leptos::prelude::*;
use waybill_model::VerdictClass;
use waybill_protocol::{ConsumerCounts, PlaceStatus};

use crate::run::use_page;
use crate::state::{FilterMessage, Message, class_label, count, is_whole, percent, span, tone};

/// The rail.
#[component]
pub(super) fn Rail() -> impl IntoView {
    view! {
        <nav class="rail scroll" aria-label="Overview">
            <Verdicts/>
            <Consumers/>
            <Health/>
            <Coverage/>
        </nav>
    }
}

#[component]
fn Verdicts() -> impl IntoView {
    let page = use_page();
    let rows = VerdictClass::ALL.into_iter().map(|class| {
        let n = page.memo(move |state| state.count_of(class));
        let filter = format!("verdict:{}", class.name());
        let typed = filter.clone();
        let on = page.memo(move |state| state.filter.applied == typed);
        let quiet = matches!(class, VerdictClass::Arrived | VerdictClass::Pending | VerdictClass::Unknown);
        let number_class = if quiet { "n" } else { tone(class) };
        view! {
            <button class="item" class:zero=move || n.get() == 0 type="button"
                data-test=format!("verdict-{}", class.name()) aria-pressed=move || on.get().to_string()
                on:click=move |_| page.dispatch(Message::Filter(FilterMessage::Toggle(filter.clone())))>
                <span class=format!("sq {}", tone(class))></span>
                <span class="clip">{class_label(class)}</span>
                <span class=move || if n.get() == 0 { "n tone-faint".to_owned() } else { format!("n {number_class}") }>
                    {move || count(n.get())}
                </span>
            </button>
        }
    });
    view! { <h3 class="caps">"Verdicts"</h3> {rows.collect_view()} }
}

/// What is most worth saying about a consumer: the worst first.
fn standing(consumer: &ConsumerCounts) -> (&'static str, String) {
    if consumer.lost > 0 {
        ("tone-missing", format!("{} lost", count(consumer.lost)))
    } else if consumer.dead_lettered > 0 {
        (
            "tone-dead",
            format!("{} dead", count(consumer.dead_lettered)),
        )
    } else if consumer.late > 0 {
        ("tone-late", format!("{} late", count(consumer.late)))
    } else if consumer.processed == 0 && consumer.passed > 0 {
        ("tone-unknown", format!("{} passed", count(consumer.passed)))
    } else {
        ("tone-fine", count(consumer.processed))
    }
}

#[component]
fn Consumers() -> impl IntoView {
    let page = use_page();
    let consumers = page.memo(|state| {
        state
            .session
            .status
            .as_ref()
            .map(|s| s.consumers.clone())
            .unwrap_or_default()
    });
    let applied = page.memo(|state| state.filter.applied.clone());
    let row = move |consumer: ConsumerCounts| {
        let (tone, text) = standing(&consumer);
        let number = if tone == "tone-fine" {
            "n".to_owned()
        } else {
            format!("n {tone}")
        };
        let filter = format!("consumer:{}", consumer.name);
        let on = applied.get() == filter;
        let lag = consumer
            .lag
            .map(|lag| format!(" · {} before it", count(lag)))
            .unwrap_or_default();
        let title = format!(
            "{} processed · {} on the way{lag}",
            count(consumer.processed),
            count(consumer.in_flight)
        );
        view! {
            <button class="item" type="button" data-test=format!("consumer-{}", consumer.name) title=title
                aria-pressed=on.to_string()
                on:click=move |_| page.dispatch(Message::Filter(FilterMessage::Toggle(filter.clone())))>
                <span class=format!("dot {tone}")></span>
                <span class="clip">{consumer.name.clone()}</span>
                <span class=number>{text}</span>
            </button>
        }
    };
    view! {
        <h3 class="caps">"Consumers"</h3>
        {move || match consumers.get() {
            none if none.is_empty() => view! { <div class="hollow">"None named in the profile."</div> }.into_any(),
            some => some.into_iter().map(row).collect_view().into_any(),
        }}
    }
}

#[component]
fn Health() -> impl IntoView {
    let page = use_page();
    let oldest = page.memo(|state| {
        let status = state.session.status.as_ref()?;
        status.oldest_unsent.map(|at| status.now.since(at))
    });
    let relay = page.memo(|state| state.session.status.as_ref()?.relay_p99_micros);
    let lag = page.memo(|state| {
        let worst = state
            .session
            .status
            .as_ref()?
            .consumers
            .iter()
            .filter_map(|c| Some((c.lag?, c.name.clone())))
            .max();
        worst.filter(|(lag, _)| *lag > 0)
    });
    let oddities = page.memo(|state| {
        state
            .session
            .status
            .as_ref()
            .map_or(0, |status| status.oddities)
    });
    let grace = page.memo(|state| state.session.status.as_ref()?.graces.first().cloned());
    let oldest_class = move || {
        let patience = grace.get().map_or(i64::MAX, |edge| edge.grace.micros);
        if oldest.get().is_some_and(|age| age > patience) {
            "n tone-missing"
        } else {
            "n"
        }
    };
    view! {
        <h3 class="caps">"Health"</h3>
        <div class="item wide" title="How long the oldest unsent outbox row has waited">
            <span class="muted clip">"Oldest unsent"</span>
            <span class=oldest_class data-test="oldest-unsent">{move || oldest.get().map_or_else(|| "none".to_owned(), span)}</span>
        </div>
        <div class="item wide" title=move || grace.get().map_or_else(String::new, |edge| edge.sentence)>
            <span class="muted clip">"Relay delay p99"</span>
            <span class="n">{move || relay.get().map_or_else(|| "–".to_owned(), span)}</span>
        </div>
        {move || lag.get().map(|(n, name)| view! {
            <div class="item wide" title=format!("Messages before {name} in its group or queue")>
                <span class="muted clip">{format!("Lag of {name}")}</span>
                <span class="n">{count(n)}</span>
            </div>
        })}
        {move || (oddities.get() > 0).then(|| view! {
            <div class="item wide" title="Rows or messages that could not be understood; they are marked in the grid">
                <span class="muted clip">"Odd messages"</span>
                <span class="n tone-late">{count(oddities.get())}</span>
            </div>
        })}
    }
}

#[component]
fn Coverage() -> impl IntoView {
    let page = use_page();
    let places = page.memo(|state| {
        let places = state.session.status.as_ref();
        places
            .iter()
            .flat_map(|status| &status.places)
            .map(standing_of)
            .collect::<Vec<_>>()
    });
    view! {
        <h3 class="caps">"Coverage"</h3>
        {move || places.get().into_iter().map(|place| view! {
            <div class="item wide" title=place.title data-test=format!("coverage-{}", place.name)>
                <span class="muted clip">{place.name.clone()}</span>
                <span class=place.tone>{place.text}</span>
            </div>
        }).collect_view()}
    }
}

/// How well a place is covered, as it stands in the rail. Without the counts that change with every
/// poll, so that nothing is drawn anew for them.
#[derive(Clone, PartialEq)]
struct Standing {
    name: String,
    title: String,
    tone: &'static str,
    text: String,
}

fn standing_of(status: &PlaceStatus) -> Standing {
    let share = || percent(f64::from(status.covered));
    let (tone, text, why) = match (&status.failure, status.first_gap()) {
        (Some(failure), _) => (
            "n tone-missing",
            "failed".to_owned(),
            failure.message.clone(),
        ),
        (None, Some(gap)) => ("n tone-late", share(), gap.to_string()),
        // The newest moments are never settled yet; that is no gap.
        (None, None) if is_whole(status) => (
            "n",
            "100 %".to_owned(),
            "read without a gap up to now".to_owned(),
        ),
        (None, None) => (
            "n tone-late",
            share(),
            "not all of it is read yet".to_owned(),
        ),
    };
    Standing {
        name: status.place.name.clone(),
        title: format!("{} · {}: {why}", status.place.source, status.place.name),
        tone,
        text,
    }
}
