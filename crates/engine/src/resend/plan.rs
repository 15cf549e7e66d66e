//! Makes a plan: which events, from where, to where, in which order, and what to know first.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;
use waybill_model::{
    AttemptState, BodySource, Carrier, Coordinate, Copy, DUE_LATER, Environment, EventId, EventRow,
    Flow, Micros, Mode, Pace, Plan, PlannedEvent, ResendId, Route,
};
use waybill_protocol::{Code, Failure, MakePlan};
use waybill_reconcile::Index;
use waybill_source::form::Form;

use super::choose::{Choice, OfTables, choose, is_compacted, partition_of};
use super::due::{Due, due};
use super::letter::{Style, style};
use super::order::{Turn, in_order};
use super::pairs::wire;
use super::permit::refusal;
use super::place::no_id_place;
use super::proof::{Doubts, refused};
use super::runs::{Item, StoredPlan};
use super::written::{OfRow, Written, written};
use super::{letter, notes, states};
use crate::clock::now;
use crate::failure;
use crate::journal::Earlier;
use crate::session::Session;

/// Events of one plan. At 20 a second that is four minutes of sending.
const MAX_EVENTS: usize = 5_000;

/// Copies whose heads are asked for at once.
const PER_QUESTION: usize = 200;

/// The same event is not sent again within this time while nobody knows what became of it.
const QUIET_MICROS: i64 = 600_000_000;

/// An event on its way into a plan.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) row: EventRow,
    pub(super) due: Due,
    pub(super) choice: Choice,
    pub(super) earlier: Option<Earlier>,
}

/// What is left out, with the reason.
pub(super) type LeftOut = Vec<(EventId, String)>;

/// Makes a plan and keeps it until it is confirmed. Nothing is sent.
pub(crate) async fn make_plan(session: &Arc<Session>, asked: &MakePlan) -> Result<Plan, Failure> {
    make(session, asked, ResendId(Uuid::now_v7())).await
}

/// Makes a plan with this id: a new one, or that of a run that goes on.
pub(super) async fn make(
    session: &Arc<Session>,
    asked: &MakePlan,
    id: ResendId,
) -> Result<Plan, Failure> {
    let (epoch, mut candidates, mut left_out) = {
        let (session, asked) = (Arc::clone(session), asked.clone());
        // Looking for siblings walks the index, which may hold millions of events.
        let chosen = tokio::task::spawn_blocking(move || candidates(&session, &asked)).await;
        chosen.map_err(|error| failure::internal("Making a plan ended in a bug.", &error))?
    };
    recall(session, &mut candidates, &mut left_out).await?;
    let heads = heads(session, &candidates).await?;
    let mut found: Vec<(&Candidate, BodySource)> = Vec::with_capacity(candidates.len());
    for candidate in &candidates {
        match body(session, candidate, &heads).await {
            Ok(body) => found.push((candidate, body)),
            Err(why) => left_out.push((candidate.row.id.clone(), why)),
        }
    }
    let known = Known {
        written: written(session, &found, &asked.samples).await?,
        heads: &heads,
        override_reason: override_reason(asked)?,
    };
    let mut doubts = Doubts::default();
    let mut items = Vec::with_capacity(found.len());
    for (candidate, body) in found {
        match item(session, candidate, body, &asked.mode, &known, &mut doubts) {
            Ok(item) => items.push(item),
            Err(why) => left_out.push((candidate.row.id.clone(), why)),
        }
    }
    let reconstructed =
        states::reconstructed(session, &candidates, &mut items, &mut left_out).await;
    let unproven = doubts.told(session, known.override_reason.as_ref());
    let overridden = unproven.iter().any(|group| group.overridden.is_some());
    let typed = session.profile.environment == Environment::Production || overridden;
    let mut plan = Plan {
        id,
        mode: asked.mode.clone(),
        pace: sane(asked.pace),
        events: items.iter().map(|item| item.planned.clone()).collect(),
        left_out,
        recipients: Vec::new(),
        warnings: notes::warnings(session, &asked.mode, &items, &candidates, &heads),
        typed_confirmation: typed.then(|| session.profile.name.clone()),
        refused: refusal(session).or_else(|| mode_refused(session, &asked.mode)),
        unproven,
        reconstructed,
    };
    plan.recipients = notes::recipients(session, &plan, &candidates).await;
    session.resends.keep(StoredPlan {
        plan: plan.clone(),
        items,
        epoch,
        made: now(),
    });
    Ok(plan)
}

