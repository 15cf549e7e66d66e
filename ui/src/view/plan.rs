//! The plan: who receives it, with which body, and what to know first.

use leptos::prelude::*;
use waybill_model::{Plan, Recipient, Warning};

use super::failure::FailureCard;
use crate::run::use_page;
use crate::state::{Message, ResendMessage, counted};

/// The panel.
#[component]
pub(super) fn PlanPanel() -> impl IntoView {
    let page = use_page();
    let plan = page.memo(|state| state.resend.plan.clone());
    let failure = page.memo(|state| state.resend.failure.clone());
    let read_only = page.memo(|state| state.session.read_only_reason().map(str::to_owned));
    let busy = page.memo(|state| state.resend.planning);
    move || {
        if let Some(failure) = failure.get() {
            let retry = Message::Resend(ResendMessage::SelectionChanged);
            return view! { <div class="db"><FailureCard failure=failure test="plan-failure" retry=Some(retry)/></div> }.into_any();
        }
        match plan.get() {
            Some(plan) => view! {
                <div class="db" data-test="plan" aria-busy=move || busy.get().to_string()>
                    <Recipients plan=plan.clone()/>
                    <Bodies plan=plan.clone()/>
                    <Warnings plan=plan read_only=read_only.get()/>
                </div>
            }
            .into_any(),
            None if busy.get() => view! { <div class="db"><span class="muted">"Making the plan…"</span></div> }.into_any(),
            None => view! {
                <div class="db"><span class="muted">"Choose events in the grid to resend them: Space, Shift and arrows, or Ctrl A for all that are confirmed."</span></div>
            }
            .into_any(),
        }
    }
}

#[component]
fn Recipients(plan: Plan) -> impl IntoView {
    let total = plan.events.len() as u64;
    let row = move |recipient: Recipient| {
        let twice = recipient.already_processed > 0;
        let processed = format!("· has processed {} of {total}", recipient.already_processed);
        view! {
            <p data-test="recipient">
                {recipient.name}" "
                <span class=if twice { "tone-late" } else { "muted" }>{processed}</span>
                {(!recipient.expected).then(|| view! { <span class="tone-late">" · not in the profile"</span> })}
            </p>
        }
    };
    let routes = routes(&plan);
    view! {
        <div>
            <h4 class="caps">"Will be received by"</h4>
            {plan.recipients.into_iter().map(row).collect_view()}
            <p class="faint">{routes}</p>
        </div>
    }
}

/// `topic product-events, partitions 1, 3, 4`
fn routes(plan: &Plan) -> String {
    let mut destinations: Vec<_> = plan
        .events
        .iter()
        .map(|event| event.route.destination.as_str())
        .collect();
    destinations.sort_unstable();
    destinations.dedup();
    let mut partitions: Vec<_> = plan
        .events
        .iter()
        .filter_map(|event| event.route.partition)
        .collect();
    partitions.sort_unstable();
    partitions.dedup();
    let numbers = partitions
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    match (destinations.join(", "), partitions.len()) {
        (to, 0) => to,
        (to, 1) => format!("{to}, partition {numbers}"),
        (to, _) => format!("{to}, partitions {numbers}"),
    }
}

