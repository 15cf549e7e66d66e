//! Looking at a plan before it is confirmed: the exact message, and whether it would arrive.

use waybill_model::{EventId, Route, RouteCheck};
use waybill_protocol::{CheckedRoute, Code, DryRun, Failure, Preview, PreviewedParcel};
use waybill_source::Topology;

use super::confirm::user_name;
use super::letter::{Sender, parcel};
use super::notes::same_address;
use super::runs::Item;
use crate::clock::now;
use crate::failure;
use crate::session::{BROKER, Session};
use crate::view::masked;

/// The exact message that would be sent for one event, masked for the eye.
pub(crate) async fn preview(
    session: &Session,
    asked: &Preview,
) -> Result<PreviewedParcel, Failure> {
    let plan = session.resends.plan(asked.plan)?;
    let item = plan
        .items
        .iter()
        .find(|item| item.planned.id == asked.event);
    let item = item.ok_or_else(|| not_planned(&asked.event))?;
    let sender = Sender {
        resend: plan.plan.id,
        at: now(),
        by: user_name(),
        reason: "(your reason)".to_owned(),
    };
    let parcel = parcel(session, item, &plan.plan.mode, &sender).await;
    let parcel = parcel.map_err(|why| {
        Failure::new(
            Code::Stale,
            format!("This message cannot be written: {why}."),
        )
        .hint("Make a new plan.")
    })?;
    let mut shown = PreviewedParcel::from(&parcel);
    shown.payload = shown
        .payload
        .map(|body| masked(body, &session.profile.masks));
    Ok(shown)
}

/// Asks the broker about every route of a plan. Sends nothing.
pub(crate) async fn dry_run(
    session: &Session,
    asked: &DryRun,
) -> Result<Vec<CheckedRoute>, Failure> {
    let plan = session.resends.plan(asked.plan)?;
    let broker = session.sources.broker()?;
    // Who may not send may still look whether it would arrive.
    let topology = match broker.operator() {
        Some(_) => Topology::default(),
        None => broker
            .topology()
            .await
            .map_err(|error| failure::of_source(BROKER, &error))?,
    };
    let mut checked: Vec<CheckedRoute> = Vec::new();
    for (route, events, largest) in routes(&plan.items) {
        let check = match broker.operator() {
            Some(operator) => operator.check(route, largest).await,
            None => Ok(by_topology(&topology, route)),
        };
        checked.push(CheckedRoute {
            route: route.clone(),
            events,
            check: check.map_err(|error| failure::of_source(BROKER, &error))?,
        });
    }
    Ok(checked)
}

/// Every route with how many events take it, and the size of the largest body among them.
fn routes(items: &[Item]) -> Vec<(&Route, u32, u64)> {
    let mut found: Vec<(&Route, u32, u64)> = Vec::new();
    for item in items {
        let route = &item.planned.route;
        let known = found
            .iter_mut()
            .find(|(known, ..)| same_address(known, route) && known.partition == route.partition);
        match known {
            Some((_, events, largest)) => {
                *events += 1;
                *largest = item.bytes.max(*largest);
            }
            None => found.push((route, 1, item.bytes)),
        }
    }
    found
}

/// What the broker's map says about a route: that it exists, and who is bound to it.
fn by_topology(topology: &Topology, route: &Route) -> RouteCheck {
    let key = route.routing_key.as_deref().unwrap_or_default();
    let name = if route.destination.is_empty() {
        key
    } else {
        &route.destination
    };
    let reachable = topology.channels.iter().any(|channel| channel.name == name);
    let bound = topology
        .bindings
        .iter()
        .filter(|binding| binding.from == route.destination);
    let mut reaches: Vec<String> = bound.map(|binding| binding.to.clone()).collect();
    reaches.sort();
    reaches.dedup();
    let note = if reachable {
        "only looked up: this session may not send".to_owned()
    } else {
        format!("there is no '{name}' on the broker")
    };
    RouteCheck {
        reachable,
        reaches,
        notes: vec![note],
    }
}

fn not_planned(event: &EventId) -> Failure {
    Failure::new(
        Code::Stale,
        format!("Event {event} is not part of this plan."),
    )
}