/// Events that are due, in the order of sending.
fn candidates(session: &Session, asked: &MakePlan) -> (u64, Vec<Candidate>, LeftOut) {
    let mut left_out = LeftOut::new();
    let names: Vec<String> = session
        .layout
        .consumers
        .iter()
        .map(|c| c.name.clone())
        .collect();
    let one = session.consumer_of(&asked.mode);
    let epoch = session.book().epoch;
    let mut found = BTreeMap::new();
    let mut of_tables = OfTables::default();
    for &no in &asked.events {
        // Given back after each event, so that a live tail can go on.
        let book = session.book();
        let Some(row) = book.index.row(no) else {
            continue;
        };
        let judged =
            not_before_its_time(&row, &book.index).and_then(|()| due(&row.verdict, one, &names));
        let chosen =
            judged.and_then(|due| Ok((due, choose(session, &book.index, no, &mut of_tables)?)));
        match chosen {
            Ok(_) if found.len() == MAX_EVENTS => {
                let why =
                    format!("a plan holds {MAX_EVENTS} events at most; make another one after it");
                left_out.push((row.id, why));
            }
            Ok((_, choice))
                if choice.newer > 0 && is_compacted(&book.index, &session.layout, choice.flow) =>
            {
                let why = "its topic is compacted and a newer state is out; sending it would replace the newer one";
                left_out.push((row.id, why.to_owned()));
            }
            Ok((due, choice)) => {
                let earlier = None;
                found.insert(
                    no,
                    Candidate {
                        row,
                        due,
                        choice,
                        earlier,
                    },
                );
            }
            Err(why) => left_out.push((row.id, why)),
        }
    }
    let turns = found.values().map(|candidate| Turn {
        no: candidate.row.no,
        aggregate: candidate.row.aggregate.clone(),
        version: candidate.row.version,
        at: candidate.row.at,
    });
    let order = in_order(turns.collect());
    let ordered = order
        .into_iter()
        .filter_map(|no| found.remove(&no))
        .collect();
    (epoch, ordered, left_out)
}

/// What is to be sent later is not sent now: its relay will send it as well.
fn not_before_its_time(row: &EventRow, index: &Index) -> Result<(), String> {
    match index.due(row.no).filter(|_| row.published.is_none()) {
        Some(DUE_LATER) => Err("its row says that it is to be sent later".to_owned()),
        Some(due) if Micros(due) > now() => Err(format!(
            "it is to be sent from {} on, and a resend would send it now",
            Micros(due)
        )),
        _ => Ok(()),
    }
}

/// What earlier runs did: an event of unclear fate is not sent again so soon.
async fn recall(
    session: &Session,
    candidates: &mut Vec<Candidate>,
    left_out: &mut LeftOut,
) -> Result<(), Failure> {
    let ids: Vec<EventId> = candidates.iter().map(|c| c.row.id.clone()).collect();
    let mut earlier = session.journal.earlier(&session.profile.name, &ids).await?;
    let at = now();
    candidates.retain_mut(|candidate| {
        candidate.earlier = earlier.remove(&candidate.row.id);
        match candidate
            .earlier
            .as_ref()
            .and_then(|earlier| too_soon(earlier, at))
        {
            Some(why) => {
                left_out.push((candidate.row.id.clone(), why));
                false
            }
            None => true,
        }
    });
    Ok(())
}