#[component]
fn Bodies(plan: Plan) -> impl IntoView {
    let page = use_page();
    let bodies = page.memo(|state| state.resend.bodies());
    let pace = if plan.pace.ramp {
        format!(
            "pace: 1, then 5, then up to {} a second, in order per aggregate",
            plan.pace.per_second
        )
    } else {
        format!(
            "pace: {} a second, in order per aggregate",
            plan.pace.per_second
        )
    };
    let left_out = plan.left_out;
    view! {
        <div>
            <h4 class="caps">"Body"</h4>
            {move || {
                let (row, copy, rebuilt) = bodies.get();
                view! {
                    {(row > 0).then(|| view! { <p>{format!("{row} from the outbox row, as its relay writes it")}</p> })}
                    {(copy > 0).then(|| view! { <p>{format!("{copy} from a copy on the broker, byte for byte")}</p> })}
                    {(rebuilt > 0).then(|| view! {
                        <p>{rebuilt}" "<span class="tone-late">"reconstructed"</span>" from the business row; look at the preview"</p>
                    })}
                }
            }}
            <p class="faint">{pace}</p>
            {(!left_out.is_empty()).then(|| {
                let title = left_out.iter().map(|(id, why)| format!("{id}: {why}")).collect::<Vec<_>>().join("\n");
                let words = format!("{} left out: {}", left_out.len(), left_out[0].1);
                view! { <p class="tone-late" title=title data-test="left-out">{words}</p> }
            })}
        </div>
    }
}

#[component]
fn Warnings(plan: Plan, read_only: Option<String>) -> impl IntoView {
    let refused = read_only.or(plan.refused);
    view! {
        <div data-test="warnings">
            <h4 class="caps">"Before you send"</h4>
            {refused.map(|why| view! {
                <div class="warn" data-test="refused"><span class="tone-missing">"✕"</span><span>{why}</span></div>
            })}
            {plan.unproven.into_iter().map(|group| view! {
                <div class="warn" data-test="unproven">
                    <span class="tone-late">"▲"</span>
                    <span>
                        {format!(
                            "{} not proven how their {} writes them: {}",
                            group.events.len(),
                            if group.reconstructed { "service" } else { "relay" },
                            group.differences.join("; "),
                        )}
                        {group.ways.into_iter().map(|way| view! { <br/>{way} }).collect_view()}
                    </span>
                </div>
            }).collect_view()}
            {gathered(&plan.warnings).into_iter().map(|(words, title)| view! {
                <div class="warn" data-test="warning" title=title><span class="tone-late">"▲"</span><span>{words}</span></div>
            }).collect_view()}
            <div class="warn">
                <span class="faint">"○"</span>
                <span class="muted">"Each event is checked once more right before it is sent, and stands in the journal first."</span>
            </div>
        </div>
    }
}

/// How many aggregates with newer events get a line each; more than that share one.
const MAX_LINES: usize = 2;

/// The warnings as sentences, each with what to show when the pointer rests on it.
fn gathered(warnings: &[Warning]) -> Vec<(String, String)> {
    let (newer, rest): (Vec<_>, Vec<_>) = warnings
        .iter()
        .partition(|warning| matches!(warning, Warning::NewerPublished { .. }));
    let line = |warning: &&Warning| (words(warning), String::new());
    let mut lines: Vec<_> = if newer.len() > MAX_LINES {
        let all: Vec<_> = newer.iter().map(|warning| words(warning)).collect();
        let n = counted(newer.len() as u64, "aggregate", "aggregates");
        let sentence =
            format!("{n} already have newer events out. What is sent now arrives late for them.");
        vec![(sentence, all.join("\n"))]
    } else {
        newer.iter().map(line).collect()
    };
    lines.extend(rest.iter().map(line));
    lines
}

fn words(warning: &Warning) -> String {
    match warning {
        Warning::NewerPublished { aggregate, newer } => {
            let newer = counted(u64::from(*newer), "newer event", "newer events");
            format!(
                "{} already has {newer} out. What is sent now arrives late.",
                aggregate.replacen('/', " ", 1)
            )
        }
        Warning::AlreadyProcessed { consumer, events } => {
            let events = counted(u64::from(*events), "of these events", "of these events");
            format!(
                "{consumer} has processed {events} before. Without an inbox it will do so twice."
            )
        }
        Warning::Reconstructed { events } => {
            let bodies = counted(u64::from(*events), "body is", "bodies are");
            format!("{bodies} rebuilt from the business row; look at the preview.")
        }
        Warning::Stripped { names } => format!("Not sent again: {}.", names.join(", ")),
        Warning::Note { text } => text.clone(),
    }
}
