//! A resend as text and as a document: the plan before, the outcome after.

use serde::Serialize;
use waybill_model::{
    AttemptState, BodySource, EventId, Mode, Plan, PlannedEvent, Recipient, Reconstruction,
    Unproven, Warning,
};
use waybill_protocol::{CheckedRoute, RunStatus};

use crate::output;

/// Prints what would be sent, to whom, and what to know first.
pub(crate) fn print(plan: &Plan, routes: &[CheckedRoute]) {
    output::aside(&format!("Plan {}: {} events", plan.id, plan.events.len()));
    for recipient in &plan.recipients {
        let known = if recipient.expected {
            ""
        } else {
            " (not in the profile)"
        };
        let done = recipient.already_processed;
        output::aside(&format!(
            "  to {}{known}, which has processed {done} of them",
            recipient.name
        ));
    }
    let rebuilt = |source: &BodySource| matches!(source, BodySource::Reconstructed { .. });
    let n_rebuilt = plan
        .events
        .iter()
        .filter(|event| rebuilt(&event.body))
        .count();
    if n_rebuilt > 0 {
        output::aside(&format!(
            "  {n_rebuilt} RECONSTRUCTED from business rows, not original"
        ));
    }
    for made in &plan.reconstructed {
        reconstruction(made);
    }
    for warning in &plan.warnings {
        output::aside(&format!("  ! {}", sentence(warning)));
    }
    for route in routes {
        output::aside(&format!("  {}", way(route)));
    }
    for (id, why) in &plan.left_out {
        output::aside(&format!("  left out {id}: {why}"));
    }
    for group in &plan.unproven {
        unproven(group);
    }
}

/// A message that is made of a business row, whole, with where its parts come from.
fn reconstruction(made: &Reconstruction) {
    output::aside(&format!(
        "  reconstructed {} from {}:",
        made.event, made.state
    ));
    let message = &made.message;
    let from = |part: &str| {
        let found = made.parts.iter().find(|(of, _)| of == part);
        found.map_or_else(String::new, |(_, from)| format!("  <- {from}"))
    };
    if let Some(key) = &message.key {
        output::aside(&format!("    key: {key}{}", from("key")));
    }
    for (name, value) in &message.headers {
        let part = format!("header {name}");
        output::aside(&format!("    {part}: {value}{}", from(&part)));
    }
    for (name, value) in &message.properties {
        output::aside(&format!("    {name}: {value}{}", from(name)));
    }
    let body = message.body.as_deref().unwrap_or("none");
    output::aside(&format!("    body: {body}{}", from("body")));
    for (part, from) in made.parts.iter().filter(|(part, _)| part.starts_with('/')) {
        output::aside(&format!("      {part}  <- {from}"));
    }
}

/// What stands in the way of making messages of rows, and what can be done instead.
fn unproven(group: &Unproven) {
    let events = group.events.len();
    let why = group.differences.join("; ");
    let who = match group.reconstructed {
        true => "service",
        false => "relay",
    };
    match &group.overridden {
        Some(reason) if group.reconstructed => output::aside(&format!(
            "  ! {events} are sent as far as they can be made of their rows, though it is not proven that their service writes them so ({why}), because: {reason}"
        )),
        Some(reason) => output::aside(&format!(
            "  ! {events} are sent as they stand in their rows, though it is not proven that their relay writes them so ({why}), because: {reason}"
        )),
        None => {
            output::aside(&format!(
                "  {events} left out because it is not proven how their {who} writes them: {why}"
            ));
            for way in &group.ways {
                output::aside(&format!("    - {way}"));
            }
        }
    }
}

/// Where a part of the events goes, and whom it reaches there.
fn way(route: &CheckedRoute) -> String {
    let (events, to) = (route.events, &route.route.destination);
    let check = &route.check;
    let mut line = match (check.reachable, check.reaches.as_slice()) {
        (false, _) => format!("{events} to {to}, which reaches NOBODY"),
        (true, []) => format!("{events} to {to}"),
        (true, reached) => format!("{events} to {to}, which reaches {}", reached.join(", ")),
    };
    for note in &check.notes {
        line.push_str("; ");
        line.push_str(note);
    }
    line
}