fn too_soon(earlier: &Earlier, now: Micros) -> Option<String> {
    let (state, at) = earlier.last.as_ref()?;
    let ago = now.since(*at);
    let unclear = matches!(
        state,
        AttemptState::Sending | AttemptState::Sent { .. } | AttemptState::Unknown { .. }
    );
    (unclear && ago < QUIET_MICROS).then(|| {
        format!(
            "it was sent {} s ago and nobody knows yet what became of it; after {} minutes it can be sent again",
            ago / 1_000_000,
            QUIET_MICROS / 60_000_000
        )
    })
}

/// The heads of all copies that plan and messages need, by coordinate.
async fn heads(
    session: &Session,
    candidates: &[Candidate],
) -> Result<BTreeMap<Coordinate, Copy>, Failure> {
    let copies = candidates.iter().flat_map(|candidate| {
        let bodies = candidate
            .choice
            .bodies
            .iter()
            .filter_map(|body| match body {
                BodySource::Copy { coordinate } => Some(coordinate),
                BodySource::OutboxRow { .. } | BodySource::Reconstructed { .. } => None,
            });
        bodies.take(2).chain(&candidate.choice.sibling)
    });
    let mut wanted: Vec<Coordinate> = copies.cloned().collect();
    wanted.sort();
    wanted.dedup();
    let mut found = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let broker = session.sources.broker()?;
    for some in wanted.chunks(PER_QUESTION) {
        let copies = broker.copies(some, 0).await;
        let copies = copies.map_err(|error| failure::of_source("broker", &error))?;
        found.extend(
            some.iter()
                .cloned()
                .zip(copies)
                .filter_map(|(at, copy)| Some((at, copy?))),
        );
    }
    Ok(found)
}

/// What is known when the events of a plan are put together.
struct Known<'a> {
    heads: &'a BTreeMap<Coordinate, Copy>,
    written: Written,
    override_reason: Option<String>,
}

/// The user's word that rows are to be sent as they stand; one without a reason is none.
fn override_reason(asked: &MakePlan) -> Result<Option<String>, Failure> {
    let reason = asked.unproven_form.as_deref().map(str::trim);
    match reason {
        Some("") => Err(Failure::new(
            Code::NotConfirmed,
            "Say why rows are to be sent although nobody has seen how their relay writes a message.",
        )),
        reason => Ok(reason.map(str::to_owned)),
    }
}

fn item(
    session: &Session,
    candidate: &Candidate,
    body: BodySource,
    mode: &Mode,
    known: &Known<'_>,
    doubts: &mut Doubts,
) -> Result<Item, String> {
    let (flow, row) = (candidate.choice.flow, &candidate.row);
    let model = candidate.choice.sibling.as_ref();
    let model = model.and_then(|at| known.heads.get(at));
    let of_model = model.map(|copy| wire(copy.clone(), style(session)));
    let example = of_model.or_else(|| known.written.example(flow).cloned());
    let original = match &body {
        BodySource::Copy { coordinate } => known.heads.get(coordinate),
        BodySource::OutboxRow { .. } | BodySource::Reconstructed { .. } => None,
    };
    let made = match &body {
        BodySource::Copy { .. } => OfBody {
            bytes: original.map_or(0, |copy| copy.payload_len),
            ..OfBody::default()
        },
        BodySource::OutboxRow { .. } => of_row(candidate, known, doubts)?,
        BodySource::Reconstructed { .. } if known.written.row(row.no).is_some() => {
            of_row(candidate, known, doubts)?
        }
        BodySource::Reconstructed { .. } => {
            let carriers = session.profile.flows.get(flow).map(|flow| &flow.carriers);
            let unknown = carriers.and_then(|c| no_id_place(c, style(session), example.as_ref()));
            if let Some(why) = unknown.filter(|_| !row.id.as_str().is_empty()) {
                return Err(why);
            }
            OfBody::default()
        }
    };
    let mut planned = PlannedEvent {
        no: row.no,
        id: row.id.clone(),
        kind: kind(session, candidate, &body),
        aggregate: row.aggregate.clone(),
        route: Route {
            destination: String::new(),
            key: None,
            partition: None,
            routing_key: None,
        },
        body,
        attempt: candidate
            .earlier
            .as_ref()
            .map_or(0, |earlier| earlier.attempts)
            + 1,
    };
    planned.route = match &made.form {
        Some(_) => route_of_form(session, candidate, mode, &planned, made.key, model)?,
        None => route(session, candidate, mode, &planned, original, model)?,
    };
    Ok(Item {
        planned,
        at: row.at,
        version: row.version,
        flow,
        due: candidate.due,
        example,
        form: made.form,
        bytes: made.bytes,
    })
}

