//! The way of one event: every stage with its evidence, and where it broke off.

use leptos::prelude::*;
use waybill_model::{ConsumerVerdict, EventDetail, Fact, PublishVerdict, Stage, VerdictClass};

use crate::run::use_page;
use crate::state::{
    Message, Zone, clock, consumer, consumer_reason, date_clock, delta, publish, publish_reason,
    span,
};

/// A stop on the way.
#[derive(Clone, PartialEq)]
struct Stop {
    tone: &'static str,
    mark: &'static str,
    title: String,
    notes: Vec<String>,
    coordinate: Option<String>,
    when: String,
    when_title: String,
    broken: bool,
    test: String,
}

/// The way.
#[component]
pub(super) fn Stages(shown: EventDetail) -> impl IntoView {
    let page = use_page();
    let zone = page.memo(|state| state.look.zone());
    let names = page.peek(|state| state.session.consumers().to_vec());
    move || {
        let stops = stops(&shown, &names, zone.get());
        view! {
            <ul class="stages" data-test="stages">
                {stops.into_iter().map(|stop| view! { <StopView stop=stop/> }).collect_view()}
            </ul>
        }
    }
}

fn stops(shown: &EventDetail, names: &[String], zone: Zone) -> Vec<Stop> {
    let mut stops = Vec::new();
    let first = shown.facts.first().map(|fact| fact.stamp.at);
    let seen = |fact: &Fact, title: &str, tone: &'static str| Stop {
        tone,
        mark: "mark filled",
        title: title.to_owned(),
        notes: Some(fact.note.clone())
            .filter(|note| !note.is_empty())
            .into_iter()
            .collect(),
        coordinate: Some(fact.coordinate.to_string()),
        when: match first {
            Some(first) if first != fact.stamp.at => delta_words(fact.stamp.at.since(first)),
            _ => clock(fact.stamp.at, zone),
        },
        when_title: format!(
            "{} by the {} clock, in steps of {}",
            date_clock(fact.stamp.at, zone),
            format!("{:?}", fact.stamp.clock).to_lowercase(),
            span(i64::from(fact.stamp.resolution_micros)),
        ),
        broken: false,
        test: format!("stage-{}", title.to_lowercase()),
    };
    let of = |stage: Stage| {
        shown
            .facts
            .iter()
            .filter(move |fact| fact.stage == stage && fact.consumer.is_none())
    };
    stops.extend(of(Stage::Stored).map(|fact| seen(fact, "Stored", "tone-stored")));
    let outbox = of(Stage::Outbox).map(|fact| seen(fact, "Outbox", "tone-outbox"));
    let before = stops.len();
    stops.extend(outbox);
    if stops.len() == before && shown.row.verdict.publish == PublishVerdict::MissingOutboxRow {
        stops.push(gone("Outbox", "read without a gap, holds no such row"));
    }
    let before = stops.len();
    stops.extend(of(Stage::Published).map(|fact| seen(fact, "Published", "tone-published")));
    if stops.len() == before {
        stops.push(unpublished(&shown.row.verdict.publish));
    }
    let published = shown.row.published.is_some();
    for (idx, name) in names.iter().enumerate() {
        let Some(cell) = shown.row.consumers.get(idx) else {
            continue;
        };
        let fact = shown
            .facts
            .iter()
            .find(|fact| fact.consumer.as_deref() == Some(name));
        stops.push(consumer_stop(
            fact.map(|fact| seen(fact, name, "tone-consumed")),
            name,
            &cell.verdict,
            published,
        ));
    }
    // The line down from a stop is broken when the next one is missing.
    for idx in 1..stops.len() {
        stops[idx - 1].broken = stops[idx].tone == "tone-missing";
    }
    stops
}

fn delta_words(micros: i64) -> String {
    let text = delta(micros);
    if text.ends_with(|c: char| c.is_ascii_digit()) {
        format!("{text} ms")
    } else {
        text
    }
}

fn gone(title: &str, why: &str) -> Stop {
    Stop {
        tone: "tone-missing",
        mark: "mark",
        title: title.to_owned(),
        notes: vec![why.to_owned()],
        coordinate: None,
        when: "missing".to_owned(),
        when_title: String::new(),
        broken: false,
        test: format!("stage-{}", title.to_lowercase()),
    }
}