/// A warning as a sentence.
fn sentence(warning: &Warning) -> String {
    match warning {
        Warning::NewerPublished { aggregate, newer } => {
            format!("{aggregate}: {newer} newer events are already out, this one arrives late")
        }
        Warning::AlreadyProcessed { consumer, events } => {
            format!("{consumer} has processed {events} of these before and will get them again")
        }
        Warning::Reconstructed { events } => format!("{events} bodies are rebuilt, not original"),
        Warning::Stripped { names } => format!("not sent again: {}", names.join(", ")),
        Warning::Note { text } => text.clone(),
    }
}

/// Prints what became of every event.
pub(crate) fn print_run(run: &RunStatus) {
    for attempt in &run.attempts {
        output::line(&format!("{}  {}", attempt.event, outcome(&attempt.state)));
    }
    output::line(&run.doing);
}

/// What became of one event, in words.
pub(crate) fn outcome(state: &AttemptState) -> String {
    match state {
        AttemptState::Planned => "not sent".to_owned(),
        AttemptState::Skipped { why } => format!("not sent: {why}"),
        AttemptState::Sending => "being sent".to_owned(),
        AttemptState::Sent {
            coordinate: Some(at),
        } => format!("sent to {at}, not seen to arrive yet"),
        AttemptState::Sent { coordinate: None } => "sent, not seen to arrive yet".to_owned(),
        AttemptState::Refused { why } => format!("refused: {why}"),
        AttemptState::Unknown { why } => format!("UNKNOWN whether it was sent: {why}"),
        AttemptState::Effective => "arrived".to_owned(),
        AttemptState::NotEffective { why } => format!("sent, but not effective: {why}"),
        AttemptState::Cancelled => "not sent: stopped before its turn".to_owned(),
    }
}

/// What `waybill resend --dry-run --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct PlanDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    mode: &'a Mode,
    events: &'a [PlannedEvent],
    left_out: Vec<LeftOut<'a>>,
    /// Events whose relay's way of writing a message is not proven.
    unproven: &'a [Unproven],
    /// Messages that are made of business rows, whole.
    reconstructed: &'a [Reconstruction],
    recipients: &'a [Recipient],
    warnings: Vec<String>,
    routes: &'a [CheckedRoute],
    refused: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct LeftOut<'a> {
    id: &'a EventId,
    why: &'a str,
}

impl<'a> PlanDocument<'a> {
    pub(crate) fn new(plan: &'a Plan, routes: &'a [CheckedRoute]) -> Self {
        let left_out = |(id, why): &'a (EventId, String)| LeftOut { id, why };
        Self {
            schema: "waybill.plan/1",
            mode: &plan.mode,
            events: &plan.events,
            left_out: plan.left_out.iter().map(left_out).collect(),
            unproven: &plan.unproven,
            reconstructed: &plan.reconstructed,
            recipients: &plan.recipients,
            warnings: plan.warnings.iter().map(sentence).collect(),
            routes,
            refused: plan.refused.as_deref(),
        }
    }
}

/// What `waybill resend --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct RunDocument {
    schema: &'static str,
    run: String,
    summary: String,
    events: Vec<EventOutcome>,
}

#[derive(Debug, Serialize)]
struct EventOutcome {
    id: String,
    attempt: u32,
    #[serde(flatten)]
    state: AttemptState,
    at: String,
}

impl From<&RunStatus> for RunDocument {
    fn from(run: &RunStatus) -> Self {
        let event = |attempt: &waybill_model::Attempt| EventOutcome {
            id: attempt.event.to_string(),
            attempt: attempt.attempt,
            state: attempt.state.clone(),
            at: attempt.at.to_string(),
        };
        Self {
            schema: "waybill.resend/1",
            run: run.id.to_string(),
            summary: run.doing.clone(),
            events: run.attempts.iter().map(event).collect(),
        }
    }
}