/// What is known of a message by where its body comes from.
#[derive(Debug, Default)]
struct OfBody {
    /// How its relay makes it, where it is made of a row so…
    form: Option<Arc<Form>>,
    /// … and its key then.
    key: Option<Vec<u8>>,
    bytes: u64,
}

/// An outbox row is sent as its relay makes it, or not at all unless the user says so.
fn of_row(candidate: &Candidate, known: &Known<'_>, doubts: &mut Doubts) -> Result<OfBody, String> {
    match known.written.row(candidate.row.no) {
        Some(OfRow::Made { form, key, bytes }) => Ok(OfBody {
            form: Some(Arc::clone(form)),
            key: key.clone(),
            bytes: *bytes,
        }),
        Some(OfRow::Doubted { doubt, bytes }) => {
            doubts.add(doubt, candidate.row.id.clone());
            // A business row has no body of its own to be sent.
            let can_be_sent = !doubt.of_state || doubt.partly.is_some();
            match known.override_reason.as_ref().filter(|_| can_be_sent) {
                Some(_) => Ok(OfBody {
                    form: doubt.partly.clone(),
                    bytes: *bytes,
                    ..OfBody::default()
                }),
                None => Err(refused(doubt)),
            }
        }
        Some(OfRow::Gone(why)) => Err(why.clone()),
        None => Err("its row was not read".to_owned()),
    }
}

/// The route of a message that is made as its relay makes it: its key is that of the form.
fn route_of_form(
    session: &Session,
    candidate: &Candidate,
    mode: &Mode,
    planned: &PlannedEvent,
    key: Option<Vec<u8>>,
    model: Option<&Copy>,
) -> Result<Route, String> {
    if style(session) == Style::Queues {
        let flows = &session.profile.flows;
        return match (flows.get(candidate.choice.flow), key) {
            (Some(flow), Some(key)) if *mode == Mode::Everyone => Ok(Route {
                destination: flow.destination.clone(),
                key: None,
                partition: None,
                routing_key: Some(String::from_utf8_lossy(&key).into_owned()),
            }),
            _ => route(session, candidate, mode, planned, None, model),
        };
    }
    let same_key = model.filter(|copy| copy.key == key);
    let mut route = route(session, candidate, mode, planned, None, same_key)?;
    route.key = key;
    Ok(route)
}

/// The first body that is still there.
async fn body(
    session: &Session,
    candidate: &Candidate,
    heads: &BTreeMap<Coordinate, Copy>,
) -> Result<BodySource, String> {
    let mut why = "there is nothing left to take its body from".to_owned();
    for body in &candidate.choice.bodies {
        match body {
            BodySource::Copy { coordinate } if !heads.contains_key(coordinate) => {
                why = format!("its copy at {coordinate} is gone");
            }
            BodySource::Copy { .. } | BodySource::OutboxRow { .. } => return Ok(body.clone()),
            BodySource::Reconstructed { coordinate } => {
                let columns = letter::columns_of(session, coordinate)
                    .ok_or("its table is gone from the profile")?;
                match letter::row_of_version(session, columns, coordinate, candidate.row.version)
                    .await
                {
                    Ok(_) => return Ok(body.clone()),
                    Err(reason) => why = reason,
                }
            }
        }
    }
    Err(why)
}