fn unpublished(verdict: &PublishVerdict) -> Stop {
    let why = publish_reason(verdict).unwrap_or_default();
    let stop = gone("Published", &why);
    match verdict.class() {
        VerdictClass::Unknown => Stop {
            tone: "tone-unknown",
            mark: "mark dashed",
            when: "cannot know".to_owned(),
            ..stop
        },
        VerdictClass::Pending => Stop {
            tone: "tone-faint",
            when: "not yet due".to_owned(),
            ..stop
        },
        _ if why.is_empty() => Stop {
            notes: vec![publish(verdict).to_owned()],
            ..stop
        },
        _ => stop,
    }
}

fn consumer_stop(
    seen: Option<Stop>,
    name: &str,
    verdict: &ConsumerVerdict,
    published: bool,
) -> Stop {
    let why = consumer_reason(verdict).unwrap_or_default();
    let bare = gone(name, why);
    let with = |tone, mark, when: &str| Stop {
        tone,
        mark,
        when: when.to_owned(),
        ..bare.clone()
    };
    match (verdict, seen) {
        (ConsumerVerdict::DeadLettered, Some(seen)) => Stop {
            tone: "tone-dead",
            notes: vec![consumer(verdict, name)],
            ..seen
        },
        (ConsumerVerdict::Failed, Some(seen)) => Stop {
            tone: "tone-dead",
            notes: vec![why.to_owned()],
            ..seen
        },
        (ConsumerVerdict::Failed, None) => with("tone-dead", "mark filled", "failed"),
        (ConsumerVerdict::Processed | ConsumerVerdict::Passed, Some(seen)) => seen,
        (ConsumerVerdict::LostByConsumer | ConsumerVerdict::NotRouted, _) => bare,
        (ConsumerVerdict::DeadLettered, None) => with("tone-dead", "mark filled", "dead-lettered"),
        (ConsumerVerdict::Processed, None) => with("tone-consumed", "mark filled", "processed"),
        (ConsumerVerdict::Passed, None) => with("tone-unknown", "mark dashed", "passed"),
        (ConsumerVerdict::Lagging(_), _) => with("tone-late", "mark", "late"),
        (ConsumerVerdict::Retrying, _) => with("tone-late", "mark", "trying again"),
        (ConsumerVerdict::InFlight, _) => with("tone-faint", "mark", "on its way"),
        (ConsumerVerdict::NotDue, _) => {
            let notes = if published {
                vec![why.to_owned()]
            } else {
                Vec::new()
            };
            Stop {
                notes,
                ..with("tone-faint", "mark", "not yet due")
            }
        }
        (ConsumerVerdict::Unknown(_), _) => with("tone-unknown", "mark dashed", "cannot know"),
    }
}

#[component]
fn StopView(stop: Stop) -> impl IntoView {
    let page = use_page();
    let class = if stop.broken {
        format!("gone {}", stop.tone)
    } else {
        stop.tone.to_owned()
    };
    let title_class = if stop.tone == "tone-missing" {
        "tone-missing"
    } else {
        ""
    };
    let when_class = format!(
        "when {}",
        if stop.tone == "tone-missing" {
            "tone-missing"
        } else {
            ""
        }
    );
    let coordinate = stop.coordinate.map(|coordinate| {
        let text = coordinate.clone();
        let copy = move |_| page.dispatch(Message::Copy { text: text.clone(), said: "The place is copied." });
        view! {
            <button class="coord" type="button" title="Where it was seen. Click copies." data-test="coordinate" on:click=copy>
                {coordinate}
            </button>
        }
    });
    let notes = stop.notes.join(" · ");
    view! {
        <li class=class data-test=stop.test>
            <span class=stop.mark></span>
            <span class="what">
                <span class=title_class>{stop.title}</span>
                {(!notes.is_empty()).then(|| view! { <span class="where">{notes}</span> })}
                <span class="where">{coordinate}</span>
            </span>
            <span class=when_class title=stop.when_title>{stop.when}</span>
        </li>
    }
}