/// The event's type; a rebuilt one has that of its template.
fn kind(session: &Session, candidate: &Candidate, body: &BodySource) -> String {
    let template = session
        .profile
        .flows
        .get(candidate.choice.flow)
        .and_then(|f| f.template.as_ref());
    match (body, template) {
        (BodySource::Reconstructed { .. }, Some(template)) if candidate.row.kind.is_empty() => {
            template.kind.clone()
        }
        _ => candidate.row.kind.clone(),
    }
}

fn route(
    session: &Session,
    candidate: &Candidate,
    mode: &Mode,
    planned: &PlannedEvent,
    original: Option<&Copy>,
    model: Option<&Copy>,
) -> Result<Route, String> {
    let flow = session
        .profile
        .flows
        .get(candidate.choice.flow)
        .ok_or("its flow is gone")?;
    if let Some(no) = session.consumer_of(mode) {
        let consumer = session.layout.consumers.get(usize::from(no.0));
        let queue = consumer.and_then(|c| c.queue.clone());
        return Ok(Route {
            destination: String::new(),
            key: None,
            partition: None,
            routing_key: Some(queue.ok_or("this consumer has no queue in the profile")?),
        });
    }
    let from_destination = original.filter(|copy| is_at_destination(session, copy));
    let mut route = Route {
        destination: flow.destination.clone(),
        key: None,
        partition: None,
        routing_key: None,
    };
    match style(session) {
        Style::Log => {
            let same_key = from_destination.or(model);
            route.partition = same_key.and_then(partition_of);
            route.key = match (from_destination.or(original), same_key) {
                (Some(copy), _) | (None, Some(copy)) => copy.key.clone(),
                (None, None) => own_key(flow, planned),
            };
        }
        Style::Queues => {
            let key_of = |copy: &Copy| {
                copy.key
                    .clone()
                    .map(|key| String::from_utf8_lossy(&key).into_owned())
            };
            let by_template = flow.routing_key.as_ref().map(|text| filled(text, planned));
            let key = from_destination.and_then(key_of).or(by_template);
            let key = key
                .or_else(|| model.and_then(key_of))
                .or_else(|| original.and_then(key_of));
            route.routing_key =
                Some(key.ok_or("its routing key is not known; name routing-key in the flow")?);
        }
    }
    Ok(route)
}

/// The key of a record whose flow says that keys are aggregates.
fn own_key(flow: &Flow, planned: &PlannedEvent) -> Option<Vec<u8>> {
    let (_, id) = planned
        .aggregate
        .split_once('/')
        .unwrap_or(("", &planned.aggregate));
    let keyed = flow.carriers.aggregate.contains(&Carrier::Key) && !id.is_empty();
    keyed.then(|| id.as_bytes().to_vec())
}

fn is_at_destination(session: &Session, copy: &Copy) -> bool {
    let located = session.located(&copy.coordinate);
    located
        .and_then(|(place, ..)| session.layout.place(place))
        .is_some_and(|planned| planned.place.role == waybill_model::PlaceRole::Destination)
}

/// `{type}`, `{aggregate-type}` and `{aggregate}` filled in.
fn filled(routing_key: &str, planned: &PlannedEvent) -> String {
    let (kind, id) = planned
        .aggregate
        .split_once('/')
        .unwrap_or(("", &planned.aggregate));
    routing_key
        .replace("{type}", &planned.kind)
        .replace("{aggregate-type}", kind)
        .replace("{aggregate}", id)
}

fn mode_refused(session: &Session, mode: &Mode) -> Option<String> {
    let Mode::OneConsumer { consumer } = mode else {
        return None;
    };
    let broker = session.sources.broker().ok()?;
    if !broker.capabilities().one_consumer {
        return Some("This broker cannot send to one consumer alone.".to_owned());
    }
    session
        .consumer_of(mode)
        .is_none()
        .then(|| format!("The profile has no consumer '{consumer}'."))
}

fn sane(pace: Pace) -> Pace {
    Pace {
        per_second: pace.per_second.clamp(1, 1000),
        ..pace
    }
}
